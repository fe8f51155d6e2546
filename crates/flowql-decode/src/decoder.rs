//! The decoder: datagrams in, rows out.

use std::net::IpAddr;

use crate::element::Cursor;
use crate::facts::{Facts, Interface};
use crate::legacy::{self, LegacyHeader};
use crate::nsel::Connections;
use crate::plan::{NEEDED, Needs, Plan};
use crate::rows::{Cumulative, Firewall, Rows};
use crate::sampling::{self, Defaults, RateSource, Rating, SaidRate};
use crate::sequence::Sequence;
use crate::session::{Key, Session, Sessions};
use crate::sflow;
use crate::state;
use crate::times::Header;
use crate::totals::Totals;
use crate::waiting::{Need, Waiting, What};
use crate::{
    Columns, Counters, Datagram, Field, Fields, Limits, Observer, Protocol, Reason, Row, Settings, Skipped,
    Source, Statistic, Tally, Texts, Ticket, TimeSource,
};

/// Decodes the datagrams of many exporters.
///
/// ```
/// use flowql_decode::{Columns, Datagram, Decoder, Fields, Limits, Settings, Source, Transport};
///
/// let mut decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
/// let mut columns = Columns::new(Fields::all());
/// let source = Source {
///     address: "192.0.2.1:2055".parse().unwrap(),
///     listener: 0,
///     transport: Transport::Udp,
/// };
/// let datagram = Datagram { received: 1_700_000_000_000_000_000, source, position: 0, bytes: b"no flows" };
/// decoder.decode(&datagram, &mut columns, &mut ());
/// assert_eq!((columns.rows(), decoder.counters().malformed()), (0, 1));
/// ```
#[derive(Debug)]
pub struct Decoder {
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) needs: Needs,
    pub(crate) sessions: Sessions,
    pub(crate) waiting: Waiting,
    pub(crate) texts: Texts,
    pub(crate) counters: Counters,
    legacy: [Plan; 3],
    pub(crate) sflow: sflow::Decoder,
    /// Where the fields of a record lie whose fields have variable lengths.
    pub(crate) places: Vec<(u16, u16)>,
    /// How many templates were announced.
    pub(crate) announced: u64,
    /// The latest receive time, in nanoseconds since 1970.
    pub(crate) clock: u64,
    /// Of an exporter that may have no state.
    stateless: Facts,
    /// Is filled and cleared for what is read record by record.
    pub(crate) row: Row,
    pub(crate) connections: Connections,
    /// The place of the session of the datagram that is decoded.
    pub(crate) opened: Option<usize>,
    pub(crate) totals: Totals,
    /// How often something was given to it.
    pub(crate) age: u64,
    /// What is said of the sampling in the datagram that is decoded.
    pub(crate) rating: Rating,
    /// What was saved last; `None` before the first time.
    pub(crate) saved: Option<state::Mark>,
}

/// What is known of a session from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionStatus {
    /// Who sends it.
    pub source: Source,
    /// How.
    pub protocol: Protocol,
    /// Its observation domain; for NetFlow v5 the type and the slot of the engine.
    pub domain: u32,
    /// How many templates it has.
    pub templates: usize,
    /// What its sequence numbers say.
    pub sequence: Sequence,
    /// Whether templates that came from another port of the exporter were used.
    pub borrowed_templates: bool,
    /// How many interfaces it named.
    pub named_interfaces: usize,
    /// What its samples were, where it sends sFlow.
    pub samples: Option<sflow::Tally>,
    /// What became of it.
    pub tally: Tally,
}

