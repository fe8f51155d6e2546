//! A database that is written here, and bytes that are none.

use std::net::IpAddr;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::networks::table::Table;

/// Writes a database of IPv6, in which IPv4 is below `::/96`, after the published format.
pub(crate) fn database(networks: &[(&str, Value)], built: u64) -> Vec<u8> {
    let mut nodes: Vec<[Option<Branch>; 2]> = vec![[None, None]];
    let mut data = Vec::new();
    for (net, record) in networks {
        let offset = data.len();
        write(record, &mut data);
        let net: IpNet = net.parse().unwrap();
        let (bits, length) = match net {
            IpNet::V4(net) => (u128::from(net.network().to_bits()), net.prefix_len() + 96),
            IpNet::V6(net) => (net.network().to_bits(), net.prefix_len()),
        };
        let side = |depth: u8| usize::from(bits >> (127 - depth) & 1 == 1);
        let mut node = 0;
        for depth in 0..length - 1 {
            node = match nodes[node][side(depth)] {
                Some(Branch::Node(next)) => next,
                None => {
                    nodes.push([None, None]);
                    let next = nodes.len() - 1;
                    nodes[node][side(depth)] = Some(Branch::Node(next));
                    next
                }
                Some(Branch::Data(_)) => panic!("{net} is within another network"),
            };
        }
        nodes[node][side(length - 1)] = Some(Branch::Data(offset));
    }
    let count = nodes.len();
    let mut bytes = Vec::new();
    for branch in nodes.iter().flatten() {
        let value = match branch {
            None => count,
            Some(Branch::Node(node)) => *node,
            Some(Branch::Data(offset)) => count + 16 + offset,
        };
        bytes.extend(u32::try_from(value).unwrap().to_be_bytes());
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = json!({
        "node_count": count, "record_size": 32, "ip_version": 6, "database_type": "test", "languages": ["en"],
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": built,
        "description": {"en": "a test"},
    });
    write(&metadata, &mut bytes);
    bytes
}

#[derive(Clone, Copy)]
enum Branch {
    Node(usize),
    Data(usize),
}

/// The control byte of a value, then the value.
fn write(value: &Value, out: &mut Vec<u8>) {
    let head = |kind: u8, size: usize, out: &mut Vec<u8>| {
        let size = u8::try_from(size).unwrap();
        assert!(size < 29);
        // Kinds from 8 on are in a byte of their own.
        if kind < 8 { out.push(kind << 5 | size) } else { out.extend([size, kind - 7]) }
    };
    match value {
        Value::Object(map) => {
            head(7, map.len(), out);
            for (key, value) in map {
                write(&Value::String(key.clone()), out);
                match value.as_u64() {
                    Some(number) => number_of(key, number, out),
                    None => write(value, out),
                }
            }
        }
        Value::Array(items) => {
            head(11, items.len(), out);
            items.iter().for_each(|item| write(item, out));
        }
        Value::String(text) => {
            head(2, text.len(), out);
            out.extend(text.as_bytes());
        }
        value => panic!("{value} is in no record"),
    }
}

/// A number in the type that its key has.
fn number_of(key: &str, number: u64, out: &mut Vec<u8>) {
    match key {
        "build_epoch" => {
            out.extend([8, 9 - 7]);
            out.extend(number.to_be_bytes());
        }
        "record_size" | "ip_version" | "binary_format_major_version" | "binary_format_minor_version" => {
            out.push(5 << 5 | 2);
            out.extend(u16::try_from(number).unwrap().to_be_bytes());
        }
        _ => {
            out.push(6 << 5 | 4);
            out.extend(u32::try_from(number).unwrap().to_be_bytes());
        }
    }
}

fn looked_up(database: &Database, address: &str) -> (String, String, String, u32) {
    let table = Table::of_layers([&database.layer].into_iter());
    let network = table.lookup(address.parse::<IpAddr>().unwrap());
    let text = |fact| network.get(fact).to_owned();
    (text(Fact::Country), text(Fact::State), text(Fact::City), network.geoip_asn())
}

fn owned(country: &str, state: &str, city: &str, asn: u32) -> (String, String, String, u32) {
    (country.to_owned(), state.to_owned(), city.to_owned(), asn)
}

#[test]
fn a_database_is_read_once_into_the_table() {
    let city = json!({
        "country": {"iso_code": "US"}, "city": {"names": {"en": "Austin", "de": "Austin"}},
        "subdivisions": [{"iso_code": "TX", "names": {"en": "Texas"}}],
    });
    let bytes = database(
        &[
            ("192.0.2.0/25", city),
            ("198.51.100.0/24", json!({"country_code": "fr"})),
            ("203.0.113.7/32", json!({"country": "DE", "city": "Bonn", "state1": "X", "asn": "AS64501"})),
            ("2001:db8::/32", json!({"autonomous_system_number": 64500})),
            ("2001:db9::/32", json!({"country": "Utopia"})),
        ],
        1_700_000_000,
    );
    let database = parse(&bytes).unwrap();
    assert_eq!((database.networks, database.skipped), (5, 0));
    assert_eq!(database.built, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)));
    assert_eq!(looked_up(&database, "192.0.2.127"), owned("US", "Texas", "Austin", 0));
    assert_eq!(looked_up(&database, "192.0.2.128"), owned("", "", "", 0));
    assert_eq!(looked_up(&database, "198.51.100.1"), owned("FR", "", "", 0));
    assert_eq!(looked_up(&database, "203.0.113.7"), owned("DE", "X", "Bonn", 64501));
    assert_eq!(looked_up(&database, "2001:db8::1"), owned("", "", "", 64500));
    assert_eq!(looked_up(&database, "2001:db9::1"), owned("", "", "", 0));
}

#[test]
fn what_is_not_a_database_is_refused() {
    for bytes in [&b""[..], b"prefix,name\n", b"\xab\xcd\xefMaxMind.com"] {
        assert!(parse(bytes).unwrap_err().starts_with("it is not a database of MaxMind's format: "));
    }
}

proptest! {
    #[test]
    fn damaged_databases_never_panic(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..8), cut in any::<usize>()) {
        let networks = [("10.0.0.0/24", json!({"country_code": "FR"})), ("2001:db8::/40", json!({"asn": 7}))];
        let mut bytes = database(&networks, 1);
        let most = bytes.len();
        for (place, byte) in changes {
            bytes[place % most] = byte;
        }
        if cut % 3 == 0 {
            bytes.truncate(cut % most);
        }
        if let Ok(database) = parse(&bytes) {
            prop_assert!(database.networks <= MOST_PREFIXES);
        }
    }
}
