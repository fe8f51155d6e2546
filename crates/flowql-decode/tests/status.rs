//! What an exporter's status shows of what it sends and nothing takes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_decode::{Decoder, Skipped, Statistic};
use support::{Message, columns, datagram, decoder, plain, values};

fn decode(decoder: &mut Decoder, message: &Message) {
    decoder.decode(&datagram(&message.bytes()), &mut columns(), &mut ());
}

fn skipped(decoder: &Decoder) -> Vec<Skipped> {
    decoder.skipped([192, 0, 2, 1].into())
}

/// Enterprise, number, name, whether of options, and a value.
type Entry = (u32, u16, Option<&'static str>, bool, Vec<u8>);

fn list(decoder: &Decoder) -> Vec<Entry> {
    let all = skipped(decoder).into_iter();
    let entry = |skipped: Skipped| {
        let (element, name) = (skipped.element, skipped.name());
        (element.enterprise, element.id, name, skipped.in_options, skipped.sample)
    };
    all.map(entry).collect()
}

#[test]
fn elements_that_mean_nothing_are_listed_with_a_value() {
    let mut decoder = decoder();
    let fields = [(0, 7, 2), (0, 1_999, 2), (9, 12_235, 0xFFFF), (0, 210, 1), (0, 184, 4)];
    let template = Message::ipfix().template(300, &fields);
    decode(&mut decoder, &template);
    let none = Vec::new;
    let expected = [
        (0, 1_999, None, false, none()),
        (9, 12_235, Some("applicationHttpHost"), false, none()),
        (0, 184, Some("tcpSequenceNumber"), false, none()),
    ];
    assert_eq!(list(&decoder), expected);
    let record = |value: &[u8]| [&[0, 53, 1, 2, value.len() as u8][..], value, &[0, 0, 0, 0, 9]].concat();
    let long = [7; 50];
    let set = |first: &[u8]| Message::ipfix().set(300, &[record(first), record(b"second")].concat());
    decode(&mut decoder, &set(&long));
    decode(&mut decoder, &set(b"later"));
    let mut expected = [
        (0, 1_999, None, false, vec![1, 2]),
        (9, 12_235, Some("applicationHttpHost"), false, vec![7; 32]),
        (0, 184, Some("tcpSequenceNumber"), false, vec![0, 0, 0, 9]),
    ];
    assert_eq!(list(&decoder), expected);
    // Another layout under the same number: a value of it is taken again.
    decode(&mut decoder, &Message::ipfix().template(300, &fields[..4]));
    decode(&mut decoder, &Message::ipfix().set(300, &record(b"http")[..9 + 1]));
    expected[1].4 = b"http".to_vec();
    assert_eq!(list(&decoder), expected);
}

#[test]
fn options_say_more_than_names() {
    let mut decoder = decoder();
    // The exporting process; messages, flows and one thing that nobody knows.
    let fields = plain(&[(144, 4), (41, 8), (42, 8), (1_888, 2)]);
    let options = Message::ipfix().options(400, 1, &fields);
    let record = |messages| values(&[(1, 4), (messages, 8), (900, 8), (5, 2)]);
    decode(&mut decoder, &options.set(400, &record(7)));
    decode(&mut decoder, &Message::ipfix().set(400, &record(8)));
    assert_eq!(list(&decoder), [(0, 1_888, None, true, vec![0, 5])]);
    let statistics: Vec<_> = decoder.statistics([192, 0, 2, 1].into()).map(|(_, found)| found).collect();
    assert_eq!(statistics, [Statistic { id: 41, value: 8 }, Statistic { id: 42, value: 900 }]);
    assert_eq!(statistics[0].name(), Some("exportedMessageTotalCount"));
    assert_eq!(decoder.statistics([192, 0, 2, 2].into()).count(), 0);
}

#[test]
fn fields_with_a_use_are_not_listed() {
    let mut decoder = decoder();
    let firewall = [233, 33_002, 148, 231, 298, 232, 299, 152, 323, 141].map(|id| (id, 8));
    decode(&mut decoder, &Message::v9().template(260, &plain(&firewall)));
    let names = plain(&[(1, 4), (10, 4), (82, 8), (83, 8), (130, 4), (34, 4), (48, 1)]);
    decode(&mut decoder, &Message::v9().options(261, 1, &names));
    assert_eq!(list(&decoder), []);
}

#[test]
fn the_list_is_bounded_and_begins_again_after_a_restore() {
    let mut first = decoder();
    let fields: Vec<_> = (20_000..20_100).map(|id| (id, 1)).collect();
    let announced = Message::ipfix().template(300, &plain(&fields)).set(300, &[3; 100]);
    decode(&mut first, &announced);
    assert_eq!(skipped(&first).len(), 64);
    assert!(skipped(&first).iter().all(|skipped| skipped.sample == [3]));
    let mut second = decoder();
    second.restore(&first.save()).unwrap();
    assert_eq!(skipped(&second).len(), 64);
    assert!(skipped(&second).iter().all(|skipped| skipped.sample.is_empty()));
    decode(&mut second, &Message::ipfix().set(300, &[4; 100]));
    assert!(skipped(&second).iter().all(|skipped| skipped.sample == [4]));
}
