//! NetFlow v1, v5 and v7, and the times of flows.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_decode::{Field, Protocol, Reason};
use support::{Message, NOW, SECOND, columns, datagram, decoder, lines, plain, values};

/// A header: version, count, uptime, seconds and nanoseconds, then what the version adds.
fn header(version: u64, count: u64, rest: &[(u64, usize)]) -> Vec<u8> {
    let seconds = NOW / SECOND;
    values(&[&[(version, 2), (count, 2), (100_000, 4), (seconds, 4), (500_000_000, 4)], rest].concat())
}

/// The fields that all three versions begin with, up to the ports.
const HEAD: [(u64, usize); 11] = [
    (0xC000_0201, 4),
    (0xC633_6401, 4),
    (0xC000_02FE, 4),
    (3, 2),
    (4, 2),
    (7, 4),
    (4_200, 4),
    (99_000, 4),
    (99_750, 4),
    (443, 2),
    (50_000, 2),
];

const FLOW: &str = "SrcAddr=192.0.2.1 DstAddr=198.51.100.1";
const PORTS: &str =
    "InIfIndex=3 OutIfIndex=4 EType=2048 Proto=6 SrcPort=443 DstPort=50000 Bytes=4200 Packets=7";

fn tail() -> String {
    let (start, end) = (NOW / 1_000_000 + 500 - 1_000, NOW / 1_000_000 + 500 - 250);
    format!("IPTos=16 TCPFlags=27 NextHop=192.0.2.254 FlowStart={start} FlowEnd={end}")
}

fn decode(bytes: &[u8]) -> Vec<String> {
    let (mut decoder, mut columns) = (decoder(), columns());
    decoder.decode(&datagram(bytes), &mut columns, &mut ());
    assert_eq!(decoder.counters().malformed(), 0);
    lines(&mut columns, &decoder)
}

#[test]
fn version_5() {
    let record = values(
        &[&HEAD[..], &[(0, 1), (27, 1), (6, 1), (16, 1), (64_496, 2), (64_497, 2), (24, 1), (25, 1), (0, 2)]]
            .concat(),
    );
    let masks = "SrcNetMask=24 DstNetMask=25 SrcAS=64496 DstAS=64497";
    for (word, rate) in [(0x4064, 100), (0x4000, 1), (0, 1)] {
        let head = header(5, 2, &[(9, 4), (1, 1), (2, 1), (word, 2)]);
        let expected = format!("SamplingRate={rate} {FLOW} {masks} {PORTS} {}", tail());
        assert_eq!(decode(&[head, record.repeat(2)].concat()), [expected.clone(), expected]);
    }
}

#[test]
fn version_1() {
    let record = values(
        &[&HEAD[..], &[(0xFFFF, 2), (6, 1), (16, 1), (27, 1), (0xFF, 1), (0xFFFF, 2), (0xFFFF_FFFF, 4)]]
            .concat(),
    );
    let expected = format!("SamplingRate=1 {FLOW} {PORTS} {}", tail());
    assert_eq!(decode(&[header(1, 1, &[]), record].concat()), [expected]);
}

#[test]
fn version_7() {
    let rest = [
        (0xFF, 1),
        (27, 1),
        (6, 1),
        (16, 1),
        (64_496, 2),
        (64_497, 2),
        (24, 1),
        (25, 1),
        (0xFFFF, 2),
        (0xC000_0299, 4),
    ];
    let record = values(&[&HEAD[..], &rest].concat());
    let head = header(7, 1, &[(9, 4), (0xFFFF_FFFF, 4)]);
    let masks = "SrcNetMask=24 DstNetMask=25 SrcAS=64496 DstAS=64497";
    assert_eq!(
        decode(&[head, record].concat()),
        [format!("SamplingRate=1 {FLOW} {masks} {PORTS} {}", tail())]
    );
}

#[test]
fn a_count_is_held_against_the_length() {
    let head = header(5, 30, &[(9, 4), (0, 4)]);
    let bytes = [head, vec![0; 30 * 48]].concat();
    assert_eq!(Protocol::of(&bytes), Some(Protocol::NetflowV5));
    assert_eq!(Protocol::of(&bytes[..bytes.len() - 1]), None);
    assert_eq!(decode(&bytes).len(), 30);
    let zero = header(5, 0, &[(9, 4), (0, 4)]);
    assert_eq!(Protocol::of(&zero), None);
    let (mut decoder, mut columns) = (decoder(), columns());
    decoder.decode(&datagram(&zero), &mut columns, &mut ());
    assert_eq!(decoder.counters().refused(Reason::Count), 1);
}

