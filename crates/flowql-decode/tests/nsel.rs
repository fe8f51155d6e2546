//! Events of Cisco's firewalls: updates, teardowns, late and repeated ones.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_decode::{Columns, Datagram, Decoder, Fields, Limits, Settings};
use support::{Message, NOW, SECOND, lines, plain, source, values};

struct Asa {
    decoder: Decoder,
    columns: Columns,
}

/// A record: event, connection, counters there and back, when it began and when it happened, in seconds from the start.
struct Event(u64, u64, [u64; 4], i64, i64);

const FIELDS: [(u16, u16); 11] = [
    (233, 1),
    (33_002, 2),
    (148, 4),
    (7, 2),
    (11, 2),
    (231, 4),
    (298, 4),
    (232, 4),
    (299, 4),
    (152, 8),
    (323, 8),
];

impl Asa {
    fn new(limits: Limits, wanted: Fields) -> Self {
        let decoder = Decoder::new(Settings::default(), limits, wanted);
        let mut asa = Self { decoder, columns: Columns::new(wanted) };
        asa.decode(0, &Message::v9().template(260, &plain(&FIELDS)));
        asa
    }

    fn plain() -> Self {
        Self::new(Limits::default(), Fields::all())
    }

    fn decode(&mut self, after: u64, message: &Message) {
        let bytes = message.bytes();
        let datagram =
            Datagram { received: NOW + after * SECOND, source: source(1), position: 0, bytes: &bytes };
        self.decoder.decode(&datagram, &mut self.columns, &mut ());
        assert_eq!(self.decoder.counters().malformed(), 0);
    }

    /// The rows of an event: bytes, packets, and the times from and to, in seconds from the start.
    fn event(&mut self, after: u64, Event(event, id, counters, began, time): Event) -> Vec<String> {
        let ms = |seconds: i64| (NOW / 1_000_000).wrapping_add_signed(seconds * 1_000);
        let head = [(event, 1), (1, 2), (id, 4), (10, 2), (20, 2)];
        let counters = counters.map(|counter| (counter, 4));
        let times = [(ms(began), 8), (ms(time), 8)];
        let record = values(&[&head[..], &counters, &times].concat());
        self.columns.clear();
        self.decode(after, &Message::v9().set(260, &record));
        // Of times those digits are left that tell the tests apart.
        let start = (NOW / SECOND / 1_000).to_string();
        let rows = lines(&mut self.columns, &self.decoder);
        rows.iter().map(|row| row.replace(&start, "")).collect()
    }
}

fn bytes(rows: &[String]) -> Vec<(u64, u64)> {
    let value = |row: &String, name: &str| {
        let found = row.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.map_or(0, |value| value.parse().unwrap())
    };
    rows.iter().map(|row| (value(row, "SrcPort"), value(row, "Bytes"))).collect()
}

#[test]
fn a_teardown_counts_for_what_the_updates_did_not() {
    let mut asa = Asa::plain();
    let rows = asa.event(10, Event(5, 1, [100, 1, 1_000, 10], 0, 10));
    assert_eq!(
        rows,
        [
            "SamplingRate=1 SrcPort=10 DstPort=20 Bytes=100 Packets=1 FirewallEvent=5 FlowStart=000000 FlowEnd=010000",
            "SamplingRate=1 SrcPort=20 DstPort=10 Bytes=1000 Packets=10 FirewallEvent=5 FlowStart=000000 FlowEnd=010000",
        ]
    );
    assert_eq!(bytes(&asa.event(20, Event(5, 1, [50, 1, 0, 0], 0, 20))), [(10, 50)]);
    let rows = asa.event(30, Event(2, 1, [180, 3, 1_500, 15], 0, 30));
    assert_eq!(bytes(&rows), [(10, 30), (20, 500)]);
    assert!(rows[0].ends_with("FlowStart=020000 FlowEnd=030000"), "{}", rows[0]);
}

#[test]
fn a_short_connection_counts_by_its_teardown() {
    let mut asa = Asa::plain();
    let rows = asa.event(5, Event(2, 1, [180, 3, 0, 0], 1, 4));
    assert_eq!(bytes(&rows), [(10, 180)]);
    assert!(rows[0].ends_with("FlowStart=001000 FlowEnd=004000"), "{}", rows[0]);
}

