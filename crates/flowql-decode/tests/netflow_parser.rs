//! A second opinion on the same datagrams: the crate `netflow_parser`, field by field of every record of flows.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use std::collections::BTreeMap;

use flowql_decode::{Columns, Element, Field, Observer, Record, Source};
use netflow_parser::variable_versions::{ipfix, v9};
use netflow_parser::{NetflowPacket, NetflowParser};
use support::messages::{legacy, message};
use support::{Random, captures, columns, datagram, decoder, device, packets};

/// Datagrams of the captures of which the two see other numbers of records and fields, ours first, and why. Of all the others
/// every value is the same.
const DIFFERENCES: &[(&str, &str)] = &[
    ("ipfix 0: 3 packets", "the file has several messages, and a datagram has one"),
    ("ipfix_test_ixia 0: (1, 37) (0, 0)", "netflow_parser gives no record of a set with eight texts"),
    ("ipfix_test_ixia 1: (2, 74) (0, 0)", "the same"),
    ("netflow5 0: 12 packets", "the file has several datagrams"),
    ("netflow9_test_cisco_asr9k 6: (0, 0) (21, 483)", "the set waits for the options of its sampler"),
    (
        "netflow9_test_h3c_netstream_varstring 1: (1, 28) (0, 0)",
        "lengths are variable, which NetFlow v9 does not know",
    ),
    ("ipfix-srv6.pcap 1: (0, 0) (1, 35)", "the set waits for the options of its sampler"),
];

/// A record: the elements with the bytes of their values.
type Fields = Vec<(Element, Vec<u8>)>;

/// The records of flows, as they were sent.
#[derive(Default)]
struct Shown(Vec<Fields>);

impl Observer for Shown {
    fn wants_records(&self) -> bool {
        true
    }

    fn record(&mut self, _: Source, _: u32, record: Record<'_>) {
        if record.template().scopes().is_none() {
            self.0.push(record.elements().map(|(element, bytes)| (element, bytes.to_vec())).collect());
        }
    }
}

/// The values of records of flows, as `netflow_parser` has them.
fn values(packet: &NetflowPacket) -> Vec<Vec<Vec<u8>>> {
    let bytes = |value: &netflow_parser::FieldValue| {
        let mut bytes = Vec::new();
        value.write_be_bytes(&mut bytes).unwrap();
        bytes
    };
    match packet {
        NetflowPacket::V9(packet) => {
            let data = packet.flowsets.iter().filter_map(|set| match &set.body {
                v9::FlowSetBody::Data(data) => Some(&data.fields),
                _ => None,
            });
            data.flatten().map(|record| record.iter().map(|(_, value)| bytes(value)).collect()).collect()
        }
        NetflowPacket::IPFix(packet) => {
            let data = packet.flowsets.iter().filter_map(|set| match &set.body {
                ipfix::FlowSetBody::Data(data) => Some(&data.fields),
                _ => None,
            });
            data.flatten().map(|record| record.iter().map(|(_, value)| bytes(value)).collect()).collect()
        }
        _ => Vec::new(),
    }
}

/// What was compared, and what was not the same.
#[derive(Default)]
struct Comparison {
    fields: usize,
    rows: usize,
    differ: BTreeMap<(u32, u16), String>,
    /// Datagrams with other numbers of records.
    counts: Vec<String>,
}

impl Comparison {
    /// Compares the datagrams of an exporter.
    fn add(&mut self, name: &str, datagrams: &[Vec<u8>]) {
        let (mut decoder, mut parser) = (decoder(), NetflowParser::default());
        for (place, bytes) in datagrams.iter().enumerate() {
            let (mut columns, mut shown) = (columns(), Shown::default());
            decoder.decode(&datagram(bytes), &mut columns, &mut shown);
            columns.settle();
            let parsed = parser.parse_bytes(bytes);
            if parsed.packets.len() > 1 {
                self.counts.push(format!("{name} {place}: {} packets", parsed.packets.len()));
                continue;
            }
            for packet in &parsed.packets {
                self.fixed(&format!("{name} {place}"), packet, &columns);
            }
            let theirs: Vec<Vec<Vec<u8>>> = parsed.packets.iter().flat_map(values).collect();
            let fields = |records: &mut dyn Iterator<Item = usize>| records.sum::<usize>();
            let ours = (shown.0.len(), fields(&mut shown.0.iter().map(Vec::len)));
            let counted = (theirs.len(), fields(&mut theirs.iter().map(Vec::len)));
            if ours != counted {
                self.counts.push(format!("{name} {place}: {ours:?} {counted:?}"));
                continue;
            }
            for (ours, theirs) in shown.0.iter().zip(&theirs) {
                for ((element, ours), theirs) in ours.iter().zip(theirs) {
                    self.fields += 1;
                    if ours != theirs {
                        let example = format!("{name}: ours {ours:?}, theirs {theirs:?}");
                        self.differ.entry((element.enterprise, element.id)).or_insert(example);
                    }
                }
            }
        }
    }

