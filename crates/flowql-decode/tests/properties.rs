//! Random templates and records, with the rows that they must give.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_decode::{Datagram, Source, VARIABLE};
use proptest::prelude::*;
use support::{Message, NOW, Spec, columns, decoder, lines, source, values};

/// Elements that fill a column of their own, in the order of the columns: the number, the column, and its width.
const COLUMNS: [(u16, &str, usize); 20] = [
    (9, "SrcNetMask", 1),
    (13, "DstNetMask", 1),
    (16, "SrcAS", 4),
    (17, "DstAS", 4),
    (129, "SrcPeerAS", 4),
    (128, "DstPeerAS", 4),
    (58, "SrcVlan", 2),
    (59, "DstVlan", 2),
    (10, "InIfIndex", 4),
    (14, "OutIfIndex", 4),
    (4, "Proto", 4),
    (7, "SrcPort", 2),
    (11, "DstPort", 2),
    (1, "Bytes", 8),
    (2, "Packets", 8),
    (227, "SrcPortNAT", 2),
    (228, "DstPortNAT", 2),
    (56, "SrcMAC", 8),
    (192, "IPTTL", 1),
    (31, "IPv6FlowLabel", 4),
];

/// How a field is sent.
#[derive(Clone, Copy, Debug)]
struct Field {
    /// Which of [`COLUMNS`]; beyond them one that nobody knows.
    column: usize,
    length: u16,
    is_variable: bool,
}

/// A template, and the values of each field in each record.
#[derive(Clone, Debug)]
struct Set {
    fields: Vec<Field>,
    records: Vec<Vec<u64>>,
}

fn field() -> impl Strategy<Value = Field> {
    (0..COLUMNS.len() + 4, 1_u16..=8, prop::bool::weighted(0.15))
        .prop_map(|(column, length, is_variable)| Field { column, length, is_variable })
}

fn set() -> impl Strategy<Value = Set> {
    let fields = prop::collection::vec(field(), 1..12).prop_map(|mut fields| {
        // What a second field of the same column does is a matter of rules, not of this generator.
        let mut seen = Vec::new();
        fields.retain(|field| {
            field.column >= COLUMNS.len()
                || !seen.contains(&field.column) && {
                    seen.push(field.column);
                    true
                }
        });
        fields
    });
    fields.prop_flat_map(|fields| {
        let value = prop_oneof![Just(0), 1_u64..100, any::<u64>()];
        let record = prop::collection::vec(value, fields.len());
        prop::collection::vec(record, 1..10).prop_map(move |records| Set { fields: fields.clone(), records })
    })
}

impl Field {
    fn element(self) -> u16 {
        COLUMNS.get(self.column).map_or(2_000 + self.column as u16, |column| column.0)
    }

    fn spec(self) -> Spec {
        (0, self.element(), if self.is_variable { VARIABLE } else { self.length })
    }

    /// The value as it fits into the field.
    fn cut(self, value: u64) -> u64 {
        value & (u64::MAX >> (64 - 8 * u32::from(self.length)))
    }

    fn write(self, value: u64, long: bool) -> Vec<u8> {
        let bytes = values(&[(self.cut(value), self.length.into())]);
        let length = self.length as u8;
        match (self.is_variable, long) {
            (false, _) => bytes,
            (true, false) => [vec![length], bytes].concat(),
            (true, true) => [vec![255, 0, length], bytes].concat(),
        }
    }
}

impl Set {
    fn specs(&self) -> Vec<Spec> {
        self.fields.iter().map(|field| field.spec()).collect()
    }

    fn record(&self, record: &[u64]) -> Vec<u8> {
        let values = self.fields.iter().zip(record);
        values.flat_map(|(field, &value)| field.write(value, value % 3 == 0)).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        self.records.iter().flat_map(|record| self.record(record)).collect()
    }

    /// The row of a record, from the list of columns alone.
    fn row(&self, record: &[u64]) -> String {
        let mut row = "SamplingRate=1".to_owned();
        let find = |place| {
            let found = self.fields.iter().position(|field| field.column == place)?;
            let width = COLUMNS[place].2 as u32 * 8;
            Some(self.fields[found].cut(record[found]) & (u64::MAX >> (64 - width)))
        };
        let value =
            |name| COLUMNS.iter().position(|column| column.1 == name).and_then(find).unwrap_or_default();
        for (place, (_, name, _)) in COLUMNS.iter().enumerate() {
            let mut number = find(place).unwrap_or_default();
            if name.ends_with("AS") && number == u64::from(u32::MAX) {
                number = 0;
            }
            // Bytes came in one packet at least.
            if *name == "Packets" && number == 0 && value("Bytes") != 0 {
                number = 1;
            }
            if number != 0 {
                row += &format!(" {name}={number}");
            }
        }
        row
    }

