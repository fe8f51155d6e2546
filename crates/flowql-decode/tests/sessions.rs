//! Sessions: templates and what waits for them, sampling, names, limits.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use std::time::Duration;

use flowql_decode::{
    Columns, Datagram, Decoder, ExporterSettings, Fields, Limits, Observer, Reason, Record, SamplingSettings,
    Settings, Source, TimeSource, TotalsAre, Transport,
};
use support::{Message, NOW, SECOND, columns, decode, decoder, lines, plain, source, values};

const MINUTE: u64 = 60 * SECOND;

/// A decoder with the columns that it fills, and datagrams that it may ask for again.
struct Session {
    decoder: Decoder,
    columns: Columns,
    queue: Vec<(u64, Source, Vec<u8>)>,
}

impl Session {
    fn new(settings: Settings, limits: Limits) -> Self {
        let decoder = Decoder::new(settings, limits, Fields::all());
        Self { decoder, columns: columns(), queue: Vec::new() }
    }

    fn plain() -> Self {
        Self::new(Settings::default(), Limits::default())
    }

    /// Takes a message in at a time after the start.
    fn take(&mut self, after: u64, from: Source, message: &Message) {
        self.queue.push((NOW + after, from, message.bytes()));
        let (received, source, bytes) = self.queue.last().unwrap();
        let position = self.queue.len() as u64 - 1;
        let datagram = Datagram { received: *received, source: *source, position, bytes };
        self.decoder.decode(&datagram, &mut self.columns, &mut ());
        self.resume();
    }

    /// Gives the decoder once more what waits no longer.
    fn resume(&mut self) {
        for ticket in self.decoder.ready() {
            let (received, source, bytes) = &self.queue[ticket.position as usize];
            let datagram =
                Datagram { received: *received, source: *source, position: ticket.position, bytes };
            self.decoder.resume(&datagram, ticket, &mut self.columns, &mut ());
        }
    }

    /// The rows since the last time.
    fn rows(&mut self) -> Vec<String> {
        let rows = lines(&mut self.columns, &self.decoder);
        self.columns.clear();
        rows
    }
}

fn ports(message: Message, id: u16) -> Message {
    message.template(id, &plain(&[(7, 2), (11, 2)]))
}

fn port_records(message: Message, id: u16, ports: &[(u64, u64)]) -> Message {
    let records: Vec<(u64, usize)> = ports.iter().flat_map(|&(from, to)| [(from, 2), (to, 2)]).collect();
    message.set(id, &values(&records))
}

fn port_row(from: u64, to: u64) -> String {
    format!("SamplingRate=1 SrcPort={from} DstPort={to}")
}

#[test]
fn a_set_waits_for_its_template() {
    for message in [Message::v9(), Message::ipfix()] {
        let mut session = Session::plain();
        // The set that has its template does not wait.
        let both = port_records(ports(message.clone(), 301), 300, &[(1, 2), (3, 4)]);
        session.take(0, source(1), &port_records(both, 301, &[(5, 6)]));
        assert_eq!(session.rows(), [port_row(5, 6)]);
        assert_eq!(session.decoder.waiting(), 1);
        session.take(MINUTE, source(1), &ports(message, 300));
        assert_eq!(session.rows(), [port_row(1, 2), port_row(3, 4)]);
        let counters = session.decoder.counters();
        assert_eq!((counters.waiting_sets, counters.expired_sets, counters.data_sets), (1, 0, 2));
    }
}

#[test]
fn a_set_waits_so_long_and_so_many_wait() {
    let mut session = Session::plain();
    session.take(0, source(1), &port_records(Message::v9(), 300, &[(1, 2)]));
    session.decoder.tick(NOW + 5 * MINUTE - 1);
    assert_eq!(session.decoder.waiting(), 1);
    session.decoder.tick(NOW + 5 * MINUTE);
    assert_eq!((session.decoder.waiting(), session.decoder.counters().expired_sets), (0, 1));
    session.take(5 * MINUTE, source(1), &ports(Message::v9(), 300));
    assert!(session.rows().is_empty());

    let mut session = Session::new(Settings::default(), Limits { waiting_bytes: 1_000, ..Limits::default() });
    for _ in 0..10 {
        session.take(0, source(1), &port_records(Message::v9(), 300, &[(1, 2)]));
    }
    let counters = session.decoder.counters();
    assert_eq!((counters.waiting_sets, counters.expired_sets), (5, 5));
}

