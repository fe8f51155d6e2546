//! When an agent is asked for what.

use std::time::{Duration, Instant, SystemTime};

use super::failure::SnmpFailure;
use super::section::SnmpSection;
use super::walk::Uptime;

/// An agent is asked for everything because of an interface that is not known so often at most.
const LEAST: Duration = Duration::from_secs(60);
/// The pause after the first failure; it doubles with each other one.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What an agent is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Everything.
    Walk,
    /// Whether it was restarted or its interfaces have changed.
    Check,
}

/// How often agents are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Periods {
    check: Duration,
    walk: Duration,
}

impl Periods {
    pub(crate) const fn of(section: &SnmpSection) -> Self {
        Self {
            check: Duration::from_secs(section.check_seconds),
            walk: Duration::from_secs(section.walk_seconds),
        }
    }
}

/// When an agent is asked, and how it was the last time.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// When it is asked next.
    due: Instant,
    /// When it was last asked for everything, with an answer.
    walked: Option<Instant>,
    /// When it said what about its clock.
    seen: Option<(Instant, Uptime)>,
    /// Whether everything is wanted of it.
    is_wanted: bool,
    /// What it is asked for just now.
    running: Option<Errand>,
    failures: u32,
    /// The last good answer.
    pub(crate) answered: Option<SystemTime>,
    /// How many interfaces it has.
    pub(crate) interfaces: usize,
    /// Why it could not be asked the last time.
    pub(crate) error: Option<SnmpFailure>,
}

impl Schedule {
    /// Of an agent that nobody has asked yet.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            due: now,
            walked: None,
            seen: None,
            is_wanted: true,
            running: None,
            failures: 0,
            answered: None,
            interfaces: 0,
            error: None,
        }
    }

    /// Somebody wants to know more. An agent that does not answer is not asked sooner for that.
    pub(crate) fn want(&mut self) {
        self.is_wanted = true;
        if let Some(walked) = self.walked.filter(|_| self.failures == 0) {
            self.due = self.due.min(walked + LEAST);
        }
    }

    /// When it is to be asked, unless that happens just now.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.running.is_none().then_some(self.due)
    }

    /// It is asked from now on; for what.
    pub(crate) fn start(&mut self, now: Instant, periods: Periods) -> Errand {
        let is_fresh = self.walked.is_some_and(|walked| now.saturating_duration_since(walked) < periods.walk);
        let errand = if is_fresh && !self.is_wanted { Errand::Check } else { Errand::Walk };
        self.is_wanted = false;
        self.running = Some(errand);
        errand
    }

    /// It has said everything, from the beginning of the errand on.
    pub(crate) fn walked(&mut self, begun: Instant, now: Instant, uptime: Uptime, periods: Periods) {
        (self.running, self.failures, self.error) = (None, 0, None);
        (self.walked, self.seen) = (Some(begun), Some((now, uptime)));
        self.answered = Some(SystemTime::now());
        self.due = now + periods.check.min(periods.walk);
        // An interface came up that may have been read past.
        if self.is_wanted {
            self.due = self.due.min(begun + LEAST);
        }
    }

    /// It has said since when it runs. Where it is another one since, it is asked for everything at once.
    pub(crate) fn checked(&mut self, now: Instant, uptime: Uptime, periods: Periods) {
        (self.running, self.failures, self.error) = (None, 0, None);
        self.answered = Some(SystemTime::now());
        let continues = self
            .seen
            .is_some_and(|(at, before)| uptime.continues(&before, now.saturating_duration_since(at)));
        self.is_wanted |= !continues;
        let next = self.walked.map_or(now, |walked| walked + periods.walk);
        self.due = if continues { (now + periods.check).min(next.max(now)) } else { now };
        self.seen = Some((now, uptime));
    }

    /// It could not be asked.
    pub(crate) fn failed(&mut self, now: Instant, error: SnmpFailure) {
        // What was wanted is wanted still; a check that fails again and again becomes a question for everything.
        self.is_wanted |= self.running.take() == Some(Errand::Walk) || self.failures > 0;
        let pause = PAUSE.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.due = now + pause.min(LONGEST_PAUSE);
        self.failures += 1;
        self.error = Some(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIODS: Periods = Periods { check: Duration::from_secs(300), walk: Duration::from_secs(3600) };

    fn uptime(seconds: u64) -> Uptime {
        Uptime { uptime: Duration::from_secs(seconds), table_change: None }
    }

    #[test]
    fn an_agent_is_checked_and_walked_in_turn() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut schedule = Schedule::new(begin);
        assert_eq!((schedule.due(), schedule.start(begin, PERIODS)), (Some(begin), Errand::Walk));
        assert_eq!(schedule.due(), None, "it is asked just now");
        schedule.walked(begin, at(1), uptime(1001), PERIODS);
        assert_eq!(schedule.due(), Some(at(301)));
        assert_eq!(schedule.start(at(301), PERIODS), Errand::Check);
        schedule.checked(at(301), uptime(1301), PERIODS);
        assert_eq!(schedule.due(), Some(at(601)));
        assert_eq!(schedule.start(at(3500), PERIODS), Errand::Check);
        schedule.checked(at(3500), uptime(4500), PERIODS);
        assert_eq!((schedule.due(), schedule.start(at(3600), PERIODS)), (Some(at(3600)), Errand::Walk));
        schedule.walked(at(3600), at(3601), uptime(4601), PERIODS);
        // It was restarted.
        schedule.start(at(3901), PERIODS);
        schedule.checked(at(3901), uptime(100), PERIODS);
        assert_eq!((schedule.due(), schedule.start(at(3901), PERIODS)), (Some(at(3901)), Errand::Walk));
    }

    #[test]
    fn an_unknown_interface_is_asked_for_once_a_minute() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut schedule = Schedule::new(begin);
        schedule.start(begin, PERIODS);
        schedule.want();
        schedule.walked(begin, at(1), uptime(1), PERIODS);
        schedule.want();
        assert_eq!((schedule.due(), schedule.start(at(60), PERIODS)), (Some(at(60)), Errand::Walk));
    }

    #[test]
    fn an_agent_that_does_not_answer_is_asked_less_and_less() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(begin);
        let mut pauses = Vec::new();
        for _ in 0..40 {
            schedule.start(begin, PERIODS);
            schedule.failed(begin, SnmpFailure::NoAnswer);
            schedule.want();
            pauses.push(schedule.due().unwrap().duration_since(begin).as_secs());
        }
        assert_eq!(pauses[..8], [30, 60, 120, 240, 480, 960, 1920, 3600]);
        assert_eq!(pauses[39], 3600);
        assert_eq!(schedule.start(begin, PERIODS), Errand::Walk);
        schedule.walked(begin, begin, uptime(5), PERIODS);
        assert_eq!((schedule.error, schedule.failures), (None, 0));
    }
}
