//! The flows: who talks to whom, and how much.

use crate::random::{Random, Weighted};
use crate::world::{Exporter, Home, Interface, Kind, Network, Range, Way, World};

/// IPv4 and IPv6, as Ethernet names them.
pub(crate) const IPV4: u32 = 0x0800;
pub(crate) const IPV6: u32 = 0x86DD;

const ICMP: u32 = 1;
const TCP: u32 = 6;
const UDP: u32 = 17;
const ICMPV6: u32 = 58;

/// One end of a flow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'w> {
    pub(crate) address: [u8; 16],
    pub(crate) mask: u8,
    pub(crate) port: u16,
    pub(crate) number: u32,
    pub(crate) country: &'static str,
    pub(crate) state: &'static str,
    pub(crate) city: &'static str,
    /// Where it is in the network at the centre; `None` outside.
    pub(crate) home: Option<&'w Home>,
}

/// A flow, as an exporter sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow<'w> {
    pub(crate) time: u32,
    pub(crate) exporter: &'w Exporter,
    pub(crate) input: &'w Interface,
    pub(crate) output: &'w Interface,
    pub(crate) source: End<'w>,
    pub(crate) destination: End<'w>,
    /// The way to the destination; `None` where it is at home.
    pub(crate) way: Option<&'w Way>,
    pub(crate) etype: u32,
    pub(crate) proto: u32,
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
    pub(crate) flags: u16,
    pub(crate) icmp: (u8, u8),
    pub(crate) hops: u8,
    pub(crate) tos: u8,
    pub(crate) is_dropped: bool,
}

/// What is asked for: a protocol and a port, with how large its flows are.
#[derive(Clone, Copy, Debug)]
struct Service {
    proto: u32,
    port: u16,
    /// The bytes of a flow of the answer, in the middle.
    bytes: f64,
    /// The bytes of a packet of the answer.
    packet: f64,
}

