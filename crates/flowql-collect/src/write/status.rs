//! What there is to know of the writing of a partition.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use flowql_decode::{Awaited, Counters, SessionStatus};
use flowql_queue::Position;

use super::census::{Census, Traffic};
use super::stretch::Decoding;

/// What there is to know of the writing of a partition.
#[derive(Clone, Debug, Default)]
pub struct PartitionStatus {
    /// The partition.
    pub partition: u16,
    /// The rows that the database acknowledged.
    pub rows: u64,
    /// The blocks that they were in.
    pub blocks: u64,
    /// The rows of aggregated tables that it acknowledged.
    pub summed: u64,
    /// The stretches that are written.
    pub stretches: u64,
    /// Of these, the ones that were begun before the process was started, and were written once more.
    pub repeated: u64,
    /// All before it is in the database.
    pub position: Position,
    /// When the last stretch was acknowledged.
    pub acknowledged: Option<SystemTime>,
    /// What keeps it from writing now.
    pub trouble: Option<Trouble>,
    /// How often writing a block, or using the queue, failed.
    pub failures: u64,
    /// The places where something of the queue was missing, or could not be read, each a loss.
    pub losses: u64,
    /// When the last loss was found.
    pub lost: Option<Instant>,
    /// The sets that waited, and whose datagrams were gone when they could be decoded.
    pub lost_sets: u64,
    /// How often what was saved of the decoder could not be read.
    pub lost_states: u64,
    /// How many sets wait for a template or for the options of a sampler.
    pub waiting: usize,
    /// What the decoder counted since the process was started, or before, where its state has it.
    pub counters: Counters,
    /// How many sessions the decoder knows.
    pub sessions: usize,
    /// The first of them, as they were a second ago at most.
    pub exporters: Arc<Vec<SessionStatus>>,
    /// What sets waited for then.
    pub awaited: Arc<Vec<Awaited>>,
    /// What exporters sent by then.
    pub traffic: Arc<Vec<Traffic>>,
    /// How many flows of each exporter its rate limit dropped.
    pub limited: Arc<BTreeMap<IpAddr, u64>>,
    /// How many flows rate limits dropped.
    pub dropped: u64,
    /// When they were looked at.
    pub(crate) looked: Option<Instant>,
    /// How long the last block took.
    pub insert: Duration,
}

/// How often it is looked who sends, and the most sessions that are kept of that.
const LOOK: Duration = Duration::from_secs(1);
const MOST_SESSIONS: usize = 20_000;

impl PartitionStatus {
    /// Looks who sends, unless that was done just now.
    pub(crate) fn look(&mut self, decoding: &Decoding, census: &mut Census) {
        let decoder = &decoding.decoder;
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return;
        }
        self.looked = Some(Instant::now());
        self.exporters = Arc::new(decoder.sessions().take(MOST_SESSIONS).collect());
        self.awaited = Arc::new(decoder.awaited());
        self.traffic = Arc::new(census.traffic());
        if let Some(limits) = &decoding.limits {
            self.limited = Arc::new(limits.dropped().clone());
        }
    }
}

/// What keeps a partition from being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong.
    pub message: String,
    /// Whether the database refuses the rows for what they are, and not for its own state.
    pub refused: bool,
    /// Since when.
    pub since: SystemTime,
}

/// The status of a partition that its thread changes and others look at.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<PartitionStatus>);

impl Shared {
    pub(crate) fn new(partition: u16) -> Self {
        Self(Mutex::new(PartitionStatus { partition, ..PartitionStatus::default() }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, PartitionStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is wrong, and says it in the log where it is news.
    pub(crate) fn fail(&self, message: String, refused: bool) {
        let mut status = self.lock();
        status.failures += 1;
        let partition = status.partition;
        match &mut status.trouble {
            Some(trouble) if trouble.message == message => {}
            trouble => {
                let since = trouble.as_ref().map_or_else(SystemTime::now, |trouble| trouble.since);
                tracing::error!(partition, refused, error = message, "not written, and tried again");
                *trouble = Some(Trouble { message, refused, since });
            }
        }
    }

    /// Notes that all is well again.
    pub(crate) fn recover(&self) {
        let mut status = self.lock();
        if let Some(trouble) = status.trouble.take() {
            let seconds = trouble.since.elapsed().unwrap_or_default().as_secs();
            tracing::info!(partition = status.partition, seconds, "written again");
        }
    }

    /// Counts that something of the queue is lost.
    pub(crate) fn lose(&self, what: &'static str, range: &std::ops::Range<Position>) {
        let mut status = self.lock();
        status.losses += 1;
        status.lost = Some(Instant::now());
        tracing::error!(partition = status.partition, from = %range.start, to = %range.end, "{what}");
    }
}
