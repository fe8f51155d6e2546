//! Each element fills its column, by its rule.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use support::{Message, Spec, decode, plain, values};

/// The rows of one record of an IPFIX template, without the sampling rate, which is always 1.
fn flows(fields: &[Spec], record: &[u8]) -> Vec<String> {
    let lines = decode(&[Message::ipfix().template(300, fields).set(300, record)]);
    lines.iter().map(|line| line.strip_prefix("SamplingRate=1").unwrap().trim_start().to_owned()).collect()
}

fn flow(fields: &[(u16, u64, u16)]) -> String {
    let specs: Vec<(u16, u16)> = fields.iter().map(|&(id, _, length)| (id, length)).collect();
    let record: Vec<(u64, usize)> = fields.iter().map(|&(_, value, length)| (value, length.into())).collect();
    let [line] = flows(&plain(&specs), &values(&record)).try_into().unwrap();
    line
}

#[test]
fn numbers_of_any_length_fill_columns() {
    let cases = [
        (4, "Proto=6"),
        (5, "IPTos=6"),
        (6, "TCPFlags=6"),
        (7, "SrcPort=6"),
        (180, "SrcPort=6"),
        (182, "SrcPort=6"),
        (9, "SrcNetMask=6"),
        (29, "SrcNetMask=6"),
        (10, "InIfIndex=6"),
        (252, "InIfIndex=6"),
        (11, "DstPort=6"),
        (181, "DstPort=6"),
        (183, "DstPort=6"),
        (13, "DstNetMask=6"),
        (30, "DstNetMask=6"),
        (14, "OutIfIndex=6"),
        (253, "OutIfIndex=6"),
        (16, "SrcAS=6"),
        (17, "DstAS=6"),
        (128, "DstPeerAS=6"),
        (129, "SrcPeerAS=6"),
        (31, "IPv6FlowLabel=6"),
        (52, "IPTTL=6"),
        (53, "IPTTL=6"),
        (192, "IPTTL=6"),
        (54, "IPFragmentID=6"),
        (88, "IPFragmentOffset=6"),
        (56, "SrcMAC=6"),
        (81, "SrcMAC=6"),
        (80, "DstMAC=6"),
        (57, "DstMAC=6"),
        (58, "SrcVlan=6"),
        (243, "SrcVlan=6"),
        (245, "SrcVlan=6"),
        (59, "DstVlan=6"),
        (254, "DstVlan=6"),
        (255, "DstVlan=6"),
        (89, "ForwardingStatus=6"),
        (195, "IPTos=24"),
        (227, "SrcPortNAT=6"),
        (228, "DstPortNAT=6"),
        (234, "IngressVRFID=6"),
        (235, "EgressVRFID=6"),
        (256, "EType=6"),
        (60, "EType=34525"),
        (1, "Bytes=6 Packets=1"),
        (2, "Packets=6"),
        (85, "Bytes=6 Packets=1"),
        (86, "Packets=6"),
        (231, "Bytes=6 Packets=1"),
        (298, "Packets=6"),
        (23, "Bytes=6 Packets=1"),
        (24, "Packets=6"),
    ];
    for (id, expected) in cases {
        for length in 1..=8 {
            assert_eq!(flow(&[(id, 6, length)]), expected, "{id} of {length} bytes");
        }
    }
    assert_eq!(flow(&[(230, 4, 1), (2, 0, 4)]), "NATEvent=4");
    assert_eq!(flow(&[(233, 2, 1), (2, 0, 4)]), "FirewallEvent=2");
}

#[test]
fn the_first_value_that_is_not_zero_wins() {
    assert_eq!(flow(&[(7, 0, 2), (180, 0, 2), (182, 80, 2), (7, 81, 2)]), "SrcPort=80");
    assert_eq!(flow(&[(5, 0, 1), (195, 1, 1)]), "IPTos=4");
    assert_eq!(flow(&[(61, 1, 1)]), "FlowDirection=2");
    assert_eq!(flow(&[(61, 0, 1)]), "FlowDirection=1");
    assert_eq!(flow(&[(61, 7, 1)]), "");
}

#[test]
fn of_masks_the_last_wins_unless_it_is_zero() {
    assert_eq!(flow(&[(9, 24, 1), (29, 64, 1)]), "SrcNetMask=64");
    assert_eq!(flow(&[(9, 24, 1), (29, 0, 1)]), "SrcNetMask=24");
}

