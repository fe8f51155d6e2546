//! The world's flows, as its routers export them.

use std::net::Ipv6Addr;

use crate::attack::Attack;
use crate::encode::{Flow, ICMP, ICMPV6, TCP, UDP};
use crate::random::Random;
use crate::traffic::{self, Traffic};
use crate::world::World;

/// An interface of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The router that has it, by number.
    pub router: usize,
    /// Its number, which no other one has.
    pub index: u32,
    /// Its short name.
    pub name: &'static str,
    /// What the operator wrote about it.
    pub description: &'static str,
    /// In Mbit/s.
    pub speed: u32,
    /// Whether another network is behind it.
    pub is_external: bool,
}

/// A flood of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flood {
    /// Large answers of open resolvers that nobody asked for.
    Dns,
    /// Openings of connections that are never completed, from addresses that are false.
    Syn,
}

/// The applications that routers recognise: by their ports, else by the protocol.
pub(crate) const APPLICATIONS: [(u32, &str); 16] = [
    (application(443), "https"),
    (application(80), "http"),
    (application(53), "dns"),
    (application(123), "ntp"),
    (application(22), "ssh"),
    (application(25), "smtp"),
    (application(587), "submission"),
    (application(993), "imaps"),
    (application(3389), "rdp"),
    (application(1194), "openvpn"),
    (by_protocol(ICMP), "icmp"),
    (by_protocol(TCP), "tcp"),
    (by_protocol(UDP), "udp"),
    (by_protocol(47), "gre"),
    (by_protocol(50), "esp"),
    (by_protocol(ICMPV6), "ipv6-icmp"),
];
/// The VRF of other networks, and that of customers.
pub(crate) const VRFS: [(u32, &str); 2] = [(1, "internet"), (2, "customers")];

/// An application identifier: the engine for layer 4 of IANA, and the port (RFC 6759, section 4.1).
const fn application(port: u16) -> u32 {
    const IANA_L4: u32 = 3;
    IANA_L4 << 24 | port as u32
}

/// The network whose routers export flows.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) world: World,
    traffic: Traffic,
}

impl Network {
    /// The network of a seed: that of [`Demo`](crate::Demo).
    pub fn new(seed: u64) -> Self {
        Self { world: World::new(seed), traffic: Traffic::new() }
    }

    /// How many routers the world has.
    pub fn routers(&self) -> usize {
        self.world.exporters.len()
    }

    /// Of how many packets a router looks at one.
    pub fn sampling(&self, router: usize) -> u32 {
        self.world.exporters.get(router).map_or(1, |exporter| exporter.sampling as u32)
    }

    /// The interfaces of all routers.
    pub fn interfaces(&self) -> Vec<Interface> {
        let of = |exporter: &crate::world::Exporter| {
            let router = exporter.place;
            let interfaces = exporter.interfaces.iter().map(move |interface| Interface {
                router,
                index: interface.index,
                name: interface.name,
                description: interface.description,
                speed: interface.speed,
                is_external: interface.is_external(),
            });
            interfaces.collect::<Vec<_>>()
        };
        self.world.exporters.iter().flat_map(of).collect()
    }
}

/// The same, by the engine for layer 3 and the protocol.
const fn by_protocol(protocol: u8) -> u32 {
    const IANA_L3: u32 = 1;
    IANA_L3 << 24 | protocol as u32
}

/// Makes flows of a network: the same ones for the same seed.
#[derive(Clone, Debug)]
pub struct Flows<'w> {
    network: &'w Network,
    random: Random,
}

impl<'w> Flows<'w> {
    /// The flows of a seed.
    pub fn new(network: &'w Network, seed: u64) -> Self {
        const USE: u64 = 0x2000_0000;
        Self { network, random: Random::new(seed, USE) }
    }

    /// A flow that ended at a time, in milliseconds since 1970, and the number of the router that saw it. `None` only in
    /// a world without networks.
    pub fn flow(&mut self, end: u64) -> Option<(usize, Flow<'w>)> {
        let flow = self.network.traffic.flow(&self.network.world, &mut self.random, end / 1000)?;
        let random = &mut self.random;
        // Packets come some milliseconds after each other; routers report long flows once a minute.
        const MOST: u64 = 60_000;
        let longest = (flow.packets - 1).saturating_mul(25).min(MOST);
        let duration = random.below(longest + 1);
        Some((flow.exporter.place, exported(&flow, end, duration)))
    }

    /// A flow of an attack, or of what looks like one.
    pub fn of(&mut self, attack: Attack, end: u64) -> Option<(usize, Flow<'w>)> {
        let flow = self.network.traffic.attack(&self.network.world, &mut self.random, end / 1000)?;
        let mut exported = exported(&flow, end, 0);
        exported.forwarding_status = FORWARDED;
        attack.shape(&mut self.random, &mut exported);
        Some((flow.exporter.place, exported))
    }