#[test]
fn option_records_wait_too() {
    let mut session = Session::plain();
    let fields = plain(&[(10, 4), (82, 8)]);
    session.take(0, source(1), &Message::ipfix().set(400, b"\0\0\0\x03eth3\0\0\0\0"));
    session.take(1, source(1), &Message::ipfix().options(400, 1, &fields));
    let flows = Message::ipfix().template(300, &plain(&[(10, 4)])).set(300, &[0, 0, 0, 3]);
    session.take(2, source(1), &flows);
    assert_eq!(session.rows(), ["SamplingRate=1 InIfName=eth3 InIfIndex=3"]);
}

#[test]
fn sessions_have_templates_of_their_own() {
    let mut session = Session::plain();
    let other = Message { domain: 8, ..Message::v9() };
    session.take(0, source(1), &ports(Message::v9(), 300));
    session.take(0, source(1), &port_records(other, 300, &[(1, 2)]));
    session.take(0, source(1), &port_records(Message::ipfix(), 300, &[(1, 2)]));
    let elsewhere = Source { address: ([192, 0, 2, 2], 1).into(), ..source(1) };
    session.take(0, elsewhere, &port_records(Message::v9(), 300, &[(1, 2)]));
    assert!(session.rows().is_empty());
    assert_eq!(session.decoder.waiting(), 3);
}

#[test]
fn a_template_of_another_port_serves() {
    let mut session = Session::plain();
    session.take(0, source(1), &ports(Message::v9(), 300));
    session.take(1, source(2), &Message::v9().template(300, &plain(&[(7, 4)])));
    session.take(2, source(3), &port_records(Message::v9(), 300, &[(0, 7)]));
    assert_eq!(session.rows(), ["SamplingRate=1 SrcPort=7"]);
    let borrowed = |session: &Session| {
        let status = session.decoder.sessions().find(|status| status.source == source(3));
        status.unwrap().borrowed_templates
    };
    assert!(borrowed(&session));
    // Its own is better.
    session.take(3, source(3), &ports(Message::v9(), 300));
    session.take(4, source(3), &port_records(Message::v9(), 300, &[(1, 2)]));
    assert_eq!(session.rows(), [port_row(1, 2)]);
}

#[test]
fn a_template_expires_after_three_refreshes_or_hours() {
    let hour = 60 * MINUTE;
    let flows = || port_records(Message::v9(), 300, &[(1, 2)]);
    let mut session = Session::plain();
    session.take(0, source(1), &ports(Message::v9(), 300));
    session.take(3 * hour - 1, source(1), &flows());
    assert_eq!(session.rows().len(), 1);
    session.take(3 * hour, source(1), &flows());
    assert_eq!((session.rows().len(), session.decoder.waiting()), (0, 1));

    let mut session = Session::plain();
    session.take(0, source(1), &ports(Message::v9(), 300));
    session.take(2 * hour, source(1), &ports(Message::v9(), 300));
    session.take(8 * hour - 1, source(1), &flows());
    assert_eq!(session.rows().len(), 1);
    session.take(8 * hour, source(1), &flows());
    assert_eq!(session.rows().len(), 0);
}

#[test]
fn templates_are_withdrawn_on_connections_only() {
    let connection = Source { transport: Transport::Connection(1), ..source(1) };
    let withdrawals = [
        (Message::ipfix().set(2, &[1, 44, 0, 0]), 0),
        (Message::ipfix().set(2, &[0, 2, 0, 0]), 0),
        (Message::ipfix().set(2, &[1, 45, 0, 0]), 1),
        (Message::ipfix().set(3, &[0, 3, 0, 0]), 1),
    ];
    for (withdrawal, left) in withdrawals {
        for (source, expected) in [(source(1), 1), (connection, left)] {
            let mut session = Session::plain();
            session.take(0, source, &ports(Message::ipfix(), 300));
            session.take(0, source, &withdrawal);
            session.take(0, source, &port_records(Message::ipfix(), 300, &[(1, 2)]));
            assert_eq!(session.rows().len(), expected);
            assert_eq!(session.decoder.counters().malformed(), 0);
        }
    }
    // They live as long as it does.
    let mut session = Session::plain();
    session.take(0, connection, &ports(Message::ipfix(), 300));
    session.take(100 * 60 * MINUTE, connection, &port_records(Message::ipfix(), 300, &[(1, 2)]));
    assert_eq!(session.rows().len(), 1);
    session.decoder.close(connection);
    assert_eq!(session.decoder.sessions().count(), 0);
}

