//! Samples and records, one by one.

use super::datagrams::*;
use super::packets::{
    CLIENT, DST_MAC, ENDS, Ipv4, SERVER, SRC_MAC, ethernet, ipv6, mapped, mpls, tag, tcp, udp, v6, vxlan,
};
use super::*;

/// What `datagrams::flow` says of itself.
fn sample_facts() -> Row {
    Row {
        exporter_address: mapped(AGENT),
        sampling_rate: 512,
        packets: 1,
        in_if_index: 7,
        out_if_index: 8,
        ..Row::default()
    }
}

/// The facts of a TCP packet of 40 bytes.
fn packet_facts() -> Row {
    Row {
        etype: 0x0800,
        src_addr: mapped(CLIENT),
        dst_addr: mapped(SERVER),
        proto: 6,
        ip_tos: 0x2e,
        ip_ttl: 61,
        ip_fragment_id: 0xbeef,
        src_port: 40000,
        dst_port: 443,
        tcp_flags: 0x012,
        bytes: 40,
        ..sample_facts()
    }
}

fn frame_facts() -> Row {
    Row { src_mac: SRC_MAC, dst_mac: DST_MAC, ..packet_facts() }
}

fn packet() -> Vec<u8> {
    Ipv4::new(6).with(&tcp(0x012))
}

fn frame() -> Vec<u8> {
    ethernet(0x0800, &packet())
}

/// A sample of the packet, with one more record.
fn with(format: u32, body: &[u8]) -> Row {
    let header = ethernet_header(&frame());
    let record = record(format, body);
    let after = row(&flow(&[header.clone(), record.clone()]));
    assert_eq!(after, row(&flow(&[record, header])), "the order of records");
    after
}

fn sampled_ipv4() -> Vec<u8> {
    record(3, &[words(&[52, 17]), CLIENT.to_vec(), SERVER.to_vec(), words(&[1000, 53, 0, 0x20])].concat())
}

#[test]
fn headers() {
    let tagged = ethernet(0x8100, &tag(100, 0x0800, &packet()));
    let stack = mpls(&[16, 17], &packet());
    let labels = Row { mpls_labels: vec![16, 17], ..packet_facts() };
    for (name, header, expected) in [
        ("Ethernet", ethernet_header(&frame()), frame_facts()),
        ("a VLAN", ethernet_header(&tagged), Row { src_vlan: 100, ..frame_facts() }),
        ("PPP", header(7, 48, 4, &[&[0xff, 0x03, 0x00, 0x21][..], &packet()].concat()), packet_facts()),
        ("IPv4", header(11, 40, 0, &packet()), packet_facts()),
        ("MPLS", header(13, 48, 0, &stack), labels.clone()),
        (
            "PPP in SONET",
            header(14, 48, 4, &[&[0xff, 0x03, 0x00, 0x21][..], &packet()].concat()),
            packet_facts(),
        ),
        (
            "ICMP",
            ethernet_header(&ethernet(0x0800, &Ipv4::new(1).with(&[8, 5, 0, 0]))),
            Row {
                proto: 1,
                icmpv4_type: 8,
                icmpv4_code: 5,
                bytes: 24,
                src_port: 0,
                dst_port: 0,
                tcp_flags: 0,
                ..frame_facts()
            },
        ),
    ] {
        assert_eq!(row(&flow(&[header])), expected, "{name}");
    }
    let six = row(&flow(&[header(12, 44, 0, &ipv6(58, &[128, 3, 0, 0]))]));
    let expected = Row {
        etype: 0x86dd,
        src_addr: v6(1),
        dst_addr: v6(2),
        proto: 58,
        ip_tos: 0x2e,
        ip_ttl: 61,
        ipv6_flow_label: 0xabcde,
        icmpv6_type: 128,
        icmpv6_code: 3,
        bytes: 44,
        ..sample_facts()
    };
    assert_eq!(six, expected);
}

