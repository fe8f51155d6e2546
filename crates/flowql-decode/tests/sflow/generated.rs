//! Datagrams made at random, with the rows that they must give.

use flowql_decode::frame::IPV4;
use proptest::prelude::*;

use super::datagrams::*;
use super::packets::{Ipv4, ethernet, mapped, tag, tcp};
use super::*;

/// What a sample says, from which both its bytes and its row are made.
#[derive(Clone, Debug)]
struct Sample {
    kind: Kind,
    packet: Packet,
    addresses: [[u8; 4]; 2],
    vlan: Option<u16>,
    interfaces: [u32; 2],
    switch: Option<[u16; 2]>,
    router: Option<([u8; 4], [u8; 2])>,
    gateway: Option<Gateway>,
    nat: Option<[[u8; 4]; 2]>,
    unknown: bool,
    /// Where the list of records is turned.
    turn: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Compact,
    Expanded,
    Discard,
    Counters,
}

#[derive(Clone, Copy, Debug)]
enum Packet {
    Header,
    Sampled,
    Both,
}

#[derive(Clone, Debug)]
struct Gateway {
    hop: [u8; 4],
    ases: [u32; 3],
    path: Vec<u32>,
    communities: Vec<u32>,
}

impl Sample {
    fn bytes(&self) -> Vec<u8> {
        let [input, output] = self.interfaces;
        match self.kind {
            Kind::Compact => flow_with(0, [input, output], &self.records()),
            Kind::Expanded => expanded_flow([[0, input], [0, output]], &self.records()),
            Kind::Discard => discard(0, [input, output], 4, &self.records()),
            Kind::Counters => counters(&[interface(input)]),
        }
    }

    fn records(&self) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        if !matches!(self.packet, Packet::Sampled) {
            let packet = Ipv4 { addresses: self.addresses, ..Ipv4::new(6) }.with(&tcp(0x012));
            let frame = match self.vlan {
                Some(vlan) => ethernet(0x8100, &tag(vlan, IPV4, &packet)),
                None => ethernet(IPV4, &packet),
            };
            records.push(ethernet_header(&frame));
        }
        if !matches!(self.packet, Packet::Header) {
            let addresses = self.addresses.as_flattened().to_vec();
            records
                .push(record(3, &[words(&[40, 6]), addresses, words(&[40000, 443, 0x012, 0x2e])].concat()));
        }
        if let Some([src, dst]) = self.switch {
            records.push(record(1001, &words(&[src.into(), 0, dst.into(), 0])));
        }
        if let Some((hop, [src, dst])) = self.router {
            records.push(record(1002, &[address(&hop), words(&[src.into(), dst.into()])].concat()));
        }
        if let Some(gateway) = &self.gateway {
            records.push(gateway.record());
        }
        if let Some([src, dst]) = self.nat {
            records.push(record(1007, &[address(&src), address(&dst)].concat()));
        }
        if self.unknown {
            records.push(record(0x0000_9001, &[1; 7]));
        }
        let turn = self.turn % records.len();
        records.rotate_left(turn);
        records
    }

    fn row(&self) -> Option<Row> {
        let header = !matches!(self.packet, Packet::Sampled);
        let gateway = self.gateway.as_ref();
        let own = |number, own| if number == 0 { own } else { number };
        let [src_as, dst_as] = gateway.map_or([0; 2], |gateway| {
            let [router, src, _] = gateway.ases;
            [own(src, router), gateway.path.last().copied().unwrap_or(router)]
        });
        let tag = self.vlan.filter(|_| header).unwrap_or_default();
        let [src_vlan, dst_vlan] = self.switch.unwrap_or_default();
        let hop = self.router.map(|(hop, _)| hop).or(gateway.map(|gateway| gateway.hop));
        let (sampling_rate, forwarding_status) = match self.kind {
            Kind::Compact | Kind::Expanded => (512, 0),
            Kind::Discard => (1, 133),
            Kind::Counters => return None,
        };
        let [src_net_mask, dst_net_mask] = self.router.map_or([0; 2], |(_, masks)| masks);
        Some(Row {
            exporter_address: mapped(AGENT),
            sampling_rate,
            forwarding_status,
            packets: 1,
            bytes: 40,
            in_if_index: self.interfaces[0],
            out_if_index: self.interfaces[1],
            etype: IPV4.into(),
            proto: 6,
            src_addr: mapped(self.addresses[0]),
            dst_addr: mapped(self.addresses[1]),
            src_port: 40000,
            dst_port: 443,
            tcp_flags: 0x012,
            ip_tos: 0x2e,
            ip_ttl: if header { 61 } else { 0 },
            ip_fragment_id: if header { 0xbeef } else { 0 },
            src_mac: if header { super::packets::SRC_MAC } else { 0 },
            dst_mac: if header { super::packets::DST_MAC } else { 0 },
            src_vlan: if src_vlan == 0 { tag } else { src_vlan },
            dst_vlan,
            next_hop: hop.map(mapped).unwrap_or_default(),
            src_net_mask,
            dst_net_mask,
            src_as,
            dst_as,
            src_peer_as: gateway.map_or(0, |gateway| gateway.ases[2]),
            dst_peer_as: gateway.and_then(|gateway| gateway.path.first().copied()).unwrap_or_default(),
            dst_as_path: gateway.map(|gateway| gateway.path.clone()).unwrap_or_default(),
            dst_communities: gateway.map(|gateway| gateway.communities.clone()).unwrap_or_default(),
            src_addr_nat: self.nat.map(|[src, _]| mapped(src)).unwrap_or_default(),
            dst_addr_nat: self.nat.map(|[_, dst]| mapped(dst)).unwrap_or_default(),
            ..Row::default()
        })
    }
}