#[test]
fn a_template_that_changes_counts_from_then_on() {
    let mut session = Session::plain();
    session.take(0, source(1), &ports(Message::v9(), 300));
    session.take(0, source(1), &Message::v9().template(300, &plain(&[(11, 4), (7, 2), (1, 4)])));
    let records = values(&[(7, 4), (8, 2), (9, 4)]);
    // A cut record is counted, not guessed.
    session.take(0, source(1), &Message::v9().set(300, &[&records[..], &records[..5]].concat()));
    assert_eq!(session.rows(), ["SamplingRate=1 SrcPort=8 DstPort=7 Bytes=9 Packets=1"]);
    assert_eq!(session.decoder.counters().refused(Reason::Record), 1);
}

#[test]
fn padding_is_not_a_record() {
    let message = ports(Message::v9(), 300).set(300, &[values(&[(1, 2), (2, 2)]), vec![7, 7]].concat());
    assert_eq!(decode(&[message]), [port_row(1, 2)]);
    let message = Message::ipfix().template(300, &plain(&[(7, 2), (210, 0xFFFF)]));
    let record = [values(&[(1, 2)]), vec![255, 0, 3, 9, 9, 9], values(&[(2, 2)]), vec![0], vec![0]].concat();
    assert_eq!(
        decode(&[message.set(300, &record)]),
        ["SamplingRate=1 SrcPort=1", "SamplingRate=1 SrcPort=2"]
    );
}

#[test]
fn what_is_malformed_has_a_reason() {
    let header = |bytes: &[u8]| bytes[..10].to_vec();
    let flows = port_records(ports(Message::v9(), 300), 300, &[(1, 2)]).bytes();
    let template = |bytes: &[u8]| Message::v9().set(0, bytes).bytes();
    let mut longer = Message::ipfix().bytes();
    longer[3] = 17;
    let cases = [
        (b"".to_vec(), Reason::ShortHeader),
        (b"GET / HTTP/1.1".to_vec(), Reason::UnknownProtocol),
        (header(&flows), Reason::ShortHeader),
        (flows[..flows.len() - 1].to_vec(), Reason::SetLength),
        ([&Message::v9().bytes()[..], &[1, 44, 0, 3]].concat(), Reason::SetLength),
        (longer, Reason::Length),
        (Message::v9().set(77, &[]).bytes(), Reason::SetId),
        (template(&[0, 255, 0, 1, 0, 7, 0, 2]), Reason::Template),
        (template(&[1, 44, 0, 2, 0, 7, 0, 2]), Reason::Template),
        (template(&[1, 44, 0, 0]), Reason::EmptyTemplate),
        (template(&[1, 44, 0, 1, 0, 7, 0, 0]), Reason::EmptyTemplate),
        (template(&[1, 44, 0, 2, 0, 7, 0xFF, 0xF0, 0, 7, 0xFF, 0xF0]), Reason::Template),
        (Message::v9().set(1, &[1, 44, 0, 3, 0, 4, 0, 7, 0, 2]).bytes(), Reason::Template),
        (Message::ipfix().set(3, &[1, 44, 0, 1, 0, 2, 0, 7, 0, 2]).bytes(), Reason::Template),
        (Message::ipfix().set(2, &[0, 9, 0, 0]).bytes(), Reason::Template),
        (vec![0, 5, 0, 31], Reason::Count),
        (vec![0, 5, 0, 1], Reason::Count),
        (vec![0, 1, 0, 25], Reason::Count),
    ];
    for (bytes, reason) in cases {
        let mut decoder = decoder();
        let mut columns = columns();
        decoder.decode(&support::datagram(&bytes), &mut columns, &mut ());
        let counters = decoder.counters();
        assert_eq!((counters.malformed(), counters.refused(reason)), (1, 1), "{bytes:?} {reason:?}");
        assert_eq!(columns.rows(), 0, "{bytes:?}");
    }
}

