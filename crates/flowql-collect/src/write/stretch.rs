//! A stretch of the queue, while it is decoded and written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_decode::sflow::InterfaceCounters;
use flowql_decode::{
    Added, Columns, Datagram, Decoder, LimitState, Observer, RateLimits, Source, Spread, Ticket,
};
use flowql_enrich::exporters::Directory;
use flowql_queue::Position;

use super::block::Builder;
use super::census::Census;
use super::plan::Plan;
use super::state::{self, Saved, Saver};

/// What decodes, by a plan.
#[derive(Debug)]
pub(crate) struct Decoding {
    pub(crate) plan: Plan,
    pub(crate) builder: Builder,
    pub(crate) decoder: Decoder,
    pub(crate) columns: Columns,
    /// What shares long flows out.
    pub(crate) spread: Option<Spread>,
    /// What drops flows that are too many.
    pub(crate) limits: Option<RateLimits>,
    saver: Saver,
}

impl Decoding {
    /// By a plan, with a decoder that remembers nothing.
    pub(crate) fn new(plan: Plan, directory: &Arc<Directory>) -> Self {
        let wanted = plan.fields();
        Self {
            builder: Builder::new(&plan, directory),
            decoder: Decoder::new(plan.decoding(), plan.limits(), wanted),
            columns: Columns::new(wanted),
            spread: plan.spread(),
            limits: RateLimits::new(&plan.decoding(), wanted),
            saver: Saver::default(),
            plan,
        }
    }

    /// What the decoder remembers, for a note.
    pub(crate) fn save(&mut self) -> Saved {
        self.saver.save(&mut self.decoder)
    }

    /// By another plan, with what the decoder remembers.
    pub(crate) fn planned(mut self, plan: &Plan, directory: &Arc<Directory>) -> Self {
        if self.plan == *plan {
            return self;
        }
        let mut decoding = Self::new(plan.clone(), directory);
        state::restore(&mut decoding.decoder, &[self.decoder.save()]);
        decoding.resume_limits(self.limit_state());
        decoding
    }

    /// What rate limits remember, between segments.
    pub(crate) fn limit_state(&self) -> LimitState {
        self.limits.as_ref().map_or_else(LimitState::default, |limits| limits.state().clone())
    }

    /// Continues the rate limits from such a state.
    pub(crate) fn resume_limits(&mut self, state: LimitState) {
        if let Some(limits) = &mut self.limits {
            limits.resume(state);
        }
    }

    /// Decodes a datagram, or with a ticket a set of it that waited.
    pub(crate) fn decode(&mut self, datagram: &Datagram<'_>, ticket: Option<Ticket>, census: &mut Census) {
        let Self { decoder, columns, limits, .. } = self;
        let mut watch =
            Watch { census: census.at(datagram.received), added: Vec::new(), is_limited: limits.is_some() };
        let columns = match limits {
            Some(limits) => {
                limits.receive(datagram.received);
                limits.fresh()
            }
            None => columns,
        };
        match ticket {
            None => decoder.decode(datagram, columns, &mut watch),
            Some(ticket) => decoder.resume(datagram, ticket, columns, &mut watch),
        }
        let added = watch.added;
        if let Some(limits) = limits {
            added.into_iter().for_each(|(source, count)| limits.added(source, count));
        }
    }

    /// Takes what rate limits keep of the flows that came until a time, in nanoseconds since 1970, at a place in the queue.
    /// How many are dropped.
    pub(crate) fn settle(&mut self, until: u64, at: Position) -> u64 {
        let Self { limits, columns, .. } = self;
        limits.as_mut().map_or(0, |limits| limits.settle(until, state::pack(at), columns))
    }

    /// Whether so many rows wait for their rate limits that they are settled before the segment ends.
    pub(crate) fn is_crowded(&self) -> bool {
        self.limits.as_ref().is_some_and(|limits| limits.rows() >= self.plan.rows)
    }
}

/// Watches what a datagram adds.
struct Watch<'c> {
    census: &'c mut Census,
    added: Vec<(Source, usize)>,
    is_limited: bool,
}

impl Observer for Watch<'_> {
    fn added(&mut self, added: Added<'_>) {
        if self.is_limited {
            self.added.push((added.source, added.count));
        }
        self.census.added(added);
    }

    fn counters(&mut self, source: Source, counters: &InterfaceCounters) {
        self.census.counters(source, counters);
    }
}

/// A stretch of the queue, while it is decoded and written.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) start: Position,
    /// Where it ends, once that is settled.
    pub(crate) end: Option<Position>,
    /// Whether it is noted in the store.
    pub(crate) is_noted: bool,
    /// Whether its rows go to the database, or are there already.
    pub(crate) is_written: bool,
    /// Whether its chapter ends with it, once that is settled.
    pub(crate) ends: bool,
    /// Where it can end, as far as it was read.
    pub(crate) boundary: Option<Position>,
    /// The datagrams.
    pub(crate) datagrams: u64,
    /// The blocks.
    pub(crate) blocks: u32,
    /// The parts of the sums of its chapter that are stored.
    pub(crate) parts: u32,
    /// The rows that came after them.
    pub(crate) rows: u64,
    /// The time of the last end of a segment, in nanoseconds since 1970.
    pub(crate) time: u64,
    /// When its first datagram was read.
    begun: Option<Instant>,
}

impl Stretch {
    /// One that was noted, and that the decoder is ready to decode once more.
    pub(crate) const fn noted((start, end): (Position, Position), is_written: bool, ends: bool) -> Self {
        Self { end: Some(end), is_noted: true, is_written, ends, ..Self::new(start) }
    }

    /// One that begins here.
    pub(crate) const fn new(start: Position) -> Self {
        Self {
            start,
            end: None,
            is_noted: false,
            is_written: true,
            ends: false,
            boundary: None,
            datagrams: 0,
            blocks: 0,
            parts: 0,
            rows: 0,
            time: 0,
            begun: None,
        }
    }

    /// Counts a datagram.
    pub(crate) fn count(&mut self) {
        self.datagrams += 1;
        self.boundary = None;
        self.begun.get_or_insert_with(Instant::now);
    }

    /// Whether nothing of it would be missed.
    pub(crate) fn is_empty(&self, columns: &Columns) -> bool {
        self.datagrams == 0 && self.blocks == 0 && columns.rows() == 0
    }

    /// Whether it can end where the reader is: an empty one only where its chapter is to end.
    pub(crate) fn may_end(&self, columns: &Columns, is_due: bool) -> bool {
        self.end.is_none() && self.boundary.is_some() && (is_due || !self.is_empty(columns))
    }

    /// Whether it is to end where the reader is: with many rows, or old, no other segment is added, so that most
    /// stretches are one block.
    pub(crate) fn is_done(&self, at: Position, columns: &Columns, many: usize, longest: Duration) -> bool {
        if let Some(end) = self.end {
            return at >= end;
        }
        let is_old = self.begun.is_some_and(|begun| begun.elapsed() >= longest);
        self.may_end(columns, false) && (columns.rows() >= many || is_old)
    }
}