    /// A flow of an attack on one server.
    pub fn attack(&mut self, flood: Flood, end: u64) -> Option<(usize, Flow<'w>)> {
        let flow = self.network.traffic.attack(&self.network.world, &mut self.random, end / 1000)?;
        let random = &mut self.random;
        let mut exported = exported(&flow, end, random.below(2_000));
        exported.forwarding_status = FORWARDED;
        match flood {
            Flood::Dns => {
                exported.source_port = 53;
                exported.application = application(53);
                exported.packets = 1 + random.below(4);
                exported.bytes = exported.packets * (1_100 + random.below(380));
            }
            Flood::Syn => {
                exported.protocol = TCP;
                exported.source_port = 1024 + random.below(64_000) as u16;
                exported.destination_port = 443;
                exported.application = application(443);
                exported.tcp_flags = 0x02;
                exported.packets = 1;
                exported.bytes = 44;
                exported.start = exported.end;
            }
        }
        Some((flow.exporter.place, exported))
    }
}

/// The address that the floods go to, as its network has it; IPv4 is mapped.
pub const ATTACKED: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 203, 0, 113, 77];

const FORWARDED: u8 = 64;
const DROPPED: u8 = 129;

fn exported<'w>(flow: &traffic::Flow<'w>, end: u64, duration: u64) -> Flow<'w> {
    let vrf = |interface: &crate::world::Interface| if interface.is_external() { 1 } else { 2 };
    let is_v4 = flow.etype == traffic::IPV4;
    let (source, destination) = (&flow.source, &flow.destination);
    let protocol = flow.proto as u8;
    Flow {
        is_v4,
        source: source.address,
        destination: destination.address,
        source_port: source.port,
        destination_port: destination.port,
        protocol,
        tos: flow.tos,
        ttl: flow.hops,
        tcp_flags: flow.flags as u8,
        icmp: if matches!(protocol, ICMP | ICMPV6) { flow.icmp } else { (0, 0) },
        source_mask: source.mask,
        destination_mask: destination.mask,
        source_as: source.number,
        destination_as: destination.number,
        input: flow.input.index,
        output: flow.output.index,
        next_hop: next_hop(is_v4, flow.output.index),
        is_egress: false,
        forwarding_status: if flow.is_dropped { DROPPED } else { FORWARDED },
        application: recognised(protocol, [source.port, destination.port]),
        vrfs: [vrf(flow.input), vrf(flow.output)],
        path: flow.way.map_or(&[], |way| &way.path),
        communities: flow.way.map_or(&[], |way| &way.communities),
        bytes: flow.bytes,
        packets: flow.packets,
        reverse_bytes: 0,
        reverse_packets: 0,
        start: end.saturating_sub(duration),
        end,
    }
}

/// The router at the other end of an interface, of the ranges for documentation.
pub(crate) fn next_hop(is_v4: bool, interface: u32) -> [u8; 16] {
    let number = interface as u16;
    if is_v4 {
        let [_, low] = number.to_be_bytes();
        return std::net::Ipv4Addr::new(192, 0, 2, low).to_ipv6_mapped().octets();
    }
    Ipv6Addr::new(0x2001, 0xDB8, 0xFFFF, 0, 0, 0, 0, number).octets()
}

fn recognised(protocol: u8, ports: [u16; 2]) -> u32 {
    let known = |port: &u16| APPLICATIONS.iter().find(|(id, _)| *id == application(*port));
    let has_ports = matches!(protocol, TCP | UDP);
    let found = ports.iter().filter(|_| has_ports).find_map(known);
    found.map_or(by_protocol(protocol), |&(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flows_of_a_seed_stay() {
        let network = Network::new(1);
        let of = |seed| Flows::new(&network, seed);
        let (mut first, mut again, mut other) = (of(1), of(1), of(2));
        for time in 0..1000 {
            let flow = first.flow(time * 1000).unwrap();
            assert_eq!(flow, again.flow(time * 1000).unwrap());
            assert_ne!(flow, other.flow(time * 1000).unwrap());
        }
    }

    #[test]
    fn floods_go_to_one_address() {
        let network = Network::new(1);
        let mut flows = Flows::new(&network, 1);
        for flood in [Flood::Dns, Flood::Syn] {
            for _ in 0..100 {
                let (_, flow) = flows.attack(flood, 1_700_000_000_000).unwrap();
                assert_eq!(flow.destination, ATTACKED);
                assert!(flow.is_v4 && flow.bytes >= 44 * flow.packets && flow.start <= flow.end);
            }
        }
    }
}
