//! Lines of the log about what happens again and again: one when it begins, then at most one a minute with the number.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The least time between two lines about the same.
pub(crate) const PAUSE: Duration = Duration::from_secs(60);

/// What happened of each kind since the last line about it.
#[derive(Debug)]
pub(crate) struct Repeats<K> {
    kinds: Mutex<HashMap<K, Kind>>,
}

#[derive(Debug)]
struct Kind {
    /// When there was a line last.
    said: Instant,
    /// How often it happened since.
    count: u64,
    /// What the last of them was.
    last: String,
}

impl<K> Default for Repeats<K> {
    fn default() -> Self {
        Self { kinds: Mutex::default() }
    }
}

impl<K: Eq + Hash> Repeats<K> {
    /// Notes that something happened so often. Gives the number for a line now, with all since the line before.
    pub(crate) fn note(&self, kind: K, count: u64, what: impl Display) -> Option<u64> {
        self.note_at(kind, count, what, Instant::now())
    }

    fn note_at(&self, kind: K, count: u64, what: impl Display, now: Instant) -> Option<u64> {
        let mut kinds = self.kinds();
        let Some(kind) = kinds.get_mut(&kind) else {
            kinds.insert(kind, Kind { said: now, count: 0, last: String::new() });
            return Some(count);
        };
        kind.count += count;
        if now.saturating_duration_since(kind.said) >= PAUSE {
            kind.said = now;
            return Some(std::mem::take(&mut kind.count));
        }
        kind.last = what.to_string();
        None
    }

    /// What no line was about for so long: its numbers and the last of each.
    pub(crate) fn due(&self, pause: Duration) -> Vec<(u64, String)> {
        self.due_at(pause, Instant::now())
    }

    fn due_at(&self, pause: Duration, now: Instant) -> Vec<(u64, String)> {
        let mut kinds = self.kinds();
        let is_due = |kind: &&mut Kind| kind.count > 0 && now.saturating_duration_since(kind.said) >= pause;
        let due = kinds.values_mut().filter(is_due).map(|kind| {
            kind.said = now;
            (std::mem::take(&mut kind.count), std::mem::take(&mut kind.last))
        });
        due.collect()
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<K, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_line_at_once_and_then_one_a_minute() {
        let (repeats, start) = (Repeats::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(repeats.note_at("full", 3, "no room", at(0)), Some(3));
        assert_eq!(
            repeats.note_at("failed", 1, "a disk", at(1)),
            Some(1),
            "each reason has lines of its own"
        );
        for second in 1..60 {
            assert_eq!(repeats.note_at("full", 2, "no room", at(second)), None);
            assert_eq!(repeats.due_at(PAUSE, at(second)), []);
        }
        assert_eq!(repeats.note_at("full", 5, "no room", at(60)), Some(59 * 2 + 5));
        // It ends within the next minute, and a line says how often it happened until then.
        assert_eq!(repeats.note_at("full", 7, "no room at all", at(61)), None);
        assert_eq!(repeats.due_at(PAUSE, at(119)), []);
        assert_eq!(repeats.due_at(PAUSE, at(120)), [(7, "no room at all".to_owned())]);
        assert_eq!(repeats.due_at(PAUSE, at(600)), []);
        // It begins again.
        assert_eq!(repeats.note_at("full", 1, "no room", at(600)), Some(1));
        assert_eq!(repeats.note_at("full", 4, "no room", at(601)), None);
        assert_eq!(repeats.due_at(Duration::ZERO, at(602)), [(4, "no room".to_owned())]);
        assert_eq!(repeats.due_at(Duration::ZERO, at(603)), []);
    }
}