#[test]
fn bytes_are_those_of_layer_3() {
    let arp = ethernet(0x8100, &tag(100, 0x0806, &[1; 28]));
    let bytes = |header| row(&flow(&[header])).bytes;
    assert_eq!(bytes(ethernet_header(&arp)), 28);
    assert_eq!(bytes(header(1, 50, 0, &arp)), 28, "a frame check sequence that was not called stripped");
    assert_eq!(bytes(header(1, 54, 8, &arp[..20])), 28, "a tag that was stripped");
    assert_eq!(bytes(header(1, 1518, 4, &frame()[..30])), 1500, "a cut IP header");
    assert_eq!(bytes(header(2, 100, 0, &[0; 20])), 100, "a token bus");
    assert_eq!(bytes(header(1, 3, 4, &[])), 0, "less than nothing");
}

#[test]
fn sampled_packets_without_headers() {
    let ipv4_facts = Row {
        etype: 0x0800,
        src_addr: mapped(CLIENT),
        dst_addr: mapped(SERVER),
        proto: 17,
        ip_tos: 0x20,
        src_port: 1000,
        dst_port: 53,
        bytes: 52,
        ..sample_facts()
    };
    assert_eq!(row(&flow(&[sampled_ipv4()])), ipv4_facts);
    let ipv6 = record(
        4,
        &[words(&[72, 6]), v6(1).to_vec(), v6(2).to_vec(), words(&[1000, 53, 0x12, 0x20])].concat(),
    );
    let ipv6_facts = Row {
        etype: 0x86dd,
        src_addr: v6(1),
        dst_addr: v6(2),
        proto: 6,
        tcp_flags: 0x12,
        bytes: 72,
        ..ipv4_facts.clone()
    };
    assert_eq!(row(&flow(&[ipv6])), ipv6_facts);
    let macs = [&[2, 0, 0, 0, 0, 1, 0, 0][..], &[2, 0, 0, 0, 0, 2, 0, 0]].concat();
    let ethernet = record(2, &[words(&[64]), macs, words(&[0x0806])].concat());
    let link = Row { src_mac: SRC_MAC, dst_mac: DST_MAC, etype: 0x0806, bytes: 46, ..sample_facts() };
    assert_eq!(row(&flow(from_ref(&ethernet))), link);
    let both = Row { src_mac: SRC_MAC, dst_mac: DST_MAC, ..ipv4_facts.clone() };
    assert_eq!(row(&flow(&[ethernet, sampled_ipv4()])), both);
    // A header goes before, but one without an IP header.
    assert_eq!(row(&flow(&[sampled_ipv4(), ethernet_header(&frame())])), frame_facts());
    let cut = header(1, 70, 4, &frame()[..20]);
    assert_eq!(row(&flow(&[cut, sampled_ipv4()])), Row { src_mac: SRC_MAC, dst_mac: DST_MAC, ..ipv4_facts });
}

#[test]
fn extended_switch() {
    let tagged = ethernet_header(&ethernet(0x8100, &tag(100, 0x0800, &packet())));
    let vlans = |src, dst| {
        let row = row(&flow(&[tagged.clone(), record(1001, &words(&[src, 1, dst, 2]))]));
        (row.src_vlan, row.dst_vlan)
    };
    assert_eq!(vlans(10, 20), (10, 20));
    assert_eq!(vlans(0, 20), (100, 20), "the tag of the header");
    assert_eq!(vlans(u32::MAX, u32::MAX), (100, 0), "unknown ones");
}

#[test]
fn extended_router() {
    let expected = Row { next_hop: mapped(ENDS[0]), src_net_mask: 24, dst_net_mask: 22, ..frame_facts() };
    assert_eq!(with(1002, &[address(&ENDS[0]), words(&[24, 22])].concat()), expected);
    let unknown = Row { next_hop: [0; 16], ..expected };
    assert_eq!(with(1002, &words(&[0, 24, 22])), unknown);
}

