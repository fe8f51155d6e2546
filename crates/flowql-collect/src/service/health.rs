//! Whether the collector is ready, and why not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Collector;

/// How often it is looked whether something was lost.
const LOOK: Duration = Duration::from_secs(1);

/// When something was lost last.
#[derive(Debug, Default)]
pub(crate) struct LossWatch(Mutex<(u64, Option<Instant>)>);

impl LossWatch {
    /// Notes how much is lost by now.
    fn note(&self, lost: u64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lost > seen.0 {
            *seen = (lost, Some(Instant::now()));
        }
    }

    /// How much is lost, and how long ago the last of it was seen.
    fn last(&self) -> Option<(u64, Duration)> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some((seen.0, seen.1?.elapsed()))
    }
}

/// Looks at the losses, without an end.
pub(crate) async fn watch(collector: Arc<Collector>) {
    loop {
        collector.losses.note(collector.lost());
        collector.rates.note(&collector.partitions());
        tokio::time::sleep(LOOK).await;
    }
}

impl Collector {
    /// The datagrams that were lost on this machine, as far as their number is known; the places in the queue where it is
    /// not count as one each.
    fn lost(&self) -> u64 {
        let journal = self.journal.counters();
        let kernel: u64 = self.listeners().iter().map(|listener| listener.counters.kernel_drops).sum();
        let gone: u64 = self.partitions().iter().map(|status| status.losses + status.lost_sets).sum();
        journal.lost_records + journal.refused + kernel + gone
    }

    /// Why the collector is not ready, as sentences; none where it is.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self
            .preparing()
            .map(|message| format!("nothing is written yet: {message}"))
            .into_iter()
            .collect();
        for status in self.partitions() {
            if let Some(trouble) = status.trouble.filter(|trouble| trouble.refused) {
                reasons.push(format!("the database refuses rows: {}", trouble.message));
            }
        }
        let section = self.section();
        let health = &section.health;
        for (partition, backlog) in self.backlogs() {
            let age = age(backlog.oldest);
            if age > Duration::from_secs(health.unwritten_seconds) {
                let (seconds, records) = (age.as_secs(), backlog.records);
                reasons.push(format!(
                    "partition {partition}: what was received {seconds} s ago is not in the database, \
                     {records} datagrams wait"
                ));
            }
        }
        if let Some((lost, since)) = self.losses.last()
            && since < Duration::from_secs(health.loss_seconds)
        {
            let seconds = since.as_secs();
            reasons.push(format!("datagrams were lost, the last of them {seconds} s ago: {lost} in all"));
        }
        reasons
    }
}

/// How long ago a time was, in nanoseconds since 1970.
pub(crate) fn age(time: Option<u64>) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    time.map_or(Duration::ZERO, |time| now.saturating_sub(Duration::from_nanos(time)))
}
