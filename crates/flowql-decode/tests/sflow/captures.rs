//! Packets of real devices, where they are at hand.

use super::packets::mapped;
use super::support::packets;
use super::*;

/// Reads a capture, and how many of its datagrams are not sFlow.
fn read_capture(name: &str) -> Option<(Exporter, usize)> {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    let others = packets(name)?.iter().filter(|packet| exporter.read(&packet.payload).is_err()).count();
    exporter.check_tally();
    Some((exporter, others))
}

#[test]
fn a_sampled_ipv4_packet() {
    let Some((exporter, others)) = read_capture("sflow.pcap") else { return };
    let expected = Row {
        exporter_address: mapped([1, 1, 1, 1]),
        sampling_rate: 1000,
        packets: 1,
        bytes: 40,
        etype: 0x0800,
        proto: 6,
        src_addr: mapped([3, 3, 3, 3]),
        dst_addr: mapped([4, 4, 4, 4]),
        src_port: 53032,
        dst_port: 25562,
        tcp_flags: 0x10,
        ip_tos: 0x70,
        ..Row::default()
    };
    assert_eq!((exporter.seen.rows, others), (vec![expected], 0));
}

#[test]
fn an_expanded_sample_with_a_gateway() {
    let Some((exporter, others)) = read_capture("sflow_expanded.pcap") else { return };
    let expected = Row {
        exporter_address: mapped([49, 49, 49, 49]),
        sampling_rate: 1000,
        packets: 1,
        bytes: 104,
        in_if_index: 29001,
        out_if_index: 1_285_816_721,
        src_mac: 0x948e_d30a_713b,
        dst_mac: 0x2242_1f4a_9fcd,
        src_vlan: 809,
        etype: 0x0800,
        ip_tos: 0x08,
        ip_fragment_id: 0xab4e,
        ip_ttl: 61,
        proto: 6,
        src_addr: mapped([52, 52, 52, 52]),
        dst_addr: mapped([53, 53, 53, 53]),
        src_port: 22,
        dst_port: 52237,
        tcp_flags: 0x18,
        next_hop: mapped([54, 54, 54, 54]),
        src_net_mask: 32,
        dst_net_mask: 22,
        src_as: 203_476,
        src_peer_as: 203_476,
        dst_as: 203_361,
        dst_peer_as: 8218,
        dst_as_path: vec![8218, 29605, 203_361],
        dst_communities: vec![538_574_949, 1_911_619_684, 1_911_669_584, 1_911_671_290],
        ..Row::default()
    };
    assert_eq!((exporter.seen.rows, others), (vec![expected], 0));
}

#[test]
fn counters_and_sampled_headers() {
    let Some((exporter, others)) = read_capture("sflow-print-v6.pcap") else { return };
    assert_eq!((exporter.session.counters.malformed(), exporter.session.loss.datagrams, others), (0, 0, 0));
    let tally = exporter.session.tally;
    assert_eq!((tally.samples, tally.counters, tally.flows), (61, 48, 13));
    let first = exporter.seen.counters[0];
    assert_eq!((first.index, first.speed, first.out_octets), (23001, 400_000_000_000, 9717));
    assert_eq!((first.direction, first.status, first.out_multicast), (1, 3, 79));
}

/// Five of its datagrams are NetFlow version 5.
#[test]
fn counters_alone() {
    let Some((exporter, others)) = read_capture("sflow_multiple_counter_30_pdus.pcap") else { return };
    let tally = exporter.session.tally;
    assert_eq!((tally.samples, tally.counters, tally.malformed, others), (144, 144, 0, 5));
    assert_eq!(exporter.seen.counters.len(), 142);
}

/// Two datagrams of the last capture have records that the other reader refuses.
#[test]
fn another_reader_sees_the_same() {
    for name in ["sflow.pcap", "sflow_expanded.pcap", "sflow-print-v6.pcap"] {
        packets(name).iter().flatten().for_each(|packet| super::second_opinion::compare(&packet.payload));
    }
}
