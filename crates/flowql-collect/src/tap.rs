//! Flows as they are decoded, for who looks at them before they are written, such as the detector of attacks.
//!
//! A thread for each partition reads the queue a second time, with a decoder of its own: so a database that is slow or away
//! delays nothing here, and what the writer decodes again is not given again. It begins where the writer began, with what
//! the decoder remembered there, so that templates are known. The time of a flow is when it was received, whatever
//! `[collect] time` says.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flowql_decode::Datagram;
use flowql_enrich::exporters::Directory;
use flowql_eval::columns::Flows;
use flowql_queue::{Content, Error, Item, Position, Queue, Reader, Record};

use crate::CollectSection;
use crate::bmp::AddressTables;
use crate::write::{Decoding, Lookup, Noted, Plan, RowAddresses, pack, restore, source, unpack};

/// A batch has at most so many rows, but for the last datagram.
const ROWS: usize = 4096;

/// How long rows wait for more, and how soon a stop is seen.
const WAIT: Duration = Duration::from_millis(100);

/// The pause after a failure of the queue.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes flows as they are decoded.
pub trait Tap: Debug + Send + Sync {
    /// The columns that it asks flows for.
    fn columns(&self) -> Vec<String>;

    /// Takes a batch of a partition of the queue, in its order. It is called from one thread for each partition; while it
    /// takes its time, the rest waits in the queue.
    fn flows(&self, partition: u16, flows: &dyn Flows);
}

/// The threads that read for a tap, until this is dropped.
#[derive(Debug)]
pub(crate) struct Tapping {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// The thread of a partition.
struct Tapper {
    tap: Arc<dyn Tap>,
    queue: Arc<dyn Queue>,
    partition: u16,
    decoding: Decoding,
    addresses: Arc<AddressTables>,
    lookup: Lookup,
    /// Where it is.
    position: Position,
    is_over: Arc<AtomicBool>,
}

impl Tapping {
    /// Starts to read. The stores of the queue must not be in use yet.
    pub(crate) fn start(
        tap: &Arc<dyn Tap>,
        queue: &Arc<dyn Queue>,
        section: &CollectSection,
        directory: &Arc<Directory>,
        addresses: &Arc<AddressTables>,
    ) -> Result<Self, super::service::Error> {
        let mut tapping = Self { is_over: Arc::default(), threads: Vec::new() };
        for partition in queue.assigned() {
            let plan = Plan::of_columns(section, &tap.columns());
            let mut decoding = Decoding::new(plan, directory);
            let position = begin(&**queue, partition, &mut decoding)?;
            let mut tapper = Tapper {
                tap: Arc::clone(tap),
                queue: Arc::clone(queue),
                partition,
                decoding,
                addresses: Arc::clone(addresses),
                lookup: Lookup::default(),
                position,
                is_over: Arc::clone(&tapping.is_over),
            };
            let thread = std::thread::Builder::new().name(format!("tap {partition}"));
            tapping.threads.push(thread.spawn(move || tapper.run())?);
        }
        Ok(tapping)
    }
}

impl Drop for Tapping {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // A thread has nothing to give; a panic in it has been printed.
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

/// Where the writer begins, with what the decoder remembered there.
fn begin(queue: &dyn Queue, partition: u16, decoding: &mut Decoding) -> Result<Position, Error> {
    let store = queue.store(partition)?;
    let saved = store.saved();
    let Some(note) = &saved.note else { return Ok(saved.position) };
    if !restore(&mut decoding.decoder, &store.state()?) {
        tracing::warn!(
            partition,
            "what was saved of the decoder cannot be read: templates are waited for again"
        );
    }
    let start = note.stretch.start;
    Ok(Noted::from_bytes(&note.context).map_or(start, |noted| noted.chapter(start)))
}

impl Tapper {
    /// Reads until it is over. What fails is tried again.
    fn run(&mut self) {
        while let Err(error) = self.read() {
            tracing::warn!(partition = self.partition, %error, "the queue cannot be read for the tap");
            std::thread::park_timeout(PAUSE);
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn read(&mut self) -> Result<(), Error> {
        let mut reader = self.queue.reader(self.partition, self.position)?;
        let mut since = Instant::now();
        while !self.is_over.load(Ordering::Relaxed) {
            let is_idle = self.next(&mut *reader)?;
            self.position = reader.position();
            let rows = self.decoding.columns.rows();
            if rows >= ROWS || (rows > 0 && (is_idle || since.elapsed() >= WAIT)) {
                self.give();
                since = Instant::now();
            } else if rows == 0 {
                since = Instant::now();
            }
        }
        Ok(())
    }

    /// Decodes what comes next; `true` where nothing came.
    fn next(&mut self, reader: &mut dyn Reader) -> Result<bool, Error> {
        match reader.next(WAIT)? {
            Some(Item::Record(position, record)) => self.record(position, &record),
            Some(Item::End { time, .. }) => self.decoding.decoder.tick(time),
            // The writer tells of what is lost.
            Some(Item::Damaged(_) | Item::Missing(_)) => {}
            None => return Ok(true),
        }
        self.resume()?;
        Ok(false)
    }

    fn record(&mut self, position: Position, record: &Record<'_>) {
        let Decoding { decoder, columns, .. } = &mut self.decoding;
        let source = source(record);
        match record.content {
            Content::Datagram(bytes) => {
                let datagram = Datagram { received: record.time, source, position: pack(position), bytes };
                decoder.decode(&datagram, columns, &mut ());
            }
            Content::Closed => decoder.close(source),
        }
    }

    /// Decodes what waits no longer.
    fn resume(&mut self) -> Result<(), Error> {
        loop {
            let tickets = self.decoding.decoder.ready();
            if tickets.is_empty() {
                return Ok(());
            }
            for ticket in tickets {
                let position = unpack(ticket.position);
                let Decoding { decoder, columns, .. } = &mut self.decoding;
                match self.lookup.datagram(&*self.queue, self.partition, position)? {
                    Some(datagram) => decoder.resume(&datagram, ticket, columns, &mut ()),
                    None => decoder.lose(ticket),
                }
            }
        }
    }

    /// Gives the rows that there are.
    fn give(&mut self) {
        let Decoding { decoder, columns, builder, plan, .. } = &mut self.decoding;
        columns.settle();
        let texts = decoder.texts();
        let addresses = RowAddresses::complete(&self.addresses, plan.asn_from(), columns, texts);
        let batch = builder.lend(columns, texts, addresses);
        self.tap.flows(self.partition, &batch);
        columns.clear();
    }
}
