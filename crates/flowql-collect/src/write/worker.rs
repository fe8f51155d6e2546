//! The thread of a partition: reads, decodes, notes, writes and acknowledges.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use flowql_client::{BlockWriter, Error as ClientError, Insert, RowBlock, Sql, sql};
use flowql_decode::Datagram;
use flowql_enrich::exporters::Directory;
use flowql_queue::{Content, Item, Note, Position, Queue, Reader, Record, State, Store};
use tokio::runtime::Handle;

use super::block::Built;
use super::lookup::{Lookup, source};
use super::plan::Plan;
use super::routes::RowAddresses;
use super::state::{self, Saved, pack};
use super::status::Shared;
use super::stop::Stop;
use super::stretch::{Decoding, Stretch};

use crate::bmp::AddressTables;

/// How long a read waits for more, so that a stop is soon seen.
const WAIT: Duration = Duration::from_millis(100);

/// A stretch that is so old takes no other segment: it is not catching up.
const LONGEST: Duration = Duration::from_millis(500);

/// How often the queue is asked for the time while something waits for it.
const MARK: Duration = Duration::from_secs(1);

/// The pause after a failure; it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long an attempt to store a block may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The thread of a partition.
pub(crate) struct Worker {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) partition: u16,
    pub(crate) plan: Arc<Plan>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) addresses: Arc<AddressTables>,
    pub(crate) writer: Arc<BlockWriter>,
    pub(crate) runtime: Handle,
    pub(crate) status: Arc<Shared>,
    pub(crate) stop: Arc<Stop>,
}

/// Why the work ends.
enum Halt {
    /// It is to end.
    Stopped,
    /// The queue failed.
    Queue(flowql_queue::Error),
}

impl From<flowql_queue::Error> for Halt {
    fn from(error: flowql_queue::Error) -> Self {
        Self::Queue(error)
    }
}

/// What a stretch is made with.
struct Parts {
    store: Box<dyn Store>,
    decoding: Decoding,
    lookup: Lookup,
    /// When the queue was asked for the time.
    marked: Instant,
}

impl Worker {
    /// Works until it is stopped. What fails is tried again from what is saved.
    pub(crate) fn run(&self) {
        let mut pause = PAUSE;
        while let Err(Halt::Queue(error)) = self.work() {
            self.status.fail(error.to_string(), false);
            self.stop.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            if self.stop.is_over() {
                break;
            }
        }
    }

    fn decoding(&self, plan: Plan) -> Decoding {
        Decoding::new(plan, &self.directory)
    }

    fn work(&self) -> Result<(), Halt> {
        let store = self.queue.store(self.partition)?;
        let saved = store.saved().clone();
        let mut parts = Parts {
            store,
            decoding: self.decoding(Plan::clone(&self.plan)),
            lookup: Lookup::default(),
            marked: Instant::now(),
        };
        self.status.lock().position = saved.position;
        let start = match &saved.note {
            None => saved.position,
            Some(note) => self.repeat(&mut parts, note, saved.position)?,
        };
        let mut reader = self.queue.reader(self.partition, start)?;
        self.status.recover();
        loop {
            let stretch = Stretch::new(reader.position(), &mut parts.decoding);
            self.stretch(stretch, &mut parts, &mut *reader)?;
        }
    }

    /// Decodes the noted stretch once more: what the decoder remembers follows from it, and its rows are written where it
    /// was not acknowledged. Gives where the next one begins.
    fn repeat(&self, parts: &mut Parts, note: &Note, written: Position) -> Result<Position, Halt> {
        match Plan::from_bytes(&note.context) {
            Some(plan) => parts.decoding = self.decoding(plan),
            None => {
                tracing::warn!(partition = self.partition, "a note of another version: its plan is unknown");
            }
        }
        if !state::restore(&mut parts.decoding.decoder, &parts.store.state()?) {
            self.status.lock().lost_states += 1;
            let message = "what was saved of the decoder cannot be read: templates are waited for again";
            tracing::error!(partition = self.partition, message);
        }
        let Range { start, end } = note.stretch;
        let is_written = end > written;
        let stretch = Stretch::noted(start, end, is_written, &parts.decoding.decoder);
        if is_written {
            tracing::info!(partition = self.partition, %start, %end, "writing what was begun before");
        }
        let mut reader = self.queue.reader(self.partition, start)?;
        self.stretch(stretch, parts, &mut *reader)?;
        if is_written {
            self.status.lock().repeated += 1;
        }
        let decoding = std::mem::replace(&mut parts.decoding, self.decoding(Plan::clone(&self.plan)));
        parts.decoding = decoding.planned(&self.plan, &self.directory);
        Ok(reader.position().max(end))
    }

