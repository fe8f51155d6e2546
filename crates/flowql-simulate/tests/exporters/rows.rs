//! Each flow, by each protocol, becomes the row that it should.

use std::net::Ipv4Addr;

use flowql_decode::{Columns, Field, Fields, Kind, Protocol, Row, TextId};
use flowql_simulate::encode::legacy::{self, AS_TRANS};
use flowql_simulate::encode::options::Table;
use flowql_simulate::encode::sflow::{self, Sequence};
use flowql_simulate::encode::{Flow, Header, Message, templates};
use flowql_simulate::{Flows, Network, PROTOCOLS};
use proptest::prelude::*;

use super::{Collector, NOW};

const SOURCE: [u8; 4] = [192, 0, 2, 1];
const RATE: u32 = 512;
const NAMES: [(u32, &str); 2] = [(3 << 24 | 443, "https"), (3 << 24 | 53, "dns")];
const VRFS: [(u32, &str); 2] = [(1, "internet"), (2, "customers")];

fn header() -> Header {
    Header {
        time: NOW,
        boot: NOW - 5_000_000_000,
        sequence: 7,
        domain: 9,
        agent: SOURCE,
        sampling: RATE,
        sampler: 1,
    }
}

/// The datagrams of flows, with templates and options before.
fn datagrams(protocol: Protocol, flows: &[Flow<'_>], interfaces: &[(u32, &str, &str)]) -> Vec<Vec<u8>> {
    let header = header();
    let legacy = |write: fn(&mut Vec<u8>, &Header, &[Flow<'_>]), most| {
        let datagram = |flows: &[Flow<'_>]| {
            let mut bytes = Vec::new();
            write(&mut bytes, &header, flows);
            bytes
        };
        flows.chunks(most).map(datagram).collect()
    };
    match protocol {
        Protocol::NetflowV1 => legacy(legacy::v1, legacy::MOST_V1),
        Protocol::NetflowV5 => legacy(legacy::v5, legacy::MOST_V5),
        Protocol::NetflowV7 => legacy(legacy::v7, legacy::MOST_V7),
        Protocol::Sflow => {
            let mut bytes = Vec::new();
            let mut datagram = sflow::Datagram::new(&mut bytes, &header);
            flows.iter().for_each(|flow| datagram.flow(Sequence::default(), flow));
            datagram.end();
            vec![bytes]
        }
        Protocol::NetflowV9 | Protocol::Ipfix => {
            let is_v9 = protocol == Protocol::NetflowV9;
            let mut bytes = Vec::new();
            let mut message = match is_v9 {
                true => Message::v9(&mut bytes, &header),
                false => Message::ipfix(&mut bytes, &header),
            };
            let families = [(300, true), (301, false)];
            let fields = families.map(|(id, is_v4)| (id, is_v4, templates::flows(is_v9, is_v4)));
            message.templates(&fields.each_ref().map(|(id, _, fields)| (*id, fields.as_slice())));
            let samplers = [(1, RATE)];
            let names: Vec<(u32, &str)> = interfaces.iter().map(|known| (known.0, known.1)).collect();
            let texts: Vec<(u32, &str)> = interfaces.iter().map(|known| (known.0, known.2)).collect();
            for table in [
                Table::Samplers(&samplers),
                Table::Interfaces(&names),
                Table::Descriptions(&texts),
                Table::Applications(&NAMES),
                Table::Vrfs(&VRFS),
            ] {
                table.announce(&mut message);
                table.records(&mut message);
            }
            for (id, is_v4, fields) in &fields {
                message.flows(*id, fields, flows.iter().filter(|flow| flow.is_v4 == *is_v4));
            }
            message.end();
            vec![bytes]
        }
    }
}

/// The row of a flow, without its texts.
fn expected(protocol: Protocol, flow: &Flow<'_>) -> Row {
    let second = |time: u64| if protocol == Protocol::NetflowV9 { time - NOW % 1000 } else { time };
    let row = Row {
        time_received: (NOW / 1000) as u32,
        exporter_address: Ipv4Addr::from(SOURCE).to_ipv6_mapped().octets(),
        src_addr: flow.source,
        dst_addr: flow.destination,
        etype: if flow.is_v4 { 0x0800 } else { 0x86DD },
        proto: flow.protocol.into(),
        src_port: flow.source_port,
        dst_port: flow.port_or_icmp(),
        in_if_index: flow.input,
        out_if_index: flow.output,
        next_hop: flow.next_hop,
        bytes: flow.bytes,
        packets: flow.packets,
        ip_tos: flow.tos,
        tcp_flags: flow.tcp_flags.into(),
        // NetFlow v9 counts seconds in its header, and milliseconds since the start elsewhere.
        flow_start: second(flow.start),
        flow_end: second(flow.end),
        ..Row::default()
    };
    let row = with_icmp(row, flow);
    match protocol {
        Protocol::NetflowV1 => Row { sampling_rate: 1, ..row },
        Protocol::NetflowV5 => with_networks(Row { sampling_rate: RATE.into(), ..row }, flow, 16),
        Protocol::NetflowV7 => with_networks(Row { sampling_rate: 1, ..row }, flow, 16),
        Protocol::NetflowV9 => with_status(with_networks(row, flow, 32), flow, !flow.is_v4),
        Protocol::Ipfix => with_status(with_networks(Row { ip_ttl: flow.ttl, ..row }, flow, 32), flow, true),
        Protocol::Sflow => sampled(row, flow),
    }
}

fn with_icmp(row: Row, flow: &Flow<'_>) -> Row {
    let (kind, code) = flow.icmp;
    match flow.protocol {
        1 => Row { icmpv4_type: kind, icmpv4_code: code, ..row },
        58 => Row { icmpv6_type: kind, icmpv6_code: code, ..row },
        _ => row,
    }
}

fn with_networks(row: Row, flow: &Flow<'_>, bits: u32) -> Row {
    let number = |number: u32| match bits {
        16 => u16::try_from(number).unwrap_or(AS_TRANS).into(),
        _ => number,
    };
    Row {
        src_as: number(flow.source_as),
        dst_as: number(flow.destination_as),
        src_net_mask: flow.source_mask,
        dst_net_mask: flow.destination_mask,
        ..row
    }
}

fn with_status(row: Row, flow: &Flow<'_>, has_vrfs: bool) -> Row {
    let [from, to] = if has_vrfs { flow.vrfs } else { [0; 2] };
    Row {
        sampling_rate: RATE.into(),
        forwarding_status: flow.forwarding_status.into(),
        flow_direction: 1 + u8::from(flow.is_egress),
        ingress_vrf_id: from,
        egress_vrf_id: to,
        ..row
    }
}

/// A sample is of one packet, and says more of it.
fn sampled(row: Row, flow: &Flow<'_>) -> Row {
    let mac = |interface: u32| 0x0000_5E00_5300 | u64::from(interface & 0xFF);
    let is_dropped = flow.forwarding_status >= 128;
    let has_route = !flow.path.is_empty();
    let header = if flow.is_v4 { 20 } else { 40 };
    let above = match flow.protocol {
        6 => 20,
        1 | 17 | 58 => 8,
        _ => 0,
    };
    Row {
        sampling_rate: RATE.into(),
        packets: 1,
        bytes: (flow.bytes / flow.packets).clamp(header + above, 1500),
        dst_port: flow.destination_port,
        out_if_index: if is_dropped { 0 } else { flow.output },
        forwarding_status: if is_dropped { 129 } else { 0 },
        ip_ttl: flow.ttl,
        src_mac: mac(flow.input),
        dst_mac: mac(flow.output),
        src_net_mask: flow.source_mask,
        dst_net_mask: flow.destination_mask,
        src_as: if has_route { flow.source_as } else { 0 },
        dst_as: flow.path.last().copied().unwrap_or_default(),
        dst_peer_as: flow.path.first().copied().unwrap_or_default(),
        dst_as_path: flow.path.to_vec(),
        dst_communities: flow.communities.to_vec(),
        flow_start: 0,
        flow_end: 0,
        ..row
    }
}

/// The texts of the row of a flow.
fn texts(protocol: Protocol, flow: &Flow<'_>, field: Field, interfaces: &[(u32, &str, &str)]) -> String {
    let interface = |index: u32| interfaces.iter().find(|known| known.0 == index).unwrap();
    let name = |names: &[(u32, &str)], id| {
        names.iter().find(|known| known.0 == id).map_or(String::new(), |known| known.1.to_owned())
    };
    let has_vrfs = protocol == Protocol::Ipfix || !flow.is_v4;
    if !matches!(protocol, Protocol::NetflowV9 | Protocol::Ipfix) {
        return String::new();
    }
    match field {
        Field::InIfName => interface(flow.input).1.to_owned(),
        Field::OutIfName => interface(flow.output).1.to_owned(),
        Field::InIfDescription => interface(flow.input).2.to_owned(),
        Field::OutIfDescription => interface(flow.output).2.to_owned(),
        Field::InVRF if has_vrfs => name(&VRFS, flow.vrfs[0]),
        Field::OutVRF if has_vrfs => name(&VRFS, flow.vrfs[1]),
        Field::AppName => name(&NAMES, flow.application),
        _ => String::new(),
    }
}

fn check(protocol: Protocol, seed: u64) {
    let network = Network::new(seed);
    let interfaces = network.interfaces();
    let interfaces: Vec<(u32, &str, &str)> =
        interfaces.iter().map(|known| (known.index, known.name, known.description)).collect();
    let mut made = Flows::new(&network, seed);
    let is_legacy = matches!(protocol, Protocol::NetflowV1 | Protocol::NetflowV5 | Protocol::NetflowV7);
    let flows = std::iter::from_fn(|| made.flow(NOW)).map(|(_, flow)| flow);
    let mut flows: Vec<Flow<'_>> = flows.filter(|flow| flow.is_v4 || !is_legacy).take(40).collect();
    // Applications that are not announced are not known.
    for flow in &mut flows {
        if !NAMES.iter().any(|known| known.0 == flow.application) {
            flow.application = 0;
        }
    }
    let mut collector = Collector::new();
    for bytes in datagrams(protocol, &flows, &interfaces) {
        collector.take(NOW, SOURCE, 2055, &bytes);
    }
    collector.finish();
    assert_eq!(collector.counters().malformed(), 0, "{:?}", collector.counters());
    if matches!(protocol, Protocol::NetflowV9 | Protocol::Ipfix) {
        // The rows come set by set.
        flows.sort_by_key(|flow| !flow.is_v4);
    }
    let mut wanted = Columns::new(Fields::all());
    flows.iter().for_each(|flow| wanted.push(&expected(protocol, flow)));
    wanted.settle();
    assert_eq!(collector.columns.rows(), flows.len());
    for (row, flow) in flows.iter().enumerate() {
        for &field in Field::ALL {
            let context = || format!("{} {} {flow:?}", protocol.name(), field.name());
            let (found, wanted) = (&collector.columns, &wanted);
            match field.kind() {
                Kind::Number(_) => {
                    assert_eq!(found.number(field, row), wanted.number(field, row), "{}", context());
                }
                Kind::Address => {
                    assert_eq!(found.address(field, row), wanted.address(field, row), "{}", context());
                }
                Kind::Numbers => {
                    let found: Vec<u32> = found.numbers(field, row).collect();
                    assert_eq!(found, wanted.numbers(field, row).collect::<Vec<_>>(), "{}", context());
                }
                Kind::Text => {
                    let id = TextId(found.number(field, row) as u32);
                    let text = collector.decoder.texts().text(id);
                    assert_eq!(text, texts(protocol, flow, field, &interfaces), "{}", context());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn flows_become_their_rows(seed in any::<u64>()) {
        for &protocol in PROTOCOLS {
            check(protocol, seed);
        }
    }
}