#[test]
fn limits_hold() {
    let limits = Limits { templates: 2, fields: 2, rows: 3, sessions: 2, exporters: 2, ..Limits::default() };
    let mut session = Session::new(Settings::default(), limits);
    for id in 300..305 {
        session.take(0, source(1), &ports(Message::v9(), id));
    }
    assert_eq!(session.decoder.counters().refused(Reason::Limit), 3);
    session.take(0, source(1), &Message::v9().template(300, &plain(&[(7, 2), (11, 2), (4, 1)])));
    assert_eq!(session.decoder.counters().refused(Reason::Limit), 4);
    session.take(0, source(1), &port_records(Message::v9(), 300, &[(1, 2); 4]));
    assert_eq!((session.rows().len(), session.decoder.counters().refused(Reason::Rows)), (0, 1));
    session.take(0, source(1), &port_records(Message::v9(), 300, &[(1, 2); 3]));
    assert_eq!(session.rows().len(), 3);
    for port in 1..5 {
        session.take(0, source(port), &ports(Message::v9(), 300));
    }
    assert_eq!(session.decoder.counters().refused(Reason::Limit), 6);
    let from = |last| Source { address: ([192, 0, 2, last], 1).into(), ..source(1) };
    for last in 1..5 {
        session.take(0, from(last), &ports(Message::v9(), 300));
    }
    assert_eq!(session.decoder.counters().refused(Reason::Limit), 8);
    // What is idle leaves.
    session.take(11 * MINUTE, from(9), &ports(Message::v9(), 300));
    assert_eq!(session.decoder.counters().refused(Reason::Limit), 8);
    assert!(session.decoder.sessions().all(|status| status.source == from(9)));
}

/// Options that say the rate of a scope, then flows of an interface and a sampler.
fn sampled(scope: &[(u16, u64)]) -> Message {
    let fields: Vec<(u16, u16)> = scope.iter().map(|&(id, _)| (id, 4)).chain([(34, 4)]).collect();
    let record: Vec<(u64, usize)> = scope.iter().map(|&(_, value)| (value, 4)).chain([(100, 4)]).collect();
    Message::ipfix().options(400, scope.len().min(1), &plain(&fields)).set(400, &values(&record))
}

fn rates(session: &mut Session) -> Vec<String> {
    let rows = session.rows();
    rows.iter().map(|row| row.split(' ').next().unwrap().replace("SamplingRate=", "")).collect()
}

fn interface_flows(records: &[(u64, u64)]) -> Message {
    let records: Vec<(u64, usize)> =
        records.iter().flat_map(|&(interface, sampler)| [(interface, 4), (sampler, 2)]).collect();
    Message::ipfix().template(300, &plain(&[(10, 4), (48, 2)])).set(300, &values(&records))
}

#[test]
fn sampling_rates_have_scopes() {
    let mut session = Session::plain();
    session.take(0, source(1), &interface_flows(&[(1, 0)]));
    assert_eq!(rates(&mut session), ["1"]);
    assert_eq!(session.decoder.counters().unknown_rates, 1);
    session.take(0, source(1), &sampled(&[(149, 7)]));
    session.take(0, source(1), &interface_flows(&[(1, 0)]));
    assert_eq!(rates(&mut session), ["100"]);
    let mut other = sampled(&[(10, 2)]);
    other = other.set(400, &values(&[(3, 4), (300, 4)]));
    session.take(0, source(1), &other);
    session.take(0, source(1), &interface_flows(&[(1, 0), (2, 0), (3, 0)]));
    assert_eq!(rates(&mut session), ["100", "100", "300"]);
    session.take(0, source(1), &sampled(&[(48, 5)]).set(400, &values(&[(6, 4), (600, 4)])));
    session.take(0, source(1), &interface_flows(&[(3, 5), (3, 6), (3, 0)]));
    assert_eq!(rates(&mut session), ["100", "600", "300"]);
}