#[test]
fn the_physical_interface_serves_where_there_is_no_other() {
    assert_eq!(flow(&[(252, 5, 4), (10, 6, 4), (253, 7, 4), (14, 0, 4)]), "InIfIndex=6 OutIfIndex=7");
    assert_eq!(flow(&[(245, 5, 2), (58, 6, 2), (255, 7, 2), (59, 0, 2)]), "SrcVlan=6 DstVlan=7");
}

#[test]
fn an_as_of_ones_is_none() {
    assert_eq!(flow(&[(16, 0xFFFF_FFFF, 4), (17, 23_456, 4)]), "DstAS=23456");
}

#[test]
fn an_address_of_the_other_family_is_absent_if_zero() {
    let v4 = 0xC000_0201;
    let v6 = [values(&[(0x2001_0db8 << 32, 8), (1, 8)]), values(&[(0, 8), (0, 8)])];
    let fields = plain(&[(8, 4), (27, 16), (28, 16), (12, 4)]);
    let record = |first: u64, second: &[u8], third: &[u8], fourth: u64| {
        [&values(&[(first, 4)]), second, third, &values(&[(fourth, 4)])].concat()
    };
    let cases = [
        (record(v4, &v6[1], &v6[1], v4), "SrcAddr=192.0.2.1 DstAddr=192.0.2.1 EType=2048"),
        (record(0, &v6[0], &v6[0], 0), "SrcAddr=2001:db8::1 DstAddr=2001:db8::1 EType=34525"),
        // Of both the last wins: that of the inner packet.
        (record(v4, &v6[0], &v6[0], v4), "SrcAddr=2001:db8::1 DstAddr=192.0.2.1 EType=2048"),
    ];
    for (record, expected) in cases {
        assert_eq!(flows(&fields, &record), [expected]);
    }
    assert_eq!(flow(&[(8, 0, 4), (12, 0, 4)]), "SrcAddr=0.0.0.0 DstAddr=0.0.0.0 EType=2048");
}

#[test]
fn a_prefix_serves_where_there_is_no_address() {
    assert_eq!(flow(&[(44, 0xC000_0200, 4), (9, 24, 1)]), "SrcAddr=192.0.2.0 SrcNetMask=24 EType=2048");
    let fields = [(44, 0xC000_0200, 4), (8, 0xC000_0201, 4), (45, 0xC000_0200, 4)];
    assert_eq!(flow(&fields), "SrcAddr=192.0.2.1 DstAddr=192.0.2.0 EType=2048");
    let v6 = values(&[(0x2001_0db8 << 32, 8), (0, 8)]);
    let fields = plain(&[(170, 16), (169, 16)]);
    assert_eq!(flows(&fields, &v6.repeat(2)), ["SrcAddr=2001:db8:: DstAddr=2001:db8:: EType=34525"]);
}

#[test]
fn the_family_of_a_flow_without_addresses_is_sent() {
    assert_eq!(flow(&[(60, 4, 1), (256, 0x88CC, 2)]), "EType=35020");
    assert_eq!(flow(&[(256, 0x88CC, 2), (8, 1, 4)]), "SrcAddr=0.0.0.1 EType=2048");
}

#[test]
fn the_next_hop_is_the_routers_else_that_of_bgp() {
    assert_eq!(flow(&[(18, 9, 4), (15, 8, 4)]), "NextHop=0.0.0.8");
    assert_eq!(flow(&[(15, 0, 4), (18, 9, 4)]), "NextHop=0.0.0.9");
    assert_eq!(flow(&[(15, 0, 4), (18, 0, 4)]), "");
    let v6 = values(&[(0x2001_0db8 << 32, 8), (1, 8)]);
    let fields = plain(&[(15, 4), (62, 16), (63, 16)]);
    assert_eq!(flows(&fields, &[&[0; 4][..], &[0; 16], &v6].concat()), ["NextHop=2001:db8::1"]);
}

