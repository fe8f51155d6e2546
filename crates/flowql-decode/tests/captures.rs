//! Packets of real exporters, where the captures are at hand: `FLOWQL_CAPTURES`, or `../shared/captures`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use std::fmt::Write as _;

use flowql_decode::capture::{Reader, Step};
use flowql_decode::{Datagram, Decoder, Reason, Source, Transport};
use support::{Random, add_up, captures, columns, datagram, decoder, device, lines, packets};

fn summary(decoder: &Decoder, rows: usize) -> String {
    let counters = decoder.counters();
    let mut text =
        format!("{rows} rows, {} option records, {} waiting", counters.option_records, decoder.waiting());
    for &reason in Reason::ALL {
        if counters.refused(reason) > 0 {
            write!(text, ", {} {reason:?}", counters.refused(reason)).unwrap();
        }
    }
    text
}

/// What each device's datagrams hold, and why a part cannot be read.
const DEVICES: [(&str, &str); 24] = [
    ("ipfix", "6 rows, 1 option records, 0 waiting"),
    ("ipfix_test_barracuda", "8 rows, 0 option records, 0 waiting"),
    ("ipfix_test_barracuda_extended_uniflow", "2 rows, 0 option records, 0 waiting"),
    ("ipfix_test_ixia", "3 rows, 0 option records, 0 waiting"),
    ("ipfix_test_juniper_mx240_junos151r6s3", "0 rows, 1 option records, 0 waiting"),
    ("ipfix_test_mikrotik", "46 rows, 0 option records, 0 waiting"),
    // The template of one set is not in the capture.
    ("ipfix_test_netscaler", "3 rows, 0 option records, 1 waiting"),
    ("ipfix_test_openbsd_pflow", "26 rows, 0 option records, 0 waiting"),
    ("ipfix_test_yaf", "4 rows, 1 option records, 0 waiting"),
    ("netflow5", "2 rows, 0 option records, 0 waiting"),
    ("netflow5_test_juniper_mx80", "29 rows, 0 option records, 0 waiting"),
    ("netflow5_test_microtik", "30 rows, 0 option records, 0 waiting"),
    ("netflow9_cisco_asr1001x", "25 rows, 0 option records, 0 waiting"),
    ("netflow9_test_0length_fields", "10 rows, 0 option records, 0 waiting"),
    ("netflow9_test_cisco_asa_1", "14 rows, 0 option records, 0 waiting"),
    // Most connections that end had begun before the first datagram.
    ("netflow9_test_cisco_asa_2", "18 rows, 0 option records, 0 waiting"),
    // The options of its sampler are not in the capture.
    ("netflow9_test_cisco_asr9k", "0 rows, 19 option records, 1 waiting"),
    ("netflow9_test_cisco_nbar", "5 rows, 15 option records, 0 waiting"),
    ("netflow9_test_fortigate_fortios_521", "1 rows, 1 option records, 0 waiting"),
    ("netflow9_test_h3c", "16 rows, 0 option records, 0 waiting"),
    ("netflow9_test_h3c_netstream_varstring", "1 rows, 0 option records, 0 waiting"),
    ("netflow9_test_nprobe", "1 rows, 1 option records, 0 waiting"),
    // Its set is longer than its record, by bytes that are not zero and fewer than another record.
    ("netflow9_test_nprobe_dpi", "1 rows, 0 option records, 0 waiting, 1 Record"),
    ("netflow9_test_softflowd", "7 rows, 0 option records, 0 waiting"),
];

#[test]
fn datagrams_of_devices() {
    let Some(folder) = captures("datagrams") else { return };
    for (name, expected) in DEVICES {
        let (mut decoder, mut columns) = (decoder(), columns());
        let datagrams = device(&folder, name);
        assert!(!datagrams.is_empty(), "{name}");
        for bytes in &datagrams {
            decoder.decode(&datagram(bytes), &mut columns, &mut ());
            add_up(&decoder);
        }
        assert_eq!(summary(&decoder, columns.rows()), expected, "{name}");
    }
}

/// The rows of a capture, and the decoder that made them.
fn capture(name: &str) -> Option<(Vec<String>, Decoder)> {
    let packets = packets(name)?;
    let (mut decoder, mut columns) = (decoder(), columns());
    let datagram = |place: usize| {
        let packet = &packets[place];
        let source = Source { address: packet.source, listener: 0, transport: Transport::Udp };
        Datagram { received: packet.time, source, position: place as u64, bytes: &packet.payload }
    };
    for place in 0..packets.len() {
        decoder.decode(&datagram(place), &mut columns, &mut ());
    }
    decoder.finish();
    for ticket in decoder.ready() {
        decoder.resume(&datagram(ticket.position as usize), ticket, &mut columns, &mut ());
    }
    add_up(&decoder);
    Some((lines(&mut columns, &decoder), decoder))
}

#[test]
fn captures_of_networks() {
    let cases = [
        // The template comes last: all its flows wait.
        ("101-NFv9-CISCO-cust_primitives.pcap", "51 rows, 0 option records, 0 waiting"),
        ("104-IPFIXv10-IPv6-CISCO-sampling_option.pcap", "3 rows, 1 option records, 0 waiting"),
        ("106-IPFIXv10-HUAWEI-vrf_name.pcap", "3 rows, 1 option records, 0 waiting"),
        ("ipfix-srv6.pcap", "86 rows, 86 option records, 0 waiting"),
        ("sflow-print-v6.pcap", "13 rows, 0 option records, 0 waiting"),
        ("sflow.pcap", "1 rows, 0 option records, 0 waiting"),
        ("sflow_expanded.pcap", "1 rows, 0 option records, 0 waiting"),
        ("sflow_multiple_counter_30_pdus.pcap", "7 rows, 0 option records, 0 waiting"),
    ];
    for (name, expected) in cases {
        let Some((rows, decoder)) = capture(name) else { return };
        assert_eq!(summary(&decoder, rows.len()), expected, "{name}");
    }
}