#[test]
fn records_wait_for_the_options_of_their_sampler() {
    let mut session = Session::plain();
    session.take(0, source(1), &interface_flows(&[(1, 5), (2, 6)]));
    assert!(session.rows().is_empty());
    session.take(30 * SECOND, source(1), &sampled(&[(48, 5)]));
    assert!(session.rows().is_empty());
    session.take(31 * SECOND, source(1), &sampled(&[(48, 6)]));
    assert_eq!(rates(&mut session), ["100", "100"]);
}

#[test]
fn records_that_wait_are_read_by_the_template_of_when_they_came() {
    let mut session = Session::plain();
    session.take(0, source(1), &interface_flows(&[(1, 5)]));
    // The same number, the fields the other way round.
    let changed = Message::ipfix().template(300, &plain(&[(48, 2), (10, 4)]));
    session.take(SECOND, source(1), &changed.set(300, &values(&[(5, 2), (2, 4)])));
    let state = session.decoder.save();
    session.decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
    session.decoder.restore(&state).unwrap();
    assert_eq!((session.decoder.waiting(), session.decoder.save()), (2, state));
    session.take(2 * SECOND, source(1), &sampled(&[(48, 5)]).template(300, &plain(&[(8, 4)])));
    let of = |interface| format!("SamplingRate=100 InIfIndex={interface}");
    assert_eq!(session.rows(), [of(1), of(2)]);
}

#[test]
fn a_sampler_that_stays_silent_is_not_waited_for_again() {
    let default = SamplingSettings { default: Some(50), ..SamplingSettings::default() };
    let others = ExporterSettings { sampling: default, ..ExporterSettings::default() };
    let mut session = Session::new(Settings { others, ..Settings::default() }, Limits::default());
    session.take(0, source(1), &interface_flows(&[(1, 5)]));
    session.decoder.tick(NOW + 59 * SECOND);
    session.resume();
    assert!(session.rows().is_empty());
    session.decoder.tick(NOW + 60 * SECOND);
    session.resume();
    assert_eq!(rates(&mut session), ["50"]);
    session.take(70 * SECOND, source(1), &interface_flows(&[(1, 5)]));
    assert_eq!(rates(&mut session), ["50"]);
    session.take(80 * SECOND, source(1), &sampled(&[(48, 5)]));
    session.take(90 * SECOND, source(1), &interface_flows(&[(1, 5)]));
    assert_eq!(rates(&mut session), ["100"]);
    // At the end of a file nothing waits.
    session.take(90 * SECOND, source(1), &interface_flows(&[(1, 9)]));
    session.decoder.finish();
    session.resume();
    assert_eq!(rates(&mut session), ["50"]);
}

#[test]
fn records_say_their_own_rate() {
    type Fields = &'static [(u16, u64, u16)];
    let cases: [(Fields, u64); 8] = [
        (&[(34, 1_000, 4)], 1_000),
        (&[(34, 0, 4), (50, 500, 4)], 500),
        (&[(305, 1, 4), (306, 999, 4)], 1_000),
        (&[(305, 10, 4), (306, 15, 4)], 3),
        (&[(305, 1, 4), (309, 1, 4), (310, 256, 4)], 256),
        (&[(309, 3, 4), (310, 1_000, 4)], 333),
        (&[(309, 3, 4), (310, 1, 4)], 1),
        (&[(310, 64, 4)], 64),
    ];
    let probabilities =
        [(vec![(311, 0.001_f64.to_bits(), 8)], 1_000), (vec![(311, u64::from(0.3_f32.to_bits()), 4)], 3)];
    let cases = cases.into_iter().map(|(fields, rate)| (fields.to_vec(), rate));
    for (fields, expected) in cases.chain(probabilities) {
        let specs: Vec<(u16, u16)> = fields.iter().map(|&(id, _, length)| (id, length)).collect();
        let record: Vec<(u64, usize)> =
            fields.iter().map(|&(_, value, length)| (value, length.into())).collect();
        let message = Message::ipfix().template(300, &plain(&specs)).set(300, &values(&record));
        assert_eq!(decode(&[message]), [format!("SamplingRate={expected}")], "{fields:?}");
    }
}