#[test]
fn translated_addresses_and_ports() {
    let fields = [(225, 7, 4), (226, 8, 4), (227, 9, 2), (228, 10, 2)];
    let expected = "SrcAddrNAT=0.0.0.7 DstAddrNAT=0.0.0.8 SrcPortNAT=9 DstPortNAT=10";
    assert_eq!(flow(&fields), expected);
    let v6 = values(&[(0x2001_0db8 << 32, 8), (1, 8)]);
    let fields = plain(&[(281, 16), (282, 16)]);
    assert_eq!(flows(&fields, &v6.repeat(2)), ["SrcAddrNAT=2001:db8::1 DstAddrNAT=2001:db8::1"]);
    // Cisco's own numbers are those of NetFlow v9 alone: IPFIX has enterprises.
    let old = plain(&[(40_001, 4), (40_002, 4), (40_003, 2), (40_004, 2), (40_005, 1), (1, 1)]);
    let record = values(&[(7, 4), (8, 4), (9, 2), (10, 2), (3, 1), (0, 1)]);
    let lines = decode(&[Message::v9().template(300, &old).set(300, &record)]);
    assert_eq!(lines, [format!("SamplingRate=1 {expected} FirewallEvent=3")]);
}

#[test]
fn one_family_of_counters_is_taken() {
    assert_eq!(flow(&[(85, 900, 8), (86, 9, 8), (1, 100, 8)]), "Bytes=100 Packets=1");
    assert_eq!(flow(&[(231, 70, 8), (298, 7, 8), (85, 900, 8), (86, 9, 8)]), "Bytes=900 Packets=9");
    // Those after the device serve only where the flow has none before it.
    assert_eq!(flow(&[(1, 0, 8), (2, 0, 8), (23, 50, 8), (24, 5, 8)]), "Bytes=50 Packets=5");
    assert_eq!(flow(&[(1, 100, 8), (2, 0, 8), (23, 50, 8), (24, 5, 8)]), "Bytes=100 Packets=1");
}

#[test]
fn icmp_goes_by_the_protocol() {
    assert_eq!(flow(&[(32, 0x0303, 2), (4, 1, 1)]), "Proto=1 ICMPv4Type=3 ICMPv4Code=3");
    assert_eq!(flow(&[(139, 0x0104, 2), (4, 58, 1)]), "Proto=58 ICMPv6Type=1 ICMPv6Code=4");
    assert_eq!(flow(&[(4, 1, 1), (176, 3, 1), (177, 1, 1)]), "Proto=1 ICMPv4Type=3 ICMPv4Code=1");
    assert_eq!(flow(&[(4, 58, 1), (178, 128, 1), (179, 0, 1)]), "Proto=58 ICMPv6Type=128");
    assert_eq!(flow(&[(4, 6, 1), (32, 0x0303, 2)]), "Proto=6");
    // Else it is in the destination port.
    assert_eq!(flow(&[(4, 1, 1), (11, 0x0800, 2)]), "Proto=1 DstPort=2048 ICMPv4Type=8");
    assert_eq!(flow(&[(4, 1, 1), (7, 1, 2), (11, 0x0800, 2)]), "Proto=1 SrcPort=1 DstPort=2048");
    assert_eq!(flow(&[(4, 1, 1), (11, 0x0800, 2), (32, 0, 2)]), "Proto=1 DstPort=2048");
}

#[test]
fn mpls_labels_are_the_upper_bits() {
    let entry = |label: u64| (label << 4) | 1;
    let fields = [(70, entry(100), 3), (71, entry(2), 3), (72, entry(300), 3), (73, 0, 3)];
    assert_eq!(flow(&fields), "MPLSLabels=[100, 300]");
    let stack = values(&[(100 << 12 | 64, 4), (200 << 12 | 0x100 | 64, 4)]);
    let rows = flows(&plain(&[(316, 8)]), &stack);
    assert_eq!(rows, ["EType=34887 MPLSLabels=[100, 200]"]);
}

/// A TCP segment of IPv4, from 192.0.2.1:443 to 192.0.2.2:50000.
fn packet() -> Vec<u8> {
    let head = [(0x4500, 2), (1_500, 2), (7, 2), (0, 2), (64, 1), (6, 1), (0, 2)];
    let ports = [(0xC000_0201, 4), (0xC000_0202, 4), (443, 2), (50_000, 2), (0, 8), (0x5012, 2)];
    values(&[&head[..], &ports[..]].concat())
}

const PACKET: &str = "SrcAddr=192.0.2.1 DstAddr=192.0.2.2 EType=2048 Proto=6 SrcPort=443 DstPort=50000";
const REST: &str = "IPTTL=64 IPFragmentID=7 TCPFlags=18";