/// The sum of a column over rows.
fn sum(rows: &[String], column: &str) -> u64 {
    let values = rows.iter().flat_map(|row| row.split(' '));
    let values = values.filter_map(|part| part.strip_prefix(column)?.strip_prefix('=')?.parse::<u64>().ok());
    values.sum()
}

/// What `tshark -2` 4.0 sums up of the fields `cflow.octets` and `cflow.packets` of each capture.
#[test]
fn sums_are_those_of_tshark() {
    let cases = [
        ("101-NFv9-CISCO-cust_primitives.pcap", 4_500, 56),
        ("104-IPFIXv10-IPv6-CISCO-sampling_option.pcap", 10_632, 121),
        ("106-IPFIXv10-HUAWEI-vrf_name.pcap", 284_557, 1_227),
        ("ipfix-srv6.pcap", 133_659, 1_070),
    ];
    for (name, bytes, packets) in cases {
        let Some((rows, _)) = capture(name) else { return };
        assert_eq!((sum(&rows, "Bytes"), sum(&rows, "Packets")), (bytes, packets), "{name}");
    }
}

#[test]
fn names_and_rates_come_from_options() {
    let Some((rows, _)) = capture("ipfix-srv6.pcap") else { return };
    let interface = "InIfName=TenGigE0_0_0_0 InIfDescription=TenGigE0/0/0/0 InIfIndex=42";
    assert!(rows[0].contains(interface) && rows[0].contains("InVRF=default"), "{}", rows[0]);
    let Some((rows, decoder)) = capture("106-IPFIXv10-HUAWEI-vrf_name.pcap") else { return };
    assert!(rows[1].contains("EgressVRFID=1 OutVRF=A4"), "{}", rows[1]);
    // The options of the other exporter say the rate, those of this one only names.
    assert_eq!(decoder.counters().unknown_rates, 3);
    // It says that one packet in a row is taken (305), and one of 256 (309, 310).
    let Some((rows, decoder)) = capture("104-IPFIXv10-IPv6-CISCO-sampling_option.pcap") else { return };
    assert_eq!(decoder.counters().unknown_rates, 0);
    assert!(rows.iter().all(|row| row.starts_with("SamplingRate=256 ")), "{rows:?}");
}

#[test]
fn mpls_labels_and_times_of_a_router() {
    let Some((rows, _)) = capture("101-NFv9-CISCO-cust_primitives.pcap") else { return };
    let expected = "SamplingRate=1 SrcAddr=138.187.58.13 DstAddr=138.187.57.33 InIfIndex=143 OutIfIndex=142 \
                    EType=2048 Proto=6 SrcPort=10000 DstPort=58779 Bytes=60 Packets=1 ForwardingStatus=64 \
                    FlowDirection=1 TCPFlags=16 MPLSLabels=[16065, 16033] IngressVRFID=1610612736 \
                    EgressVRFID=1610612736 FlowStart=1677577598553 FlowEnd=1677577598553";
    assert_eq!(rows[0], expected);
}

/// Changes bytes, cuts, or puts a part elsewhere.
fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(6) {
        let (place, value) = (random.below(bytes.len()), random.below(256) as u8);
        match random.below(8) {
            0 => bytes.truncate(place),
            1 => {
                let part = bytes[place..].to_vec();
                bytes.extend(part);
            }
            2 if !bytes.is_empty() => bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)],
            3 => bytes.insert(place, value),
            _ if !bytes.is_empty() => bytes[place] = value,
            _ => {}
        }
    }
}

#[test]
fn mutated_captures_cause_no_panic() {
    let Some(folder) = captures("datagrams") else { return };
    let mut seeds: Vec<Vec<u8>> = DEVICES.iter().flat_map(|(name, _)| device(&folder, name)).collect();
    for entry in std::fs::read_dir(captures("pcap").unwrap()).unwrap() {
        seeds.push(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let mut random = Random(1);
    let mut decoder = decoder();
    for _ in 0..20_000 {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        mutate(&mut random, &mut bytes);
        let mut columns = columns();
        decoder.decode(&datagram(&bytes), &mut columns, &mut ());
        // A set that waits is not at hand any more.
        decoder.ready().into_iter().for_each(|ticket| decoder.lose(ticket));
        add_up(&decoder);
        columns.settle();
        for &field in flowql_decode::Field::ALL {
            let filled = columns.fixed(field).len();
            let is_list = field.kind() == flowql_decode::Kind::Numbers;
            assert!(is_list || filled == 0 || filled == columns.rows() * field.width(), "{field:?}");
        }
        let mut reader = Reader::default();
        let mut rest = &bytes[..];
        while let Ok(Step::Used(length) | Step::Packet(length, _)) = reader.step(rest) {
            if length == 0 && rest.is_empty() {
                break;
            }
            rest = &rest[length..];
        }
    }
    // Most of it was decoded all the same.
    assert!(decoder.counters().rows > 20_000, "{:?}", decoder.counters());
}
