//! The table against a plain search of the prefixes.

use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;

use super::layer::{Layer, Prefixes};
use super::row::{Fact, Facts};
use super::table::Table;

/// A prefix with its name, role and AS; empty and 0 where it does not say.
type Line = (IpNet, String, String, u32);

fn facts((_, name, role, asn): &Line) -> Facts {
    let mut facts = Facts { asn: *asn, ..Facts::default() };
    facts.set(Fact::Name, name);
    facts.set(Fact::Role, role);
    facts
}

fn layer(lines: &[Line]) -> Layer {
    let mut prefixes = Prefixes::default();
    for line in lines {
        prefixes.push(line.0, &facts(line));
    }
    prefixes.into_layer()
}

/// The same by looking at every prefix: the longest first, of equal ones the first.
fn plain(layers: &[Vec<Line>], address: IpAddr) -> (String, String, u32) {
    let address = address.to_canonical();
    let mut found = (String::new(), String::new(), 0);
    for lines in layers {
        let mut covering: Vec<&Line> = lines.iter().filter(|line| line.0.contains(&address)).collect();
        covering.sort_by_key(|line| std::cmp::Reverse(line.0.prefix_len()));
        for (_, name, role, asn) in covering {
            found.0 = if found.0.is_empty() { name.clone() } else { found.0 };
            found.1 = if found.1.is_empty() { role.clone() } else { found.1 };
            found.2 = if found.2 == 0 { *asn } else { found.2 };
        }
    }
    found
}

fn looked_up(table: &Table, address: IpAddr) -> (String, String, u32) {
    let network = table.lookup(address);
    (network.get(Fact::Name).to_owned(), network.get(Fact::Role).to_owned(), network.asn())
}

/// Addresses that are near each other, so that prefixes cover each other, and the ends of the families.
fn address() -> impl Strategy<Value = IpAddr> {
    let v4 = prop_oneof![
        Just(0_u32),
        Just(u32::MAX),
        (0_u32..2048).prop_map(|low| 0x0a00_0000 | low),
        any::<u32>()
    ];
    let v6 = prop_oneof![
        Just(0_u128),
        Just(u128::MAX),
        (0_u128..2048).prop_map(|low| 0x2001_0db8 << 96 | low),
        (0_u128..4).prop_map(|low| 0x2001_0db8 << 96 | low << 64),
        any::<u128>(),
    ];
    prop_oneof![
        v4.prop_map(|bits| IpAddr::from(bits.to_be_bytes())),
        v6.prop_map(|bits| IpAddr::from(bits.to_be_bytes())).prop_filter("is IPv6", |address| {
            matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_none())
        })
    ]
}

fn line() -> impl Strategy<Value = Line> {
    (address(), any::<u8>(), "[ab]?", "[rs]?", 0_u32..3).prop_map(|(address, length, name, role, asn)| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = if length & 1 == 0 { most - (length >> 1) % 12 } else { (length >> 1) % (most + 1) };
        (IpNet::new(address, length).unwrap().trunc(), name, role, asn)
    })
}

fn check(layers: &[Vec<Line>], addresses: &[IpAddr]) {
    let made: Vec<Layer> = layers.iter().map(|lines| layer(lines)).collect();
    let table = Table::of_layers(made.iter());
    let ends = layers.iter().flatten().flat_map(|line| [line.0.network(), line.0.broadcast()]);
    for address in addresses.iter().copied().chain(ends) {
        assert_eq!(looked_up(&table, address), plain(layers, address), "{address} in {layers:?}");
    }
}

proptest! {
    #[test]
    fn lookups_are_those_of_a_plain_search(
        layers in prop::collection::vec(prop::collection::vec(line(), 0..24), 0..4),
        addresses in prop::collection::vec(address(), 32),
    ) {
        check(&layers, &addresses);
    }
}

/// Enough prefixes for the direct table of IPv4 and several blocks of IPv6.
#[test]
fn large_tables_are_searched_like_small_ones() {
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 24
    };
    let mut lines: Vec<Line> = Vec::new();
    for place in 0..6000_u64 {
        let bits = 0x0a00_0000_u32 | u32::try_from(random() & 0x00ff_ffff).unwrap();
        let length = 16 + u8::try_from(random() % 17).unwrap();
        let net = IpNet::new(IpAddr::from(bits.to_be_bytes()), length).unwrap().trunc();
        let role = if place % 3 == 0 { String::new() } else { format!("r{}", place % 7) };
        lines.push((net, format!("n{place}"), role, u32::try_from(place % 5).unwrap()));
        let bits = 0x2001_0db8_u128 << 96 | u128::from(random()) << 56;
        let length = 40 + u8::try_from(random() % 60).unwrap();
        lines.push((
            IpNet::new(IpAddr::from(bits.to_be_bytes()), length).unwrap().trunc(),
            format!("m{place}"),
            String::new(),
            0,
        ));
    }
    let made = layer(&lines);
    assert!(made.v4.len() > 4096 && made.v6.len() > 4096);
    let table = Table::of_layers([&made].into_iter());
    assert!(table.bytes() > 64 << 20, "the table of IPv4 is the direct one");
    let layers = [lines];
    for line in layers[0].iter().step_by(17) {
        for address in [line.0.network(), line.0.broadcast()] {
            assert_eq!(looked_up(&table, address), plain(&layers, address), "{address}");
        }
    }
    assert!(Table::default().bytes() < 1024 && Table::default().is_empty());
}

#[test]
fn mapped_addresses_are_those_of_ipv4() {
    let lines = vec![
        ("::ffff:10.0.0.0/104".parse().unwrap(), "ten".to_owned(), String::new(), 1),
        ("::/0".parse().unwrap(), "six".to_owned(), String::new(), 6),
    ];
    let made = layer(&lines);
    let table = Table::of_layers([&made].into_iter());
    let name = |address: &str| looked_up(&table, address.parse().unwrap()).0;
    assert_eq!((name("10.1.2.3"), name("::ffff:10.1.2.3")), ("ten".to_owned(), "ten".to_owned()));
    assert_eq!((name("::a01:203"), name("192.0.2.1")), ("six".to_owned(), String::new()));
    let address: std::net::Ipv6Addr = "::ffff:10.1.2.3".parse().unwrap();
    let network = table.lookup_bits(address.to_bits());
    assert!((network.id() as usize) < table.len());
    assert_eq!(table.network(network.id()).get(Fact::Name), "ten");
}
