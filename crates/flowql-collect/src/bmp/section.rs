//! The sections `[bmp]` and `[rpki]` of `flowql.toml`.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use flowql::ConfigError;
use flowql_bmp::{Distinguisher, Limits, Settings};
use flowql_config::{Secret, Section};

use crate::section::{fault_at, networks, socket_fault, subnet_faults};

/// A day: no session is waited for longer.
const DAY: u64 = 86_400;

/// Routes, which routers send by the BGP Monitoring Protocol (RFC 7854), and which flows are looked up in.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "bmp", example = "[bmp]\nallow = [\"192.0.2.0/24\"]\n", check = BmpSection::faults)]
pub struct BmpSection {
    /// The address and port that routers connect to; empty for none. `[::]` takes IPv4 too.
    #[setting(default = "[::]:10179")]
    pub listen: String,
    /// The addresses and subnets of the routers that may connect. When empty, any may.
    #[setting(example = ["192.0.2.0/24", "2001:db8::1"])]
    pub allow: Vec<String>,
    /// How long the routes of a session that was lost are kept.
    #[setting(default = 300, range = 0..=DAY, unit = "seconds")]
    pub keep_seconds: u64,
    /// How long a session may be silent before its connection is probed.
    #[setting(default = 60, range = 1..=DAY, unit = "seconds")]
    pub probe_seconds: u64,
    /// Whether a flow gets the route of another router where its own exporter has none.
    pub other_routers: bool,
    /// Whether what routers send to their peers (Adj-RIB-Out, RFC 8671) is used too. It is preferred last.
    pub adj_rib_out: bool,
    /// The most routers that routes are kept of.
    #[setting(default = 1000, range = 1..=100_000)]
    pub max_routers: usize,
    /// The most routes that are kept, of all routers together. A route takes about 130 bytes.
    #[setting(default = 20_000_000, range = 1..=1_000_000_000)]
    pub max_routes: usize,
    /// The most bytes that the attributes of all routes take; those of many routes count once.
    #[setting(default = 2 << 30, range = 1 << 20..=1_usize << 40, unit = "bytes")]
    pub max_attribute_bytes: usize,
    /// The most routes of a router to one prefix.
    #[setting(default = 256, range = 1..=65_536)]
    pub max_paths: usize,
    /// Routers whose address is not that of their flows.
    #[section]
    pub router: Vec<BmpRouterSection>,
    /// The VRFs that flows name.
    #[section]
    pub vrf: Vec<BmpVrfSection>,
}

/// A router that connects from another address than it sends flows from, or whose routes are those of other exporters too.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "bmp.router",
    list,
    example = "[[bmp.router]]\naddress = \"192.0.2.1\"\nexporters = [\"198.51.100.1\"]\n"
)]
pub struct BmpRouterSection {
    /// The address that it connects from.
    #[setting(required, example = "192.0.2.1")]
    pub address: String,
    /// The addresses of the exporters whose flows get its routes.
    #[setting(example = ["198.51.100.1"])]
    pub exporters: Vec<String>,
    /// The password by which it signs what it sends (TCP MD5, RFC 2385). Better in a file.
    #[setting(example = "secret")]
    pub password: Secret,
    /// A file whose first line is the password. It takes precedence over `password`.
    #[setting(example = "/run/secrets/bmp")]
    pub password_file: String,
}

/// A VRF by the name that flows have of it. Names that routers send with their routes (RFC 9069) are known without it.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "bmp.vrf",
    list,
    example = "[[bmp.vrf]]\nname = \"customers\"\ndistinguisher = \"64500:1\"\n"
)]
pub struct BmpVrfSection {
    /// The name.
    #[setting(required, example = "customers")]
    pub name: String,
    /// Its route distinguisher; empty for the table of the router itself.
    #[setting(example = "64500:1")]
    pub distinguisher: String,
}

/// Validated ROA payloads, by which routes are valid or not (RFC 6811).
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "rpki", example = "[rpki]\nfile = \"/var/lib/routinator/vrps.json\"\n")]
pub struct RpkiSection {
    /// The JSON that a validator writes: Routinator, rpki-client, FORT, OctoRPKI. It is read again when it changes.
    #[setting(example = "/var/lib/routinator/vrps.json")]
    pub file: Option<String>,
}