#[test]
fn the_configuration_overrides_rates() {
    let sampling = SamplingSettings {
        rate: Some(10),
        interfaces: [(3, 30)].into(),
        domains: [(8, 80)].into(),
        default: Some(1_000),
    };
    let exporters =
        [([192, 0, 2, 1].into(), ExporterSettings { sampling, ..ExporterSettings::default() })].into();
    let mut session = Session::new(Settings { exporters, ..Settings::default() }, Limits::default());
    session.take(0, source(1), &sampled(&[(149, 7)]));
    // Nothing waits where the rate is known.
    session.take(0, source(1), &interface_flows(&[(1, 5), (3, 5)]));
    assert_eq!(rates(&mut session), ["10", "30"]);
    session.take(0, source(1), &Message { domain: 8, ..interface_flows(&[(1, 5), (3, 5)]) });
    assert_eq!(rates(&mut session), ["80", "30"]);
}

#[test]
fn option_records_name_things() {
    let vrfs = Message::ipfix().options(400, 1, &plain(&[(234, 4), (236, 0xFFFF)]));
    let vrfs = vrfs.set(400, &[&values(&[(9, 4)])[..], b"\x04blue"].concat());
    let applications = Message::ipfix().options(401, 1, &plain(&[(95, 4), (96, 8), (94, 4)]));
    let applications = applications.set(401, b"\x0D\0\x01\xBBhttps\0\0\0text");
    let interfaces = Message::ipfix().options(402, 1, &plain(&[(252, 4), (82, 0xFFFF), (83, 0xFFFF)]));
    let interfaces = interfaces.set(402, &[&values(&[(3, 4)])[..], b"\x04eth3\x06uplink"].concat());
    let flows = Message::ipfix().template(300, &plain(&[(234, 4), (235, 4), (95, 4), (10, 4), (14, 4)]));
    let flows = flows.set(300, &values(&[(9, 4), (9, 4), (0x0D00_01BB, 4), (3, 4), (4, 4)]));
    assert_eq!(
        decode(&[vrfs, applications, interfaces, flows]),
        ["SamplingRate=1 InIfName=eth3 InIfDescription=uplink InIfIndex=3 OutIfIndex=4 IngressVRFID=9 \
          EgressVRFID=9 InVRF=blue OutVRF=blue AppName=https"]
    );
}

#[test]
fn scopes_of_netflow_v9_have_numbers_of_their_own() {
    let options = Message::v9().options(400, 1, &plain(&[(2, 4), (82, 4)]));
    let options = options.set(400, b"\0\0\0\x03eth3");
    let flows = Message::v9().template(300, &plain(&[(14, 4)])).set(300, &[0, 0, 0, 3]);
    assert_eq!(decode(&[options, flows]), ["SamplingRate=1 OutIfName=eth3 OutIfIndex=3"]);
}

#[test]
fn sequence_numbers_tell_losses() {
    let lost = |messages: &[Message]| {
        let mut session = Session::plain();
        messages.iter().for_each(|message| session.take(0, source(1), message));
        session.decoder.sessions().next().unwrap().sequence.lost
    };
    let flows = |message: Message, sequence| Message {
        sequence,
        ..port_records(ports(message, 300), 300, &[(1, 2), (3, 4)])
    };
    assert_eq!(lost(&[flows(Message::v9(), 5), flows(Message::v9(), 6), flows(Message::v9(), 9)]), 2);
    assert_eq!(
        lost(&[flows(Message::ipfix(), 5), flows(Message::ipfix(), 7), flows(Message::ipfix(), 12)]),
        3
    );
    // What was not decoded leaves the count open.
    let open = Message { sequence: 5, ..port_records(Message::ipfix(), 400, &[(1, 2)]) };
    assert_eq!(lost(&[open, flows(Message::ipfix(), 90), flows(Message::ipfix(), 92)]), 0);
}