#[test]
fn what_repeats_is_counted_and_not_stored() {
    let mut asa = Asa::plain();
    asa.event(5, Event(2, 1, [180, 3, 0, 0], 1, 4));
    assert!(asa.event(6, Event(5, 1, [20, 1, 0, 0], 1, 3)).is_empty());
    assert!(asa.event(64, Event(2, 1, [180, 3, 0, 0], 1, 4)).is_empty());
    assert_eq!(asa.decoder.counters().repeated, 2);
    // After a minute the number may be that of another connection.
    assert_eq!(bytes(&asa.event(65, Event(2, 1, [7, 1, 0, 0], 60, 65))), [(10, 7)]);
}

#[test]
fn a_connection_that_began_before_the_collector_is_not_guessed() {
    let mut asa = Asa::plain();
    assert!(asa.event(5, Event(2, 1, [180, 3, 0, 0], -1, 4)).is_empty());
    let mut record = Event(2, 2, [180, 3, 0, 0], 0, 4);
    record.3 = -((NOW / SECOND) as i64);
    assert!(asa.event(5, record).is_empty());
    assert_eq!(asa.decoder.counters().unknown_connections, 2);
    // Its updates count.
    assert_eq!(bytes(&asa.event(5, Event(5, 3, [9, 1, 0, 0], -100, 4))), [(10, 9)]);
}

#[test]
fn counters_that_ran_over_go_on() {
    let mut asa = Asa::plain();
    asa.event(5, Event(5, 1, [0xFFFF_FF00, 1, 0, 0], 1, 4));
    assert_eq!(bytes(&asa.event(6, Event(2, 1, [0x100, 2, 0, 0], 1, 5))), [(10, 0x200)]);
    asa.event(5, Event(5, 2, [500, 1, 0, 0], 1, 4));
    // Less than was stored is nothing, not nearly all.
    let rows = asa.event(6, Event(2, 2, [400, 1, 0, 0], 1, 5));
    assert_eq!(bytes(&rows), [(10, 0)]);
}

#[test]
fn other_events_carry_no_bytes() {
    let without = [flowql_decode::Field::NATEvent, flowql_decode::Field::FirewallEvent];
    let without = without.into_iter().fold(Fields::all(), Fields::without);
    for (wanted, rows, events) in [(Fields::all(), 1, 0), (without, 0, 1)] {
        for event in [0, 1, 3, 4] {
            let mut asa = Asa::new(Limits::default(), wanted);
            let found = asa.event(5, Event(event, 1, [180, 3, 9, 9], 1, 4));
            assert_eq!((found.len(), asa.decoder.counters().events), (rows, events));
            assert!(found.iter().all(|row| !row.contains("Bytes")));
        }
    }
}

#[test]
fn the_oldest_connection_leaves_and_raises_the_floor() {
    let mut asa = Asa::new(Limits { connections: 2, ..Limits::default() }, Fields::all());
    for id in 1..=3 {
        asa.event(5, Event(5, id, [10, 1, 0, 0], id as i64, 4));
    }
    // The first one left: what it had is not known any more, so its end does not count.
    assert!(asa.event(6, Event(2, 1, [30, 3, 0, 0], 1, 5)).is_empty());
    assert_eq!(asa.decoder.counters().unknown_connections, 1);
    assert_eq!(bytes(&asa.event(6, Event(2, 2, [30, 3, 0, 0], 2, 5))), [(10, 20)]);
}

#[test]
fn records_with_one_counter_are_stored_whole() {
    let fields = plain(&[(233, 1), (33_002, 2), (148, 4), (7, 2), (85, 4)]);
    let record = values(&[(2, 1), (1, 2), (1, 4), (10, 2), (500, 4)]);
    let rows = support::decode(&[Message::v9().template(261, &fields).set(261, &record.repeat(2))]);
    assert_eq!(rows, ["SamplingRate=1 SrcPort=10 Bytes=500 Packets=1 FirewallEvent=2"; 2]);
}