    /// Compares the columns of records that have one layout.
    fn fixed(&mut self, name: &str, packet: &NetflowPacket, columns: &Columns) {
        macro_rules! compare {
            ($($packet:ident)*) => {
                match packet {
                    $(NetflowPacket::$packet(packet) => {
                        if columns.rows() != packet.flowsets.len() {
                            let counts = (columns.rows(), packet.flowsets.len());
                            self.counts.push(format!("{name}: rows {counts:?}"));
                            return;
                        }
                        for (row, flow) in packet.flowsets.iter().enumerate() {
                            let fields: [(Field, u64); 15] = [
                                (Field::InIfIndex, flow.input.into()),
                                (Field::OutIfIndex, flow.output.into()),
                                (Field::Packets, flow.d_pkts.into()),
                                (Field::Bytes, flow.d_octets.into()),
                                (Field::SrcPort, flow.src_port.into()),
                                (Field::DstPort, flow.dst_port.into()),
                                (Field::TCPFlags, flow.tcp_flags.into()),
                                (Field::Proto, flow.protocol_number.into()),
                                (Field::IPTos, flow.tos.into()),
                                (Field::SrcAS, flow.src_as.into()),
                                (Field::DstAS, flow.dst_as.into()),
                                (Field::SrcNetMask, flow.src_mask.into()),
                                (Field::DstNetMask, flow.dst_mask.into()),
                                // How long the flow lasted: the rest of both times is in the header.
                                (Field::FlowEnd, flow.last.wrapping_sub(flow.first).into()),
                                (Field::EType, 0x0800),
                            ];
                            for (field, theirs) in fields {
                                let ours = match field {
                                    Field::FlowEnd => {
                                        columns.number(field, row) - columns.number(Field::FlowStart, row)
                                    }
                                    _ => columns.number(field, row),
                                };
                                assert_eq!(ours, theirs, "{field:?}");
                            }
                            for (field, theirs) in [
                                (Field::SrcAddr, flow.src_addr),
                                (Field::DstAddr, flow.dst_addr),
                                (Field::NextHop, flow.next_hop),
                            ] {
                                let ours = columns.address(field, row);
                                // No next hop is all zeros.
                                let is_none = field == Field::NextHop && theirs.is_unspecified();
                                let theirs = if is_none { [0; 16] } else { theirs.to_ipv6_mapped().octets() };
                                assert_eq!(ours, theirs, "{field:?}");
                            }
                            self.rows += 1;
                        }
                    })*
                    _ => {}
                }
            };
        }
        compare!(V5 V7);
    }

    /// Fails for what is not the same and not known.
    fn check(&self, counts: &[&str]) {
        assert!(self.differ.is_empty() && self.counts == counts, "{:#?} {:#?}", self.differ, self.counts);
    }
}

#[test]
fn generated_datagrams_have_the_same_values() {
    let mut comparison = Comparison::default();
    let mut random = Random(11);
    for number in 0..1_500 {
        let (_, bytes) = match number % 3 {
            0 => legacy(&mut random, number),
            _ => message(&mut random, number, |_, _| false),
        };
        comparison.add("generated", &[bytes]);
    }
    assert!(
        comparison.fields > 20_000 && comparison.rows > 3_000,
        "{} {}",
        comparison.fields,
        comparison.rows
    );
    comparison.check(&[]);
}

#[test]
fn captures_have_the_same_values() {
    let Some(folder) = captures("datagrams") else { return };
    let mut comparison = Comparison::default();
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name.starts_with("netflow") || name.starts_with("ipfix"))
        .map(|name| name.split("_tpl").next().unwrap().split("_opttpl").next().unwrap().to_owned())
        .map(|name| name.split("_data").next().unwrap().to_owned())
        .collect();
    names.sort();
    names.dedup();
    for name in names {
        comparison.add(&name, &device(&folder, &name));
    }
    for name in ["104-IPFIXv10-IPv6-CISCO-sampling_option.pcap", "ipfix-srv6.pcap"] {
        let datagrams: Vec<Vec<u8>> =
            packets(name).unwrap().into_iter().map(|packet| packet.payload.to_vec()).collect();
        comparison.add(name, &datagrams);
    }
    assert!(comparison.fields > 5_000, "{}", comparison.fields);
    let known: Vec<&str> = DIFFERENCES.iter().map(|(datagram, _)| *datagram).collect();
    comparison.check(&known);
}
