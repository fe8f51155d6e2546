//! One who watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use flowql::typed::Filter;
use flowql_eval::columns::Selection;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::Tails;
use super::batch::Batch;
use super::request::Request;

/// How many flows wait for who watches.
const WAITING: usize = 1024;

/// Flows of so many seconds may be given at once, since blocks come from time to time.
const BURST_SECONDS: f64 = 5.0;

/// What was seen since the watching began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The flows that were written and looked at.
    pub written: u64,
    /// Of these, the ones that the filter selects.
    pub selected: u64,
    /// Of these, the ones that were given.
    pub shown: u64,
    /// Of these, the ones that were not: they were more than was asked for, or who watches took them too slowly.
    pub left_out: u64,
    /// The flows that were written and not looked at, since there were too many.
    pub unseen: u64,
}

/// One who watches.
#[derive(Debug)]
pub(crate) struct Watcher {
    request: Request,
    flows: mpsc::Sender<String>,
    tally: Mutex<Tally>,
}

#[derive(Debug)]
struct Tally {
    counts: Counts,
    /// How many flows may be given.
    allowed: f64,
    since: Instant,
}

/// What one watches; the watching ends with it.
#[derive(Debug)]
pub(crate) struct Watch {
    tails: Arc<Tails>,
    watcher: Arc<Watcher>,
    flows: mpsc::Receiver<String>,
    is_closed: watch::Receiver<bool>,
    /// What was not seen before.
    unseen: u64,
}

impl Watch {
    pub(crate) fn new(tails: Arc<Tails>, watcher: Arc<Watcher>, flows: mpsc::Receiver<String>) -> Self {
        let (unseen, is_closed) = (tails.unseen(), tails.is_closed.subscribe());
        Self { tails, watcher, flows, is_closed, unseen }
    }

    /// The next flow as JSON; `None` where there will be none.
    pub(crate) async fn next(&mut self) -> Option<String> {
        tokio::select! {
            flow = self.flows.recv() => flow,
            // Who could close it is gone, or has done so.
            _ = self.is_closed.wait_for(|is_closed| *is_closed) => None,
        }
    }

    /// What was seen so far.
    pub(crate) fn counts(&self) -> Counts {
        let counts = self.watcher.tally().counts;
        Counts { unseen: self.tails.unseen() - self.unseen, ..counts }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tails.leave(&self.watcher);
    }
}

impl Watcher {
    pub(crate) fn new(request: Request) -> (Arc<Self>, mpsc::Receiver<String>) {
        let (sender, flows) = mpsc::channel(WAITING);
        let allowed = f64::from(request.rate);
        let tally = Tally { counts: Counts::default(), allowed, since: Instant::now() };
        (Arc::new(Self { request, flows: sender, tally: Mutex::new(tally) }), flows)
    }

    pub(crate) fn filter(&self) -> Option<&Filter> {
        self.request.filter.as_ref()
    }

    /// Gives a sample of what is selected of a block.
    pub(crate) fn give(&self, block: &Batch, selected: &Selection) {
        let count = selected.count();
        let mut tally = self.tally();
        let most = tally.allowed(f64::from(self.request.rate)).min(self.flows.capacity());
        let sample: Vec<usize> = spread(count, most, selected.iter()).collect();
        let mut shown = 0;
        if !sample.is_empty() {
            let values = self.request.reader.read(block);
            for row in sample {
                let line = self.request.line(&values, row);
                shown += u64::from(self.flows.try_send(line).is_ok());
            }
        }
        tally.allowed -= shown as f64;
        let counts = &mut tally.counts;
        counts.written += selected.rows() as u64;
        counts.selected += count as u64;
        counts.shown += shown;
        counts.left_out += count as u64 - shown;
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// How many flows may be given now, at a rate in the long run.
    fn allowed(&mut self, rate: f64) -> usize {
        let now = Instant::now();
        let passed = now.duration_since(self.since).as_secs_f64();
        self.since = now;
        self.allowed = (self.allowed + passed * rate).min(rate * BURST_SECONDS);
        self.allowed as usize
    }
}

/// At most so many of the rows, as evenly spread as can be.
fn spread(count: usize, most: usize, rows: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    let kept = count.min(most);
    // Row `place` is kept where the share of the rows up to it reaches another whole.
    let is_kept = move |place: usize| (place + 1) * kept / count > place * kept / count;
    rows.enumerate().filter(move |(place, _)| is_kept(*place)).map(|(_, row)| row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_rows() {
        let sample = |count: usize, most| -> Vec<usize> { spread(count, most, 10..10 + count).collect() };
        assert!(sample(0, 5).is_empty() && sample(10, 0).is_empty());
        assert_eq!(sample(3, 5), [10, 11, 12]);
        assert_eq!(sample(10, 2), [14, 19]);
        for (count, most) in [(7, 3), (1000, 999), (100_000, 25)] {
            assert_eq!(sample(count, most).len(), most);
        }
    }
}
