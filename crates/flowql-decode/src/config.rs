//! The parts of `[collect]` in `flowql.toml` that say how datagrams are decoded.

use std::net::IpAddr;

use flowql::tables::closest;
use flowql::{ConfigError, Schema};
use flowql_config::Section;
use serde::{Deserialize, Serialize};

use crate::frame::{TunnelMode, Tunnels, UdpTunnel};
use crate::mapping::Meaning;
use crate::{ExporterSettings, Field, SamplingSettings, Settings, TotalsAre};

/// An element of IPFIX, or a field of NetFlow v9, that fills a column, whatever it fills else.
#[derive(Clone, Debug, PartialEq, Eq, Section, Serialize, Deserialize)]
#[section(
    name = "collect.element",
    list,
    example = "[[collect.element]]\nenterprise = 9\nid = 12235\ncolumn = \"AppName\"\n"
)]
pub struct ElementSection {
    /// The number of the enterprise that the element is of, or 0 for those of IANA and the fields of NetFlow v9.
    pub enterprise: u32,
    /// The number of the element.
    #[setting(required, range = 1..=65_535, example = 12_235)]
    pub id: u16,
    /// The column that it fills.
    #[setting(required, example = "AppName")]
    pub column: String,
}

/// What holds for some exporters.
#[derive(Clone, Debug, PartialEq, Eq, Section, Serialize, Deserialize)]
#[section(
    name = "collect.exporter",
    list,
    example = "[[collect.exporter]]\naddresses = [\"192.0.2.1\"]\ntotals = \"cumulative\"\n"
)]
pub struct ExporterSection {
    /// The addresses that they send from. When empty, it holds for those that have no entry of their own.
    #[setting(example = ["192.0.2.1", "2001:db8::1"])]
    pub addresses: Vec<String>,
    /// What the counters of elements 85 and 86 are: those of a record, or sums over all records of a flow.
    pub totals: TotalsAre,
    /// Which flow a packet in a tunnel belongs to, where packet headers are sent.
    pub tunnels: TunnelMode,
    /// More UDP ports of tunnels, as `port kind`; the kinds are `vxlan`, `geneve`, `gtp-u`, `mpls` and `l2tp-v3`.
    #[setting(example = ["8472 vxlan"])]
    pub tunnel_ports: Vec<String>,
    /// The most flows a second that are kept, of each of them. Of more, some are dropped by chance, and the sampling rate of
    /// the others rises in proportion.
    #[setting(range = 1..=1_000_000_000, example = 20_000)]
    #[serde(default)]
    pub rate_limit: Option<u64>,
    /// How packets are sampled.
    #[section]
    pub sampling: Vec<SamplingSection>,
}

/// How an exporter samples packets, all of it or an interface or an observation domain.
#[derive(Clone, Debug, PartialEq, Eq, Section, Serialize, Deserialize)]
#[section(
    name = "collect.exporter.sampling",
    list,
    example = "[[collect.exporter]]\naddresses = [\"192.0.2.1\"]\n[[collect.exporter.sampling]]\ninterface = 12\noverride = 1000\n"
)]
pub struct SamplingSection {
    /// The index of the interface, in or out. When left out, it holds for all.
    #[setting(example = 12)]
    pub interface: Option<u32>,
    /// The number of the observation domain; for NetFlow v5 the type and the slot of the engine. When left out, it holds for
    /// all.
    #[setting(example = 1)]
    pub domain: Option<u32>,
    /// One packet in so many is sampled, whatever the exporter says.
    #[setting(key = "override", range = 1..=1_000_000_000, example = 1_000)]
    pub fixed: Option<u64>,
    /// One packet in so many is sampled where the exporter does not say a rate.
    #[setting(range = 1..=1_000_000_000, example = 1_000)]
    pub default: Option<u64>,
}

