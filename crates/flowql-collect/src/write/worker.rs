//! The thread of a partition: reads, decodes, notes, writes and acknowledges.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use flowql_client::{BlockWriter, Error as ClientError, Insert, RowBlock, Sql, sql};
use flowql_decode::{Columns, Datagram, Field};
use flowql_enrich::exporters::Directory;
use flowql_queue::{Content, Item, Note, Position, Queue, Reader, Record, Store};
use tokio::runtime::Handle;

use super::block::Built;
use super::census::Census;
use super::chapter::{Chapter, Noted, PART_ROWS};
use super::lookup::{Lookup, source};
use super::plan::Plan;
use super::reach::{self, Reach};
use super::routes::RowAddresses;
use super::state::{self, pack};
use super::status::Shared;
use super::stop::Stop;
use super::stretch::{Decoding, Stretch};
use crate::bmp::AddressTables;
use crate::tail::Tails;

/// How long a read waits for more, so that a stop is soon seen.
const WAIT: Duration = Duration::from_millis(100);

/// A stretch that is so old takes no other segment: it is not catching up.
const LONGEST: Duration = Duration::from_millis(500);

/// How often the queue is asked for the time while something waits for it.
const MARK: Duration = Duration::from_secs(1);

/// The pause after a failure; it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The table of the interfaces.
const EXPORTERS: &str = "exporters";

