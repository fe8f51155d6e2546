//! The network that is shown: its exporters, its customers and the networks that it exchanges traffic with.
//!
//! The networks have the numbers, names and countries of real ones. All else is made up: their addresses, which come
//! from the seed, and the network at the centre, AS64501, which lives in ranges for documentation and tests.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::random::{Random, Weighted};

/// The network at the centre.
pub(crate) const HOME: u32 = 64_501;

/// The number of the first interface, as routers give them in SNMP.
const FIRST_INDEX: u32 = 501;

/// A router that exports flows.
#[derive(Clone, Debug)]
pub(crate) struct Exporter {
    /// Its place among the exporters.
    pub(crate) place: usize,
    pub(crate) address: [u8; 16],
    pub(crate) name: &'static str,
    pub(crate) site: &'static str,
    pub(crate) region: &'static str,
    pub(crate) sampling: u64,
    pub(crate) interfaces: Vec<Interface>,
}

/// An interface of a router.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    /// Its number, which no other interface of the world has.
    pub(crate) index: u32,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) speed: u32,
    pub(crate) connectivity: &'static str,
    pub(crate) provider: &'static str,
    /// The AS at the other end; 0 at an exchange, where many are.
    pub(crate) beyond: u32,
}

impl Interface {
    pub(crate) fn is_external(&self) -> bool {
        self.beyond != HOME
    }
}

/// A range of addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) base: u128,
    /// The length of the mask, as exporters send it: of 32 bits for IPv4.
    pub(crate) mask: u8,
    pub(crate) is_v4: bool,
    /// How many hosts of it are ever seen.
    pub(crate) hosts: u64,
}

/// A network on the other side.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) number: u32,
    pub(crate) country: &'static str,
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
    pub(crate) kind: Kind,
    pub(crate) ranges: Vec<Range>,
    pub(crate) ways: Vec<Way>,
}

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It serves: most traffic comes from it.
    Serves,
    /// Its people are like ours.
    Access,
    /// It answers names.
    Dns,
    /// It tries every door.
    Scanner,
}

/// A way to a network.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) exporter: usize,
    pub(crate) interface: usize,
    pub(crate) path: Vec<u32>,
    pub(crate) communities: Vec<u32>,
    pub(crate) large: Vec<u128>,
}

/// A part of the network at the centre.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
    pub(crate) site: &'static str,
    pub(crate) region: &'static str,
    pub(crate) tenant: &'static str,
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
    pub(crate) v4: Range,
    pub(crate) v6: Range,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) exporters: Vec<Exporter>,
    pub(crate) networks: Weighted<Network>,
    pub(crate) homes: Weighted<Home>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let exporters = exporters();
        let networks = lines(include_str!("../data/networks.csv")).filter_map(|fields| {
            let [number, country, kind, weight] = fields.try_into().ok()?;
            let number = number.parse().ok()?;
            let mut random = Random::new(seed, u64::from(number));
            let kind = match kind {
                "access" | "research" => Kind::Access,
                "dns" => Kind::Dns,
                "scanner" => Kind::Scanner,
                _ => Kind::Serves,
            };
            let (state, city) = places(country, &mut random);
            let network = Network {
                number,
                country,
                city,
                state,
                kind,
                ranges: ranges(&mut random),
                ways: ways(number, &exporters, &mut random),
            };
            Some((network, weight.parse().ok()?))
        });
        let networks = Weighted::new(networks.collect::<Vec<_>>());
        Self { networks, homes: homes(), exporters }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split(',').collect())
}

fn exporters() -> Vec<Exporter> {
    let mut exporters: Vec<Exporter> = Vec::new();
    for (index, fields) in (FIRST_INDEX..).zip(lines(include_str!("../data/interfaces.csv"))) {
        let Ok([exporter, name, description, speed, connectivity, provider, beyond]) =
            <[&str; 7]>::try_from(fields)
        else {
            continue;
        };
        let interface = Interface {
            index,
            name,
            description,
            speed: speed.parse().unwrap_or_default(),
            connectivity,
            provider,
            beyond: beyond.parse().unwrap_or_default(),
        };
        if exporters.last().is_none_or(|last| last.name != exporter) {
            let (site, _) = exporter.split_once('-').unwrap_or((exporter, ""));
            let number = exporters.len() as u8 + 1;
            exporters.push(Exporter {
                place: exporters.len(),
                address: Ipv4Addr::new(192, 0, 2, number).to_ipv6_mapped().octets(),
                name: exporter,
                site,
                region: if site == "fra1" { "germany" } else { "france" },
                sampling: if site.starts_with("par") { 2048 } else { 1024 },
                interfaces: Vec::new(),
            });
        }
        if let Some(exporter) = exporters.last_mut() {
            exporter.interfaces.push(interface);
        }
    }
    exporters
}

