//! Records of flows become rows: what their own fields say, and what all rows have.

use crate::element::Records;
use crate::facts::Facts;
use crate::frame::Tunnels;
use crate::nsel::{Bounds, Connections, Event, NselPlan};
use crate::plan::Plan;
use crate::run::{Context, run};
use crate::sampling::{self, Defaults, RateSource, Rating, SaidRate, Source};
use crate::times::Header;
use crate::totals::{Totals, TotalsPlan};
use crate::{Added, Columns, Counters, Field, Observer, Row, TextId, Texts, TimeSource, TotalsAre};

/// What the rows of a datagram have in common.
pub(crate) struct Rows<'r> {
    pub(crate) header: Header,
    pub(crate) facts: &'r Facts,
    pub(crate) source: Source<'r>,
    pub(crate) default_rates: Defaults,
    /// What is said of the sampling.
    pub(crate) rating: &'r mut Rating,
    pub(crate) observer: &'r mut dyn Observer,
    /// Who sends.
    pub(crate) sender: crate::Source,
    pub(crate) exporter: [u8; 16],
    pub(crate) time: TimeSource,
    pub(crate) texts: &'r mut Texts,
    pub(crate) tunnels: &'r Tunnels,
    pub(crate) row: &'r mut Row,
    pub(crate) counters: &'r mut Counters,
    /// The connections of firewalls.
    pub(crate) connections: Firewall<'r>,
    pub(crate) totals: Cumulative<'r>,
}

/// What counters since the beginning of a flow need.
pub(crate) struct Cumulative<'r> {
    pub(crate) are: TotalsAre,
    pub(crate) totals: &'r mut Totals,
    pub(crate) most: usize,
}

/// What the events of a firewall need.
pub(crate) struct Firewall<'r> {
    pub(crate) connections: &'r mut Connections,
    /// The number of the session, and the time of its first datagram.
    pub(crate) session: (u64, u64),
    pub(crate) bounds: Bounds,
}

impl Rows<'_> {
    /// Adds the flows of records.
    pub(crate) fn add(&mut self, plan: &Plan, records: Records<'_>, columns: &mut Columns) {
        let count = records.count();
        self.counters.records += count as u64;
        if plan.is_event() && !wants_events(columns) {
            self.counters.events += count as u64;
            return;
        }
        if let Some(nsel) = &plan.nsel {
            let source = RateSource::Unsampled;
            self.default_rates.datagram = Some(SaidRate { rate: 1, source });
            for row in 0..count {
                self.firewall(plan, nsel, records.record(row), columns);
            }
            return;
        }
        if let Some(totals) = plan.totals.as_ref().filter(|_| self.totals.are == TotalsAre::Cumulative) {
            for row in 0..count {
                self.cumulative(plan, totals, records.record(row), columns);
            }
        } else {
            run(&plan.forward, records, columns, &mut self.context());
            self.finish(plan, records, columns, false);
        }
        let Some(reverse) = &plan.reverse else { return };
        for row in 0..count {
            let record = records.record(row);
            if reverse.exists(record) {
                run(&reverse.ops, record, columns, &mut self.context());
                self.counters.second_rows += 1;
                self.finish(plan, record, columns, true);
            }
        }
    }

    /// Leaves out records for which a datagram has no room.
    pub(crate) fn exceed(&mut self, count: usize) {
        self.counters.records += count as u64;
        self.counters.excess += count as u64;
    }

    /// Adds what a record has above the last one of its flow.
    fn cumulative(&mut self, plan: &Plan, totals: &TotalsPlan, record: Records<'_>, columns: &mut Columns) {
        run(&plan.forward, record, columns, &mut self.context());
        let counters = [Field::Bytes, Field::Packets];
        let said = counters.map(|field| columns.get(field, 0));
        let (session, most) = (self.connections.session.0, self.totals.most);
        let counted = self.totals.totals.difference(totals, record, session, said, most);
        counters.into_iter().zip(counted).for_each(|(field, value)| columns.set(field, 0, value));
        self.finish(plan, record, columns, false);
    }

    /// Adds what a record of a firewall tells.
    fn firewall(&mut self, plan: &Plan, nsel: &NselPlan, record: Records<'_>, columns: &mut Columns) {
        let Firewall { connections, session, bounds } = &mut self.connections;
        match connections.take(nsel, record, *session, self.header.received, *bounds) {
            Event::Flow { counters: [bytes, packets, back_bytes, back_packets], start, end } => {
                let ways = [(&plan.forward, bytes, packets)];
                let back = plan.reverse.iter().map(|reverse| (&reverse.ops, back_bytes, back_packets));
                let counted = |&(_, bytes, packets): &(_, u64, u64)| bytes != 0 || packets != 0;
                for (place, (ops, bytes, packets)) in ways.into_iter().chain(back).filter(counted).enumerate()
                {
                    run(ops, record, columns, &mut self.context());
                    columns.set(Field::Bytes, 0, bytes);
                    columns.set(Field::Packets, 0, packets);
                    columns.set(Field::FlowStart, 0, start);
                    columns.set(Field::FlowEnd, 0, end);
                    self.counters.second_rows += u64::from(place > 0);
                    self.finish(plan, record, columns, place > 0);
                }
            }
            Event::Empty if wants_events(columns) => {
                run(&plan.forward, record, columns, &mut self.context());
                columns.set(Field::Bytes, 0, 0);
                columns.set(Field::Packets, 0, 0);
                self.finish(plan, record, columns, false);
            }
            Event::Empty => self.counters.events += 1,
            Event::Repeated => self.counters.repeated += 1,
            Event::Unknown => self.counters.unknown_connections += 1,
        }
    }

    fn context(&mut self) -> Context<'_> {
        Context {
            header: self.header,
            facts: self.facts,
            texts: self.texts,
            tunnels: self.tunnels,
            row: self.row,
        }
    }

    /// Gives the rows after the last what all rows have, and takes them as written.
    fn finish(&mut self, plan: &Plan, records: Records<'_>, columns: &mut Columns, is_second: bool) {
        let count = records.count();
        if count == 0 {
            return;
        }
        let (rates, source, defaults) = (&self.facts.rates, self.source, self.default_rates);
        let ends = [Field::InIfIndex, Field::OutIfIndex].map(|field| columns.get(field, 0) as u32);
        *self.rating = sampling::rating(&plan.sampling, records.record(0), rates, source, defaults, ends);
        let unknown = sampling::fill(&plan.sampling, records, rates, source, defaults, columns);
        self.counters.unknown_rates += unknown as u64;
        one_packet(columns, count);
        self.times(columns, count);
        if columns.wanted().has(Field::ExporterAddress) {
            let (places, _) = columns.tail(Field::ExporterAddress, count).as_chunks_mut();
            places.fill(self.exporter);
        }
        interface_names(self.facts, columns, count);
        self.counters.rows += count as u64;
        columns.advance(count);
        self.observer.added(Added { source: self.sender, columns, count, is_second });
    }

    fn times(&mut self, columns: &mut Columns, count: usize) {
        let received = self.header.received / 1_000_000;
        let exported = usable(self.header.exported, received);
        if self.time == TimeSource::Exported && exported.is_none() {
            self.counters.unusable_times += count as u64;
        }
        let common = match self.time {
            TimeSource::Exported => exported.unwrap_or(received),
            TimeSource::Received | TimeSource::Ended => received,
        };
        let (places, _) = columns.tail(Field::TimeReceived, count).as_chunks_mut();
        places.fill(seconds(common));
        if self.time != TimeSource::Ended {
            return;
        }
        for row in 0..count {
            match columns.get(Field::FlowEnd, row) {
                0 => {}
                end => match usable(end, received) {
                    Some(end) => columns.set(Field::TimeReceived, row, end / 1_000),
                    None => self.counters.unusable_times += 1,
                },
            }
        }
    }
}