impl Decoder {
    /// A decoder that fills the columns of these fields.
    pub fn new(settings: Settings, limits: Limits, wanted: Fields) -> Self {
        let mut needed = NEEDED.into_iter().fold(wanted, Fields::with);
        if settings.time == TimeSource::Ended || settings.spread {
            needed = needed.with(Field::FlowStart).with(Field::FlowEnd);
        }
        let needs = Needs { fields: needed, elements: settings.elements.clone() };
        Self {
            texts: Texts::new(limits.texts),
            legacy: [Protocol::NetflowV1, Protocol::NetflowV5, Protocol::NetflowV7]
                .map(|protocol| legacy::plan(protocol, &needs)),
            sflow: sflow::Decoder::new(needs.fields),
            settings,
            limits,
            needs,
            sessions: Sessions::default(),
            waiting: Waiting::default(),
            counters: Counters::default(),
            places: Vec::new(),
            announced: 0,
            clock: 0,
            stateless: Facts::default(),
            row: Row::default(),
            connections: Connections::default(),
            opened: None,
            totals: Totals::default(),
            age: 0,
            rating: Rating::default(),
            saved: None,
        }
    }

    /// Adds the flows of a datagram, or of a message of a connection.
    pub fn decode(&mut self, datagram: &Datagram<'_>, columns: &mut Columns, observer: &mut dyn Observer) {
        let datagram = &Datagram { source: datagram.source.canonical(), ..*datagram };
        self.counters.datagrams += 1;
        self.tick(datagram.received);
        let before = self.tallied();
        let outcome = match Protocol::of(datagram.bytes) {
            Some(protocol @ (Protocol::NetflowV1 | Protocol::NetflowV5 | Protocol::NetflowV7)) => {
                self.legacy(datagram, protocol, columns, observer)
            }
            Some(protocol @ (Protocol::NetflowV9 | Protocol::Ipfix)) => {
                self.message(datagram, protocol, None, columns, observer)
            }
            Some(Protocol::Sflow) => self.samples(datagram, columns, observer),
            None => Err(unknown(datagram.bytes)),
        };
        self.tally(before, datagram.received);
        if let Err(reason) = outcome {
            self.counters.malformed_datagrams += 1;
            self.refuse(datagram.source, reason, observer);
        }
    }

    /// Adds the flows of a set that waited, of a datagram that is given once more. [`Decoder::ready`] says which.
    pub fn resume(
        &mut self,
        datagram: &Datagram<'_>,
        ticket: Ticket,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) {
        let datagram = &Datagram { source: datagram.source.canonical(), ..*datagram };
        self.age += 1;
        let before = self.tallied();
        let outcome = match Protocol::of(datagram.bytes) {
            Some(protocol @ (Protocol::NetflowV9 | Protocol::Ipfix)) => {
                self.message(datagram, protocol, Some(ticket), columns, observer)
            }
            _ => Err(Reason::UnknownProtocol),
        };
        self.tally(before, datagram.received);
        if let Err(reason) = outcome {
            self.counters.expired_sets += 1;
            self.refuse(datagram.source, reason, observer);
        }
    }

    /// Takes the set of a ticket as lost, where its datagram is not there any more.
    pub fn lose(&mut self, _: Ticket) {
        self.age += 1;
        self.counters.expired_sets += 1;
    }

    /// The sets that wait no longer: the caller gives each one's datagram to [`Decoder::resume`], from the position that
    /// it has.
    pub fn ready(&mut self) -> Vec<Ticket> {
        if !self.waiting.has_ready() {
            return Vec::new();
        }
        self.age += 1;
        self.waiting.ready()
    }

    /// How many sets wait for a template or for the options of a sampler, with those that wait no longer and were not asked
    /// for.
    pub fn waiting(&self) -> usize {
        self.waiting.all()
    }

    /// The lowest position of a datagram that has a set that waits, or waits no longer and was not asked for: the caller
    /// keeps what lies from there on.
    pub fn waits_from(&self) -> Option<u64> {
        self.waiting.first()
    }

    /// How often something was given to this decoder, and to those whose state it restored: where the number is the same,
    /// so is the state.
    pub const fn age(&self) -> u64 {
        self.age
    }

