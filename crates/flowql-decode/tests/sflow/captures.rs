//! Packets of real devices, where they are at hand.

use std::path::PathBuf;

use flowql_decode::frame::{IPV6, Link, decode};

use super::packets::mapped;
use super::*;

/// The folder of captures: that of the environment, else beside the checkout.
fn folder() -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/captures").into();
    let folder = std::env::var_os("FLOWQL_CAPTURES").map_or_else(beside, PathBuf::from);
    folder.join("pcap").is_dir().then_some(folder)
}

/// The datagrams of a capture of Ethernet frames. `None` where there are no captures.
fn datagrams(name: &str) -> Option<Vec<Vec<u8>>> {
    let Some(folder) = folder() else {
        eprintln!("skipped: no captures");
        return None;
    };
    let file = std::fs::read(folder.join("pcap").join(name)).expect("the capture is there");
    let swapped = file[..4] == [0xa1, 0xb2, 0xc3, 0xd4];
    let mut rest = &file[24..];
    let mut datagrams = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<16>() {
        let length = [header[8], header[9], header[10], header[11]];
        let length = if swapped { u32::from_be_bytes(length) } else { u32::from_le_bytes(length) };
        let (frame, after) = after.split_at(length as usize);
        rest = after;
        datagrams.push(payload(frame));
    }
    Some(datagrams)
}

/// The payload of a UDP datagram in an Ethernet frame with at most one tag, without options.
fn payload(frame: &[u8]) -> Vec<u8> {
    let facts = decode(frame, frame.len() as u64, Link::Ethernet, &Tunnels::default());
    assert_eq!((facts.proto, facts.dst_port), (17, 6343));
    let start = if facts.vlan == 0 { 14 } else { 18 };
    let headers = if facts.ether_type == IPV6 { 40 + 8 } else { 20 + 8 };
    frame[start + headers..start + facts.bytes as usize].to_vec()
}

/// Reads a capture, and how many of its datagrams are not sFlow.
fn read_capture(name: &str) -> Option<(Exporter, usize)> {
    let mut exporter = Exporter::new(TunnelMode::Outer);
    let others = datagrams(name)?.iter().filter(|datagram| exporter.read(datagram).is_err()).count();
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

/// Five of its datagrams are not sFlow: NetFlow version 5 with two bytes before it.
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
        datagrams(name).iter().flatten().for_each(|datagram| super::second_opinion::compare(datagram));
    }
}