    /// Decodes a stretch, and writes it.
    fn stretch(&self, mut stretch: Stretch, parts: &mut Parts, reader: &mut dyn Reader) -> Result<(), Halt> {
        loop {
            if self.stop.is_over() {
                return Err(Halt::Stopped);
            }
            let many = parts.decoding.plan.rows / 2;
            if stretch.is_done(reader.position(), &parts.decoding.columns, many, LONGEST) {
                break;
            }
            let may_end = stretch.may_end(&parts.decoding.columns);
            let wait = if may_end || self.stop.is_asked() { Duration::ZERO } else { WAIT };
            match reader.next(wait)? {
                Some(item) => self.take(item, &mut stretch, parts)?,
                None if may_end => break,
                None => self.idle(&stretch, parts)?,
            }
        }
        self.finish(stretch, parts)
    }

    /// Nothing came: that may be the end, or something waits for the time.
    fn idle(&self, stretch: &Stretch, parts: &mut Parts) -> Result<(), Halt> {
        self.status.lock().look(&parts.decoding.decoder);
        let is_drained = stretch.end.is_none() && stretch.is_empty(&parts.decoding.columns);
        if self.stop.is_asked() && is_drained {
            return Err(Halt::Stopped);
        }
        if self.stop.is_asked() {
            // The segment is about to be closed.
            self.stop.pause(Duration::from_millis(10));
        }
        let is_waiting = is_drained && parts.decoding.decoder.waiting() > 0;
        if is_waiting && parts.marked.elapsed() >= MARK {
            parts.marked = Instant::now();
            self.queue.mark(self.partition)?;
        }
        Ok(())
    }

