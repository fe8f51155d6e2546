//! Flows as they are written, for those who watch: `flowql tail`.
//!
//! The threads that write lend each block that the database has acknowledged, where somebody watches and the thread here is
//! not busy with another: it evaluates the filters of all who watch, on columns, and gives each a sample of what its filter
//! selects. So nobody who watches makes the writing wait, and at most one more block is in memory. What is left out is
//! counted.

mod batch;
mod request;
mod stream;
mod watcher;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flowql_config::Config;
use flowql_eval::columns::FilterSet;
use tokio::sync::watch;

pub(crate) use batch::Batch;
pub(crate) use request::{Refusal, Request};
pub(crate) use stream::events;
pub use watcher::Counts;

use self::watcher::{Watch, Watcher};

/// The most who watch at once.
const MOST_WATCHERS: usize = 64;

/// All who watch.
#[derive(Debug)]
pub(crate) struct Tails {
    watchers: Mutex<Watchers>,
    /// How many they are, for who asks often.
    count: AtomicUsize,
    /// Whether a block is being looked at.
    is_busy: AtomicBool,
    /// Rows that were written while another block was looked at.
    unseen: AtomicU64,
    blocks: SyncSender<Batch>,
    is_closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Watchers {
    all: Vec<Arc<Watcher>>,
    /// Changes with them.
    generation: u64,
}

/// The filters of those who watch, made ready together.
#[derive(Default)]
struct Prepared {
    generation: u64,
    watchers: Vec<Arc<Watcher>>,
    filters: Option<FilterSet>,
}

impl Tails {
    /// Starts the thread that looks at blocks.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(crate) fn start(config: Arc<Config>) -> std::io::Result<Arc<Self>> {
        let (blocks, received) = sync_channel(1);
        let tails = Arc::new(Self {
            watchers: Mutex::default(),
            count: AtomicUsize::new(0),
            is_busy: AtomicBool::new(false),
            unseen: AtomicU64::new(0),
            blocks,
            is_closed: watch::Sender::new(false),
        });
        let looking = Arc::downgrade(&tails);
        let thread = std::thread::Builder::new().name("tail".to_owned());
        thread.spawn(move || {
            let received: Receiver<Batch> = received;
            let mut prepared = Prepared::default();
            // It ends with the last who could send.
            while let Ok(block) = received.recv() {
                let Some(tails) = looking.upgrade() else { break };
                tails.look(&config, &block, &mut prepared);
                drop(block);
                tails.is_busy.store(false, Ordering::Release);
            }
        })?;
        Ok(tails)
    }

    /// Lends a block of so many rows that was written, unless nobody watches or another block is being looked at.
    pub(crate) fn offer(&self, rows: usize, block: impl FnOnce() -> Batch) {
        if self.count.load(Ordering::Relaxed) == 0 || rows == 0 {
            return;
        }
        if self.is_busy.swap(true, Ordering::Acquire) || self.blocks.try_send(block()).is_err() {
            self.unseen.fetch_add(rows as u64, Ordering::Relaxed);
        }
    }

    /// Begins to watch; `None` where too many do, or the end is near.
    pub(crate) fn watch(self: &Arc<Self>, request: Request) -> Option<Watch> {
        let mut watchers = self.lock();
        if *self.is_closed.borrow() || watchers.all.len() >= MOST_WATCHERS {
            return None;
        }
        let (watcher, flows) = Watcher::new(request);
        watchers.all.push(Arc::clone(&watcher));
        watchers.generation += 1;
        self.count.store(watchers.all.len(), Ordering::Relaxed);
        Some(Watch::new(Arc::clone(self), watcher, flows))
    }

    /// Ends all that is watched, and lets nobody begin.
    pub(crate) fn close(&self) {
        // Each leaves by itself.
        self.is_closed.send_replace(true);
    }

    /// Ends what one watches.
    fn leave(&self, watcher: &Arc<Watcher>) {
        let mut watchers = self.lock();
        watchers.all.retain(|other| !Arc::ptr_eq(other, watcher));
        watchers.generation += 1;
        self.count.store(watchers.all.len(), Ordering::Relaxed);
    }

    /// Looks at a block for all who watch.
    fn look(&self, config: &Config, block: &Batch, prepared: &mut Prepared) {
        prepared.renew(config, &self.lock());
        let Some(filters) = &prepared.filters else { return };
        for (watcher, selected) in prepared.watchers.iter().zip(filters.select(block)) {
            watcher.give(block, &selected);
        }
    }

    fn unseen(&self) -> u64 {
        self.unseen.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Watchers> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Prepared {
    /// Takes who watches now.
    fn renew(&mut self, config: &Config, watchers: &Watchers) {
        if self.generation == watchers.generation {
            return;
        }
        self.generation = watchers.generation;
        self.watchers.clone_from(&watchers.all);
        let filters = self.watchers.iter().map(|watcher| watcher.filter());
        // Each was made ready by itself when it came.
        self.filters = FilterSet::new(&config.schema, filters).ok();
    }
}

#[cfg(test)]
mod tests;
