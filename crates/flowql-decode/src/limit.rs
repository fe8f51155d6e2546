//! Rate limits of exporters: of more flows than are allowed some are kept, and stand for all.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Columns, Field, Fields, Settings, Source};

/// Keeps as many flows of an exporter as its [`rate_limit`](crate::ExporterSettings::rate_limit) allows for a time: exactly
/// so many, chosen by chance, which follows from a seed. The sampling rates of those that are kept rise so that they
/// stand for all.
///
/// A caller decodes into [`RateLimits::fresh`], says whose the rows are by [`RateLimits::added`], and takes what is kept
/// over by [`RateLimits::settle`] at places that follow from the datagrams alone: then the same datagrams give the same
/// rows.
#[derive(Debug)]
pub struct RateLimits {
    limits: HashMap<IpAddr, u64>,
    /// The limit of each of the others.
    others: Option<u64>,
    fresh: Columns,
    /// Whose the fresh rows are: so many of each, one after the other.
    runs: Vec<(IpAddr, usize)>,
    /// When the first datagram was received since the last time that was settled, in nanoseconds since 1970.
    begun: Option<u64>,
    state: LimitState,
    dropped: BTreeMap<IpAddr, u64>,
}

/// What rate limits remember: it belongs to the state of the decoder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitState {
    /// Up to when all is settled, in nanoseconds since 1970.
    settled: u64,
    /// The sum of the sampling rates of flows that were dropped where none was kept that could stand for them.
    owed: BTreeMap<IpAddr, u64>,
}

/// Time before the first datagram that counts, in nanoseconds, where nothing came in it: a second's flows may come at once.
const GRACE: u64 = 1_000_000_000;

/// The most exporters whose dropped flows are counted by themselves, and that others stand for later.
const MOST_COUNTED: usize = 10_000;

/// What is kept of the rows of an exporter.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    /// The rows, and how many of them are kept.
    rows: u64,
    kept: u64,
    /// How many rows are left to choose from, and how many are to be chosen of them.
    left: u64,
    wanted: u64,
    /// The sum of the sampling rates of flows that were dropped before.
    owed: u64,
    /// What is left of the sampling rates of the rows that were kept, of a packet in `kept`.
    rest: u128,
}

impl RateLimits {
    /// The limits of the settings; `None` where there are none.
    pub fn new(settings: &Settings, wanted: Fields) -> Option<Self> {
        let limits = settings.exporters.iter();
        let limits: HashMap<IpAddr, u64> =
            limits.filter_map(|(address, exporter)| Some((*address, exporter.rate_limit?))).collect();
        let others = settings.others.rate_limit;
        if limits.is_empty() && others.is_none() {
            return None;
        }
        // Those that have settings of their own without a limit are not limited.
        let own = settings.exporters.keys().map(|address| (*address, u64::MAX));
        let limits = own.chain(limits).collect();
        Some(Self {
            limits,
            others,
            fresh: Columns::new(wanted),
            runs: Vec::new(),
            begun: None,
            state: LimitState::default(),
            dropped: BTreeMap::new(),
        })
    }

    /// Where flows are decoded into.
    pub const fn fresh(&mut self) -> &mut Columns {
        &mut self.fresh
    }

    /// How many rows wait to be settled.
    pub const fn rows(&self) -> usize {
        self.fresh.rows()
    }

    /// Says when a datagram was received, before it is decoded, in nanoseconds since 1970.
    pub fn receive(&mut self, time: u64) {
        self.begun.get_or_insert(time);
    }

    /// Whose rows were added last; an [`Observer`](crate::Observer) hears of it.
    pub fn added(&mut self, source: Source, count: usize) {
        let address = source.address.ip();
        match self.runs.last_mut() {
            Some((last, rows)) if *last == address => *rows += count,
            _ => self.runs.push((address, count)),
        }
    }

    /// What is remembered where nothing waits to be settled.
    pub const fn state(&self) -> &LimitState {
        &self.state
    }

    /// Continues from such a state.
    pub fn resume(&mut self, state: LimitState) {
        self.state = state;
    }

    /// How many flows of each exporter were dropped.
    pub const fn dropped(&self) -> &BTreeMap<IpAddr, u64> {
        &self.dropped
    }