impl Settings {
    /// The settings that sections say, with everything that is wrong in them. The paths of errors are those in `[collect]`.
    pub fn of_sections(
        elements: &[ElementSection],
        exporters: &[ExporterSection],
    ) -> (Self, Vec<ConfigError>) {
        let mut settings = Self::default();
        let mut faults = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let path = format!("collect.element[{index}]");
            faults.extend(settings.map_element(element, &path).err());
        }
        let mut others = false;
        for (index, exporter) in exporters.iter().enumerate() {
            let path = format!("collect.exporter[{index}]");
            let found = exporter.settings(&path, &mut faults);
            if exporter.addresses.is_empty() {
                if others {
                    let help = "name the exporters in `addresses`";
                    faults.push(fault(path, "a second entry for all other exporters".to_owned(), help));
                }
                (settings.others, others) = (found, true);
                continue;
            }
            for (place, text) in exporter.addresses.iter().enumerate() {
                let path = format!("{path}.addresses[{place}]");
                faults.extend(settings.set_exporter(text, &found, path).err());
            }
        }
        (settings, faults)
    }

    fn map_element(&mut self, section: &ElementSection, path: &str) -> Result<(), ConfigError> {
        const LAST_OF_ENTERPRISE: u16 = 0x7FFF;
        let ElementSection { enterprise, id, column } = section;
        if *enterprise != 0 && *id > LAST_OF_ENTERPRISE {
            let message = format!("elements of enterprises have numbers up to {LAST_OF_ENTERPRISE}");
            return Err(fault(format!("{path}.id"), message, "leave out the bit of the enterprise"));
        }
        let field = column_field(column, format!("{path}.column"))?;
        if self.elements.insert((*enterprise, *id), field).is_some() {
            let message = format!("element {id} of enterprise {enterprise} has a column already");
            return Err(fault(format!("{path}.id"), message, "keep one of the entries"));
        }
        Ok(())
    }

    fn set_exporter(
        &mut self,
        text: &str,
        found: &ExporterSettings,
        path: String,
    ) -> Result<(), ConfigError> {
        let Ok(address) = text.parse::<IpAddr>() else {
            let message = format!("invalid address `{text}`");
            return Err(fault(path, message, "write it as `192.0.2.1` or `2001:db8::1`"));
        };
        if self.exporters.insert(address.to_canonical(), found.clone()).is_some() {
            let message = format!("`{text}` has an entry already");
            return Err(fault(path, message, "keep it in one of the entries"));
        }
        Ok(())
    }
}

/// The field of a column that an element can fill.
fn column_field(name: &str, path: String) -> Result<Field, ConfigError> {
    let fillable = |field: &Field| Meaning::configured(*field).is_some();
    let field = Field::ALL.iter().copied().find(|field| field.name().eq_ignore_ascii_case(name));
    if let Some(field) = field.filter(fillable) {
        return Ok(field);
    }
    let known = field.is_some() || Schema::all_columns().find(name).is_some();
    let names = Field::ALL.iter().copied().filter(fillable).map(Field::name);
    let help = match closest(name, names).first() {
        Some(found) if !known => format!("did you mean `{found}`?"),
        _ => "the column must hold a number, an address or a text that exporters send".to_owned(),
    };
    let message = match field {
        Some(_) => format!("`{name}` has rules of its own and takes no other elements"),
        None if known => format!("`{name}` does not come from exporters"),
        None => format!("unknown column `{name}`"),
    };
    Err(fault(path, message, &help))
}

impl ExporterSection {
    /// Whether it is for the exporter of an address by name.
    pub fn names(&self, exporter: IpAddr) -> bool {
        let named =
            |text: &String| text.parse::<IpAddr>().is_ok_and(|address| address.to_canonical() == exporter);
        self.addresses.iter().any(named)
    }

    fn settings(&self, path: &str, faults: &mut Vec<ConfigError>) -> ExporterSettings {
        let mut ports = Vec::new();
        for (index, text) in self.tunnel_ports.iter().enumerate() {
            match tunnel_port(text) {
                Some(port) => ports.push(port),
                None => {
                    let message = format!("invalid port of a tunnel `{text}`");
                    let path = format!("{path}.tunnel_ports[{index}]");
                    faults.push(fault(path, message, "write it as `8472 vxlan`"));
                }
            }
        }
        ports.extend(Tunnels::PORTS);
        let mut sampling = SamplingSettings::default();
        for (index, section) in self.sampling.iter().enumerate() {
            let path = format!("{path}.sampling[{index}]");
            faults.extend(section.add(&mut sampling, path).err());
        }
        ExporterSettings {
            sampling,
            tunnels: Tunnels { mode: self.tunnels, ports },
            totals: self.totals,
            rate_limit: self.rate_limit,
        }
    }
}