    /// Says how late it is, in nanoseconds since 1970, so that nothing waits where no datagrams come.
    pub fn tick(&mut self, now: u64) {
        self.age += 1;
        self.clock = self.clock.max(now);
        if self.waiting.is_empty() {
            return;
        }
        let (samplers, lost) = self.waiting.expire(self.clock);
        self.counters.expired_sets += lost as u64;
        for need in samplers {
            if let What::Sampler(sampler) = need.what {
                self.sessions.give_up(need.address, need.protocol, need.domain, sampler);
            }
        }
    }

    /// Ends all waiting at the end of a file: what waits for a sampler is ready, what waits for a template is lost.
    pub fn finish(&mut self) {
        self.tick(u64::MAX);
    }

    /// Forgets what belongs to a connection that was closed.
    pub fn close(&mut self, source: Source) {
        self.age += 1;
        self.sessions.close(source.canonical());
    }

    /// The latest time of what was given to it, in nanoseconds since 1970.
    pub const fn clock(&self) -> u64 {
        self.clock
    }

    /// What was counted so far.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The texts whose numbers the columns have.
    pub const fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The sessions that are remembered.
    pub fn sessions(&self) -> impl Iterator<Item = SessionStatus> + '_ {
        self.sessions.all().map(|session| SessionStatus {
            source: session.key.source,
            protocol: session.key.protocol,
            domain: session.key.domain,
            templates: session.templates(),
            sequence: session.sequence(),
            borrowed_templates: session.borrowed,
            named_interfaces: session.facts.named_interfaces(),
            samples: session.samples.as_ref().map(|samples| samples.tally),
            tally: session.tally,
        })
    }

    /// The names of an interface that an exporter gave in option records, of any of its sessions.
    pub fn interface(&self, exporter: IpAddr, index: u32) -> Option<Interface> {
        self.of_exporter(exporter).find_map(|session| session.facts.interface(index))
    }

    /// The elements that an exporter sends in any of its sessions and that mean nothing here, with a value of each. At most
    /// 64 of a session are listed.
    pub fn skipped(&self, exporter: IpAddr) -> Vec<Skipped> {
        let mut found: Vec<Skipped> = Vec::new();
        for skipped in self.of_exporter(exporter).flat_map(|session| &session.extras.skipped) {
            let same = |other: &&mut Skipped| {
                (other.element, other.in_options) == (skipped.element, skipped.in_options)
            };
            match found.iter_mut().find(same) {
                Some(known) if known.sample.is_empty() => known.sample.clone_from(&skipped.sample),
                Some(_) => {}
                None => found.push(skipped.clone()),
            }
        }
        found
    }

    /// What an exporter says of itself in option records, session by session.
    pub fn statistics(&self, exporter: IpAddr) -> impl Iterator<Item = (Source, Statistic)> + '_ {
        self.of_exporter(exporter).flat_map(|session| {
            session.extras.statistics.iter().map(|statistic| (session.key.source, *statistic))
        })
    }

    fn of_exporter(&self, exporter: IpAddr) -> impl Iterator<Item = &Session> {
        let exporter = exporter.to_canonical();
        self.sessions.all().filter(move |session| session.key.source.address.ip() == exporter)
    }

    pub(crate) fn refuse(&mut self, source: Source, reason: Reason, observer: &mut dyn Observer) {
        self.counters.refuse(reason);
        observer.refused(source, reason);
    }

    /// The place of a session; `None` where there may be no more.
    pub(crate) fn open(&mut self, key: Key, now: u64) -> Option<usize> {
        let is_configured = self.settings.exporters.contains_key(&key.source.address.ip());
        self.opened = self.sessions.open(key, is_configured, &self.limits, now);
        self.opened
    }

    /// Adds the flows of NetFlow v1, v5 or v7, which need no state: without room for a session only losses are unknown.
    fn legacy(
        &mut self,
        datagram: &Datagram<'_>,
        protocol: Protocol,
        columns: &mut Columns,
        observer: &mut dyn Observer,
    ) -> Result<(), Reason> {
        let bytes = datagram.bytes;
        let layout = legacy::layout(protocol).ok_or(Reason::UnknownProtocol)?;
        let plan = match protocol {
            Protocol::NetflowV1 => 0,
            Protocol::NetflowV7 => 2,
            _ => 1,
        };
        let count = Cursor(bytes.get(2..).unwrap_or_default()).u16().ok_or(Reason::ShortHeader)?;
        let mut read = LegacyHeader::read(bytes).ok_or(Reason::ShortHeader)?;
        if protocol != Protocol::NetflowV1 {
            read = read.with_rest(bytes).ok_or(Reason::ShortHeader)?;
        }
        if protocol == Protocol::NetflowV7 {
            // Version 7 has nothing in the place of the engine and the sampling.
            read = LegacyHeader { engine: 0, sampling: 0, ..read };
        }
        let key = Key { source: datagram.source, protocol, domain: read.engine.into() };
        let place = self.open(key, datagram.received);
        let session = place.and_then(|place| self.sessions.at(place));
        let mut other = None;
        let facts = match session {
            None => &self.stateless,
            Some(session) => {
                session.tally.sent(read.exported, datagram.received);
                if protocol != Protocol::NetflowV1 {
                    session.sequence.follow(read.sequence, Some(count.into()), Some(read.uptime));
                }
                other = session.headers.take(read.sampling.into());
                &session.facts
            }
        };
        let settings = self.settings.exporter(datagram.source.address.ip());
        let said = |rate: u64| SaidRate { rate, source: RateSource::Header };
        let sampled = Some(u64::from(read.sampling)).filter(|&rate| rate != 0).map(said);
        let mut rows = Rows {
            header: Header {
                received: datagram.received,
                exported: read.exported,
                uptime: Some(read.uptime),
            },
            facts,
            source: sampling::Source { settings: &settings.sampling, domain: read.engine.into() },
            default_rates: Defaults { datagram: sampled, configured: settings.sampling.default },
            rating: &mut self.rating,
            observer,
            sender: datagram.source,
            exporter: datagram.source.octets(),
            time: self.settings.time,
            texts: &mut self.texts,
            tunnels: &settings.tunnels,
            row: &mut self.row,
            counters: &mut self.counters,
            connections: Firewall {
                connections: &mut self.connections,
                session: (0, 0),
                bounds: self.limits.bounds(),
            },
            totals: Cumulative { are: settings.totals, totals: &mut self.totals, most: self.limits.totals },
        };
        if let Some(plan) = self.legacy.get(plan) {
            rows.add(plan, legacy::records(layout, bytes, count), columns);
        }
        if let Some((other, sampled)) = other.map(said).zip(sampled) {
            self.rating.contradiction = Some([sampled, other]);
        }
        self.counters.sets += 1;
        self.counters.data_sets += 1;
        Ok(())
    }

    /// Lets a set wait.
    pub(crate) fn wait(&mut self, key: &Key, what: What, ticket: Ticket, bytes: usize, received: u64) {
        let time = match what {
            What::Template(_) => self.limits.waiting,
            What::Sampler(_) => self.limits.sampler,
        };
        let need = need(key, what);
        let deadline = received.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        if self.waiting.wait(need, ticket, bytes, deadline, self.limits.waiting_bytes) {
            self.counters.waiting_sets += 1;
        } else {
            self.counters.expired_sets += 1;
        }
    }
}

/// What a session lacks.
pub(crate) fn need(key: &Key, what: What) -> Need {
    Need { address: key.source.address.ip(), protocol: key.protocol, domain: key.domain, what }
}

/// Why a datagram is of no protocol.
fn unknown(bytes: &[u8]) -> Reason {
    match bytes {
        [] | [_] | [_, _] | [_, _, _] => Reason::ShortHeader,
        [0, 1 | 5 | 7, ..] => Reason::Count,
        [0, 9 | 10, ..] | [0, 0, 0, 5, ..] => Reason::ShortHeader,
        _ => Reason::UnknownProtocol,
    }
}