/// How long an attempt to store a block may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The thread of a partition.
pub(crate) struct Worker {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) partition: u16,
    /// The plan of now.
    pub(crate) plan: Arc<ArcSwap<Plan>>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) addresses: Arc<AddressTables>,
    pub(crate) writer: Arc<BlockWriter>,
    pub(crate) tails: Option<Arc<Tails>>,
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
    chapter: Chapter,
    reach: Reach,
    lookup: Lookup,
    census: Census,
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
        let mut decoding = self.decoding(Plan::clone(&self.plan.load()));
        let mut parts = Parts {
            store,
            chapter: match &saved.note {
                None => Chapter::new(saved.position, &mut decoding),
                Some(note) => Chapter::noted(note.stretch.start, &decoding),
            },
            reach: Reach::new(&decoding.plan),
            decoding,
            lookup: Lookup::default(),
            census: Census::default(),
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
            self.stretch(Stretch::new(reader.position()), &mut parts, &mut *reader)?;
        }
    }

    /// Decodes the noted stretch once more: what the decoder remembers follows from it, and its rows are written where it
    /// was not acknowledged. Gives where the next one begins.
    fn repeat(&self, parts: &mut Parts, note: &Note, written: Position) -> Result<Position, Halt> {
        let noted = Noted::from_bytes(&note.context);
        let Range { start, end } = note.stretch;
        let (mut chapter, mut ends) = (start, true);
        match noted {
            Some(noted) => {
                (chapter, ends) = (noted.chapter(start), noted.ends);
                parts.reach = self.reach(&noted.plan);
                parts.decoding = self.decoding(noted.plan);
                parts.decoding.resume_limits(noted.limits);
            }
            None => {
                tracing::warn!(partition = self.partition, "a note of another version: its plan is unknown");
            }
        }
        if !state::restore(&mut parts.decoding.decoder, &parts.store.state()?) {
            self.status.lock().lost_states += 1;
            let message = "what was saved of the decoder cannot be read: templates are waited for again";
            tracing::error!(partition = self.partition, message);
        }
        parts.chapter = Chapter::noted(chapter, &parts.decoding);
        let is_written = end > written;
        if is_written {
            tracing::info!(partition = self.partition, %start, %end, "writing what was begun before");
        }
        let mut reader = self.queue.reader(self.partition, chapter)?;
        if chapter < start {
            // What is stored already is summed up once more.
            self.stretch(Stretch::noted((chapter, start), false, false), parts, &mut *reader)?;
        }
        self.stretch(Stretch::noted((start, end), is_written, ends), parts, &mut *reader)?;
        if is_written {
            self.status.lock().repeated += 1;
        }
        Ok(reader.position().max(end))
    }

    /// The reach of a noted plan. Where the sums have become views meanwhile, its table is gone.
    fn reach(&self, noted: &Plan) -> Reach {
        let now = self.plan.load();
        Reach::new(if now.sums.is_empty() { &now } else { noted })
    }

    /// Begins the next chapter, by the plan of now.
    fn begin_chapter(&self, start: Position, parts: &mut Parts) {
        let now = self.plan.load_full();
        if parts.decoding.plan != *now {
            let decoding = std::mem::replace(&mut parts.decoding, self.decoding(Plan::clone(&now)));
            parts.decoding = decoding.planned(&now, &self.directory);
            parts.reach = Reach::new(&now);
        }
        parts.chapter = Chapter::new(start, &mut parts.decoding);
    }

    /// Whether the chapter is to end: with the next stretch where one comes, else with an empty one.
    fn is_due(&self, parts: &Parts) -> bool {
        let Decoding { plan, builder, .. } = &parts.decoding;
        self.stop.is_asked() || *plan != **self.plan.load() || parts.chapter.is_due(plan, builder.groups())
    }

    /// Whether a chapter that has stretches is to end.
    fn is_chapter_due(&self, parts: &Parts) -> bool {
        parts.chapter.is_begun() && self.is_due(parts)
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
            // Only between segments it is looked whether it may.
            let may_end = stretch.boundary.is_some()
                && stretch.may_end(&parts.decoding.columns, self.is_chapter_due(parts));
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
        let is_due = self.is_chapter_due(parts);
        self.status.lock().look(&parts.decoding, &mut parts.census);
        let is_drained = stretch.end.is_none() && stretch.is_empty(&parts.decoding.columns);
        if self.stop.is_asked() && is_drained && !is_due {
            return Err(Halt::Stopped);
        }
        if self.stop.is_asked() {
            // The segment is about to be closed.
            self.stop.pause(Duration::from_millis(10));
        }
        if is_drained && !parts.chapter.is_begun() && parts.decoding.builder.groups() == 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            self.raise(u32::try_from(now).unwrap_or(u32::MAX), parts)?;
        }
        // The end of the segment that is being written lets the chapter end.
        let is_waiting = is_drained && (is_due || parts.decoding.decoder.waiting() > 0);
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
                stretch.time = time;
                parts.decoding.decoder.tick(time);
                self.resume(next, stretch, parts)?;
                self.settle(time, next, stretch, parts)?;
            }
            Item::Damaged(range) => self.status.lose("a part of the queue cannot be read", &range),
            Item::Missing(range) => {
                // What is missing ends where a segment begins.
                stretch.boundary = Some(range.end);
                self.status.lose("a part of the queue is gone", &range);
                let until = parts.decoding.decoder.clock();
                self.settle(until, range.end, stretch, parts)?;
            }
        }
        Ok(())
    }

    fn record(&self, position: Position, record: &Record<'_>, parts: &mut Parts) {
        let source = source(record);
        match record.content {
            Content::Datagram(bytes) => {
                let datagram = Datagram { received: record.time, source, position: pack(position), bytes };
                parts.decoding.decode(&datagram, None, &mut parts.census);
            }
            Content::Closed => parts.decoding.decoder.close(source),
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
                        parts.decoding.decode(&datagram, Some(ticket), &mut parts.census);
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

    /// Takes what rate limits keep of the flows until a time.
    fn settle(&self, until: u64, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        let dropped = parts.decoding.settle(until, at);
        if dropped > 0 && stretch.is_written {
            self.status.lock().dropped += dropped;
        }
        self.block(at, stretch, parts)
    }

    /// Writes a block where there are enough rows.
    fn block(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        if parts.decoding.is_crowded() {
            let until = parts.decoding.decoder.clock();
            return self.settle(until, at, stretch, parts);
        }
        if parts.decoding.columns.rows() < parts.decoding.plan.rows {
            return Ok(());
        }
        self.write(at, stretch, parts)
    }

    /// Writes the rows that there are, long flows shared out.
    fn write(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        let Decoding { spread, columns, .. } = &mut parts.decoding;
        let Some(spread) = spread else { return self.write_block(at, stretch, parts) };
        spread.take(columns);
        loop {
            let Decoding { spread: Some(spread), columns, plan, .. } = &mut parts.decoding else {
                return Ok(());
            };
            let has_more = spread.fill(columns, plan.rows);
            self.write_block(at, stretch, parts)?;
            if !has_more {
                return Ok(());
            }
        }
    }

    /// Writes the rows that there are.
    fn write_block(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        let rows = parts.decoding.columns.rows() as u64;
        if rows == 0 {
            return Ok(());
        }
        let Decoding { builder, columns, decoder, plan, .. } = &mut parts.decoding;
        columns.settle();
        let texts = decoder.texts();
        let addresses = RowAddresses::complete(&self.addresses, plan.asn_from(), columns, texts);
        if stretch.is_written {
            let built = builder.build(columns, texts, &addresses);
            let oldest = oldest(columns);
            // Whether the chapter ends depends on the groups: they are made before.
            self.note(at, stretch, parts)?;
            if let Some(reach) = parts.reach.lower(oldest) {
                self.tell(reach, parts)?;
            }
            let table = &parts.decoding.plan.table;
            let token = self.token((stretch.start, stretch.end), table, stretch.blocks);
            self.insert(&block(table, built.flows, token, rows))?;
            if let Some(tails) = &self.tails {
                let Decoding { builder, columns, decoder, .. } = &mut parts.decoding;
                tails.offer(columns.rows(), || builder.lend(columns, decoder.texts(), addresses));
            }
            let mut status = self.status.lock();
            status.rows += rows;
            status.blocks += 1;
            drop(status);
            if let Some((interfaces, rows)) = built.interfaces {
                let token = self.token((stretch.start, stretch.end), EXPORTERS, stretch.blocks);
                self.insert(&block(EXPORTERS, interfaces, token, rows))?;
            }
        } else {
            builder.add(columns, texts, &addresses);
            parts.reach.see(oldest(columns));
        }
        stretch.blocks += 1;
        stretch.rows += rows;
        parts.decoding.columns.clear();
        if stretch.ends && stretch.rows >= PART_ROWS {
            self.write_sums(stretch, parts)?;
        }
        Ok(())
    }

    /// Writes the sums of the chapter so far, where they are not stored.
    fn write_sums(&self, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        for sums in &mut parts.decoding.builder.sums {
            let Some((built, rows)) = sums.take().filter(|_| stretch.is_written) else { continue };
            let token = self.token((parts.chapter.start, stretch.end), &sums.table, stretch.parts);
            self.insert(&block(&sums.table, built, token, rows))?;
            self.status.lock().summed += rows;
        }
        stretch.parts += 1;
        stretch.rows = 0;
        Ok(())
    }

    /// All that was read by some time is in the sums.
    fn raise(&self, read: u32, parts: &mut Parts) -> Result<(), Halt> {
        match parts.reach.raise(read) {
            Some(reach) => self.tell(reach, parts),
            None => Ok(()),
        }
    }

    /// Stores up to when the sums have the flows of the partition.
    fn tell(&self, reach: u32, parts: &mut Parts) -> Result<(), Halt> {
        let queue = self.queue.id().to_string();
        self.insert(&reach::row(&queue, self.partition, reach, DEADLINE))?;
        parts.reach.is_stored(reach);
        Ok(())
    }

    /// What no other block has: by it the database drops one that it has already.
    fn token(&self, (start, end): (Position, Option<Position>), table: &str, number: u32) -> String {
        let (queue, partition, end) = (self.queue.id(), self.partition, end.unwrap_or_default());
        format!("flowql-{queue}-{partition}-{start}-{end}-{table}-{number}")
    }

    /// Notes a stretch, once; its end, and whether its chapter ends with it, is settled by that.
    fn note(&self, at: Position, stretch: &mut Stretch, parts: &mut Parts) -> Result<(), Halt> {
        if stretch.is_noted {
            return Ok(());
        }
        let end = match stretch.end.or(stretch.boundary) {
            Some(end) => end,
            None => self.next_end(at)?,
        };
        stretch.ends = self.is_due(parts);
        let context = Noted::bytes(&parts.decoding.plan, &parts.chapter, stretch.ends);
        let note = Note { stretch: stretch.start..end, context };
        parts.store.note(note, parts.chapter.state())?;
        parts.chapter.is_noted();
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
        }
        let read = u32::try_from(stretch.time / 1_000_000_000).unwrap_or(u32::MAX);
        if stretch.ends {
            self.write_sums(&mut stretch, parts)?;
        }
        if stretch.is_written {
            parts.store.acknowledge(parts.chapter.keep())?;
        }
        if stretch.ends {
            if read > 0 {
                self.raise(read, parts)?;
            }
            self.begin_chapter(end, parts);
        } else {
            parts.chapter.count(&parts.decoding.plan);
        }
        parts.reach.read(read);
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
        status.look(&parts.decoding, &mut parts.census);
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

/// When the earliest of some rows were received.
fn oldest(rows: &Columns) -> u32 {
    let (times, _) = rows.fixed(Field::TimeReceived).as_chunks::<4>();
    times.iter().map(|time| u32::from_le_bytes(*time)).min().unwrap_or_default()
}

/// A block with its statement.
fn block(table: &str, built: Built, token: String, rows: u64) -> RowBlock {
    let sql = sql!(
        // To sum up within a block would take twice as long as all else; the engine does it when it merges.
        "INSERT INTO {table} ({columns}) SETTINGS optimize_on_insert = 0 FORMAT Native",
        table = Sql::name(table),
        columns = Sql::names(built.columns.iter().map(String::as_str)),
    );
    RowBlock { insert: Insert { sql, data: built.bytes.into(), token, deadline: Some(DEADLINE) }, rows }
}
