//! What was left out of what is shown.

use std::time::{Duration, Instant};

use flowql_collect::TailCounts;

use crate::console;

/// How often it is said what is left out, while more is.
const PERIOD: Duration = Duration::from_secs(10);

/// What collectors counted.
pub(super) struct Counted {
    /// The last counts of each.
    counts: Vec<TailCounts>,
    rate: u32,
    /// How many flows were shown.
    pub(super) shown: u64,
    /// What was left out when that was said, and when.
    said: Option<(u64, Instant)>,
}

impl Counted {
    pub(super) fn new(collectors: usize, rate: u32) -> Self {
        Self { counts: vec![TailCounts::default(); collectors], rate, shown: 0, said: None }
    }

    /// Takes what a collector counted since it began.
    pub(super) fn take(&mut self, number: usize, counts: TailCounts) {
        if let Some(last) = self.counts.get_mut(number) {
            *last = counts;
        }
    }

    fn total(&self, count: fn(&TailCounts) -> u64) -> u64 {
        self.counts.iter().map(count).sum()
    }

    /// Says what is left out, where more is than was said.
    pub(super) fn say(&mut self, now: Instant) {
        if let Some(text) = self.news(now) {
            console::message(&text);
        }
    }

    fn news(&mut self, now: Instant) -> Option<String> {
        let missing = self.total(|counts| counts.left_out + counts.unseen);
        let (said, is_soon) = match self.said {
            Some((said, when)) => (said, now.duration_since(when) < PERIOD),
            None => (0, false),
        };
        if missing <= said || is_soon {
            return None;
        }
        self.said = Some((missing, now));
        Some(self.summary())
    }

    /// Says at the end how much was shown of what.
    pub(super) fn finish(&self, is_quiet: bool) {
        if !is_quiet && self.total(|counts| counts.written + counts.unseen) > 0 {
            console::message(&self.summary());
        }
    }

    fn summary(&self) -> String {
        let (written, selected) = (self.total(|counts| counts.written), self.total(|counts| counts.selected));
        let mut text = format!("{} shown of {selected} selected of {written} flows", self.shown);
        let unseen = self.total(|counts| counts.unseen);
        if unseen > 0 {
            text.push_str(&format!("; {unseen} more were not looked at, so that the writing does not wait"));
        }
        if self.total(|counts| counts.left_out) > 0 {
            text.push_str(&format!("; at most {} a second are shown, see --rate", self.rate));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said_now_and_then() {
        let mut counted = Counted::new(2, 20);
        let start = Instant::now();
        let counts = TailCounts { written: 500, selected: 100, shown: 100, ..TailCounts::default() };
        counted.take(0, counts);
        counted.shown = 100;
        assert_eq!(counted.news(start), None);
        let other = TailCounts { written: 50, selected: 20, shown: 5, left_out: 15, unseen: 0 };
        counted.take(1, other);
        let text = "100 shown of 120 selected of 550 flows; at most 20 a second are shown, see --rate";
        assert_eq!(counted.news(start).as_deref(), Some(text));
        counted.take(1, TailCounts { unseen: 7, ..other });
        assert_eq!(counted.news(start + Duration::from_secs(9)), None);
        let text = "100 shown of 120 selected of 550 flows; 7 more were not looked at, so that the writing does \
                    not wait; at most 20 a second are shown, see --rate";
        assert_eq!(counted.news(start + Duration::from_secs(10)).as_deref(), Some(text));
        assert_eq!(counted.news(start + Duration::from_secs(90)), None);
    }
}