impl SamplingSection {
    fn add(&self, sampling: &mut SamplingSettings, path: String) -> Result<(), ConfigError> {
        let Self { interface, domain, fixed, default } = self;
        let is_part = interface.is_some() || domain.is_some();
        if interface.is_some() && domain.is_some() {
            let message = "an interface and a domain".to_owned();
            return Err(fault(path, message, "make an entry of each"));
        }
        if default.is_some() && is_part {
            let message = "a default holds for the whole exporter".to_owned();
            return Err(fault(format!("{path}.default"), message, "write it as `override`"));
        }
        let before = match (interface, domain, fixed) {
            (Some(interface), _, Some(rate)) => sampling.interfaces.insert(*interface, *rate),
            (_, Some(domain), Some(rate)) => sampling.domains.insert(*domain, *rate),
            (None, None, Some(rate)) => sampling.rate.replace(*rate),
            (.., None) if default.is_none() => {
                let message = "no rate".to_owned();
                return Err(fault(path, message, "set `override`, or `default` for the whole exporter"));
            }
            (.., None) => None,
        };
        let before = before.or(default.and_then(|rate| sampling.default.replace(rate)));
        match before {
            None => Ok(()),
            Some(_) => Err(fault(path, "a second rate of the same".to_owned(), "keep one of the entries")),
        }
    }
}

/// A UDP port, and what is sent to it.
fn tunnel_port(text: &str) -> Option<(u16, UdpTunnel)> {
    let (port, kind) = text.split_once(' ')?;
    Some((port.parse().ok().filter(|&port| port != 0)?, UdpTunnel::named(kind.trim())?))
}

