//! Random traffic of a few exporters that meets everything that a decoder remembers: templates that come late, change and
//! go, options, samplers, firewalls, cumulative counters, sequence numbers with gaps, connections that close, time.

use flowql_decode::{
    Columns, Datagram, Decoder, ExporterSettings, Fields, Limits, Settings, Source, TotalsAre, Transport,
};
use proptest::prelude::*;
use std::time::Duration;

use super::{Message, NOW, SECOND, plain, values};

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// So many milliseconds pass, then a datagram comes.
    Datagram(u64, Source, Vec<u8>),
    /// So many milliseconds pass without one.
    Tick(u64),
    /// A connection closes.
    Close(Source),
}

/// The layouts of templates, which differ under the same numbers.
const LAYOUTS: [&[(u16, u16)]; 5] = [
    &[(7, 2), (11, 2), (1, 4), (2, 4)],
    &[(8, 4), (12, 4), (10, 2), (14, 2), (48, 1), (1, 4)],
    &[(10, 4), (95, 4), (234, 4), (231, 4), (232, 4)],
    // Counters since the flow began.
    &[(7, 2), (22, 4), (21, 4), (85, 4), (86, 4)],
    // A firewall.
    &[(233, 1), (33_002, 2), (148, 1), (231, 4), (298, 4), (232, 4), (299, 4), (152, 8), (323, 8)],
];

/// The layouts of templates of options, with one scope each.
const OPTIONS: [&[(u16, u16)]; 5] = [
    &[(48, 1), (34, 2)],
    &[(10, 2), (82, 6)],
    &[(95, 4), (96, 6)],
    &[(234, 4), (236, 5)],
    &[(10, 2), (34, 2)],
];

fn any_source() -> impl Strategy<Value = Source> {
    (1_u8..5, 1_u16..3, prop::option::weighted(0.3, 0_u64..2)).prop_map(|(host, port, connection)| Source {
        address: ([192, 0, 2, host], port).into(),
        listener: 0,
        transport: connection.map_or(Transport::Udp, Transport::Connection),
    })
}

/// A small number of so many bytes: the same ones come again, and names are letters.
fn any_field(length: u16) -> impl Strategy<Value = Vec<u8>> {
    let small = (0_u64..4).prop_map(move |value| values(&[(value, usize::from(length.min(8)))]));
    prop_oneof![
        8 => small,
        1 => prop::collection::vec(any::<u8>(), usize::from(length)),
        1 => prop::collection::vec(b'a'..b'd', usize::from(length)),
    ]
}

fn any_record(layout: &'static [(u16, u16)]) -> BoxedStrategy<Vec<u8>> {
    let fields: Vec<_> = layout
        .iter()
        .map(|&(id, length)| match id {
            // A firewall's events, and times around now.
            233 => prop_oneof![Just(2), Just(5), 0..6_u64].prop_map(|event| vec![event as u8]).boxed(),
            152 | 323 => {
                (0..20_u64).prop_map(|after| values(&[(NOW / 1_000_000 - 4_000 + after * 1_000, 8)])).boxed()
            }
            _ => any_field(length)
                .prop_map(move |mut bytes| {
                    bytes.resize(length.into(), 0);
                    bytes
                })
                .boxed(),
        })
        .collect();
    fields.prop_map(|fields: Vec<Vec<u8>>| fields.concat()).boxed()
}

/// A set of a message: what it is of, its number, and records.
fn any_set() -> BoxedStrategy<(bool, usize, u16, Vec<u8>)> {
    (any::<bool>(), 0..5_usize, 256_u16..259)
        .prop_flat_map(|(options, layout, id)| {
            let fields = if options { OPTIONS[layout] } else { LAYOUTS[layout] };
            let id = if options { id + 100 } else { id };
            let records = prop::collection::vec(any_record(fields), 1..4);
            (Just(options), Just(layout), Just(id), records.prop_map(|records| records.concat()))
        })
        .boxed()
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    let sets = prop::collection::vec((any_set(), 0..3_u8), 1..4);
    (any::<bool>(), 0..2_u32, 0..40_u32, sets, prop::bool::weighted(0.05)).prop_map(
        |(is_v9, domain, sequence, sets, withdraw)| {
            let mut message = if is_v9 { Message::v9() } else { Message::ipfix() };
            (message.domain, message.sequence) = (domain, sequence);
            if withdraw && !is_v9 {
                message = message.set(2, &[1, 0, 0, 0]);
            }
            for ((options, layout, id, records), what) in sets {
                if what != 0 {
                    message = match options {
                        true => message.options(id, 1, &plain(OPTIONS[layout])),
                        false => message.template(id, &plain(LAYOUTS[layout])),
                    };
                }
                if what != 1 {
                    message = message.set(id, &records);
                }
            }
            message.bytes()
        },
    )
}

