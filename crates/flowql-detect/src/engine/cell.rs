//! The sums of a target for a rule: of the window that runs and of the one before.

use crate::rule::Threshold;

/// No place.
pub(super) const NONE: u32 = u32::MAX;

/// The sums of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) bits: f64,
    pub(crate) packets: f64,
    pub(crate) flows: u32,
    /// The packets as they were sampled.
    pub(crate) samples: u32,
}

/// A target for a rule.
///
/// What long records tell of reaches over several windows. It comes late and in pieces, so it is not put where it was, but
/// counted from when it is known, as evenly as it was sent: in a steady state that gives the same sums.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) rule: u8,
    /// Whether it is among the cells that are looked at.
    pub(super) is_hot: bool,
    /// The windows that the later part reaches over.
    later_windows: u16,
    /// The next cell of the same target.
    pub(super) next: u32,
    /// The target that it is of.
    pub(super) target: u32,
    /// The place of its detail.
    pub(super) detail: u32,
    /// The number of the window that runs.
    pub(super) window: u32,
    pub(super) now: Sums,
    pub(super) before: Sums,
    later_bits: f32,
    later_packets: f32,
}

/// What a flow adds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    pub(super) bits: f64,
    pub(super) packets: f64,
    pub(super) samples: u32,
    /// The seconds that it tells of.
    pub(super) seconds: f64,
}

/// The rates of a target, a second, and what they are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// The bits a second.
    pub bits: f64,
    /// The packets a second.
    pub packets: f64,
    /// The flows a second.
    pub flows: f64,
    /// The sampled packets of a window.
    pub samples: u64,
    /// The sources of a window; 0 where they are not counted.
    pub sources: u64,
    /// The countries of the sources of a window; 0 where they are not counted.
    pub countries: u64,
}

impl Cell {
    pub(super) const fn new(rule: u8, target: u32, window: u32) -> Self {
        const ZERO: Sums = Sums { bits: 0.0, packets: 0.0, flows: 0, samples: 0 };
        Self {
            rule,
            is_hot: false,
            later_windows: 1,
            next: NONE,
            target,
            detail: NONE,
            window,
            now: ZERO,
            before: ZERO,
            later_bits: 0.0,
            later_packets: 0.0,
        }
    }

    /// Moves on to a window; `true` where that is another one.
    #[inline]
    pub(super) fn advance(&mut self, window: u32) -> bool {
        if window <= self.window {
            return false;
        }
        // What is left after so many windows is nothing.
        let steps = (window - self.window).min(u32::from(self.later_windows) * 16 + 2);
        for _ in 0..steps {
            let (bits, packets) = self.drained();
            self.before =
                Sums { bits: self.now.bits + bits, packets: self.now.packets + packets, ..self.now };
            self.later_bits -= bits as f32;
            self.later_packets -= packets as f32;
            self.now = Sums::default();
        }
        self.window = window;
        true
    }

    /// What a whole window takes of the later part.
    fn drained(&self) -> (f64, f64) {
        let windows = f64::from(self.later_windows);
        (f64::from(self.later_bits) / windows, f64::from(self.later_packets) / windows)
    }

    /// Adds a flow of a window; `false` where that is long over.
    #[inline]
    pub(super) fn add(&mut self, window: u32, seconds: u64, added: &Added) -> bool {
        let sums = if window >= self.window {
            &mut self.now
        } else if window + 1 == self.window {
            &mut self.before
        } else {
            return false;
        };
        let windows = added.seconds / seconds as f64;
        let share = if windows > 1.0 { 1.0 / windows } else { 1.0 };
        sums.bits += added.bits * share;
        sums.packets += added.packets * share;
        sums.flows = sums.flows.saturating_add(1);
        sums.samples = sums.samples.saturating_add(added.samples);
        if share < 1.0 {
            self.later_bits += (added.bits * (1.0 - share)) as f32;
            self.later_packets += (added.packets * (1.0 - share)) as f32;
            self.later_windows = self.later_windows.max((windows.min(1000.0) as u16).max(1));
        }
        true
    }

    /// The rates at a time, which lies in the window that runs: the window before counts as far as it is within the last
    /// so many seconds.
    pub(super) fn rates(&self, time: u32, seconds: u64) -> Rates {
        let passed = u64::from(time).saturating_sub(u64::from(self.window) * seconds).min(seconds);
        let part = passed as f64 / seconds as f64;
        let length = seconds as f64;
        let (bits, packets) = self.drained();
        let rate = |before: f64, now: f64, later: f64| (before * (1.0 - part) + now + later * part) / length;
        let samples = f64::from(self.before.samples) * (1.0 - part) + f64::from(self.now.samples);
        Rates {
            bits: rate(self.before.bits, self.now.bits, bits),
            packets: rate(self.before.packets, self.now.packets, packets),
            flows: rate(f64::from(self.before.flows), f64::from(self.now.flows), 0.0),
            samples: samples.round() as u64,
            sources: 0,
            countries: 0,
        }
    }
}

impl Rates {
    /// How many times the thresholds are reached: the part of a threshold that is reached least counts, and of several
    /// thresholds the one that is reached most.
    #[must_use]
    pub fn severity(&self, above: &[Threshold]) -> f64 {
        above.iter().map(|threshold| self.reaches(threshold)).fold(0.0, f64::max)
    }

    fn reaches(&self, threshold: &Threshold) -> f64 {
        let part = |value: f64, least: Option<f64>| least.map(|least| value / least.max(1.0));
        let parts = [
            part(self.bits, threshold.bits),
            part(self.packets, threshold.packets),
            part(self.flows, threshold.flows),
            part(self.sources as f64, threshold.sources.map(|least| least as f64)),
            part(self.countries as f64, threshold.countries.map(|least| least as f64)),
        ];
        parts.into_iter().flatten().reduce(f64::min).unwrap_or(0.0)
    }
}