/// The ranges of a network: two to four of IPv4, and one of IPv6.
fn ranges(random: &mut Random) -> Vec<Range> {
    let mut ranges: Vec<Range> = (0..2 + random.below(3))
        .map(|_| {
            // Of unicast addresses, none of the private, local or reserved ones below 11, at 127 and around 192.
            let first = match random.below(3) {
                0 => 11 + random.below(89),
                1 => 128 + random.below(40),
                _ => 193 + random.below(4),
            };
            let mask = 16 + random.below(7) as u8;
            let address = (first << 24 | random.below(1 << 24)) as u32 & (u32::MAX << (32 - mask));
            Range { base: u128::from(address), mask, is_v4: true, hosts: 40 + random.below(800) }
        })
        .collect();
    let base = (0x2a00_u128 << 112) | (u128::from(random.below(1 << 32)) << 84);
    ranges.push(Range { base: base >> 96 << 96, mask: 32, is_v4: false, hosts: 40 + random.below(800) });
    ranges
}

/// How a network is reached: by a link of its own, else by one or two exchanges or providers.
fn ways(number: u32, exporters: &[Exporter], random: &mut Random) -> Vec<Way> {
    let places = |wanted: &dyn Fn(&Interface) -> bool| -> Vec<(usize, usize)> {
        let of = |(place, exporter): (usize, &Exporter)| {
            let found = exporter.interfaces.iter().enumerate().filter(|(_, interface)| wanted(interface));
            found.map(move |(interface, _)| (place, interface)).collect::<Vec<_>>()
        };
        exporters.iter().enumerate().flat_map(of).collect()
    };
    let own = places(&|interface| interface.beyond == number);
    let exchanges = places(&|interface| interface.connectivity == "ix");
    let transits = places(&|interface| interface.connectivity == "transit" && interface.beyond != number);
    let mut chosen = own;
    if chosen.is_empty() || random.percent(20) {
        let from = if random.percent(45) { &exchanges } else { &transits };
        let count = 1 + random.below(2);
        chosen.extend((0..count).filter_map(|_| random.pick(from).copied()));
    }
    chosen
        .into_iter()
        .filter_map(|(exporter, interface)| way(number, exporters, exporter, interface, random))
        .collect()
}

fn way(
    number: u32,
    exporters: &[Exporter],
    exporter: usize,
    interface: usize,
    random: &mut Random,
) -> Option<Way> {
    let link = exporters.get(exporter)?.interfaces.get(interface)?;
    let mut path = Vec::new();
    if link.beyond != 0 && link.beyond != number {
        path.push(link.beyond);
        if random.percent(40) {
            path.extend(
                random.pick(&[6453, 6461, 3491, 6762, 5511, 6939]).filter(|&&middle| middle != number),
            );
        }
    }
    path.push(number);
    // Some networks make themselves look farther away than they are.
    let repeats = if random.percent(15) { 1 + random.below(3) } else { 0 };
    path.extend((0..repeats).map(|_| number));
    let origin = match link.connectivity {
        "transit" => 100,
        "ix" => 200,
        _ => 300,
    };
    let community = |second: u32| HOME << 16 | second;
    let mut communities = vec![community(origin), community(1000 + exporter as u32)];
    if link.connectivity == "transit" && random.percent(50) {
        communities.push((link.beyond.min(0xFFFF) << 16) | (2000 + random.below(8) as u32 * 100));
    }
    let large = u128::from(HOME) << 64 | 1 << 32 | u128::from(origin);
    Some(Way { exporter, interface, path, communities, large: vec![large] })
}

