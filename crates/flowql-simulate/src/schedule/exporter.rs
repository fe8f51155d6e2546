//! An exporter: what it has seen, what it has sent, and what is due.

use std::collections::HashMap;

use flowql_decode::Protocol;

use super::Datagram;
use super::announce::{Announcements, Sampling};
use super::firewall::Firewall;
use super::scenario::{Scenario, Scenarios};
use super::tally::Stored;
use crate::encode::nsel::{self, Event};
use crate::encode::options::Statistics;
use crate::encode::sflow::{self, Counters, Sequence};
use crate::encode::{Flow, Header, Message, Spec, legacy, templates};
use crate::flows::Interface;
use crate::random::Random;

/// The bytes that a datagram has at most: with the headers of UDP and IPv4, a packet of Ethernet.
const LARGEST: usize = 1472;
/// How long flows wait for others to fill a datagram, in milliseconds.
const PATIENCE: u64 = 1_000;
/// How often templates and options are sent again, in milliseconds.
const REFRESH: u64 = 30_000;
/// How often sFlow sends the counters of interfaces, in milliseconds.
const COUNTERS: u64 = 5_000;
/// How often a template changes, where it does.
const CHANGE: u64 = 10_000;
/// How often an exporter restarts, where it does.
const RESTART: u64 = 20_000;
/// How long after a restart the templates come: data comes before.
const SILENCE: u64 = 2_000;
/// How far a clock that is off is ahead.
const AHEAD: u64 = 2 * 3_600_000;
/// How long before the beginning exporters started: eleven days.
const UPTIME: u64 = 11 * 86_400_000;
/// The templates of flows of IPv4 and IPv6; that of IPv4 comes first.
const TEMPLATES: [u16; 2] = [260, 261];

/// What an exporter is.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) number: u16,
    pub(super) protocol: Protocol,
    pub(super) address: [u8; 4],
    pub(super) interfaces: Vec<Interface>,
    pub(super) scenarios: Scenarios,
    pub(super) sampling: Sampling,
    /// How many flows a datagram has at most.
    pub(super) batch: usize,
}

#[derive(Debug)]
pub(super) struct Exporter<'w> {
    identity: Identity,
    announcements: Announcements,
    header: Header,
    life: u32,
    /// The templates of flows of IPv4 and of IPv6, as they are now.
    fields: [Vec<Spec>; 2],
    has_changed: bool,
    flows: Vec<Flow<'w>>,
    events: Vec<Event>,
    firewall: Firewall,
    /// The bytes of the flows that wait.
    size: usize,
    /// When the first flow that waits came.
    oldest: u64,
    samples: Sequence,
    /// What interfaces carried, in and out.
    carried: HashMap<u32, [Carried; 2]>,
    statistics: Statistics,
    due: Due,
}

/// What an interface carried one way since the agent started.
#[derive(Clone, Copy, Debug, Default)]
struct Carried {
    octets: u64,
    packets: u32,
}

/// When something is due, in milliseconds since 1970.
#[derive(Debug)]
struct Due {
    announcement: u64,
    counters: u64,
    change: u64,
    restart: u64,
}

impl<'w> Exporter<'w> {
    pub(super) fn new(identity: Identity, now: u64) -> Self {
        let announcements = Announcements::of(&identity);
        // Not all do the same at the same time.
        let stagger = u64::from(identity.number % 10) * 100;
        let due = Due {
            announcement: now,
            counters: now + stagger,
            change: now + CHANGE + stagger,
            restart: now + RESTART + stagger,
        };
        let header = Header {
            boot: now - UPTIME.min(now),
            domain: u32::from(identity.number),
            agent: identity.address,
            sampling: identity.sampling.rate,
            sampler: identity.sampling.sampler(),
            ..Header::default()
        };
        let mut exporter = Self {
            identity,
            announcements,
            header,
            life: 0,
            fields: [Vec::new(), Vec::new()],
            has_changed: false,
            flows: Vec::new(),
            events: Vec::new(),
            firewall: Firewall::default(),
            size: 0,
            oldest: now,
            samples: Sequence::default(),
            carried: HashMap::new(),
            statistics: Statistics::default(),
            due,
        };
        exporter.fields = [true, false].map(|is_v4| exporter.template(is_v4));
        exporter
    }

    fn has(&self, scenario: Scenario) -> bool {
        self.identity.scenarios.has(scenario)
    }