/// A record of the gateway: segments of a path with their kinds, communities.
fn gateway(hop: &[u8], ases: [u32; 3], path: &[(u32, &[u32])], communities: &[u32]) -> Vec<u8> {
    let numbers = |numbers: &[u32]| [words(&[numbers.len() as u32]), words(numbers)].concat();
    let segments: Vec<u8> =
        path.iter().flat_map(|(kind, ases)| [words(&[*kind]), numbers(ases)].concat()).collect();
    let path = [words(&[path.len() as u32]), segments].concat();
    [address(hop), words(&ases), path, numbers(communities), words(&[100])].concat()
}

#[test]
fn extended_gateway() {
    let path: &[(u32, &[u32])] = &[(2, &[64501, 64502]), (1, &[64503, 64504])];
    let expected = Row {
        next_hop: mapped(ENDS[0]),
        src_as: 64510,
        src_peer_as: 64511,
        dst_as: 64504,
        dst_peer_as: 64501,
        dst_as_path: vec![64501, 64502, 64503, 64504],
        dst_communities: vec![0xfde8_0001, 0xfde8_0002],
        ..frame_facts()
    };
    let communities = [0xfde8_0001, 0xfde8_0002];
    let body = gateway(&ENDS[0], [64500, 64510, 64511], path, &communities);
    assert_eq!(with(1003, &body), expected);
    let local = Row { next_hop: v6(9), src_as: 64500, dst_as: 64500, ..frame_facts() };
    assert_eq!(
        with(1003, &gateway(&v6(9), [64500, 0, u32::MAX], &[], &[])),
        local,
        "both in the router's AS"
    );
    // The router's next hop goes before that of BGP, whichever comes first.
    let router = record(1002, &[address(&ENDS[1]), words(&[24, 22])].concat());
    let both = [ethernet_header(&frame()), record(1003, &body), router];
    assert_eq!(row(&flow(&both)).next_hop, mapped(ENDS[1]));
    let reversed = [both[2].clone(), both[1].clone(), both[0].clone()];
    assert_eq!(row(&flow(&reversed)), row(&flow(&both)));
}

#[test]
fn lists_are_bounded_and_read_where_wanted() {
    use flowql_decode::Field;
    use flowql_decode::sflow::MAX_ITEMS;
    let many: Vec<u32> = (1..=MAX_ITEMS as u32 + 5).collect();
    let body = gateway(&ENDS[0], [1, 2, 3], &[(2, &many)], &many);
    let sample = flow(&[ethernet_header(&frame()), record(1003, &body)]);
    let cut = row(&sample);
    assert_eq!(
        (cut.dst_as_path.as_slice(), cut.dst_communities.as_slice()),
        (&many[..MAX_ITEMS], &many[..MAX_ITEMS])
    );
    assert_eq!(cut.dst_as, MAX_ITEMS as u32 + 5);
    let mut exporter = Exporter::new(TunnelMode::Outer);
    exporter.decoder = Decoder::new(Fields::all().without(Field::DstASPath).without(Field::DstCommunities));
    exporter.read(&datagram(1, &[sample])).expect("a header");
    let expected = Row { dst_as_path: vec![], dst_communities: vec![], ..cut };
    assert_eq!(exporter.seen.rows, [expected]);
}

#[test]
fn extended_mpls() {
    let entry = |label: u32| label << 12 | 0x1ff;
    let hop = address(&ENDS[0]);
    let facts = |labels| Row { next_hop: mapped(ENDS[0]), mpls_labels: labels, ..frame_facts() };
    let both = [hop.clone(), words(&[3, entry(16), entry(0), entry(17), 1, entry(18)])].concat();
    assert_eq!(with(1006, &both), facts(vec![16, 17]));
    let outgoing = [hop, words(&[0, 1, entry(18)])].concat();
    assert_eq!(with(1006, &outgoing), facts(vec![18]));
}

#[test]
fn extended_nat() {
    let expected = Row { src_addr_nat: mapped(ENDS[0]), dst_addr_nat: v6(3), ..frame_facts() };
    assert_eq!(with(1007, &[address(&ENDS[0]), address(&v6(3))].concat()), expected);
    let expected = Row { src_port_nat: 1024, dst_port_nat: 8080, ..frame_facts() };
    assert_eq!(with(1020, &words(&[1024, 8080])), expected);
}