fn any_legacy() -> impl Strategy<Value = Vec<u8>> {
    (1_u64..4, 0_u64..40, 0_u64..3).prop_map(|(count, sequence, engine)| {
        let head =
            [(5, 2), (count, 2), (100_000, 4), (NOW / SECOND, 4), (0, 4), (sequence, 4), (engine, 2), (0, 2)];
        let record = [7; 48].repeat(count as usize);
        [values(&head), record].concat()
    })
}

/// sFlow: one flow sample with a counter of drops and no records.
fn any_samples() -> impl Strategy<Value = Vec<u8>> {
    (0_u64..3, 0_u64..40, 0_u64..9, 0_u64..3).prop_map(|(agent, sequence, drops, source)| {
        let head = [5, 1, 0xC000_0200 + agent, 0, sequence, 60_000, 1];
        let sample = [1, 32, 9, source, 512, 5120, drops, 7, 8, 0];
        values(&[&head[..], &sample].concat().into_iter().map(|word| (word, 4)).collect::<Vec<_>>())
    })
}

/// A datagram of any protocol, or of none.
pub(crate) fn any_datagram() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => any_message(),
        2 => any_legacy(),
        2 => any_samples(),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

/// What happens, one after the other.
pub(crate) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let time = prop_oneof![6 => 0_u64..2_000, 1 => 2_000_u64..30_000];
    let step = prop_oneof![
        16 => (time.clone(), any_source(), any_datagram()).prop_map(|(ms, source, bytes)| Step::Datagram(ms, source, bytes)),
        1 => time.prop_map(Step::Tick),
        1 => any_source().prop_map(Step::Close),
    ];
    prop::collection::vec(step, 1..most)
}

/// Limits that such traffic meets.
pub(crate) fn tight() -> Limits {
    Limits {
        exporters: 3,
        sessions: 3,
        templates: 4,
        facts: 6,
        waiting_bytes: 2_000,
        waiting: Duration::from_secs(10),
        sampler: Duration::from_secs(3),
        template_life: Duration::from_secs(20),
        idle: Duration::from_secs(8),
        connections: 3,
        ended: Duration::from_secs(5),
        totals: 3,
        texts: 9,
        ..Limits::default()
    }
}

/// A decoder that such traffic is given to, and its rows.
pub(crate) struct Run {
    pub(crate) decoder: Decoder,
    pub(crate) columns: Columns,
    now: u64,
    queue: Vec<(u64, Source, Vec<u8>)>,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self::of(tight(), Fields::all())
    }

    /// One with other limits, which fills other columns.
    pub(crate) fn of(limits: Limits, wanted: Fields) -> Self {
        let (decoder, columns) = (Self::decoder_of(limits, wanted), Columns::new(wanted));
        Self { decoder, columns, now: NOW, queue: Vec::new() }
    }

    /// A decoder that nothing was given to.
    pub(crate) fn decoder() -> Decoder {
        Self::decoder_of(tight(), Fields::all())
    }

    fn decoder_of(limits: Limits, wanted: Fields) -> Decoder {
        let cumulative = ExporterSettings { totals: TotalsAre::Cumulative, ..ExporterSettings::default() };
        let exporters = [1_u8, 2].map(|host| ([192, 0, 2, host].into(), cumulative.clone()));
        let settings = Settings { exporters: exporters.into(), ..Settings::default() };
        Decoder::new(settings, limits, wanted)
    }

    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Datagram(ms, source, bytes) => {
                self.now += ms * 1_000_000;
                self.queue.push((self.now, *source, bytes.clone()));
                let position = self.queue.len() as u64 - 1;
                let datagram = Datagram { received: self.now, source: *source, position, bytes };
                self.decoder.decode(&datagram, &mut self.columns, &mut ());
            }
            Step::Tick(ms) => {
                self.now += ms * 1_000_000;
                self.decoder.tick(self.now);
            }
            Step::Close(source) => self.decoder.close(*source),
        }
        for ticket in self.decoder.ready() {
            // A damaged state can name any position.
            let Some((received, source, bytes)) = self.queue.get(ticket.position as usize) else { continue };
            let (received, source, position) = (*received, *source, ticket.position);
            let datagram = Datagram { received, source, position, bytes };
            self.decoder.resume(&datagram, ticket, &mut self.columns, &mut ());
        }
    }

    /// Ends all waiting.
    pub(crate) fn finish(&mut self) {
        self.step(&Step::Tick(3_600_000));
    }

    /// The rows since the last time.
    pub(crate) fn rows(&mut self) -> Vec<String> {
        let rows = super::lines(&mut self.columns, &self.decoder);
        self.columns.clear();
        rows
    }
}