#[test]
fn the_time_received_can_be_the_flows() {
    let time = |source_of_time, exported: u32, ended: u64| {
        let settings = Settings { time: source_of_time, ..Settings::default() };
        let mut session = Session::new(settings, Limits::default());
        let message = Message { time: exported, ..Message::ipfix() };
        let message = message.template(300, &plain(&[(153, 8)])).set(300, &values(&[(ended, 8)]));
        session.take(0, source(1), &message);
        session.columns.settle();
        let received = session.columns.number(flowql_decode::Field::TimeReceived, 0);
        (received, session.decoder.counters().unusable_times)
    };
    let now = NOW / SECOND;
    let (exported, ended) = (now as u32 - 5, (now - 9) * 1_000);
    assert_eq!(time(TimeSource::Received, exported, ended), (now, 0));
    assert_eq!(time(TimeSource::Exported, exported, ended), (now - 5, 0));
    assert_eq!(time(TimeSource::Ended, exported, ended), (now - 9, 0));
    // Too far away to be true.
    assert_eq!(time(TimeSource::Exported, now as u32 + 61, ended), (now, 1));
    assert_eq!(time(TimeSource::Ended, exported, (now - 3_601) * 1_000), (now, 1));
    assert_eq!(time(TimeSource::Ended, exported, (now + 60) * 1_000), (now + 60, 0));
}

#[test]
fn limits_of_time_are_settings() {
    let limits = Limits { waiting: Duration::from_secs(1), ..Limits::default() };
    let mut session = Session::new(Settings::default(), limits);
    session.take(0, source(1), &port_records(Message::v9(), 300, &[(1, 2)]));
    session.decoder.tick(NOW + SECOND);
    assert_eq!(session.decoder.waiting(), 0);
}

#[test]
fn cumulative_totals_are_differences() {
    let fields = plain(&[(7, 2), (22, 4), (21, 4), (85, 4), (86, 4)]);
    let flow = |port: u64, start: u64, end: u64, bytes: u64, packets: u64| {
        let record = values(&[(port, 2), (start, 4), (end, 4), (bytes, 4), (packets, 4)]);
        Message::v9().template(300, &fields).set(300, &record)
    };
    // Records of two flows; then one whose port began again, and one whose counters did.
    let records = [
        (1, 5, 10, 100, 1),
        (2, 5, 10, 7, 1),
        (1, 5, 20, 350, 3),
        (1, 5, 30, 350, 3),
        (1, 40, 50, 60, 2),
        (2, 5, 30, 5, 1),
    ];
    let bytes = |totals, limits: Limits| {
        let others = ExporterSettings { totals, ..ExporterSettings::default() };
        let mut session = Session::new(Settings { others, ..Settings::default() }, limits);
        for (port, start, end, bytes, packets) in records {
            session.take(0, source(1), &flow(port, start, end, bytes, packets));
        }
        session.columns.settle();
        let rows = 0..session.columns.rows();
        rows.map(|row| session.columns.number(flowql_decode::Field::Bytes, row)).collect::<Vec<_>>()
    };
    assert_eq!(bytes(TotalsAre::Own, Limits::default()), [100, 7, 350, 350, 60, 5]);
    assert_eq!(bytes(TotalsAre::Cumulative, Limits::default()), [100, 7, 250, 0, 60, 5]);
    // What is not remembered counts whole.
    let limits = Limits { totals: 1, ..Limits::default() };
    assert_eq!(bytes(TotalsAre::Cumulative, limits), [100, 7, 350, 0, 60, 5]);
}

#[test]
fn a_record_is_shown_once() {
    struct Shown(usize);
    impl Observer for Shown {
        fn wants_records(&self) -> bool {
            true
        }

        fn record(&mut self, _: Source, _: u32, record: Record<'_>) {
            assert_eq!(record.elements().count(), record.template().elements().len());
            self.0 += 1;
        }
    }
    let mut shown = Shown(0);
    let (mut decoder, mut columns) = (decoder(), columns());
    let flows = interface_flows(&[(1, 5), (2, 5)]).bytes();
    decoder.decode(&support::datagram(&flows), &mut columns, &mut shown);
    assert_eq!((shown.0, columns.rows()), (0, 0));
    decoder.decode(&support::datagram(&sampled(&[(48, 5)]).bytes()), &mut columns, &mut shown);
    for ticket in decoder.ready() {
        decoder.resume(&support::datagram(&flows), ticket, &mut columns, &mut shown);
    }
    assert_eq!((shown.0, columns.rows()), (3, 2));
}