#[test]
fn stripped_tags() {
    let expected = Row { src_vlan: 200, ..frame_facts() };
    assert_eq!(with(1012, &words(&[3, 0x88a8_e000, 0x8100_e0c8, 0x8100_0064])), expected);
    assert_eq!(with(1012, &words(&[0])), frame_facts());
    let switch = record(1001, &words(&[10, 0, 20, 0]));
    let both = row(&flow(&[ethernet_header(&frame()), record(1012, &words(&[1, 0x8100_0064])), switch]));
    assert_eq!((both.src_vlan, both.dst_vlan), (10, 20));
}

#[test]
fn tunnels_that_the_device_ends() {
    let numbered = |id| Row { tunnel_id: id, ..frame_facts() };
    assert_eq!(with(1029, &words(&[0x12_3456])), numbered(0x12_3456));
    assert_eq!(with(1030, &words(&[0x12_3456])), numbered(0x12_3456));
    let outer = |proto, port| {
        [words(&[90, proto]), ENDS[0].to_vec(), ENDS[1].to_vec(), words(&[40000, port, 0, 0])].concat()
    };
    let expected = |tunnel_type| Row {
        outer_src_addr: mapped(ENDS[0]),
        outer_dst_addr: mapped(ENDS[1]),
        tunnel_type,
        ..frame_facts()
    };
    for (proto, port, kind) in [(17, 4789, 1), (17, 6081, 3), (17, 53, 0), (47, 0, 6), (4, 0, 9), (41, 0, 10)]
    {
        assert_eq!(with(1024, &outer(proto, port)), expected(kind), "{proto} {port}");
        assert_eq!(with(1023, &outer(proto, port)), expected(kind), "{proto} {port}");
    }
    let six = [words(&[90, 17]), v6(3).to_vec(), v6(4).to_vec(), words(&[40000, 4789, 0, 0])].concat();
    let expected = Row { outer_src_addr: v6(3), outer_dst_addr: v6(4), tunnel_type: 1, ..frame_facts() };
    assert_eq!(with(1026, &six), expected);
    assert_eq!(with(1025, &six), expected);
    // Of both, that in which the packet came.
    let both = [record(1030, &words(&[5])), record(1029, &words(&[6])), ethernet_header(&frame())];
    assert_eq!(row(&flow(&both)), numbered(5));
}

#[test]
fn tunnels_in_headers() {
    let inside = ethernet(0x0800, &packet());
    let outside = ethernet(0x0800, &Ipv4::tunnel(17).with(&udp(4789, &vxlan(&inside))));
    let sample = flow(&[ethernet_header(&outside), sampled_ipv4()]);
    let inner = Row {
        outer_src_addr: mapped(ENDS[0]),
        outer_dst_addr: mapped(ENDS[1]),
        tunnel_type: 1,
        tunnel_id: 0x12_3456,
        ..frame_facts()
    };
    assert_eq!(read(TunnelMode::Inner, from_ref(&sample)).seen.rows, [inner]);
    let outer = row(&sample);
    assert_eq!((outer.src_addr, outer.dst_port, outer.tunnel_type), (mapped(ENDS[0]), 4789, 0));
}

