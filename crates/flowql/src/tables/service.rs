//! The TCP and UDP services of the IANA registry: part of the program with the feature `services`, else given to it.

use std::cmp::Ordering;
use std::sync::OnceLock;

/// The services, one a line, in order of port, the customary name of a port first. The number after a name is
/// its distance from the port of the line before, left out when it is 1.
#[cfg(feature = "services")]
static SERVICES: &str = include_str!("generated/services.txt");
#[cfg(not(feature = "services"))]
static SERVICES: &str = "";

/// The services in both orders.
#[derive(Default)]
struct Table {
    /// In order of name, which is lower case.
    by_name: Vec<(&'static str, u16)>,
    /// One name for each port, in order of port.
    by_port: Vec<(u16, &'static str)>,
}

static TABLE: OnceLock<Table> = OnceLock::new();

impl Table {
    fn read(text: &'static str) -> Self {
        let mut table = Self::default();
        let mut last = 0;
        for line in lines(text) {
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

/// The lines of the services, without those that say where the file comes from.
fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with("//"))
}

fn table() -> &'static Table {
    TABLE.get_or_init(|| Table::read(SERVICES))
}

/// Gives the services to a program that does not contain them: the text of `generated/services.txt`, which is kept
/// until the program ends. It has to come before the services are asked for, and counts once.
pub fn provide(text: String) {
    TABLE.get_or_init(|| Table::read(text.leak()));
}

/// The port of the service of that name, in any case.
pub fn port_of(name: &str) -> Option<u16> {
    let names = &table().by_name;
    let place = names.binary_search_by(|(candidate, _)| compare(candidate, name)).ok()?;
    names.get(place).map(|(_, port)| *port)
}

/// The customary name of the service on that port.
pub fn service_of(port: u16) -> Option<&'static str> {
    let ports = &table().by_port;
    let place = ports.binary_search_by_key(&port, |(candidate, _)| *candidate).ok()?;
    ports.get(place).map(|(_, name)| *name)
}

/// Every service name with its port, in order of name. A port may have several names.
pub fn services() -> impl Iterator<Item = (&'static str, u16)> {
    table().by_name.iter().copied()
}

/// Compares a lower-case name with one in any case.
fn compare(lower: &str, any: &str) -> Ordering {
    lower.bytes().cmp(any.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(all(test, feature = "services"))]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_in_order_and_unique() {
        assert!(table().by_name.is_sorted_by(|a, b| a.0 < b.0));
        assert!(table().by_port.is_sorted_by(|a, b| a.0 < b.0));
        for (name, port) in services() {
            assert!(!name.is_empty() && name.is_ascii() && name == name.to_ascii_lowercase(), "{name}");
            assert_ne!(port, 0, "{name}");
        }
    }

    #[test]
    fn the_text_is_read_whole() {
        let mut last = 0_u32;
        for line in lines(SERVICES) {
            let (name, distance) = line.split_once(' ').unwrap_or((line, "1"));
            last += distance.parse::<u32>().unwrap();
            assert_eq!(port_of(name).map(u32::from), Some(last), "{line}");
        }
        assert_eq!(services().count(), lines(SERVICES).count());
        assert!(services().count() > 6000);
    }

    #[test]
    fn every_service_is_found() {
        for (name, port) in services() {
            assert_eq!(port_of(name), Some(port));
            assert_eq!(port_of(&name.to_ascii_uppercase()), Some(port));
            let shown = service_of(port).unwrap();
            assert_eq!(port_of(shown), Some(port));
        }
        for (port, name) in &table().by_port {
            assert_eq!(service_of(*port), Some(*name));
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
            assert_eq!(port_of(name), Some(port), "{name}");
            assert_eq!(service_of(port), Some(name), "{port}");
        }
        for (name, port) in [
            ("dns", 53),
            ("rdp", 3389),
            ("smb", 445),
            ("quic", 443),
            ("wireguard", 51820),
            ("memcached", 11211),
        ] {
            assert_eq!(port_of(name), Some(port), "{name}");
        }
        assert_eq!(port_of("HTTPS"), Some(443));
        assert_eq!(port_of("www"), Some(80));
        assert_eq!(port_of("x11"), Some(6000));
        assert_eq!(port_of(""), None);
        assert_eq!(port_of("htt"), None);
        assert_eq!(port_of("httpss"), None);
        assert_eq!(port_of("hôte"), None);
        assert_eq!(service_of(0), None);
        assert_eq!(service_of(65535), None);
    }
}