    /// Adds what is kept of the fresh rows, which came until some time in nanoseconds since 1970. How many were dropped.
    pub fn settle(&mut self, until: u64, seed: u64, columns: &mut Columns) -> u64 {
        let begun = self.begun.take().unwrap_or(until);
        let from = self.state.settled.max(begun.saturating_sub(GRACE));
        self.state.settled = self.state.settled.max(until);
        self.fresh.settle();
        let mut shares = self.shares(from, until);
        let (mut row, mut dropped) = (0, 0);
        let mut random = Random(seed);
        for (address, count) in std::mem::take(&mut self.runs) {
            let share = shares.get_mut(&address);
            let Some(share) = share.filter(|share| share.kept < share.rows || share.owed > 0) else {
                (row..row + count).for_each(|row| append(columns, &self.fresh, row, None));
                row += count;
                continue;
            };
            let (mut lost, mut owed) = (0, 0_u64);
            for row in row..row + count {
                let rate = self.fresh.number(Field::SamplingRate, row);
                if share.choose(&mut random) {
                    append(columns, &self.fresh, row, Some(share.rate(rate)));
                } else {
                    lost += 1;
                    owed = owed.saturating_add(rate);
                }
            }
            let is_owed = share.kept == 0;
            self.drop(address, lost);
            if is_owed {
                self.owe(address, owed);
            }
            dropped += lost;
            row += count;
        }
        self.fresh.clear();
        columns.settle();
        dropped
    }

    /// What is kept of each exporter that has a limit.
    fn shares(&mut self, from: u64, until: u64) -> HashMap<IpAddr, Share> {
        let mut shares: HashMap<IpAddr, Share> = HashMap::new();
        for (address, count) in &self.runs {
            shares.entry(*address).or_default().rows += *count as u64;
        }
        for (address, share) in &mut shares {
            let limit = self.limits.get(address).copied().or(self.others).unwrap_or(u64::MAX);
            // Of times that follow each other, no part of a flow is forgotten.
            let by = |time: u64| u128::from(limit) * u128::from(time) / 1_000_000_000;
            let allowed = by(until).saturating_sub(by(from));
            share.kept = share.rows.min(u64::try_from(allowed).unwrap_or(u64::MAX));
            (share.left, share.wanted) = (share.rows, share.kept);
            if share.kept > 0 {
                share.owed = self.state.owed.remove(address).unwrap_or_default();
            }
        }
        shares
    }

    fn owe(&mut self, address: IpAddr, rates: u64) {
        let owed = &mut self.state.owed;
        if owed.len() < MOST_COUNTED || owed.contains_key(&address) {
            let known = owed.entry(address).or_default();
            *known = known.saturating_add(rates);
        }
    }

    fn drop(&mut self, address: IpAddr, rows: u64) {
        if self.dropped.len() < MOST_COUNTED || self.dropped.contains_key(&address) {
            *self.dropped.entry(address).or_default() += rows;
        }
    }
}

impl Share {
    /// Whether the next row is one of those that are kept: of `left` rows `wanted` are, each with the same chance.
    fn choose(&mut self, random: &mut Random) -> bool {
        let chosen = random.below(self.left) < self.wanted;
        self.left = self.left.saturating_sub(1);
        self.wanted = self.wanted.saturating_sub(u64::from(chosen));
        chosen
    }

    /// The sampling rate of a row that is kept. Where all rows have the same, the rates of those that are kept add up to
    /// those of all.
    fn rate(&mut self, rate: u64) -> u64 {
        let kept = u128::from(self.kept.max(1));
        let all = u128::from(rate) * u128::from(self.rows) + u128::from(self.owed) + self.rest;
        self.rest = all % kept;
        u64::try_from(all / kept).unwrap_or(u64::MAX).max(1)
    }
}

/// Adds a row of others, with another sampling rate where one is given.
fn append(columns: &mut Columns, others: &Columns, row: usize, rate: Option<u64>) {
    columns.copy(others, row);
    if let Some(rate) = rate {
        columns.set(Field::SamplingRate, 0, rate);
    }
    columns.advance(1);
}

