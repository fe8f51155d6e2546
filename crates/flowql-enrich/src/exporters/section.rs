//! The section `[[exporter]]` of `flowql.toml`.

use flowql::ConfigError;
use flowql_config::Section;

use crate::facts::{Boundary, ExporterFacts, InterfaceFacts};
use crate::networks::prefix;

/// An exporter, or all of a subnet: what it is, and what its interfaces are. The longest prefix wins, and what it leaves
/// out comes from those that cover it, then from the exporter itself and from SNMP.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "exporter",
    list,
    example = "[[exporter]]\nmatch = \"192.0.2.1\"\nname = \"edge1\"\nsite = \"paris1\"\n\n[[exporter.interface]]\nindex = 3\nprovider = \"example\"\nboundary = \"external\"\n",
    check = ExporterSection::faults
)]
pub struct ExporterSection {
    /// The address of the exporter, or a subnet of exporters.
    #[setting(required, example = "192.0.2.1")]
    pub r#match: String,
    /// Its name.
    #[setting(example = "edge1.example.net")]
    pub name: String,
    /// The group that it belongs to.
    #[setting(example = "edge")]
    pub group: String,
    /// What it is for.
    #[setting(example = "peering")]
    pub role: String,
    /// The site that it is at.
    #[setting(example = "paris1")]
    pub site: String,
    /// The region.
    #[setting(example = "europe")]
    pub region: String,
    /// Whose it is.
    #[setting(example = "acme")]
    pub tenant: String,
    /// Its interfaces.
    #[section]
    pub interface: Vec<ExporterInterfaceSection>,
}

/// An interface of the exporter, or several: those of an index, or whose name or description has a pattern. Of several
/// that match, the first that knows a fact wins.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "exporter.interface",
    list,
    example = "[[exporter]]\nmatch = \"192.0.2.0/24\"\n\n[[exporter.interface]]\nmatch_description = \"Transit:*\"\nboundary = \"external\"\n"
)]
pub struct ExporterInterfaceSection {
    /// The index; any when left out.
    #[setting(example = 3)]
    pub index: Option<u32>,
    /// A pattern of the name that the exporter or SNMP gives, in which `*` is any text.
    #[setting(example = "Gi0/*")]
    pub match_name: String,
    /// A pattern of the description that the exporter or SNMP gives, in which `*` is any text.
    #[setting(example = "Transit:*")]
    pub match_description: String,
    /// Its name.
    #[setting(example = "Gi0/0/1")]
    pub name: String,
    /// Its description.
    #[setting(example = "Transit: Example")]
    pub description: String,
    /// Its speed; 0 when it is not known.
    #[setting(example = 10_000, unit = "Mbit/s")]
    pub speed: u32,
    /// What it connects to.
    #[setting(example = "transit")]
    pub connectivity: String,
    /// The provider that it connects to.
    #[setting(example = "example")]
    pub provider: String,
    /// Whether it leads out of the network.
    #[setting(example = Boundary::External)]
    pub boundary: Boundary,
    /// The VRF that it is in.
    #[setting(example = "customers")]
    pub vrf: String,
}

impl ExporterSection {
    pub(crate) fn facts(&self) -> ExporterFacts {
        let Self { name, group, role, site, region, tenant, .. } = self.clone();
        ExporterFacts { name, group, role, site, region, tenant }
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        if prefix(&self.r#match).is_err() {
            let message = format!("invalid address or subnet `{}`", self.r#match);
            faults.push(fault(
                "exporter.match".to_owned(),
                message,
                "write it as `192.0.2.1` or `10.0.0.0/8`",
            ));
        }
        for (index, interface) in self.interface.iter().enumerate() {
            if interface.facts() == InterfaceFacts::default() {
                let message = "nothing is said of the interface".to_owned();
                let help = "give it a `name`, `description`, `speed`, `connectivity`, `provider`, `boundary` or `vrf`";
                faults.push(fault(format!("exporter.interface[{index}]"), message, help));
            }
        }
        faults
    }
}

fn fault(path: String, message: String, help: &str) -> ConfigError {
    ConfigError { path, message, help: Some(help.to_owned()) }
}

impl ExporterInterfaceSection {
    pub(crate) fn facts(&self) -> InterfaceFacts {
        let Self { name, description, speed, connectivity, provider, boundary, vrf, .. } = self.clone();
        InterfaceFacts { name, description, speed, connectivity, provider, boundary, vrf }
    }
}