    /// Takes what was read.
    fn take(&self, item: Item<'_>, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        match item {
            Item::Record(position, record) => {
                stretch.count();
                self.record(position, &record, parts);
                self.resume(position, stretch, parts)?;
            }
            Item::End { next, time } => {
                stretch.boundary = Some(next);
                parts.decoding.decoder.tick(time);
                self.resume(next, stretch, parts)?;
            }
            Item::Damaged(range) => self.status.lose("a part of the queue cannot be read", &range),
            Item::Missing(range) => {
                // What is missing ends where a segment begins.
                stretch.boundary = Some(range.end);
                self.status.lose("a part of the queue is gone", &range);
            }
        }
        Ok(())
    }

    fn record(&self, position: Position, record: &Record<'_>, parts: &mut Parts) {
        let Decoding { decoder, columns, .. } = &mut parts.decoding;
        let source = source(record);
        match record.content {
            Content::Datagram(bytes) => {
                let datagram = Datagram { received: record.time, source, position: pack(position), bytes };
                decoder.decode(&datagram, columns, &mut ());
            }
            Content::Closed => decoder.close(source),
        }
    }

    /// Decodes what waits no longer, and writes a block where there are enough rows.
    fn resume(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        self.block(at, stretch, parts)?;
        loop {
            let tickets = parts.decoding.decoder.ready();
            if tickets.is_empty() {
                return Ok(());
            }
            for ticket in tickets {
                let position = state::unpack(ticket.position);
                let found = parts.lookup.datagram(&*self.queue, self.partition, position)?;
                match found {
                    Some(datagram) => {
                        let Decoding { decoder, columns, .. } = &mut parts.decoding;
                        decoder.resume(&datagram, ticket, columns, &mut ());
                    }
                    None => {
                        parts.decoding.decoder.lose(ticket);
                        self.status.lock().lost_sets += 1;
                    }
                }
                self.block(at, stretch, parts)?;
            }
        }
    }

    /// Writes a block where there are enough rows.
    fn block(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        if parts.decoding.columns.rows() < parts.decoding.plan.rows {
            return Ok(());
        }
        self.write(at, stretch, parts)
    }

    /// Writes the rows that there are.
    fn write(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        let rows = parts.decoding.columns.rows() as u64;
        if stretch.is_written && rows > 0 {
            self.note(at, stretch, parts)?;
            let Decoding { builder, columns, decoder, plan, .. } = &mut parts.decoding;
            columns.settle();
            let texts = decoder.texts();
            let addresses = RowAddresses::complete(&self.addresses, plan.asn_from(), columns, texts);
            let built = builder.build(columns, texts, &addresses);
            let token = self.token(stretch, &plan.table);
            self.insert(&block(plan, built, token, rows))?;
            let mut status = self.status.lock();
            status.rows += rows;
            status.blocks += 1;
        }
        stretch.blocks += u32::from(rows > 0);
        parts.decoding.columns.clear();
        Ok(())
    }

    /// What no other block has: by it the database drops one that it has already.
    fn token(&self, stretch: &Stretch, table: &str) -> String {
        let (queue, partition, start, number) =
            (self.queue.id(), self.partition, stretch.start, stretch.blocks);
        let end = stretch.end.unwrap_or_default();
        format!("flowql-{queue}-{partition}-{start}-{end}-{table}-{number}")
    }

    /// Notes a stretch, once; its end is settled by that.
    fn note(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        if stretch.is_noted {
            return Ok(());
        }
        let end = match stretch.end.or(stretch.boundary) {
            Some(end) => end,
            None => self.next_end(at)?,
        };
        let state = stretch.state.take();
        let note = Note { stretch: stretch.start..end, context: parts.decoding.context.clone() };
        parts.store.note(note, state.as_ref().map_or(State::Same, Saved::state))?;
        stretch.end = Some(end);
        stretch.is_noted = true;
        Ok(())
    }

    /// Where a stretch with the record at a position can end, at the earliest.
    fn next_end(&self, at: Position) -> Result<Position, Halt> {
        let mut reader = self.queue.reader(self.partition, at)?;
        loop {
            match reader.next(WAIT)? {
                Some(Item::End { next, .. }) => return Ok(next),
                Some(Item::Missing(range)) => return Ok(range.end),
                Some(_) => {}
                None if self.stop.is_over() => return Err(Halt::Stopped),
                None => {}
            }
        }
    }

    /// Writes what is left of a stretch, and acknowledges it.
    fn finish(&self, mut stretch: Stretch, parts: &mut Parts) -> Result<(), Halt> {
        let end = stretch.end.or(stretch.boundary).unwrap_or(stretch.start);
        self.write(end, &mut stretch, parts)?;
        if stretch.is_written {
            self.note(end, &mut stretch, parts)?;
            parts.store.acknowledge(stretch.keep.unwrap_or(end))?;
        }
        let decoder = &parts.decoding.decoder;
        let mut status = self.status.lock();
        if stretch.is_written {
            status.stretches += 1;
            status.acknowledged = Some(SystemTime::now());
        }
        status.position = parts.store.saved().position;
        status.waiting = decoder.waiting();
        status.counters = decoder.counters().clone();
        status.sessions = decoder.sessions().count();
        status.look(decoder);
        Ok(())
    }

    /// Stores a block, however long that takes: what the database refuses is not left out, it is tried again.
    fn insert(&self, block: &RowBlock) -> Result<(), Halt> {
        let mut pause = PAUSE;
        let begun = Instant::now();
        loop {
            let stored = self.runtime.block_on(async {
                tokio::select! {
                    stored = self.writer.write(block) => Some(stored),
                    () = self.stop.over() => None,
                }
            });
            match stored {
                None => return Err(Halt::Stopped),
                Some(Ok(())) => {
                    self.status.recover();
                    self.status.lock().insert = begun.elapsed();
                    return Ok(());
                }
                Some(Err(error)) => {
                    self.status.fail(error.to_string(), is_refusal(&error));
                }
            }
            self.stop.pause(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Whether the database refuses rows for what they are, and not for its own state: memory, disk, parts, replicas.
fn is_refusal(error: &ClientError) -> bool {
    const PASSING: [u32; 14] = [159, 202, 203, 209, 210, 225, 241, 242, 243, 252, 285, 319, 394, 999];
    matches!(error, ClientError::Database { code, .. } if !PASSING.contains(code))
}

/// A block with its statement.
fn block(plan: &Plan, built: Built, token: String, rows: u64) -> RowBlock {
    let sql = sql!(
        // To sum up within a block would take twice as long as all else; the engine does it when it merges.
        "INSERT INTO {table} ({columns}) SETTINGS optimize_on_insert = 0 FORMAT Native",
        table = Sql::name(&plan.table),
        columns = Sql::names(built.columns.iter().map(String::as_str)),
    );
    RowBlock { insert: Insert { sql, data: built.bytes.into(), token, deadline: Some(DEADLINE) }, rows }
}