/// Makes flows.
#[derive(Clone, Debug)]
pub(crate) struct Traffic {
    services: Weighted<Service>,
    answers: Weighted<Service>,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let service = |proto, port, bytes, packet| Service { proto, port, bytes, packet };
        Self {
            services: Weighted::new([
                (service(TCP, 443, 42_000.0, 1380.0), 520),
                (service(UDP, 443, 38_000.0, 1250.0), 230),
                (service(TCP, 80, 16_000.0, 1320.0), 60),
                (service(UDP, 53, 210.0, 140.0), 40),
                (service(TCP, 993, 6_000.0, 700.0), 12),
                (service(TCP, 22, 4_000.0, 300.0), 10),
                (service(TCP, 25, 9_000.0, 800.0), 6),
                (service(TCP, 587, 7_000.0, 800.0), 4),
                (service(UDP, 123, 76.0, 76.0), 8),
                (service(UDP, 3478, 18_000.0, 900.0), 14),
                (service(UDP, 3074, 5_000.0, 160.0), 12),
                (service(UDP, 27_015, 7_000.0, 190.0), 10),
                (service(UDP, 51_820, 24_000.0, 1200.0), 8),
                (service(UDP, 1194, 15_000.0, 1100.0), 5),
                (service(UDP, 4500, 14_000.0, 900.0), 8),
                (service(TCP, 8080, 11_000.0, 1100.0), 8),
                (service(TCP, 8443, 12_000.0, 1200.0), 7),
                (service(TCP, 5223, 900.0, 200.0), 8),
                (service(TCP, 1935, 60_000.0, 1350.0), 5),
                (service(TCP, 6881, 30_000.0, 1300.0), 12),
                (service(UDP, 6881, 22_000.0, 1200.0), 12),
                (service(TCP, 3389, 3_000.0, 300.0), 3),
                (service(47, 0, 9_000.0, 900.0), 3),
                (service(50, 0, 16_000.0, 1000.0), 6),
                (service(ICMP, 0, 120.0, 84.0), 9),
            ]),
            answers: Weighted::new([
                (service(UDP, 53, 180.0, 120.0), 90),
                (service(TCP, 53, 900.0, 300.0), 10),
                (service(TCP, 853, 1200.0, 300.0), 6),
                (service(TCP, 443, 6_000.0, 900.0), 12),
            ]),
        }
    }

    /// A flow at a time; `None` only in a world without networks.
    pub(crate) fn flow<'w>(&self, world: &'w World, random: &mut Random, time: u64) -> Option<Flow<'w>> {
        let network = world.networks.pick(random)?;
        let home = world.homes.pick(random)?;
        let way = random.pick(&network.ways)?;
        let exporter = world.exporters.get(way.exporter)?;
        let outside = exporter.interfaces.get(way.interface)?;
        let inside = inside(exporter, home)?;
        if network.kind == Kind::Scanner {
            return Some(scan(random, time, Between { network, home, way, exporter, outside, inside }));
        }

        let menu = if network.kind == Kind::Dns { &self.answers } else { &self.services };
        let service = *menu.pick(random)?;
        let is_v4 = random.percent(if network.kind == Kind::Serves { 58 } else { 66 });
        let proto = if service.proto == ICMP && !is_v4 { ICMPV6 } else { service.proto };
        let bytes = random.skewed(service.bytes).max(64.0);
        let packets = (bytes / service.packet).ceil();
        // Who serves sends most; our servers serve too.
        let serves = match home.role {
            "servers" => random.percent(25),
            _ => network.kind != Kind::Access || random.percent(50),
        };
        let client_port = 32_768 + random.below(28_232) as u16;
        let has_ports = proto == TCP || proto == UDP;
        let ports = |serves: bool| match (has_ports, serves) {
            (false, _) => 0,
            (true, true) => service.port,
            (true, false) => client_port,
        };
        let remote = remote(random, network, is_v4, ports(serves));
        let local = local(random, home, is_v4, ports(!serves));
        // Of two in three conversations the large half is seen, of the others the small one.
        let is_answer = random.percent(66);
        let (bytes, packets) = if is_answer {
            (bytes, packets)
        } else {
            let packets = (packets * 0.55).ceil();
            (packets * (60.0 + random.unit() * 60.0), packets)
        };
        let comes_in = serves == is_answer;
        let (input, output) = if comes_in { (outside, inside) } else { (inside, outside) };
        let (source, destination) = if comes_in { (remote, local) } else { (local, remote) };
        Some(Flow {
            time: time as u32,
            exporter,
            input,
            output,
            source,
            destination,
            way: (!comes_in).then_some(way),
            etype: if is_v4 { IPV4 } else { IPV6 },
            proto,
            bytes: bytes as u64,
            packets: packets as u64,
            flags: if proto == TCP { flags(random) } else { 0 },
            icmp: icmp(random, proto),
            hops: if comes_in { 48 + random.below(12) as u8 } else { 62 },
            tos: if random.percent(4) { 0xB8 } else { 0 },
            is_dropped: random.below(2000) == 0,
        })
    }

    /// A flow of the attack: answers of open resolvers and time servers that nobody asked for, from everywhere to one
    /// server.
    pub(crate) fn attack<'w>(&self, world: &'w World, random: &mut Random, time: u64) -> Option<Flow<'w>> {
        let network = random.pick(world.networks.items())?;
        let home = world.homes.items().iter().find(|home| home.role == "servers")?;
        let way = random.pick(&network.ways)?;
        let exporter = world.exporters.get(way.exporter)?;
        let input = exporter.interfaces.get(way.interface)?;
        let port = *random.pick(&[53, 123, 389, 11_211, 1900])?;
        let packets = 1 + random.below(6);
        let source = remote(random, network, true, port);
        let target = 1024 + random.below(64_000) as u16;
        let mut destination = local(random, home, true, target);
        destination.address = address(home.v4, 77);
        Some(Flow {
            time: time as u32,
            exporter,
            input,
            output: inside(exporter, home)?,
            source,
            destination,
            way: None,
            etype: IPV4,
            proto: UDP,
            bytes: packets * (1180 + random.below(300)),
            packets,
            flags: 0,
            icmp: (0, 0),
            hops: 40 + random.below(20) as u8,
            tos: 0,
            is_dropped: random.percent(35),
        })
    }
}

/// Where a flow goes between.
struct Between<'w> {
    network: &'w Network,
    home: &'w Home,
    way: &'w Way,
    exporter: &'w Exporter,
    outside: &'w Interface,
    inside: &'w Interface,
}

