//! What there is to know of exporters from outside. None of it is in the saved state: rows do not depend on it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::sampling::{Rating, SaidRate};
use crate::waiting::{Need, What};
use crate::{Counters, Decoder, Protocol};

/// What a session became since it was first seen, or since the decoder was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The rows of its flows.
    pub rows: u64,
    /// Of them, those for which nothing said a sampling rate.
    pub unknown_rates: u64,
    /// How far the clock of its last datagram was ahead of the receive time, in milliseconds; `None` where its datagrams
    /// have no time of day.
    pub clock: Option<i64>,
    /// When its last datagram was received, in nanoseconds since 1970.
    pub received: u64,
    /// The sampling rates that were used, the last four that differ, the newest first.
    pub rates: [Option<SaidRate>; 4],
    /// The rate that was used where something said another one of the same, and that one; with when that was, in
    /// nanoseconds since 1970.
    pub contradiction: Option<([SaidRate; 2], u64)>,
    /// How often a template changed under its number, the last such number, and when that was.
    pub changed_templates: Option<(u64, u16, u64)>,
}

/// What sets of an exporter wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The exporter.
    pub exporter: IpAddr,
    /// How it sends.
    pub protocol: Protocol,
    /// Its observation domain.
    pub domain: u32,
    /// What is missing.
    pub what: Missing,
    /// How many sets wait for it.
    pub sets: usize,
}

/// What sets wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The template of this number.
    Template(u16),
    /// The options of the sampler of this number.
    Sampler(u64),
}

impl Tally {
    /// Notes when a datagram was sent, in milliseconds since 1970, and when it was received, in nanoseconds.
    pub(crate) fn sent(&mut self, exported: u64, received: u64) {
        let ahead = i128::from(exported) - i128::from(received / 1_000_000);
        self.clock = i64::try_from(ahead).ok();
    }

    /// Counts that a template is another one under its number.
    pub(crate) fn change_template(&mut self, id: u16, now: u64) {
        let times = self.changed_templates.map_or(0, |(times, ..)| times);
        self.changed_templates = Some((times + 1, id, now));
    }

    /// Notes what was said of the sampling.
    fn rate(&mut self, rating: Rating, now: u64) {
        self.received = self.received.max(now);
        if let Some(pair) = rating.contradiction {
            self.contradiction = Some((pair, now));
        }
        let [newest, ..] = self.rates;
        if rating.said.is_none() || rating.said == newest {
            return;
        }
        let place = self.rates.iter().position(|known| *known == rating.said);
        let end = place.unwrap_or(self.rates.len() - 1);
        if let Some(moved) = self.rates.get_mut(..=end) {
            moved.rotate_right(1);
        }
        let [first, ..] = &mut self.rates;
        *first = rating.said;
    }

    /// Adds the rows that were counted meanwhile.
    fn add(&mut self, before: (u64, u64), now: &Counters) {
        self.rows += now.rows.saturating_sub(before.0);
        self.unknown_rates += now.unknown_rates.saturating_sub(before.1);
    }
}

impl Decoder {
    /// What was counted that a tally has too.
    pub(crate) const fn tallied(&self) -> (u64, u64) {
        (self.counters.rows, self.counters.unknown_rates)
    }

    /// Gives what was counted of a datagram to the session that it was of.
    pub(crate) fn tally(&mut self, before: (u64, u64), received: u64) {
        let rating = std::mem::take(&mut self.rating);
        if let Some(session) = self.opened.take().and_then(|place| self.sessions.at(place)) {
            session.tally.add(before, &self.counters);
            session.tally.rate(rating, received);
        }
    }

    /// What sets wait for, exporter by exporter.
    pub fn awaited(&self) -> Vec<Awaited> {
        let all: BTreeMap<Need, usize> = self.waiting.needs().collect();
        all.into_iter().map(|(need, sets)| Awaited::of(need, sets)).collect()
    }
}

impl Awaited {
    const fn of(Need { address, protocol, domain, what }: Need, sets: usize) -> Self {
        let what = match what {
            What::Template(id) => Missing::Template(id),
            What::Sampler(id) => Missing::Sampler(id),
        };
        Self { exporter: address, protocol, domain, what, sets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_ahead_is_positive() {
        let clock = |exported, received| {
            let mut tally = Tally::default();
            tally.sent(exported, received);
            tally.clock
        };
        assert_eq!(clock(7_200_000, 1_000_000_000), Some(7_199_000));
        assert_eq!(clock(1_000, 3_000_000_000), Some(-2_000));
        assert_eq!(clock(u64::MAX, 0), None, "it cannot be said");
    }
}