/// Numbers by chance that follow from the first one (SplitMix64).
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below another; 0 where there is none.
    const fn below(&mut self, end: u64) -> u64 {
        ((self.next() as u128 * end as u128) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExporterSettings, Row, Transport};

    const SECOND: u64 = 1_000_000_000;
    const START: u64 = 1_700_000_000 * SECOND;

    fn source(last: u8) -> Source {
        Source { address: ([192, 0, 2, last], 7).into(), listener: 0, transport: Transport::Udp }
    }

    fn limits(limits: &[(u8, u64)], others: Option<u64>) -> RateLimits {
        let of = |rate_limit| ExporterSettings { rate_limit, ..ExporterSettings::default() };
        let exporters = limits.iter().map(|(last, limit)| ([192, 0, 2, *last].into(), of(Some(*limit))));
        let settings = Settings { exporters: exporters.collect(), others: of(others), ..Settings::default() };
        RateLimits::new(&settings, Fields::all()).unwrap()
    }

    fn send(limits: &mut RateLimits, exporter: u8, rows: usize, rate: u64, time: u64) {
        limits.receive(time);
        for row in 0..rows {
            let row = Row { sampling_rate: rate, bytes: row as u64, ..Row::default() };
            limits.fresh().push(&row);
        }
        limits.added(source(exporter), rows);
    }

    /// Rows, and the sum of their sampling rates.
    fn sums(columns: &Columns) -> (usize, u64) {
        (columns.rows(), (0..columns.rows()).map(|row| columns.number(Field::SamplingRate, row)).sum())
    }

    #[test]
    fn exactly_so_many_are_kept_and_stand_for_all() {
        let mut limits = limits(&[(1, 100)], None);
        let mut columns = Columns::new(Fields::all());
        let mut expected = (0, 0);
        for second in 1..=10 {
            let begin = START + (second - 1) * SECOND;
            send(&mut limits, 1, 337, 7, begin);
            send(&mut limits, 2, 50, 3, begin);
            let dropped = limits.settle(START + second * SECOND, second, &mut columns);
            // At first, the second before counts too.
            let kept = if second == 1 { 200 } else { 100 };
            assert_eq!(dropped, 337 - kept);
            expected = (expected.0 + kept + 50, expected.1 + 337 * 7 + 50 * 3);
        }
        assert_eq!(sums(&columns), (expected.0 as usize, expected.1));
        assert_eq!(limits.dropped().values().copied().collect::<Vec<_>>(), [3_370 - 1_100]);
    }

    #[test]
    fn what_is_chosen_follows_from_the_seed_and_is_spread_over_all() {
        let bytes = |seed| {
            let mut limits = limits(&[], Some(500));
            let mut columns = Columns::new(Fields::all());
            limits.resume(LimitState { settled: START, ..LimitState::default() });
            send(&mut limits, 9, 1_000, 1, START);
            limits.settle(START + SECOND, seed, &mut columns);
            (0..columns.rows()).map(|row| columns.number(Field::Bytes, row)).collect::<Vec<_>>()
        };
        let (one, other) = (bytes(1), bytes(2));
        assert_eq!((one.len(), &bytes(1)), (500, &one));
        assert_ne!(one, other);
        let half = one.iter().filter(|bytes| **bytes < 500).count();
        assert!((200..300).contains(&half), "{half}");
    }

    #[test]
    fn a_short_burst_after_silence_is_kept_and_a_long_one_is_not() {
        let mut limits = limits(&[(1, 1_000)], None);
        let mut columns = Columns::new(Fields::all());
        send(&mut limits, 1, 900, 1, START);
        assert_eq!(limits.settle(START + SECOND / 100, 1, &mut columns), 0);
        send(&mut limits, 1, 900, 1, START + SECOND / 100);
        assert_eq!(limits.settle(START + SECOND / 50, 1, &mut columns), 890);
        // A clock that is set back allows nothing, and does not fail.
        send(&mut limits, 1, 10, 1, START - SECOND);
        assert_eq!(limits.settle(START - SECOND, 1, &mut columns), 10);
    }

    #[test]
    fn a_low_limit_keeps_some_of_many_short_times_and_they_stand_for_all() {
        let mut limits = limits(&[(1, 20)], None);
        let mut columns = Columns::new(Fields::all());
        limits.resume(LimitState { settled: START, ..LimitState::default() });
        for part in 0..1_000 {
            let begin = START + part * SECOND / 100;
            send(&mut limits, 1, 30, 7, begin);
            // As after a crash.
            let state = limits.state().clone();
            limits.resume(state);
            limits.settle(begin + SECOND / 100, part, &mut columns);
        }
        assert_eq!(sums(&columns), (200, 1_000 * 30 * 7));
    }

    #[test]
    fn exporters_with_settings_of_their_own_are_not_others() {
        let exporters = [([192, 0, 2, 1].into(), ExporterSettings::default())].into();
        let others = ExporterSettings { rate_limit: Some(1), ..ExporterSettings::default() };
        let settings = Settings { exporters, others, ..Settings::default() };
        let mut limits = RateLimits::new(&settings, Fields::all()).unwrap();
        let mut columns = Columns::new(Fields::all());
        send(&mut limits, 1, 40, 1, START);
        send(&mut limits, 2, 40, 1, START);
        assert_eq!(limits.settle(START + SECOND, 1, &mut columns), 38);
        assert!(RateLimits::new(&Settings::default(), Fields::all()).is_none());
    }
}