fn homes() -> Weighted<Home> {
    let home = |name,
                role,
                tenant,
                place: (&'static str, &'static str, &'static str, &'static str),
                v4: [u8; 4],
                mask,
                hosts,
                v6: u16| {
        let (site, region, city, state) = place;
        let v4 = Range { base: u128::from(Ipv4Addr::from(v4).to_bits()), mask, is_v4: true, hosts };
        let base = Ipv6Addr::new(0x2001, 0xdb8, v6, 0, 0, 0, 0, 0).to_bits();
        let v6 = Range { base, mask: 40, is_v4: false, hosts };
        Home { name, role, site, region, tenant, city, state, v4, v6 }
    };
    let paris = ("par1", "ile-de-france", "Paris", "IDF");
    let lyon = ("lyo1", "auvergne-rhone-alpes", "Lyon", "ARA");
    let marseille = ("mrs1", "paca", "Marseille", "PAC");
    let frankfurt = ("fra1", "hessen", "Frankfurt am Main", "HE");
    Weighted::new([
        (home("residential-paris", "customers", "retail", paris, [198, 18, 0, 0], 17, 9000, 0x1000), 50),
        (home("residential-lyon", "customers", "retail", lyon, [198, 18, 128, 0], 18, 3000, 0x1100), 18),
        (
            home(
                "residential-marseille",
                "customers",
                "retail",
                marseille,
                [198, 18, 192, 0],
                18,
                2000,
                0x1200,
            ),
            12,
        ),
        (home("business-paris", "customers", "business", paris, [198, 19, 0, 0], 20, 600, 0x2000), 8),
        (home("hosting-paris", "servers", "hosting", paris, [203, 0, 113, 0], 24, 120, 0x3000), 7),
        (home("hosting-frankfurt", "servers", "hosting", frankfurt, [198, 51, 100, 0], 24, 80, 0x3100), 4),
        (home("infrastructure", "infrastructure", "internal", paris, [192, 0, 2, 0], 24, 30, 0x4000), 1),
    ])
}

/// A state and a city of a country; empty where the country is not among those with many networks.
fn places(country: &str, random: &mut Random) -> (&'static str, &'static str) {
    let places: &[(&str, &str)] = match country {
        "US" => {
            &[("CA", "San Jose"), ("VA", "Ashburn"), ("NY", "New York"), ("TX", "Dallas"), ("WA", "Seattle")]
        }
        "FR" => &[("IDF", "Paris"), ("ARA", "Lyon"), ("PAC", "Marseille"), ("HDF", "Lille")],
        "DE" => &[("HE", "Frankfurt am Main"), ("BE", "Berlin"), ("BY", "Munich")],
        "GB" => &[("ENG", "London"), ("ENG", "Manchester"), ("SCT", "Edinburgh")],
        "NL" => &[("NH", "Amsterdam"), ("ZH", "Rotterdam")],
        "ES" => &[("MD", "Madrid"), ("CT", "Barcelona")],
        "IT" => &[("25", "Milan"), ("62", "Rome")],
        "CN" => &[("BJ", "Beijing"), ("SH", "Shanghai"), ("GD", "Guangzhou")],
        "BR" => &[("SP", "São Paulo"), ("RJ", "Rio de Janeiro")],
        "CA" => &[("ON", "Toronto"), ("QC", "Montréal")],
        "IN" => &[("MH", "Mumbai"), ("TN", "Chennai")],
        "JP" => &[("13", "Tokyo"), ("27", "Osaka")],
        "CH" => &[("ZH", "Zürich"), ("GE", "Genève")],
        "BE" => &[("BRU", "Brussels")],
        "PL" => &[("14", "Warsaw")],
        _ => &[],
    };
    random.pick(places).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_whole() {
        let world = World::new(1);
        assert_eq!(world.exporters.len(), 5);
        for exporter in &world.exporters {
            assert!(exporter.interfaces.iter().any(Interface::is_external), "{}", exporter.name);
            assert!(exporter.interfaces.iter().any(|interface| interface.connectivity == "customer"));
        }
        assert!(world.networks.items().len() > 200);
        for network in world.networks.items() {
            assert!(!network.ways.is_empty(), "AS{} cannot be reached", network.number);
            assert!(
                network.ranges.iter().any(|range| range.is_v4)
                    && network.ranges.iter().any(|range| !range.is_v4)
            );
            for way in &network.ways {
                assert!(world.exporters[way.exporter].interfaces[way.interface].is_external());
                assert_eq!(way.path.last(), Some(&network.number));
            }
        }
        let repeats = |way: &Way| way.path.windows(2).any(|pair| pair[0] == pair[1]);
        assert!(world.networks.items().iter().flat_map(|network| &network.ways).any(repeats));
    }

    #[test]
    fn every_network_has_a_name() {
        let names = flowql_tables::shipped_as_names();
        for network in World::new(1).networks.items() {
            assert!(names.iter().any(|(number, _)| number == network.number), "AS{}", network.number);
        }
    }
}