    fn is_v9(&self) -> bool {
        self.identity.protocol == Protocol::NetflowV9
    }

    /// The template of flows of a family, as the scenarios have it.
    fn template(&self, is_v4: bool) -> Vec<Spec> {
        let is_v9 = self.is_v9();
        let mut fields = match self.has(Scenario::Biflows) {
            true => templates::both_ways(is_v9, is_v4),
            false => templates::flows(is_v9, is_v4),
        };
        if self.has(Scenario::ContradictorySampling) {
            fields = templates::with_own_rate(&fields);
        }
        if self.has_changed { templates::changed(&fields) } else { fields }
    }

    /// Its clock, where the time is `now`.
    fn clock(&self, now: u64) -> u64 {
        if self.has(Scenario::ClockOff) { now + AHEAD } else { now }
    }

    /// Takes a flow that ended now, if the protocol can tell of it; how many records it becomes.
    pub(super) fn take(
        &mut self,
        flow: &Flow<'w>,
        random: &mut Random,
        now: u64,
        ready: &mut Vec<Datagram>,
    ) -> u64 {
        let only_v4 = match self.identity.protocol {
            Protocol::NetflowV1 | Protocol::NetflowV5 | Protocol::NetflowV7 => true,
            Protocol::NetflowV9 => self.has(Scenario::Nsel),
            Protocol::Ipfix => false,
            Protocol::Sflow if self.has(Scenario::CountersOnly) => return 0,
            Protocol::Sflow => false,
        };
        if only_v4 && !flow.is_v4 {
            return 0;
        }
        let clock = self.clock(now);
        if self.has(Scenario::Nsel) {
            return self.connect(flow, random, (now, clock), ready);
        }
        let ahead = clock - now;
        let mut flow = Flow { start: flow.start + ahead, end: flow.end + ahead, ..*flow };
        if self.has(Scenario::Biflows) {
            let answers = if random.percent(20) { 0 } else { 1 + random.below(flow.packets) };
            flow.reverse_packets = answers;
            flow.reverse_bytes = answers * (60 + random.below(60));
        }
        if self.has(Scenario::BothDirectionsApart) {
            flow.is_egress = self.is_external(flow.output);
        }
        self.push(flow, now, ready);
        if self.has(Scenario::BothDirections) {
            self.push(Flow { is_egress: true, ..flow }, now, ready);
            return 2;
        }
        1
    }

    fn is_external(&self, interface: u32) -> bool {
        let interfaces = &self.identity.interfaces;
        interfaces.iter().any(|known| known.index == interface && known.is_external)
    }

    fn connect(
        &mut self,
        flow: &Flow<'_>,
        random: &mut Random,
        (now, clock): (u64, u64),
        ready: &mut Vec<Datagram>,
    ) -> u64 {
        let before = self.events.len();
        self.begin(now);
        self.firewall.events(flow, random, clock, &mut self.events);
        let more = self.events.len() - before;
        // An event may bring two more, each of a kind of its own.
        let room = (LARGEST - 20) / (nsel::SIZE + 4) - 2;
        if self.events.len() >= self.identity.batch.min(room) {
            self.flush(now, ready);
        }
        more as u64
    }

    /// Notes when the first of what waits came.
    fn begin(&mut self, now: u64) {
        if self.flows.is_empty() && self.events.is_empty() {
            self.oldest = now;
        }
    }

    fn push(&mut self, flow: Flow<'w>, now: u64, ready: &mut Vec<Datagram>) {
        let size = match self.identity.protocol {
            Protocol::Sflow => sflow::size(&flow),
            Protocol::NetflowV9 | Protocol::Ipfix => {
                let [v4, v6] = &self.fields;
                templates::size(if flow.is_v4 { v4 } else { v6 })
            }
            Protocol::NetflowV1 | Protocol::NetflowV5 | Protocol::NetflowV7 => 0,
        };
        if self.overhead(&flow) + self.size + size > LARGEST {
            self.flush(now, ready);
        }
        self.begin(now);
        self.size += size;
        self.flows.push(flow);
        let most = match self.identity.protocol {
            Protocol::NetflowV1 => legacy::MOST_V1,
            Protocol::NetflowV5 => legacy::MOST_V5,
            Protocol::NetflowV7 => legacy::MOST_V7,
            _ => usize::MAX,
        };
        if self.flows.len() >= most.min(self.identity.batch) {
            self.flush(now, ready);
        }
    }