#[test]
fn packet_headers_fill_what_the_record_does_not_say() {
    let packet = packet();
    let length = packet.len() as u16;
    assert_eq!(flows(&plain(&[(313, length)]), &packet), [format!("{PACKET} Bytes=1500 Packets=1 {REST}")]);
    let own = [packet.clone(), values(&[(3_000, 4), (2, 4), (80, 2)])].concat();
    let rows = flows(&plain(&[(313, length), (1, 4), (2, 4), (7, 2)]), &own);
    let expected = PACKET.replace("SrcPort=443", "SrcPort=80");
    assert_eq!(rows, [format!("{expected} Bytes=3000 Packets=2 {REST}")]);
    // 410 bounds what was sent: the ports are beyond it.
    let rows = flows(&plain(&[(313, length), (410, 2)]), &[&packet[..], &[0, 20]].concat());
    assert_eq!(rows.len(), 1);
    assert!(rows[0].contains("Proto=6 Bytes=1500"), "{rows:?}");

    let frame = [values(&[(2, 6), (1, 6), (0x8100, 2), (12, 2), (0x0800, 2)]), packet].concat();
    let sent = [vec![frame.len() as u8], frame, values(&[(1_518, 2)])].concat();
    let link = "SrcVlan=12";
    let rows = flows(&plain(&[(315, 0xFFFF), (312, 2)]), &sent);
    let expected = PACKET.replace(" EType", &format!(" {link} EType"));
    let rest = REST.replace("IPTTL", "SrcMAC=1 DstMAC=2 IPTTL");
    assert_eq!(rows, [format!("{expected} Bytes=1500 Packets=1 {rest}")]);
}

#[test]
fn a_segment_has_a_type_and_a_number() {
    assert_eq!(flow(&[(351, 0x0100_0000_0000_1234, 8)]), "TunnelType=1 TunnelId=4660");
    assert_eq!(flow(&[(351, 0x0200_0000_0000_1234, 8)]), "TunnelType=2 TunnelId=4660");
}

#[test]
fn an_event_that_has_no_word_is_none() {
    assert_eq!(flow(&[(230, 19, 1), (233, 6, 1), (136, 6, 1), (7, 1, 2)]), "SrcPort=1");
    assert_eq!(
        flow(&[(230, 18, 1), (233, 5, 1), (136, 5, 1)]),
        "NATEvent=18 FirewallEvent=5 FlowEndReason=5"
    );
}

#[test]
fn route_distinguishers_are_text() {
    let cases = [
        (0x0000_FDE8_0000_0001, "MPLSVPNRD=65000:1"),
        (0x0001_C000_0201_0001, "MPLSVPNRD=192.0.2.1:1"),
        (0x0002_0001_0000_0001, "MPLSVPNRD=65536:1"),
        (0x0007_0000_0000_00FF, "MPLSVPNRD=7:0xff"),
        (0, ""),
    ];
    for (value, expected) in cases {
        assert_eq!(flow(&[(90, value, 8)]), expected);
    }
}

#[test]
fn junipers_status_is_forwarded_or_dropped() {
    for (value, expected) in [(0x0400, "ForwardingStatus=64"), (1, "ForwardingStatus=128")] {
        assert_eq!(flows(&[(2636, 137, 4)], &values(&[(value, 4)])), [expected]);
    }
}

#[test]
fn an_application_without_a_name_is_engine_and_selector() {
    assert_eq!(flow(&[(95, 0x0D00_01BB, 4)]), "AppName=13:443");
    assert_eq!(flow(&[(95, 0, 4)]), "");
}

#[test]
fn what_is_not_known_is_skipped() {
    let fields = [(9, 12_235, 0xFFFF), (0, 11, 2), (0, 500, 3), (0, 7, 2)];
    let record = [vec![3, 1, 2, 3], values(&[(53, 2), (9, 3), (54, 2)])].concat();
    assert_eq!(flows(&fields, &record), ["SrcPort=54 DstPort=53"]);
}