fn fault(path: String, message: String, help: &str) -> ConfigError {
    ConfigError { path, message, help: Some(help.to_owned()) }
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    /// The sections in the one around them.
    #[derive(Clone, Debug, PartialEq, Eq, Section)]
    #[section(name = "collect", example = "[collect]\n", check = Collect::faults)]
    struct Collect {
        /// The elements.
        #[section]
        element: Vec<ElementSection>,
        /// The exporters.
        #[section]
        exporter: Vec<ExporterSection>,
    }

    impl Collect {
        fn faults(&self) -> Vec<ConfigError> {
            Settings::of_sections(&self.element, &self.exporter).1
        }
    }

    const SECTIONS: Registry = &[KnownSection::of::<Collect>()];

    fn settings(text: &str) -> Settings {
        let config = Config::parse(text, "f", SECTIONS).unwrap();
        let section = config.section::<Collect>();
        Settings::of_sections(&section.element, &section.exporter).0
    }

    fn errors(text: &str) -> Vec<String> {
        let errors = Config::parse(text, "f", SECTIONS).unwrap_err();
        errors.to_string().lines().map(|line| line.trim_start_matches("f:").to_owned()).collect()
    }

    #[test]
    fn sections_become_settings() {
        let found = settings(
            "[[collect.element]]\nenterprise = 9\nid = 12235\ncolumn = \"AppName\"\n\
             [[collect.element]]\nid = 33000\ncolumn = \"nataddr\"\n"
                .replace("nataddr", "srcaddrnat")
                .as_str(),
        );
        let expected = [((9, 12_235), Field::AppName), ((0, 33_000), Field::SrcAddrNAT)];
        assert_eq!(found.elements, expected.into());

        let found = settings(
            "[[collect.exporter]]\ntunnels = \"inner\"\n\
             [[collect.exporter]]\naddresses = [\"192.0.2.1\", \"::ffff:192.0.2.2\"]\ntotals = \"cumulative\"\n\
             tunnel_ports = [\"8472 vxlan\"]\n\
             [[collect.exporter.sampling]]\noverride = 10\n\
             [[collect.exporter.sampling]]\ninterface = 12\noverride = 20\n\
             [[collect.exporter.sampling]]\ndomain = 3\noverride = 30\n\
             [[collect.exporter.sampling]]\ndefault = 40\n",
        );
        assert_eq!(found.others.tunnels.mode, TunnelMode::Inner);
        let first = found.exporter([192, 0, 2, 1].into());
        assert_eq!(first, found.exporter([192, 0, 2, 2].into()));
        assert_eq!((first.totals, first.tunnels.mode), (TotalsAre::Cumulative, TunnelMode::Outer));
        assert_eq!(first.tunnels.ports[..2], [(8472, UdpTunnel::Vxlan), Tunnels::PORTS[0]]);
        let sampling = SamplingSettings {
            rate: Some(10),
            interfaces: [(12, 20)].into(),
            domains: [(3, 30)].into(),
            default: Some(40),
        };
        assert_eq!(first.sampling, sampling);
    }

    #[test]
    fn what_is_wrong_is_said_at_its_line() {
        let element = |id: u32, column: &str| {
            format!("[[collect.element]]\nenterprise = 9\nid = {id}\ncolumn = \"{column}\"\n")
        };
        let cases = [
            (element(1, "AppNam"), "4:10: unknown column `AppNam`: did you mean `AppName`?"),
            (
                element(1, "x"),
                "4:10: unknown column `x`: the column must hold a number, an address or a text that exporters send",
            ),
            (
                element(1, "SrcCountry"),
                "4:10: `SrcCountry` does not come from exporters: the column must hold a number, an address or a \
                 text that exporters send",
            ),
            (
                element(1, "Bytes"),
                "4:10: `Bytes` has rules of its own and takes no other elements: the column must hold a number, an \
                 address or a text that exporters send",
            ),
            (
                element(40_000, "AppName"),
                "3:6: elements of enterprises have numbers up to 32767: leave out the bit of the enterprise",
            ),
            (element(0, "AppName"), "3:6: `id` must be an integer from 1 to 65535"),
            (
                element(1, "AppName") + &element(1, "InVRF"),
                "7:6: element 1 of enterprise 9 has a column already: keep one of the entries",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(errors(&text), [expected], "{text}");
        }
        let exporter = |text: &str| format!("[[collect.exporter]]\naddresses = [\"192.0.2.1\"]\n{text}");
        let sampling = |text: &str| exporter(&format!("[[collect.exporter.sampling]]\n{text}"));
        let cases = [
            (
                "[[collect.exporter]]\naddresses = [\"router\"]\n".to_owned(),
                "2:14: invalid address `router`: write it as `192.0.2.1` or `2001:db8::1`",
            ),
            (
                exporter(&exporter("")),
                "4:14: `192.0.2.1` has an entry already: keep it in one of the entries",
            ),
            (exporter("totals = \"sum\"\n"), "3:10: `totals` must be \"own\" or \"cumulative\""),
            (
                exporter("tunnel_ports = [\"vxlan\"]\n"),
                "3:17: invalid port of a tunnel `vxlan`: write it as `8472 vxlan`",
            ),
            (
                sampling("default = 5\ninterface = 1\n"),
                "4:11: a default holds for the whole exporter: write it as `override`",
            ),
            (sampling("override = 0\n"), "4:12: `override` must be an integer from 1 to 1000000000"),
        ];
        for (text, expected) in cases {
            assert_eq!(errors(&text), [expected], "{text}");
        }
        for text in ["interface = 1\ndomain = 2\noverride = 3\n", "interface = 1\n"] {
            assert_eq!(errors(&sampling(text)).len(), 1, "{text}");
        }
        let twice = sampling("override = 1\n[[collect.exporter.sampling]]\noverride = 2\n");
        assert_eq!(errors(&twice).len(), 1);
        assert_eq!(errors("[[collect.exporter]]\n[[collect.exporter]]\n").len(), 1);
    }
}