#[test]
fn sequence_numbers_of_version_5_count_flows() {
    let mut decoder = decoder();
    for sequence in [10, 12, 17] {
        let head = header(5, 2, &[(sequence, 4), (1, 1), (2, 1), (0, 2)]);
        decoder.decode(&datagram(&[head, vec![0; 96]].concat()), &mut columns(), &mut ());
    }
    let status = decoder.sessions().next().unwrap();
    assert_eq!((status.domain, status.sequence.lost), (0x0102, 3));
}

/// Start and end of a flow in milliseconds, as differences to the time of the header.
fn times(message: &Message, fields: &[(u16, u64, u16)]) -> (i64, i64) {
    let specs: Vec<(u16, u16)> = fields.iter().map(|&(id, _, length)| (id, length)).collect();
    let record: Vec<(u64, usize)> = fields.iter().map(|&(_, value, length)| (value, length.into())).collect();
    let message = message.clone().template(300, &plain(&specs)).set(300, &values(&record));
    let (mut decoder, mut columns) = (decoder(), columns());
    decoder.decode(&datagram(&message.bytes()), &mut columns, &mut ());
    columns.settle();
    let header = i64::from(message.time) * 1_000;
    let time = |field| columns.number(field, 0) as i64 - header;
    (time(Field::FlowStart), time(Field::FlowEnd))
}

#[test]
fn times_by_uptime_have_a_sign() {
    let v9 = Message::v9();
    assert_eq!(times(&v9, &[(22, 999_000, 4), (21, 999_500, 4)]), (-1_000, -500));
    // A flow can end after the header's uptime, which is rounded.
    assert_eq!(times(&v9, &[(22, 999_000, 4), (21, 1_000_400, 4)]), (-1_000, 400));
    let young = Message { uptime: 500, ..v9 };
    assert_eq!(times(&young, &[(22, u64::from(u32::MAX) - 499, 4), (21, 400, 4)]), (-1_000, -100));
}

#[test]
fn times_of_ipfix_by_uptime_need_the_start_of_the_device() {
    let ipfix = Message::ipfix();
    let now = u64::from(ipfix.time) * 1_000;
    let fields = [(22, 4_000, 4), (21, 9_000, 4), (160, now - 10_000, 8)];
    assert_eq!(times(&ipfix, &fields), (-6_000, -1_000));
    assert_eq!(times(&ipfix, &fields[..2]), (-5_000, 0));
}

#[test]
fn times_come_in_every_unit() {
    let ipfix = Message::ipfix();
    let now = u64::from(ipfix.time);
    let ntp = |milliseconds: u64| ((now + 2_208_988_800 - 1) << 32) | ((milliseconds << 32) / 1_000);
    let cases = [
        ([(150, now - 9, 4), (151, now - 2, 4)], (-9_000, -2_000)),
        ([(152, now * 1_000 - 9, 8), (153, now * 1_000 - 2, 8)], (-9, -2)),
        ([(154, ntp(250), 8), (155, ntp(750), 8)], (-750, -250)),
        ([(156, ntp(1), 8), (157, ntp(999), 8)], (-999, -1)),
        ([(158, 9_000_000, 4), (159, 2_000_000, 4)], (-9_000, -2_000)),
        ([(152, now * 1_000 - 9, 8), (161, 4, 4)], (-9, -5)),
        ([(153, now * 1_000 - 2, 8), (162, 7_000, 4)], (-9, -2)),
        ([(322, now - 3, 4), (1, 0, 1)], (-3_000, -3_000)),
        ([(323, now * 1_000 - 3, 8), (1, 0, 1)], (-3, -3)),
        ([(324, ntp(500), 8), (1, 0, 1)], (-500, -500)),
        ([(325, ntp(500), 8), (1, 0, 1)], (-500, -500)),
    ];
    for (fields, expected) in cases {
        assert_eq!(times(&ipfix, &fields), expected, "{fields:?}");
    }
}
