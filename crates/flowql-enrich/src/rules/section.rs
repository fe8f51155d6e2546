//! The section `[classify]` of `flowql.toml`.

use flowql::ConfigError;
use flowql_config::Section;

use super::{ExporterRules, InterfaceRules, RuleFault};

/// Rules that classify exporters and interfaces, by filters on what is known of them.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "classify",
    example = "[classify]\n\n[[classify.interface]]\nwhen = 'Description REGEXP \"^Transit: (?P<provider>[^ ]+)\"'\nset = { provider = \"{provider}\", boundary = \"external\" }\n",
    check = ClassifySection::faults
)]
pub struct ClassifySection {
    /// The rules for exporters, in their order.
    #[section]
    pub exporter: Vec<ExporterRuleSection>,
    /// The rules for interfaces, in their order.
    #[section]
    pub interface: Vec<InterfaceRuleSection>,
}

/// A rule for exporters. What a rule has set stays, and what the configuration or the exporter itself says is not touched.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "classify.exporter",
    list,
    example = "[[classify.exporter]]\nwhen = 'Name REGEXP \"^(?P<site>[a-z]{3})[0-9]-\"'\nset = { site = \"{site}\", region = \"europe\" }\n"
)]
pub struct ExporterRuleSection {
    /// A filter on exporters; every one when left out.
    #[setting(example = "Name LIKE \"edge%\"")]
    pub when: String,
    /// What exporters get that the filter selects.
    #[section]
    pub set: ExporterSetSection,
    /// Whether it replaces what an earlier rule has set.
    pub r#override: bool,
    /// Whether no later rule is asked for exporters that the filter selects.
    pub stop: bool,
}

/// What a rule gives to exporters. `{name}` is what a group of the filter's expression matched, `{name:lower}` and
/// `{name:upper}` the same in one case.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "classify.exporter.set",
    example = "[[classify.exporter]]\nwhen = 'Name REGEXP \"-(?P<site>[A-Z]+)$\"'\n[classify.exporter.set]\nsite = \"{site:lower}\"\n"
)]
pub struct ExporterSetSection {
    /// The name.
    #[setting(example = "edge1")]
    pub name: String,
    /// The group.
    #[setting(example = "edge")]
    pub group: String,
    /// What it is for.
    #[setting(example = "peering")]
    pub role: String,
    /// The site.
    #[setting(example = "{site}")]
    pub site: String,
    /// The region.
    #[setting(example = "europe")]
    pub region: String,
    /// Whose it is.
    #[setting(example = "acme")]
    pub tenant: String,
}

/// A rule for interfaces. What a rule has set stays, and what the configuration or the exporter itself says is not
/// touched.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "classify.interface",
    list,
    example = "[[classify.interface]]\nwhen = 'Speed > 1000 AND NOT Description LIKE \"%customer%\"'\nset = { boundary = \"internal\" }\n"
)]
pub struct InterfaceRuleSection {
    /// A filter on interfaces; every one when left out.
    #[setting(example = "Description LIKE \"Transit:%\"")]
    pub when: String,
    /// What interfaces get that the filter selects.
    #[section]
    pub set: InterfaceSetSection,
    /// Whether it replaces what an earlier rule has set.
    pub r#override: bool,
    /// Whether no later rule is asked for interfaces that the filter selects.
    pub stop: bool,
}

/// What a rule gives to interfaces. `{name}` is what a group of the filter's expression matched, `{name:lower}` and
/// `{name:upper}` the same in one case.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "classify.interface.set",
    example = "[[classify.interface]]\nwhen = 'Description LIKE \"IX %\"'\n[classify.interface.set]\nconnectivity = \"ix\"\nboundary = \"external\"\n"
)]
pub struct InterfaceSetSection {
    /// The name.
    #[setting(example = "{name}")]
    pub name: String,
    /// The description.
    #[setting(example = "{text}")]
    pub description: String,
    /// What it connects to.
    #[setting(example = "transit")]
    pub connectivity: String,
    /// The provider that it connects to.
    #[setting(example = "{provider}")]
    pub provider: String,
    /// Whether it leads out of the network: `external` or `internal`.
    #[setting(example = "external")]
    pub boundary: String,
    /// The VRF that it is in.
    #[setting(example = "customers")]
    pub vrf: String,
}

impl ExporterSetSection {
    /// The values with their keys, but those that are left out.
    pub(crate) fn values(&self) -> Vec<(&'static str, &str)> {
        let Self { name, group, role, site, region, tenant } = self;
        present([
            ("name", name),
            ("group", group),
            ("role", role),
            ("site", site),
            ("region", region),
            ("tenant", tenant),
        ])
    }
}

impl InterfaceSetSection {
    /// The values with their keys, but those that are left out.
    pub(crate) fn values(&self) -> Vec<(&'static str, &str)> {
        let Self { name, description, connectivity, provider, boundary, vrf } = self;
        present([
            ("name", name),
            ("description", description),
            ("connectivity", connectivity),
            ("provider", provider),
            ("boundary", boundary),
            ("vrf", vrf),
        ])
    }
}

fn present<'a, const N: usize>(values: [(&'static str, &'a String); N]) -> Vec<(&'static str, &'a str)> {
    let values = values.into_iter().map(|(key, value)| (key, value.as_str()));
    values.filter(|(_, value)| !value.is_empty()).collect()
}

impl ClassifySection {
    fn faults(&self) -> Vec<ConfigError> {
        let exporters = ExporterRules::compile_exporters(&self.exporter).err().unwrap_or_default();
        let interfaces = InterfaceRules::compile_interfaces(&self.interface).err().unwrap_or_default();
        let exporters = exporters.into_iter().map(|fault| placed("exporter", fault));
        exporters.chain(interfaces.into_iter().map(|fault| placed("interface", fault))).collect()
    }
}

fn placed(list: &str, fault: RuleFault) -> ConfigError {
    let path = format!("classify.{list}[{}].{}", fault.rule, fault.setting);
    ConfigError { path: path.trim_end_matches('.').to_owned(), message: fault.message, help: fault.help }
}
