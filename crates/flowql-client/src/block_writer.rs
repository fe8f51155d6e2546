//! Blocks of rows, stored once each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::{Client, Error, Insert};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How a [`BlockWriter`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockWriterOptions {
    /// How many blocks are under way at once. They are counted apart from the calls of [`ClientOptions::concurrency`],
    /// so that inserts never wait for queries, nor queries for inserts.
    ///
    /// [`ClientOptions::concurrency`]: crate::ClientOptions::concurrency
    pub concurrency: usize,
    /// How long a block is tried that no server acknowledges.
    pub patience: Duration,
    /// The pause after the first attempt that failed; it doubles from attempt to attempt, up to five seconds.
    pub pause: Duration,
}

impl Default for BlockWriterOptions {
    /// Two blocks at once, one made and sent while the server stores the other; a minute of patience.
    fn default() -> Self {
        Self { concurrency: 2, patience: Duration::from_secs(60), pause: Duration::from_millis(200) }
    }
}

/// A block of rows with the statement that stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct RowBlock {
    /// The statement, the data and the token that keeps it from being stored twice.
    pub insert: Insert,
    /// How many rows it has.
    pub rows: u64,
}

/// What a writer has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockCounts {
    /// Blocks that were acknowledged.
    pub blocks: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes, before they were compressed.
    pub bytes: u64,
    /// Attempts that failed and were repeated.
    pub retries: u64,
    /// Blocks that were given up: refused, or not acknowledged in time.
    pub failures: u64,
    /// Blocks that are under way now.
    pub in_flight: u64,
}

/// Writes blocks until they are acknowledged. A block is sent again under its token, by which the server drops what it
/// has already, in every table that views fill too.
#[derive(Debug)]
pub struct BlockWriter {
    client: Client,
    options: BlockWriterOptions,
    permits: Semaphore,
    blocks: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
    retries: AtomicU64,
    failures: AtomicU64,
    in_flight: AtomicU64,
}

impl BlockWriter {
    /// A writer to the servers of a client.
    pub fn new(client: Client, options: BlockWriterOptions) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            client,
            permits: Semaphore::new(options.concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            options,
            blocks: zero(),
            rows: zero(),
            bytes: zero(),
            retries: zero(),
            failures: zero(),
            in_flight: zero(),
        }
    }

    /// Stores a block, and returns when that is acknowledged. It waits for its turn first: a caller that
    /// makes blocks faster than the database stores them is slowed down here.
    ///
    /// # Errors
    ///
    /// That the server refuses the block, or that no attempt was acknowledged in time. In the latter case it may be
    /// stored; another call with the same block settles it.
    pub async fn write(&self, block: &RowBlock) -> Result<(), Error> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await.map_err(|_| Error::Busy)?;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let _counted = InFlight(&self.in_flight);
        let stored = self.until_acknowledged(&block.insert).await;
        if stored.is_ok() {
            self.blocks.fetch_add(1, Ordering::Relaxed);
            self.rows.fetch_add(block.rows, Ordering::Relaxed);
            self.bytes.fetch_add(block.insert.data.len() as u64, Ordering::Relaxed);
        } else {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        stored
    }

    async fn until_acknowledged(&self, insert: &Insert) -> Result<(), Error> {
        let start = Instant::now();
        let mut pause = self.options.pause;
        loop {
            match self.client.insert_now(insert).await {
                Ok(()) => return Ok(()),
                Err(error) if !is_passing(&error) || start.elapsed() >= self.options.patience => {
                    return Err(error);
                }
                Err(_) => {
                    self.retries.fetch_add(1, Ordering::Relaxed);
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What it has done, for metrics.
    pub fn counts(&self) -> BlockCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BlockCounts {
            blocks: read(&self.blocks),
            rows: read(&self.rows),
            bytes: read(&self.bytes),
            retries: read(&self.retries),
            failures: read(&self.failures),
            in_flight: read(&self.in_flight),
        }
    }
}

/// A block under way, also where its future is dropped.
struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether another attempt may go better.
const fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::Deadline(_) | Error::Interrupted { .. } | Error::Busy)
}
