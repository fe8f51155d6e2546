//! When flows are seen: the day curve, and the attack in it.

use std::ops::Range;

/// The load of each hour of a day, in hundredths of the peak: the evening has three times the traffic of the night.
const HOURS: [u64; 24] =
    [62, 48, 38, 33, 31, 32, 36, 43, 50, 56, 60, 63, 66, 65, 64, 65, 68, 73, 80, 88, 95, 100, 96, 80];
/// The seconds that a load holds for.
const STEP: u64 = 300;
/// The attack, in hundredths of the whole time: when it starts.
const ATTACK_AT: u64 = 70;
const ATTACK_SECONDS: u64 = 900;
/// How many times as many flows there are during it.
const ATTACK_LOAD: u64 = 5;

/// Row numbers by time.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    start: u64,
    end: u64,
    /// The rows before the end of each step.
    sums: Vec<u64>,
}

impl Curve {
    /// Spreads rows over the time from `start` to `end`, in seconds since 1970.
    pub(crate) fn new(start: u64, end: u64, rows: u64) -> Self {
        let attack = attack(start, end);
        let steps = (end.saturating_sub(start)).div_ceil(STEP).max(1);
        let weights = (0..steps).map(|step| {
            let time = start + step * STEP;
            let (hour, minute) = (time / 3600 % 24, time / 60 % 60);
            let load = |hour: u64| HOURS.get(hour as usize % 24).copied().unwrap_or_default();
            let burst = if attack.contains(&time) { ATTACK_LOAD } else { 1 };
            // In the last step only a part may lie before the end.
            let width = STEP.min(end.saturating_sub(time).max(1));
            (load(hour) * (60 - minute) + load(hour + 1) * minute) * width * burst
        });
        let mut total: u64 = 0;
        let mut sums: Vec<u64> = weights
            .map(|weight| {
                total += weight;
                total
            })
            .collect();
        for sum in &mut sums {
            *sum = (u128::from(*sum) * u128::from(rows) / u128::from(total.max(1))) as u64;
        }
        Self { start, end, sums }
    }

    /// The time of a row, in seconds since 1970; times grow with the numbers of the rows.
    pub(crate) fn time(&self, row: u64) -> u64 {
        let step = self.sums.partition_point(|&sum| sum <= row);
        let before = step.checked_sub(1).and_then(|last| self.sums.get(last)).copied().unwrap_or_default();
        let here = self.sums.get(step).copied().unwrap_or_default().saturating_sub(before).max(1);
        let time = self.start + step as u64 * STEP;
        let width = STEP.min(self.end.saturating_sub(time));
        time + (row - before) * width / here
    }
}

/// When the attack is.
pub(crate) fn attack(start: u64, end: u64) -> Range<u64> {
    let span = end.saturating_sub(start);
    let from = start + span * ATTACK_AT / 100;
    from..from + ATTACK_SECONDS.min(span / 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_the_day() {
        let day = 86_400;
        let curve = Curve::new(day, 2 * day, 100_000);
        let times: Vec<u64> = (0..100_000).map(|row| curve.time(row)).collect();
        assert!(times.is_sorted());
        assert!(times[0] >= day && times[99_999] < 2 * day);
        let of_hour = |hour: u64| times.iter().filter(|&&time| time / 3600 % 24 == hour).count();
        assert!(of_hour(21) > 2 * of_hour(4), "{} {}", of_hour(21), of_hour(4));
        assert!((0..24).all(|hour| of_hour(hour) > 1000));
        let attack = attack(day, 2 * day);
        let during = times.iter().filter(|time| attack.contains(time)).count();
        let before = times.iter().filter(|&&time| attack.contains(&(time + 900))).count();
        assert!(during > 3 * before, "{during} {before}");
    }

    #[test]
    fn short_times_and_few_rows_are_no_trouble() {
        for (span, rows) in [(0, 10), (1, 10), (100, 3), (7 * 86_400, 5), (301, 1000)] {
            let curve = Curve::new(1_000_000, 1_000_000 + span, rows);
            for row in 0..rows {
                let time = curve.time(row);
                assert!((1_000_000..1_000_000 + span.max(1)).contains(&time), "{span} {rows}: {time}");
            }
        }
        assert!(attack(0, 100_000).contains(&70_010));
    }
}
