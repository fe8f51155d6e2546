//! The TCP and UDP services of the IANA registry.

use std::cmp::Ordering;
use std::sync::OnceLock;

/// The services, one a line, in order of port, the customary name of a port first. The number after a name is
/// its distance from the port of the line before, left out when it is 1.
#[derive(Debug, Default)]
pub struct Services {
    lines: &'static str,
    /// Made when a service is first asked for.
    table: OnceLock<Table>,
}

/// The services in both orders.
#[derive(Debug, Default)]
struct Table {
    /// In order of name, which is lower case.
    by_name: Vec<(&'static str, u16)>,
    /// One name for each port, in order of port.
    by_port: Vec<(u16, &'static str)>,
}

impl Table {
    fn read(lines: &'static str) -> Self {
        let mut table = Self::default();
        let mut last = 0;
        for line in lines.lines() {
            let (name, distance) = match line.split_once(' ') {
                Some((name, distance)) => (name, distance.parse().unwrap_or_default()),
                None => (line, 1),
            };
            let port = u16::wrapping_add(last, distance);
            table.by_name.push((name, port));
            // The customary name of a port comes first, at a distance; the others follow at none.
            if distance != 0 {
                table.by_port.push((port, name));
            }
            last = port;
        }
        table.by_name.sort_unstable();
        table
    }
}

impl Services {
    pub(super) const fn new(lines: &'static str) -> Self {
        Self { lines, table: OnceLock::new() }
    }

    fn table(&self) -> &Table {
        self.table.get_or_init(|| Table::read(self.lines))
    }

    /// The port of the service of that name, in any case.
    pub fn port_of(&self, name: &str) -> Option<u16> {
        let names = &self.table().by_name;
        let place = names.binary_search_by(|(candidate, _)| compare(candidate, name)).ok()?;
        names.get(place).map(|(_, port)| *port)
    }

    /// The customary name of the service on that port.
    pub fn name_of(&self, port: u16) -> Option<&'static str> {
        let ports = &self.table().by_port;
        let place = ports.binary_search_by_key(&port, |(candidate, _)| *candidate).ok()?;
        ports.get(place).map(|(_, name)| *name)
    }

    /// Every service name with its port, in order of name. A port may have several names.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u16)> + '_ {
        self.table().by_name.iter().copied()
    }
}

/// Compares a lower-case name with one in any case.
fn compare(lower: &str, any: &str) -> Ordering {
    lower.bytes().cmp(any.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use super::*;
    use crate::tables::Registries;

    fn services() -> &'static Services {
        &Registries::built_in().services
    }

    #[test]
    fn names_are_lower_case_in_order_and_unique() {
        assert!(services().table().by_name.is_sorted_by(|a, b| a.0 < b.0));
        assert!(services().table().by_port.is_sorted_by(|a, b| a.0 < b.0));
        for (name, port) in services().all() {
            assert!(!name.is_empty() && name.is_ascii() && name == name.to_ascii_lowercase(), "{name}");
            assert_ne!(port, 0, "{name}");
        }
    }

    #[test]
    fn the_text_is_read_whole() {
        let mut last = 0_u32;
        for line in services().lines.lines() {
            let (name, distance) = line.split_once(' ').unwrap_or((line, "1"));
            last += distance.parse::<u32>().unwrap();
            assert_eq!(services().port_of(name).map(u32::from), Some(last), "{line}");
        }
        assert_eq!(services().all().count(), services().lines.lines().count());
        assert!(services().all().count() > 6000);
    }

    #[test]
    fn every_service_is_found() {
        for (name, port) in services().all() {
            assert_eq!(services().port_of(name), Some(port));
            assert_eq!(services().port_of(&name.to_ascii_uppercase()), Some(port));
            let shown = services().name_of(port).unwrap();
            assert_eq!(services().port_of(shown), Some(port));
        }
        for (port, name) in &services().table().by_port {
            assert_eq!(services().name_of(*port), Some(*name));
        }
    }

    #[test]
    fn known_services() {
        for (name, port) in [
            ("ssh", 22),
            ("smtp", 25),
            ("domain", 53),
            ("http", 80),
            ("kerberos", 88),
            ("ntp", 123),
            ("snmp", 161),
            ("bgp", 179),
            ("ldap", 389),
            ("https", 443),
            ("syslog", 514),
            ("rtsp", 554),
            ("imaps", 993),
            ("openvpn", 1194),
            ("mysql", 3306),
            ("ms-wbt-server", 3389),
            ("ipfix", 4739),
            ("vxlan", 4789),
            ("sip", 5060),
            ("postgresql", 5432),
            ("sflow", 6343),
            ("redis", 6379),
            ("http-alt", 8080),
        ] {
            assert_eq!(services().port_of(name), Some(port), "{name}");
            assert_eq!(services().name_of(port), Some(name), "{port}");
        }
        for (name, port) in [
            ("dns", 53),
            ("rdp", 3389),
            ("smb", 445),
            ("quic", 443),
            ("wireguard", 51820),
            ("memcached", 11211),
        ] {
            assert_eq!(services().port_of(name), Some(port), "{name}");
        }
        assert_eq!(services().port_of("HTTPS"), Some(443));
        assert_eq!(services().port_of("www"), Some(80));
        assert_eq!(services().port_of("x11"), Some(6000));
        assert_eq!(services().port_of(""), None);
        assert_eq!(services().port_of("htt"), None);
        assert_eq!(services().port_of("httpss"), None);
        assert_eq!(services().port_of("hôte"), None);
        assert_eq!(services().name_of(0), None);
        assert_eq!(services().name_of(65535), None);
    }
}
