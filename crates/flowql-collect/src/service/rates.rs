//! How many flows and octets a second each exporter sends, over the last half minute.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::write::PartitionStatus;

/// How often the flows are noted, and how many notes are kept.
const EVERY: Duration = Duration::from_secs(5);
const KEPT: usize = 7;

/// The rows and octets of each exporter at a time.
type Note = (Instant, HashMap<IpAddr, [u64; 2]>);

/// The flows of exporters at the last few times.
#[derive(Debug, Default)]
pub(crate) struct RateWatch(Mutex<VecDeque<Note>>);

impl RateWatch {
    fn notes(&self) -> MutexGuard<'_, VecDeque<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how many flows there are, unless that was done just now.
    pub(crate) fn note(&self, partitions: &[PartitionStatus]) {
        self.note_at(Instant::now(), || sums(partitions));
    }

    fn note_at(&self, now: Instant, sums: impl FnOnce() -> HashMap<IpAddr, [u64; 2]>) {
        let mut notes = self.notes();
        if notes.back().is_some_and(|(at, _)| now.saturating_duration_since(*at) < EVERY) {
            return;
        }
        if notes.len() >= KEPT {
            notes.pop_front();
        }
        notes.push_back((now, sums()));
    }

    /// The flows and octets a second of an exporter that has so many by now; `None` in the first second.
    pub(crate) fn of(&self, exporter: IpAddr, sums: [u64; 2], now: Instant) -> Option<[f64; 2]> {
        let notes = self.notes();
        let (at, known) = notes.front()?;
        let seconds = now.saturating_duration_since(*at).as_secs_f64();
        // Sessions that are forgotten take their rows with them.
        let [rows, octets] = known.get(&exporter).copied().unwrap_or_default();
        let [more_rows, more_octets] = sums;
        let more = [more_rows.saturating_sub(rows), more_octets.saturating_sub(octets)];
        (seconds >= 1.0).then(|| more.map(|more| more as f64 / seconds))
    }
}

/// The rows and octets of each exporter.
fn sums(partitions: &[PartitionStatus]) -> HashMap<IpAddr, [u64; 2]> {
    let mut sums: HashMap<IpAddr, [u64; 2]> = HashMap::new();
    for session in partitions.iter().flat_map(|status| status.exporters.iter()) {
        let [rows, _] = sums.entry(session.source.address.ip()).or_default();
        *rows += session.tally.rows;
    }
    for traffic in partitions.iter().flat_map(|status| status.traffic.iter()) {
        let [_, octets] = sums.entry(traffic.exporter).or_default();
        *octets += traffic.octets;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_half_minute() {
        let (watch, begin) = (RateWatch::default(), Instant::now());
        let exporter = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(watch.of(exporter, [5, 5], begin), None);
        for second in 0..60 {
            let now = begin + Duration::from_secs(second);
            watch.note_at(now, || HashMap::from([(exporter, [second * 10, second * 1_000])]));
        }
        let now = begin + Duration::from_secs(60);
        // The oldest note that is kept is of second 25.
        assert_eq!(watch.of(exporter, [600, 60_000], now), Some([10.0, 1_000.0]));
        assert_eq!(watch.of(exporter, [250, 25_000], now), Some([0.0, 0.0]));
        assert_eq!(watch.of(exporter, [0, 0], now), Some([0.0, 0.0]), "its sessions were forgotten");
        assert_eq!(watch.notes().len(), KEPT);
    }
}