#[test]
fn interfaces() {
    let header = ethernet_header(&frame());
    let compact = |input, output| {
        let row = row(&flow_with(0, [input, output], from_ref(&header)));
        [row.in_if_index, row.out_if_index, row.forwarding_status]
    };
    let expanded = |input, output| {
        let row = row(&expanded_flow([input, output], from_ref(&header)));
        [row.in_if_index, row.out_if_index, row.forwarding_status]
    };
    assert_eq!(compact(7, 8), [7, 8, 0]);
    assert_eq!(compact(0, 0x3fff_ffff), [0, 0, 0], "local");
    assert_eq!(compact(0x3fff_ffff, 8), [0, 8, 0], "local");
    assert_eq!(compact(7, 2 << 30 | 5), [7, 0, 0], "multiple");
    assert_eq!(compact(7, 1 << 30 | 4), [7, 0, 133], "discarded");
    assert_eq!(compact(7, 3 << 30 | 4), [7, 0, 0], "reserved");
    assert_eq!(expanded([0, 0x4000_0007], [0, 0x8000_0008]), [0x4000_0007, 0x8000_0008, 0]);
    assert_eq!(expanded([0, 7], [0, 0x3fff_ffff]), [7, 0, 0], "local");
    assert_eq!(expanded([0, 7], [0, u32::MAX]), [7, 0, 0], "local");
    assert_eq!(expanded([0, 7], [2, 0]), [7, 0, 0], "multiple");
    assert_eq!(expanded([0, 7], [1, 258]), [7, 0, 130], "discarded");
}

#[test]
fn reasons_of_discards() {
    let status = |reason| {
        let sample = discard(0, [7, 0], reason, &[ethernet_header(&frame())]);
        let row = row(&sample);
        let in_interface = expanded_flow([[0, 7], [1, reason]], &[ethernet_header(&frame())]);
        assert_eq!(row.forwarding_status, super::row(&in_interface).forwarding_status, "{reason}");
        row.forwarding_status
    };
    for (reasons, expected) in [
        (&[0, 1, 2, 3, 5, 6, 7, 263][..], 131),
        (&[8], 132),
        (&[4], 133),
        (&[9, 10], 129),
        (&[257], 137),
        (&[258, 269], 130),
        (&[259], 143),
        (&[260], 139),
        (&[261], 138),
        (&[262], 135),
        (&[302], 140),
        (&[11, 255, 256, 264, 301, 303, u32::MAX], 128),
    ] {
        for reason in reasons {
            assert_eq!(status(*reason), expected, "{reason}");
        }
    }
}

#[test]
fn discarded_packets() {
    let expected = Row { sampling_rate: 1, out_if_index: 0, forwarding_status: 137, ..frame_facts() };
    let exporter = read(TunnelMode::Outer, &[discard(0, [7, 0], 257, &[ethernet_header(&frame())])]);
    assert_eq!(exporter.seen.rows, [expected]);
    assert_eq!((exporter.session.tally.discards, exporter.session.tally.flows), (1, 0));
}

#[test]
fn counter_samples_are_not_flows() {
    let ethernet_counters = record(2, &[0; 52]);
    let samples =
        [counters(&[ethernet_counters, interface(23)]), expanded_counters(&[interface(24)]), counters(&[])];
    let exporter = read(TunnelMode::Outer, &samples);
    let expected = InterfaceCounters {
        agent: mapped(AGENT),
        index: 23,
        kind: 6,
        speed: 100,
        direction: 1,
        status: 3,
        in_octets: 1000,
        in_unicast: 11,
        in_multicast: 12,
        in_broadcast: 13,
        in_discards: 14,
        in_errors: 15,
        in_unknown_protocols: 16,
        out_octets: (1 << 32) + 2000,
        out_unicast: 21,
        out_multicast: 22,
        out_broadcast: 23,
        out_discards: 24,
        out_errors: 25,
    };
    assert_eq!(exporter.seen.counters, [expected, InterfaceCounters { index: 24, ..expected }]);
    assert!(exporter.seen.rows.is_empty());
    assert_eq!(exporter.session.tally.counters, 3);
}

#[test]
fn what_is_not_known_is_passed() {
    let other = record(0x0000_8001, &[1, 2, 3, 4]);
    let samples = [
        record(0x0030_0001, &[9; 12]),
        flow(&[]),
        flow(from_ref(&other)),
        flow(&[other, ethernet_header(&frame())]),
    ];
    let exporter = read(TunnelMode::Outer, &samples);
    assert_eq!(exporter.seen.rows, [frame_facts()]);
    assert_eq!((exporter.session.tally.unknown, exporter.session.tally.empty), (1, 2));
}