    /// The bytes around the flows that wait and one more: the header, and of a set of each family its header and what
    /// fills it up.
    fn overhead(&self, flow: &Flow<'_>) -> usize {
        const SET: usize = 4 + 3;
        match self.identity.protocol {
            Protocol::Sflow => 28,
            _ if self.flows.iter().any(|waiting| waiting.is_v4 != flow.is_v4) => 20 + 2 * SET,
            _ => 20 + SET,
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        if self.has(Scenario::Restarts) && now >= self.due.restart {
            self.restart(now, ready);
        }
        if self.has(Scenario::TemplateChange) && now >= self.due.change {
            self.flush(now, ready);
            self.due.change = now + CHANGE;
            self.due.announcement = now;
            self.has_changed = !self.has_changed;
            self.fields = [true, false].map(|is_v4| self.template(is_v4));
        }
        if now >= self.due.announcement {
            self.due.announcement = now + REFRESH;
            self.announce(now, ready);
        }
        if self.identity.protocol == Protocol::Sflow && now >= self.due.counters {
            self.due.counters = now + COUNTERS;
            self.send_counters(now, ready);
        }
        if now >= self.oldest + PATIENCE {
            self.flush(now, ready);
        }
    }

    fn restart(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        self.flush(now, ready);
        self.firewall.restart();
        self.life += 1;
        self.header.boot = self.clock(now);
        self.header.sequence = 0;
        self.samples = Sequence::default();
        self.carried.clear();
        self.statistics = Statistics::default();
        self.due.restart = now + RESTART;
        // Of a firewall, collectors count connections that were made after its first datagram: it comes at once.
        self.due.announcement = if self.has(Scenario::Nsel) { now } else { now + SILENCE };
    }

    /// Sends templates, and what options tell.
    fn announce(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        if !matches!(self.identity.protocol, Protocol::NetflowV9 | Protocol::Ipfix) {
            return;
        }
        let [v4, v6] = self.fields.clone();
        let (sends, is_firewall) = (!self.has(Scenario::NoTemplate), self.has(Scenario::Nsel));
        if sends {
            self.message(now, ready, |message| match is_firewall {
                true => nsel::announce(message),
                false => message.templates(&[(TEMPLATES[0], &v4), (TEMPLATES[1], &v6)]),
            });
        }
        let announcements = std::mem::take(&mut self.announcements);
        for table in announcements.tables(self.statistics) {
            self.message(now, ready, |message| {
                table.announce(message);
                table.records(message);
            });
        }
        self.announcements = announcements;
    }

    /// Sends a message of NetFlow v9 or IPFIX that has no flows.
    fn message(&mut self, now: u64, ready: &mut Vec<Datagram>, write: impl FnOnce(&mut Message<'_>)) {
        self.header.time = self.clock(now);
        let mut bytes = Vec::new();
        let mut message = match self.is_v9() {
            true => Message::v9(&mut bytes, &self.header),
            false => Message::ipfix(&mut bytes, &self.header),
        };
        write(&mut message);
        self.count(message.end().into());
        self.send(bytes, 0, Stored::default(), ready);
    }

    /// Counts a datagram with so many records of flows or options, as the protocol counts.
    fn count(&mut self, records: u32) {
        let units = match self.identity.protocol {
            Protocol::NetflowV9 | Protocol::Sflow => 1,
            _ => records,
        };
        self.header.sequence = self.header.sequence.wrapping_add(units);
    }

    /// Sends the flows and events that wait.
    pub(super) fn flush(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        if self.flows.is_empty() && self.events.is_empty() {
            return;
        }
        self.header.time = self.clock(now);
        if self.has(Scenario::ContradictorySampling) {
            self.contradict();
        }
        let mut bytes = Vec::with_capacity(LARGEST);
        let records = self.encode(&mut bytes);
        let count = self.flows.len() + self.events.len();
        let mut stored = Stored::default();
        if !self.has(Scenario::NoTemplate) {
            for flow in &self.flows {
                stored += self.row(flow);
            }
        }
        self.count(records);
        self.flows.clear();
        self.size = 0;
        self.send(bytes, count as u32, stored, ready);
        if let Some(datagram) = ready.last_mut() {
            datagram.events = std::mem::take(&mut self.events);
        }
    }

    /// Encodes what waits; how many records that is.
    fn encode(&mut self, bytes: &mut Vec<u8>) -> u32 {
        let (header, flows) = (&self.header, &self.flows);
        match self.identity.protocol {
            Protocol::NetflowV1 => legacy::v1(bytes, header, flows),
            Protocol::NetflowV5 => legacy::v5(bytes, header, flows),
            Protocol::NetflowV7 => legacy::v7(bytes, header, flows),
            Protocol::NetflowV9 | Protocol::Ipfix => {
                let mut message = match self.identity.protocol {
                    Protocol::NetflowV9 => Message::v9(bytes, header),
                    _ => Message::ipfix(bytes, header),
                };
                for ((id, fields), is_v4) in TEMPLATES.into_iter().zip(&self.fields).zip([true, false]) {
                    if flows.iter().any(|flow| flow.is_v4 == is_v4) {
                        message.flows(id, fields, flows.iter().filter(|flow| flow.is_v4 == is_v4));
                    }
                }
                nsel::events(&mut message, &self.events);
                return message.end().into();
            }
            Protocol::Sflow => {
                let mut datagram = sflow::Datagram::new(bytes, header);
                for flow in flows {
                    carry(&mut self.carried, header, flow);
                    self.samples.number = self.samples.number.wrapping_add(1);
                    self.samples.pool = self.samples.pool.wrapping_add(header.sampling);
                    datagram.flow(self.samples, flow);
                }
                return datagram.end();
            }
        }
        flows.len() as u32
    }

    /// The rows that a flow becomes.
    fn row(&self, flow: &Flow<'_>) -> Stored {
        if self.identity.protocol == Protocol::Sflow {
            return Stored::row(sflow::sampled_length(flow), 1);
        }
        let mut stored = Stored::row(flow.bytes, flow.packets);
        stored += Stored::unless_empty(flow.reverse_bytes, flow.reverse_packets);
        stored
    }

    /// Another rate than the last datagram had, or than options say.
    fn contradict(&mut self) {
        let rate = self.identity.sampling.rate;
        let is_template = matches!(self.identity.protocol, Protocol::NetflowV9 | Protocol::Ipfix);
        let other = is_template || self.header.sampling == rate;
        self.header.sampling = if other { (rate / 4).max(1) } else { rate };
    }

    /// Sends the counters of all interfaces: what the samples so far stand for.
    fn send_counters(&mut self, now: u64, ready: &mut Vec<Datagram>) {
        const A_DATAGRAM: usize = 8;
        self.header.time = self.clock(now);
        let names = !self.has(Scenario::NoNames);
        for part in self.identity.interfaces.chunks(A_DATAGRAM) {
            let mut bytes = Vec::new();
            let mut datagram = sflow::Datagram::new(&mut bytes, &self.header);
            for interface in part {
                let [input, output] = self.carried.get(&interface.index).copied().unwrap_or_default();
                let times = if self.has(Scenario::VolumeOff) { 3 } else { 1 };
                datagram.counters(
                    self.header.sequence,
                    &Counters {
                        index: interface.index,
                        name: if names { interface.name } else { "" },
                        speed: u64::from(interface.speed) * 1_000_000,
                        in_octets: input.octets * times,
                        in_packets: input.packets,
                        out_octets: output.octets * times,
                        out_packets: output.packets,
                    },
                );
            }
            datagram.end();
            self.header.sequence = self.header.sequence.wrapping_add(1);
            ready.push(Datagram::new(&self.identity, self.life, bytes));
        }
    }

    fn send(&mut self, bytes: Vec<u8>, flows: u32, stored: Stored, ready: &mut Vec<Datagram>) {
        self.statistics.bytes += bytes.len() as u64;
        self.statistics.datagrams += 1;
        self.statistics.flows += u64::from(flows);
        ready.push(Datagram { flows, stored, ..Datagram::new(&self.identity, self.life, bytes) });
    }
}

/// Lets interfaces carry the packets that were sampled from, once where it is sampled at its output too.
fn carry(carried: &mut HashMap<u32, [Carried; 2]>, header: &Header, flow: &Flow<'_>) {
    if flow.is_egress {
        return;
    }
    let octets = (sflow::sampled_length(flow) + sflow::FRAME) * u64::from(header.sampling);
    for (interface, way) in [(flow.input, 0), (flow.output, 1)] {
        if let Some(known) = carried.entry(interface).or_default().get_mut(way) {
            known.octets += octets;
            known.packets = known.packets.wrapping_add(header.sampling);
        }
    }
}
