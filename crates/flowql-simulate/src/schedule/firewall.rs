//! A firewall: the connections that it tells of, and what a collector should make of that.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::tally::Stored;
use crate::encode::Flow;
use crate::encode::nsel::{Event, Kind};
use crate::random::Random;

/// Connections that carry traffic.
#[derive(Debug, Default)]
pub(super) struct Firewall {
    open: Vec<Connection>,
    last: u32,
}

#[derive(Debug)]
struct Connection {
    /// Its last event: what stays the same of it, and the totals as counters.
    event: Event,
    /// How large an update of it is: bytes and packets of both ways.
    step: [u64; 4],
}

/// How many connections are open while there is traffic.
const OPEN: usize = 64;

impl Firewall {
    /// The next events, as traffic has them; `flow` is what a new connection carries.
    pub(super) fn events(
        &mut self,
        flow: &Flow<'_>,
        random: &mut Random,
        time: u64,
        events: &mut Vec<Event>,
    ) {
        if self.open.len() < OPEN / 2 || (self.open.len() < OPEN && random.percent(40)) {
            events.push(self.create(flow, random, time));
            return;
        }
        let place = random.below(self.open.len() as u64) as usize;
        if random.percent(50) {
            events.extend(self.open.get_mut(place).map(|connection| connection.update(random, time)));
        } else {
            let connection = self.open.swap_remove(place);
            connection.tear_down(random, time, events);
        }
    }

    /// What a restart leaves of all connections: none.
    pub(super) fn restart(&mut self) {
        self.open.clear();
    }

    fn create(&mut self, flow: &Flow<'_>, random: &mut Random, time: u64) -> Event {
        self.last = self.last.wrapping_add(1);
        let event = Event {
            kind: Kind::Create,
            connection: self.last,
            addresses: [flow.source, flow.destination],
            ports: [flow.source_port, flow.destination_port],
            translated: (PUBLIC, 1024 + random.below(64_000) as u16),
            interfaces: [flow.input, flow.output],
            protocol: flow.protocol,
            counters: [0; 4],
            created: time,
            time,
        };
        let answers = if random.percent(20) { 0 } else { 1 + random.below(flow.packets) };
        let step = [flow.bytes, flow.packets, answers * 90, answers];
        self.open.push(Connection { event, step });
        event
    }
}

/// The address that the firewall translates to.
const PUBLIC: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 200];

impl Connection {
    /// What came since the last update.
    fn update(&mut self, random: &mut Random, time: u64) -> Event {
        let part = 1 + random.below(3);
        let counters = self.step.map(|counter| counter * part);
        for (total, more) in self.event.counters.iter_mut().zip(counters) {
            *total += more;
        }
        Event { kind: Kind::Update, counters, time, ..self.event }
    }

    /// The end, with the totals. Of some connections it comes twice, or an update after it.
    fn tear_down(mut self, random: &mut Random, time: u64, events: &mut Vec<Event>) {
        // Some carry nothing after their last update.
        let last = if random.percent(70) { Some(self.update(random, time)) } else { None };
        let end = Event { kind: Kind::Teardown, time, ..self.event };
        events.push(end);
        match random.below(20) {
            0 => events.push(end),
            1 => events.extend(last),
            _ => {}
        }
    }
}

/// What a collector should store of the events that reach it, in their order.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// What the updates of connections carried.
    updates: HashMap<u32, [u64; 4]>,
    ended: BTreeSet<u32>,
    /// The same, the first first.
    order: VecDeque<u32>,
}

impl Ledger {
    /// How many ended connections are remembered: those of which something may come late.
    const ENDED: usize = 65_536;

    pub(super) fn take(&mut self, event: &Event) -> Stored {
        let id = event.connection;
        if event.kind == Kind::Create || self.ended.contains(&id) {
            return Stored::default();
        }
        if event.kind == Kind::Update {
            let sums = self.updates.entry(id).or_default();
            for (sum, more) in sums.iter_mut().zip(event.counters) {
                *sum += more;
            }
            return rows(event.counters);
        }
        self.ended.insert(id);
        self.order.push_back(id);
        if self.order.len() > Self::ENDED
            && let Some(first) = self.order.pop_front()
        {
            self.ended.remove(&first);
        }
        let mut rest = event.counters;
        for (rest, stored) in rest.iter_mut().zip(self.updates.remove(&id).unwrap_or_default()) {
            *rest -= stored;
        }
        rows(rest)
    }

    /// Forgets the connections that a restart ended without a word.
    pub(super) fn restart(&mut self) {
        self.updates.clear();
    }
}

/// A row for each way that carried something.
fn rows([bytes, packets, back_bytes, back_packets]: [u64; 4]) -> Stored {
    let mut stored = Stored::unless_empty(bytes, packets);
    stored += Stored::unless_empty(back_bytes, back_packets);
    stored
}
