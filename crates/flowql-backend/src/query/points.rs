//! The time that an answer covers, and the points of a series.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{FlowQuery, TimeRange};
use crate::Error;

/// The most points of a series.
const MOST_POINTS: u32 = 10_000;
/// The most rows of any answer.
const MOST_ROWS: u32 = 1_000_000;

/// The intervals that people think in, in seconds.
const STEPS: [u64; 22] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
    86_400, 604_800,
];

/// The points of a series. They are at multiples of the step, but for the first, which is where the range begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// Where the first step begins, in seconds since 1970: not after the range.
    pub start: u64,
    /// The seconds of a step.
    pub step: u64,
    /// How many there are.
    pub count: u64,
}

/// How far apart points are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spacing {
    /// So far at least, at an interval that people think in.
    AtLeast(Duration),
    /// So many seconds.
    Exactly(u64),
    /// So many seconds, or more where the interval of the table does not divide them.
    Plain(u64),
}

impl Spacing {
    /// The step on a table of this interval, of which it is a multiple.
    pub(super) fn step(self, resolution: u64) -> u64 {
        match self {
            Self::AtLeast(target) => step_of(target, resolution),
            Self::Exactly(step) | Self::Plain(step) => step.next_multiple_of(resolution),
        }
    }

    /// How far apart the points are to be, at least.
    pub(super) const fn target(self) -> Duration {
        match self {
            Self::AtLeast(target) => target,
            Self::Exactly(step) | Self::Plain(step) => Duration::from_secs(step),
        }
    }

    /// That of the points that there will be, not of those that were asked for: the coarsest table is for them.
    pub(super) fn rounded(self) -> Self {
        match self {
            Self::AtLeast(target) => Self::AtLeast(Duration::from_secs(step_of(target, 1))),
            exact @ (Self::Exactly(_) | Self::Plain(_)) => exact,
        }
    }
}

impl Points {
    /// The points of a range that is widened to whole intervals of a table.
    pub(super) fn of(range: TimeRange, spacing: Spacing, resolution: u64) -> Self {
        let step = spacing.step(resolution);
        let start = secs(range.from) / step * step;
        Self { start, step, count: (secs(range.to) - start).div_ceil(step) }
    }

    /// The number of the last point that is whole: all of its time is in the range (in seconds) and has passed. The very
    /// last one where none is.
    pub fn last_whole(&self, (from, to): (u64, u64), now: u64) -> u64 {
        let end = to.min(now).saturating_sub(self.start) / self.step;
        let whole = end.checked_sub(1).filter(|place| self.start + place * self.step >= from);
        whole.unwrap_or_else(|| self.count.saturating_sub(1))
    }
}

impl FlowQuery {
    /// That the time is one.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] where it ends before, or when it begins.
    pub(super) fn check_range(&self) -> Result<(), Error> {
        if self.range.from == self.range.to {
            return Err(Error::BadQuery("the time is empty: it ends when it begins".to_owned()));
        }
        if self.range.from > self.range.to {
            return Err(Error::BadQuery("the time ends before it begins".to_owned()));
        }
        Ok(())
    }

    /// The time of a query of every flow: to the second.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] where it ends before, or when it begins.
    pub fn seconds(&self) -> Result<TimeRange, Error> {
        self.check_range()?;
        Ok(widened(self.range, 1))
    }

    /// The points of a series of every flow, no more than so many but for parts at the ends.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] where the step makes too many.
    pub fn points(&self, points: u32) -> Result<Points, Error> {
        Ok(Points::of(widened(self.range, 1), self.spacing(points)?, 1))
    }

    /// How far apart the points are to be, of which there may be so many.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] where the step makes too many, or is none.
    pub(super) fn spacing(&self, points: u32) -> Result<Spacing, Error> {
        let Some(step) = self.options.step else {
            let target = self.target(points);
            return Ok(match self.options.is_plain {
                true => Spacing::Plain(target.as_secs() + u64::from(target.subsec_nanos() > 0)),
                false => Spacing::AtLeast(target),
            });
        };
        let step = step.as_secs();
        if step == 0 {
            return Err(Error::BadQuery("a step has at least a second".to_owned()));
        }
        let length = secs(self.range.to).saturating_sub(secs(self.range.from));
        if length / step > u64::from(MOST_POINTS) {
            return Err(Error::BadQuery(format!(
                "a step of {step} s makes more than {MOST_POINTS} points: take a longer one, or a shorter time"
            )));
        }
        Ok(Spacing::Exactly(step))
    }

    /// How far apart so many points are.
    pub(super) fn target(&self, points: u32) -> Duration {
        self.range.to.duration_since(self.range.from).unwrap_or_default() / points.clamp(1, MOST_POINTS)
    }

    /// How many rows there are at most.
    pub fn most_rows(&self) -> u32 {
        self.limit.clamp(1, MOST_ROWS)
    }
}

/// The step between points that are to be so far apart, at least; a multiple of the interval of the table.
pub(super) fn step_of(target: Duration, resolution: u64) -> u64 {
    let fits = |step: &u64| Duration::from_secs(*step) >= target && step.is_multiple_of(resolution);
    let exact = || (target.as_secs() + 1).next_multiple_of(resolution);
    STEPS.into_iter().find(fits).unwrap_or_else(exact)
}

/// The range, widened to whole intervals: a row of a table tells of all of its interval.
pub(super) fn widened(range: TimeRange, interval: u64) -> TimeRange {
    let time = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
    let whole_second = |time: SystemTime| {
        let seconds = secs(time);
        if UNIX_EPOCH + Duration::from_secs(seconds) < time { seconds + 1 } else { seconds }
    };
    let from = secs(range.from) / interval * interval;
    let to = whole_second(range.to).div_ceil(interval) * interval;
    TimeRange { from: time(from), to: time(to.max(from + interval)) }
}

/// A time in seconds since 1970, as ClickHouse keeps it.
pub(super) fn secs(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().min(u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_point_is_one_that_is_whole() {
        let points = Points { start: 0, step: 60, count: 5 };
        // The range is from 30 to 270: the first and the last point are parts.
        let last = |now| points.last_whole((30, 270), now);
        assert_eq!((last(1000), last(240), last(239), last(120)), (3, 3, 2, 1));
        // Nothing is whole yet: the very last one has to do.
        assert_eq!((last(119), last(0)), (4, 4));
        assert_eq!(points.last_whole((0, 300), 1000), 4);
    }
}