/// Whether rows of events without counts are wanted.
fn wants_events(columns: &Columns) -> bool {
    columns.wanted().has(Field::NATEvent) || columns.wanted().has(Field::FirewallEvent)
}

/// Seconds as `DateTime` has them.
fn seconds(milliseconds: u64) -> [u8; 4] {
    u32::try_from(milliseconds / 1_000).unwrap_or(u32::MAX).to_le_bytes()
}

/// A time in milliseconds, unless it is over an hour before the receive time or over a minute after it.
fn usable(time: u64, received: u64) -> Option<u64> {
    const BEFORE: u64 = 3_600_000;
    const AFTER: u64 = 60_000;
    (time.saturating_add(BEFORE) >= received && time <= received.saturating_add(AFTER)).then_some(time)
}

/// Bytes without packets came in one packet at least.
fn one_packet(columns: &mut Columns, count: usize) {
    let (bytes, packets) = columns.tails(Field::Bytes, Field::Packets, count);
    let ((bytes, _), (packets, _)) = (bytes.as_chunks::<8>(), packets.as_chunks_mut::<8>());
    for (packets, bytes) in packets.iter_mut().zip(bytes) {
        if *packets == [0; 8] && *bytes != [0; 8] {
            *packets = 1_u64.to_le_bytes();
        }
    }
}

/// The names of interfaces that option records gave.
fn interface_names(facts: &Facts, columns: &mut Columns, count: usize) {
    const SIDES: [(Field, Field, Field); 2] = [
        (Field::InIfIndex, Field::InIfName, Field::InIfDescription),
        (Field::OutIfIndex, Field::OutIfName, Field::OutIfDescription),
    ];
    if !facts.has_interfaces() {
        return;
    }
    for (index, name, description) in SIDES {
        if !columns.wanted().has(name) && !columns.wanted().has(description) {
            continue;
        }
        for row in 0..count {
            let found = facts.interface(columns.get(index, row) as u32).unwrap_or_default();
            // A text that a record itself has stays where the options say none.
            for (field, text) in [(name, found.name), (description, found.description)] {
                if text != TextId::default() {
                    columns.set(field, row, text.0.into());
                }
            }
        }
    }
}