impl BmpSection {
    /// The settings of the sessions and of the tables, without the passwords.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            allow: networks(&self.allow),
            passwords: Vec::new(),
            keep: Duration::from_secs(self.keep_seconds),
            probe: Duration::from_secs(self.probe_seconds),
            exporters: self.exporters(),
            other_routers: self.other_routers,
            adj_rib_out: self.adj_rib_out,
            limits: Limits {
                routers: self.max_routers,
                sessions: self.max_routers,
                routes: self.max_routes,
                attributes: self.max_attribute_bytes,
                paths: self.max_paths,
                ..Limits::default()
            },
        }
    }

    /// The passwords of routers.
    ///
    /// # Errors
    ///
    /// A file of one cannot be read.
    pub(crate) fn passwords(&self) -> io::Result<Vec<(IpAddr, String)>> {
        let mut passwords = Vec::new();
        for router in &self.router {
            let password = router.password.or_first_line(&router.password_file)?;
            let has_one = !password.is_empty() || !router.password_file.is_empty();
            passwords.extend(address(&router.address).filter(|_| has_one).map(|address| (address, password)));
        }
        Ok(passwords)
    }

    /// The router of each exporter that has another's routes.
    fn exporters(&self) -> HashMap<IpAddr, IpAddr> {
        let of_router = |router: &BmpRouterSection| {
            let address = address(&router.address)?;
            let exporters = router.exporters.iter().filter_map(|exporter| self::address(exporter));
            Some(exporters.map(move |exporter| (exporter, address)).collect::<Vec<_>>())
        };
        self.router.iter().filter_map(of_router).flatten().collect()
    }

    /// The distinguishers of the VRFs that are named, none for the router's own table.
    pub(crate) fn vrfs(&self) -> HashMap<String, Option<Distinguisher>> {
        self.vrf.iter().map(|vrf| (vrf.name.clone(), vrf.distinguisher.parse().ok())).collect()
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = subnet_faults("bmp.allow", &self.allow);
        if !self.listen.is_empty() {
            faults.extend(socket_fault("bmp.listen".to_owned(), &self.listen, 10179));
        }
        let mut wrong = |path: String, text: &String| {
            if address(text).is_none() {
                let message = format!("invalid address `{text}`");
                faults.push(fault_at(path, message, "write it as `192.0.2.1` or `2001:db8::1`"));
            }
        };
        for (index, router) in self.router.iter().enumerate() {
            wrong(format!("bmp.router[{index}].address"), &router.address);
            for (place, exporter) in router.exporters.iter().enumerate() {
                wrong(format!("bmp.router[{index}].exporters[{place}]"), exporter);
            }
        }
        for (index, vrf) in self.vrf.iter().enumerate() {
            if !vrf.distinguisher.is_empty() && vrf.distinguisher.parse::<Distinguisher>().is_err() {
                let message = format!("invalid route distinguisher `{}`", vrf.distinguisher);
                let help = "write it as `64500:1` or `192.0.2.1:1`";
                faults.push(fault_at(format!("bmp.vrf[{index}].distinguisher"), message, help));
            }
        }
        faults
    }
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse::<IpAddr>().ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<BmpSection>(), KnownSection::of::<RpkiSection>()];

    #[test]
    fn errors_are_at_their_lines() {
        let text = "[bmp]\nlisten = \"10179\"\nallow = [\"router\"]\n[[bmp.router]]\naddress = \"edge\"\n\
                    exporters = [\"192.0.2.1\", \"192.0.2.0/24\"]\n[[bmp.vrf]]\nname = \"a\"\ndistinguisher = \"1\"\n";
        let errors = Config::parse(text, "f", SECTIONS).unwrap_err().to_string();
        assert_eq!(
            errors.lines().collect::<Vec<_>>(),
            [
                "f:2:10: invalid address and port `10179`: write it as `[::]:10179` or `192.0.2.1:10179`",
                "f:3:10: invalid address or subnet `router`: write it as `192.0.2.1` or `10.0.0.0/8`",
                "f:5:11: invalid address `edge`: write it as `192.0.2.1` or `2001:db8::1`",
                "f:6:27: invalid address `192.0.2.0/24`: write it as `192.0.2.1` or `2001:db8::1`",
                "f:9:17: invalid route distinguisher `1`: write it as `64500:1` or `192.0.2.1:1`",
            ]
        );
    }

    #[test]
    fn what_is_written_becomes_settings() {
        let text = "[bmp]\nkeep_seconds = 7\nmax_routes = 5\n[[bmp.router]]\naddress = \"192.0.2.1\"\n\
                    exporters = [\"::ffff:198.51.100.1\", \"2001:db8::1\"]\n\
                    [[bmp.vrf]]\nname = \"a\"\ndistinguisher = \"64500:1\"\n[[bmp.vrf]]\nname = \"default\"\n";
        let config = Config::parse(text, "f", SECTIONS).unwrap();
        let section = config.section::<BmpSection>();
        let settings = section.settings();
        assert_eq!((settings.keep, settings.limits.routes), (Duration::from_secs(7), 5));
        assert_eq!(settings.exporters.len(), 2);
        let router = settings.exporters.get(&"198.51.100.1".parse().unwrap());
        assert_eq!(router, Some(&"192.0.2.1".parse().unwrap()));
        let vrfs = section.vrfs();
        assert_eq!(vrfs["a"].map(|vrf| vrf.to_string()), Some("64500:1".to_owned()));
        assert_eq!(vrfs["default"], None);
        assert!(!settings.other_routers && !BmpSection::default().settings().other_routers);
    }

    #[test]
    fn every_section_has_an_example_that_uses_it() {
        let sections = SECTIONS.iter().flat_map(|known| flowql_config::SectionInfo::family(known.info));
        for section in sections {
            let example = section.example;
            Config::parse(example, "f", SECTIONS).unwrap_or_else(|errors| panic!("{errors}\n{example}"));
            assert!(example.contains(&section.title()), "{}", section.name);
        }
    }
}