    fn rows(&self) -> Vec<String> {
        self.records.iter().map(|record| self.row(record)).collect()
    }
}

fn message(is_v9: bool) -> Message {
    if is_v9 { Message::v9() } else { Message::ipfix() }
}

fn decode(messages: &[(Source, Message)]) -> Vec<String> {
    let (mut decoder, mut columns) = (decoder(), columns());
    for (source, message) in messages {
        let bytes = message.bytes();
        let datagram = Datagram { received: NOW, source: *source, position: 0, bytes: &bytes };
        decoder.decode(&datagram, &mut columns, &mut ());
    }
    assert_eq!(decoder.counters().malformed(), 0, "{:?}", decoder.counters());
    let rows = lines(&mut columns, &decoder);
    rows.iter().map(|row| without_icmp(row)).collect()
}

/// A row without the columns of ICMP, which follow from others.
fn without_icmp(row: &str) -> String {
    row.split(' ').filter(|part| !part.starts_with("ICMP")).collect::<Vec<_>>().join(" ")
}

proptest! {
    #[test]
    fn records_become_the_rows_of_their_template(set in set(), is_v9: bool) {
        let message = message(is_v9).template(300, &set.specs()).set(300, &set.bytes());
        prop_assert_eq!(decode(&[(source(1), message)]), set.rows());
    }

    #[test]
    fn splitting_sets_changes_no_rows(set in set(), is_v9: bool, parts in prop::collection::vec(0..3_usize, 10)) {
        let mut messages = vec![message(is_v9).template(300, &set.specs())];
        for (record, part) in set.records.iter().zip(parts) {
            // The record goes into a set, or a message, of its own.
            if part == 2 {
                messages.push(message(is_v9));
            }
            let last = messages.pop().unwrap();
            messages.push(last.set(300, &set.record(record)));
        }
        let messages: Vec<_> = messages.into_iter().map(|message| (source(1), message)).collect();
        prop_assert_eq!(decode(&messages), set.rows());
    }

    #[test]
    fn announcing_a_template_again_changes_nothing(set in set(), is_v9: bool) {
        let mut messages = Vec::new();
        for record in &set.records {
            let announced = message(is_v9).template(300, &set.specs());
            messages.push((source(1), announced.set(300, &set.record(record)).template(300, &set.specs())));
        }
        prop_assert_eq!(decode(&messages), set.rows());
    }

    #[test]
    fn the_order_between_sessions_never_matters(
        sets in prop::collection::vec((set(), any::<bool>()), 1..4),
        order in prop::collection::vec(any::<prop::sample::Index>(), 32),
    ) {
        // Each session has templates under the same number, by a port of its own.
        let sessions: Vec<Vec<(Source, Message)>> = sets.iter().enumerate().map(|(port, (set, is_v9))| {
            let from = Source { address: ([192, 0, 2, port as u8 + 1], 1).into(), ..source(1) };
            let template = message(*is_v9).template(300, &set.specs());
            let records = set.records.iter().map(|record| message(*is_v9).set(300, &set.record(record)));
            std::iter::once(template).chain(records).map(|message| (from, message)).collect()
        }).collect();
        let mut expected = decode(&sessions.concat());
        let mut mixed = Vec::new();
        let mut rest: Vec<_> = sessions.into_iter().map(std::collections::VecDeque::from).collect();
        let mut order = order.iter().cycle();
        while !rest.is_empty() {
            let place = order.next().unwrap().index(rest.len());
            mixed.extend(rest[place].pop_front());
            rest.retain(|session| !session.is_empty());
        }
        let mut found = decode(&mixed);
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200), version in 0..6_usize) {
        let mut bytes = bytes;
        let heads: [&[u8]; 6] = [&[], &[0, 9], &[0, 10], &[0, 5, 0, 1], &[0, 0, 0, 5], &[0, 1, 0, 2]];
        bytes.splice(0..0, heads[version].iter().copied());
        let (mut decoder, mut columns) = (decoder(), columns());
        decoder.decode(&support::datagram(&bytes), &mut columns, &mut ());
        prop_assert!(columns.rows() <= bytes.len());
    }
}