/// A single packet to a door that may be open.
fn scan<'w>(random: &mut Random, time: u64, between: Between<'w>) -> Flow<'w> {
    let Between { network, home, exporter, outside, inside, .. } = between;
    let port = random.pick(&[22, 23, 80, 443, 445, 3389, 5060, 8080, 6379, 2375]).copied().unwrap_or(22);
    let from = 40_000 + random.below(20_000) as u16;
    let source = remote(random, network, true, from);
    let destination = local(random, home, true, port);
    let is_answered = random.percent(10);
    let (source, destination, input, output) = if is_answered {
        (destination, source, inside, outside)
    } else {
        (source, destination, outside, inside)
    };
    Flow {
        time: time as u32,
        exporter,
        input,
        output,
        source,
        destination,
        way: is_answered.then_some(between.way),
        etype: IPV4,
        proto: TCP,
        bytes: 44,
        packets: 1,
        flags: if is_answered { 0x14 } else { 0x02 },
        icmp: (0, 0),
        hops: 240,
        tos: 0,
        is_dropped: random.percent(20),
    }
}

/// The interface of an exporter towards a part of the network.
pub(crate) fn inside<'w>(exporter: &'w Exporter, home: &Home) -> Option<&'w Interface> {
    let direct = |interface: &&Interface| interface.connectivity == "customer" && exporter.site == home.site;
    let inner = |interface: &&Interface| !interface.is_external();
    exporter.interfaces.iter().find(direct).or_else(|| exporter.interfaces.iter().find(inner))
}

fn remote<'w>(random: &mut Random, network: &'w Network, is_v4: bool, port: u16) -> End<'w> {
    let count = network.ranges.iter().filter(|range| range.is_v4 == is_v4).count() as u64;
    // The first range has most of the traffic.
    let place = random.below(count).min(random.below(count)) as usize;
    let range = network.ranges.iter().filter(|range| range.is_v4 == is_v4).nth(place);
    let range = range.copied().unwrap_or(Range { base: 0, mask: 0, is_v4, hosts: 1 });
    End {
        address: host(random, range),
        mask: range.mask,
        port,
        number: network.number,
        country: network.country,
        state: network.state,
        city: network.city,
        home: None,
    }
}

fn local<'w>(random: &mut Random, home: &'w Home, is_v4: bool, port: u16) -> End<'w> {
    let range = if is_v4 { home.v4 } else { home.v6 };
    End {
        address: host(random, range),
        mask: range.mask,
        port,
        number: crate::world::HOME,
        country: if home.site == "fra1" { "DE" } else { "FR" },
        state: home.state,
        city: home.city,
        home: Some(home),
    }
}

/// A host of a range: few have much of the traffic.
fn host(random: &mut Random, range: Range) -> [u8; 16] {
    let hosts = range.hosts.max(1);
    let place = random.below(hosts).min(random.below(hosts));
    address(range, place + 1)
}

fn address(range: Range, place: u64) -> [u8; 16] {
    if range.is_v4 {
        // Spread over the range: 2654435761 is odd, so that no two places meet before all were used.
        let room = u32::MAX.checked_shr(u32::from(range.mask)).unwrap_or_default();
        let offset = (place as u32).wrapping_mul(if room > 0xFF { 2_654_435_761 } else { 1 }) & room;
        return std::net::Ipv4Addr::from(range.base as u32 | offset).to_ipv6_mapped().octets();
    }
    // A network of its own for each host.
    (range.base | u128::from(place & 0xFFFF) << 64 | u128::from(place.wrapping_mul(0x9E37_79B9)))
        .to_be_bytes()
}

/// SYN, ACK, PSH and FIN, as a whole connection has them; or what a part of one has.
fn flags(random: &mut Random) -> u16 {
    match random.below(10) {
        0 => 0x02,
        1 => 0x12,
        2..=4 => 0x10,
        5..=8 => 0x1B,
        _ => 0x14,
    }
}

fn icmp(random: &mut Random, proto: u32) -> (u8, u8) {
    let messages: &[(u8, u8)] = match proto {
        ICMP => &[(8, 0), (0, 0), (8, 0), (3, 3), (3, 1), (11, 0)],
        ICMPV6 => &[(128, 0), (129, 0), (128, 0), (1, 4), (2, 0), (3, 0)],
        _ => &[],
    };
    random.pick(messages).copied().unwrap_or_default()
}