#[test]
fn initiator_and_responder_make_two_flows() {
    let fields = plain(&[(8, 4), (12, 4), (7, 2), (11, 2), (10, 4), (14, 4), (61, 1), (6, 1), (15, 4)]);
    let counters = plain(&[(231, 4), (298, 4), (232, 4), (299, 4)]);
    let head = [(1, 4), (2, 4), (10, 2), (20, 2), (3, 4), (4, 4), (0, 1), (2, 1), (9, 4)];
    let record = |counters: [u64; 4]| {
        let counters = counters.map(|value| (value, 4));
        values(&[&head[..], &counters].concat())
    };
    let forward = "SrcAddr=0.0.0.1 DstAddr=0.0.0.2 InIfIndex=3 OutIfIndex=4 EType=2048 SrcPort=10 DstPort=20";
    let back = "SrcAddr=0.0.0.2 DstAddr=0.0.0.1 InIfIndex=4 OutIfIndex=3 EType=2048 SrcPort=20 DstPort=10";
    let (forward_end, back_end) =
        ("FlowDirection=1 TCPFlags=2 NextHop=0.0.0.9", "Bytes=700 Packets=7 FlowDirection=2");
    assert_eq!(
        flows(&[fields.clone(), counters.clone()].concat(), &record([100, 1, 700, 7])),
        [format!("{forward} Bytes=100 Packets=1 {forward_end}"), format!("{back} {back_end}")]
    );
    assert_eq!(
        flows(&[fields, counters].concat(), &record([100, 1, 0, 0])),
        [format!("{forward} Bytes=100 Packets=1 {forward_end}")]
    );
}

#[test]
fn reverse_elements_make_a_flow_the_other_way() {
    const REVERSE: u32 = 29_305;
    let fields = [
        (0, 7, 2),
        (0, 11, 2),
        (0, 1, 4),
        (0, 2, 4),
        (0, 6, 1),
        (0, 5, 1),
        (REVERSE, 1, 4),
        (REVERSE, 2, 4),
        (REVERSE, 6, 1),
        (REVERSE, 5, 1),
    ];
    let record =
        values(&[(10, 2), (20, 2), (100, 4), (1, 4), (2, 1), (8, 1), (700, 4), (7, 4), (18, 1), (0, 1)]);
    assert_eq!(
        flows(&fields, &record),
        [
            "SrcPort=10 DstPort=20 Bytes=100 Packets=1 IPTos=8 TCPFlags=2",
            "SrcPort=20 DstPort=10 Bytes=700 Packets=7 IPTos=8 TCPFlags=18"
        ]
    );
}

#[test]
fn events_without_counts_are_rows_where_their_columns_are_wanted() {
    use flowql_decode::{Columns, Decoder, Field, Fields, Limits, Settings};
    let fields = plain(&[(8, 4), (230, 1)]);
    let message = Message::ipfix().template(300, &fields).set(300, &values(&[(1, 4), (4, 1)]));
    let without = Fields::all().without(Field::NATEvent).without(Field::FirewallEvent);
    for (wanted, rows, events) in [(Fields::all(), 1, 0), (without, 0, 1)] {
        let mut decoder = Decoder::new(Settings::default(), Limits::default(), wanted);
        let mut columns = Columns::new(wanted);
        decoder.decode(&support::datagram(&message.bytes()), &mut columns, &mut ());
        assert_eq!((columns.rows(), decoder.counters().events), (rows, events));
    }
}

#[test]
fn the_configuration_gives_elements_columns() {
    use flowql_decode::{Decoder, Field, Fields, Limits, Settings};
    let columns = [
        ((9, 12_235), Field::AppName),
        ((0, 43_210), Field::IPTTL),
        ((9, 7), Field::SrcAddrNAT),
        ((0, 7), Field::DstPort),
        ((9, 8), Field::FlowEndReason),
        ((9, 9), Field::FlowDirection),
    ];
    let settings = Settings { elements: columns.into(), ..Settings::default() };
    let mut decoder = Decoder::new(settings, Limits::default(), Fields::all());
    let mut columns = support::columns();
    let fields = [(9, 12_235, 0xFFFF), (9, 7, 4), (0, 7, 2), (9, 8, 1), (9, 9, 1)];
    // The columns of words take only numbers that are words.
    let records =
        [[3, 1], [200, 2]].map(|words| [&b"\x06http \0"[..], &[192, 0, 2, 1], &[0, 80], &words].concat());
    let message = Message::ipfix().template(300, &fields).set(300, &records.concat());
    decoder.decode(&support::datagram(&message.bytes()), &mut columns, &mut ());
    let message = Message::v9().template(300, &[(0, 43_210, 1)]).set(300, &[64]);
    decoder.decode(&support::datagram(&message.bytes()), &mut columns, &mut ());
    assert_eq!(
        support::lines(&mut columns, &decoder),
        [
            "SamplingRate=1 DstPort=80 FlowDirection=2 SrcAddrNAT=192.0.2.1 AppName=http FlowEndReason=3",
            "SamplingRate=1 DstPort=80 SrcAddrNAT=192.0.2.1 AppName=http",
            "SamplingRate=1 IPTTL=64",
        ]
    );
}