impl Gateway {
    fn record(&self) -> Vec<u8> {
        let path = match self.path.len() {
            0 => words(&[0]),
            length => [words(&[1, 2, length as u32]), words(&self.path)].concat(),
        };
        let communities = [words(&[self.communities.len() as u32]), words(&self.communities)].concat();
        record(1003, &[address(&self.hop), words(&self.ases), path, communities, words(&[100])].concat())
    }
}

fn gateway() -> impl Strategy<Value = Gateway> {
    let numbers = || proptest::collection::vec(1..70_000_u32, 0..6);
    (any::<[u8; 4]>(), proptest::array::uniform3(0..70_000_u32), numbers(), numbers())
        .prop_map(|(hop, ases, path, communities)| Gateway { hop, ases, path, communities })
}

fn sample() -> impl Strategy<Value = Sample> {
    use proptest::option::of;
    let kind = prop_oneof![
        3 => Just(Kind::Compact),
        3 => Just(Kind::Expanded),
        1 => Just(Kind::Discard),
        1 => Just(Kind::Counters)
    ];
    let packet = prop_oneof![Just(Packet::Header), Just(Packet::Sampled), Just(Packet::Both)];
    let first = (kind, packet, any::<[[u8; 4]; 2]>(), of(1..4095_u16), [0..1000_u32, 0..1000_u32]);
    let switch = of([0..4095_u16, 0..4095_u16]);
    let router = of((any::<[u8; 4]>(), [0..=32_u8, 0..=32_u8]));
    let second = (switch, router, of(gateway()), of(any::<[[u8; 4]; 2]>()), any::<bool>(), 0..8_usize);
    (first, second).prop_map(
        |((kind, packet, addresses, vlan, interfaces), (switch, router, gateway, nat, unknown, turn))| {
            Sample { kind, packet, addresses, vlan, interfaces, switch, router, gateway, nat, unknown, turn }
        },
    )
}

/// The rows of samples in one datagram, in an order of their own.
fn rows(samples: &[Vec<u8>]) -> Vec<String> {
    let mut rows: Vec<_> =
        read(TunnelMode::Outer, samples).seen.rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

proptest! {
    /// Each sample gives its row, whatever the order of its records.
    #[test]
    fn samples_give_their_rows(samples in proptest::collection::vec(sample(), 0..6)) {
        let bytes: Vec<_> = samples.iter().map(Sample::bytes).collect();
        let expected: Vec<_> = samples.iter().filter_map(Sample::row).collect();
        prop_assert_eq!(read(TunnelMode::Outer, &bytes).seen.rows, expected);
    }

    /// Another reader sees the same. It does not pass the padding of records, and takes the source of a discarded packet for
    /// one number, where the extension has two.
    #[test]
    fn another_reader_sees_the_same(samples in proptest::collection::vec(sample(), 0..6)) {
        let readable = samples.iter().filter(|sample| !matches!(sample.kind, Kind::Discard));
        let padded = readable.map(|sample| Sample { unknown: false, ..sample.clone() }.bytes());
        super::second_opinion::compare(&datagram(1, &padded.collect::<Vec<_>>()));
    }

    /// Neither the order of samples nor how they are shared out over datagrams changes the rows.
    #[test]
    fn the_order_of_samples_does_not_matter(
        samples in proptest::collection::vec(sample(), 1..6),
        turn in any::<proptest::sample::Index>(),
    ) {
        let bytes: Vec<_> = samples.iter().map(Sample::bytes).collect();
        let mut turned = bytes.clone();
        turned.rotate_left(turn.index(bytes.len()));
        turned.reverse();
        prop_assert_eq!(rows(&turned), rows(&bytes));
        let mut apart: Vec<_> = bytes.iter().flat_map(|sample| rows(from_ref(sample))).collect();
        apart.sort();
        prop_assert_eq!(apart, rows(&bytes));
    }

    /// A datagram that is cut gives the rows of the samples before the cut, and is counted.
    #[test]
    fn cut_datagrams_are_counted(
        samples in proptest::collection::vec(sample(), 1..4),
        cut in any::<proptest::sample::Index>(),
    ) {
        let bytes = datagram(1, &samples.iter().map(Sample::bytes).collect::<Vec<_>>());
        let cut = cut.index(bytes.len());
        let mut exporter = Exporter::new(TunnelMode::Inner);
        let _ = exporter.read(&bytes[..cut]);
        exporter.check_tally();
        prop_assert_eq!(exporter.session.counters.malformed(), 1);
        let expected: Vec<_> = samples.iter().filter_map(Sample::row).collect();
        prop_assert!(expected.starts_with(&exporter.seen.rows));
    }

    /// Any bytes are read, those of a datagram with some of them changed among them.
    #[test]
    fn any_bytes_are_read(
        samples in proptest::collection::vec(sample(), 0..4),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
        tail in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = datagram(1, &samples.iter().map(Sample::bytes).collect::<Vec<_>>());
        bytes.extend(tail);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let mut exporter = Exporter::new(TunnelMode::Inner);
        let _ = exporter.read(&bytes);
        exporter.check_tally();
        // A row takes at least the forty bytes of a sample without records.
        prop_assert!(exporter.seen.rows.len() <= bytes.len() / 40);
    }
}
