//! Sequence numbers: what was lost between exporter and collector.

use crate::element::Cursor;
use crate::state::{Counts, Saved};

/// What the sequence numbers of a session say. The unit is that of the protocol: flows for NetFlow v5 and v7, datagrams
/// for v9, records for IPFIX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The next number, where it is known.
    expected: Option<u32>,
    /// The exporter's uptime in the last header.
    uptime: Option<u32>,
    /// How many never came.
    pub lost: u64,
    /// How often the exporter began again.
    pub restarts: u64,
    /// How many datagrams came after later ones.
    pub reordered: u64,
}

impl Saved for Sequence {
    fn save(&self, to: &mut Vec<u8>) {
        (self.expected, self.uptime).save(to);
        [self.lost, self.restarts, self.reordered].save(to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        let (expected, uptime) = Saved::load(from)?;
        let [lost, restarts, reordered] = Counts::load_counts(from)?;
        Some(Self { expected, uptime, lost, restarts, reordered })
    }
}

/// A larger gap is a restart: the exporter began at another number.
const LARGEST_GAP: i32 = 1 << 20;
/// A datagram that is later than this is of another life of the exporter.
const LATEST: i32 = 1 << 15;
/// How far the exporter's uptime may fall among reordered datagrams, in milliseconds.
const UPTIME_SLACK: i32 = 60_000;

impl Sequence {
    /// What was counted elsewhere.
    pub(crate) fn counted(lost: u64, restarts: u64, reordered: u64) -> Self {
        Self { lost, restarts, reordered, ..Self::default() }
    }

    /// Takes in a datagram of a number that counts so many units; `None` where it is not known how many, so that no loss
    /// can be told up to the next datagram.
    pub(crate) fn follow(&mut self, number: u32, units: Option<u32>, uptime: Option<u32>) {
        let restarted = match (self.uptime, uptime) {
            (Some(before), Some(now)) => (now.wrapping_sub(before) as i32) < -UPTIME_SLACK,
            _ => false,
        };
        self.uptime = uptime;
        let next = units.map(|units| number.wrapping_add(units));
        let Some(expected) = self.expected else {
            self.restarts += u64::from(restarted);
            self.expected = next;
            return;
        };
        let gap = number.wrapping_sub(expected) as i32;
        if restarted || !(-LATEST..LARGEST_GAP).contains(&gap) {
            self.restarts += 1;
        } else if gap >= 0 {
            self.lost += gap.unsigned_abs() as u64;
        } else {
            self.reordered += 1;
            self.lost = self.lost.saturating_sub(units.unwrap_or_default().into());
            return;
        }
        self.expected = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(datagrams: &[(u32, Option<u32>)]) -> (u64, u64, u64) {
        let mut sequence = Sequence::default();
        for &(number, units) in datagrams {
            sequence.follow(number, units, None);
        }
        (sequence.lost, sequence.restarts, sequence.reordered)
    }

    #[test]
    fn gaps_are_losses() {
        assert_eq!(follow(&[(10, Some(5)), (15, Some(5)), (20, Some(1))]), (0, 0, 0));
        assert_eq!(follow(&[(10, Some(5)), (18, Some(5))]), (3, 0, 0));
        assert_eq!(follow(&[(u32::MAX - 1, Some(4)), (2, Some(1))]), (0, 0, 0));
    }

    #[test]
    fn what_comes_late_is_not_lost() {
        assert_eq!(follow(&[(10, Some(1)), (12, Some(1)), (11, Some(1)), (13, Some(1))]), (0, 0, 1));
    }

    #[test]
    fn an_unknown_count_leaves_the_next_number_open() {
        assert_eq!(follow(&[(10, None), (90, Some(1)), (91, Some(1))]), (0, 0, 0));
    }

    #[test]
    fn another_life_is_a_restart() {
        assert_eq!(follow(&[(4_000_000, Some(1)), (1, Some(1)), (2, Some(1))]), (0, 1, 0));
        let mut sequence = Sequence::default();
        sequence.follow(100, Some(1), Some(3_600_000));
        sequence.follow(90, Some(1), Some(5_000));
        assert_eq!((sequence.lost, sequence.restarts, sequence.reordered), (0, 1, 0));
    }
}
