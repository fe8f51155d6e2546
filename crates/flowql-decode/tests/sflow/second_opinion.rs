//! A second opinion on the same datagrams: `flowparser-sflow`, which reads everything but the packet headers.

use flowparser_sflow::counter_records::CounterRecord;
use flowparser_sflow::flow_records::{ExtendedGateway, FlowRecord};
use flowparser_sflow::samples::SflowSample;
use flowparser_sflow::{AddressType, SflowParser};

use super::packets::mapped;
use super::*;

/// What both can say of a sample: its rate, its interfaces, and what the device knows.
fn device_facts(row: &Row) -> Row {
    Row {
        sampling_rate: row.sampling_rate,
        in_if_index: row.in_if_index,
        out_if_index: row.out_if_index,
        dst_vlan: row.dst_vlan,
        next_hop: row.next_hop,
        src_net_mask: row.src_net_mask,
        dst_net_mask: row.dst_net_mask,
        src_as: row.src_as,
        dst_as: row.dst_as,
        src_peer_as: row.src_peer_as,
        dst_peer_as: row.dst_peer_as,
        dst_as_path: row.dst_as_path.clone(),
        dst_communities: row.dst_communities.clone(),
        src_addr_nat: row.src_addr_nat,
        dst_addr_nat: row.dst_addr_nat,
        ..Row::default()
    }
}

fn octets(address: &AddressType) -> [u8; 16] {
    match address {
        AddressType::IPv4(address) => mapped(address.octets()),
        AddressType::IPv6(address) => address.octets(),
    }
}

/// What it says of the records of a sample.
fn facts(sampling_rate: u32, interfaces: [u32; 2], records: &[FlowRecord]) -> Row {
    let mut row = Row { sampling_rate: sampling_rate.into(), ..Row::default() };
    [row.in_if_index, row.out_if_index] = interfaces;
    for record in records {
        match record {
            FlowRecord::ExtendedSwitch(switch) => row.dst_vlan = switch.dst_vlan as u16,
            FlowRecord::ExtendedRouter(router) => {
                row.next_hop = octets(&router.next_hop);
                row.src_net_mask = router.src_mask_len as u8;
                row.dst_net_mask = router.dst_mask_len as u8;
            }
            FlowRecord::ExtendedGateway(gateway) => add_gateway(&mut row, gateway),
            FlowRecord::ExtendedNat(nat) => {
                row.src_addr_nat = octets(&nat.src_address);
                row.dst_addr_nat = octets(&nat.dst_address);
            }
            _ => {}
        }
    }
    let router = records.iter().find_map(|record| match record {
        FlowRecord::ExtendedRouter(router) => Some(octets(&router.next_hop)),
        _ => None,
    });
    row.next_hop = router.unwrap_or(row.next_hop);
    row
}

fn add_gateway(row: &mut Row, gateway: &ExtendedGateway) {
    row.next_hop = octets(&gateway.next_hop);
    row.src_as = if gateway.src_as == 0 { gateway.as_number } else { gateway.src_as };
    row.src_peer_as = gateway.src_peer_as;
    row.dst_as_path = gateway.as_path_segments.iter().flat_map(|segment| segment.values.clone()).collect();
    row.dst_as = row.dst_as_path.last().copied().unwrap_or(gateway.as_number);
    row.dst_peer_as = row.dst_as_path.first().copied().unwrap_or_default();
    row.dst_communities.clone_from(&gateway.communities);
}

/// Asserts that both say the same of a datagram.
pub(crate) fn compare(bytes: &[u8]) {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    exporter.read(bytes).expect("a header");
    let theirs = SflowParser::default().parse_bytes(bytes);
    assert_eq!(theirs.error, None);
    let [datagram] = theirs.datagrams.try_into().expect("one datagram");
    let (mut rows, mut counters) = (Vec::new(), Vec::new());
    for sample in &datagram.samples {
        let counted = match sample {
            SflowSample::Flow(flow) => {
                // Formats other than a number are not told apart there.
                let number = |interface: u32| if interface < 0x3fff_ffff { interface } else { 0 };
                rows.push(facts(flow.sampling_rate, [flow.input, flow.output].map(number), &flow.records));
                &[][..]
            }
            SflowSample::ExpandedFlow(flow) => {
                rows.push(facts(flow.sampling_rate, [flow.input_value, flow.output_value], &flow.records));
                &[]
            }
            SflowSample::Counter(sample) => &sample.records,
            SflowSample::ExpandedCounter(sample) => &sample.records,
            SflowSample::DiscardedPacket(_) | SflowSample::Unknown { .. } => &[],
        };
        counters.extend(counted.iter().filter_map(|record| match record {
            CounterRecord::GenericInterface(counters) => {
                let octets = [counters.if_in_octets, counters.if_out_octets];
                Some((counters.if_index, counters.if_speed, octets, counters.if_out_errors))
            }
            _ => None,
        }));
    }
    assert_eq!(exporter.seen.rows.iter().map(device_facts).collect::<Vec<_>>(), rows);
    let ours = exporter.seen.counters.iter().map(|counters| {
        (counters.index, counters.speed, [counters.in_octets, counters.out_octets], counters.out_errors)
    });
    assert_eq!(ours.collect::<Vec<_>>(), counters);
}
