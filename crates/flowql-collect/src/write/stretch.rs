//! A stretch of the queue, while it is decoded and written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_decode::{Columns, Decoder};
use flowql_enrich::exporters::Directory;
use flowql_queue::Position;

use super::block::Builder;
use super::plan::Plan;
use super::state::{self, Saved, Saver};

/// What decodes, by a plan.
#[derive(Debug)]
pub(crate) struct Decoding {
    pub(crate) plan: Plan,
    pub(crate) builder: Builder,
    pub(crate) decoder: Decoder,
    pub(crate) columns: Columns,
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
        decoding
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
