//! Sets of numbers: what a list of values, ranges and subnets comes down to.

/// A set of numbers, as closed intervals in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Intervals(Vec<(u128, u128)>);

impl Intervals {
    /// The numbers from `low` to `high`; none where `high` is lower.
    pub(crate) fn range(low: u128, high: u128) -> Self {
        [(low, high)].into_iter().collect()
    }

    /// One number.
    pub(crate) fn single(number: u128) -> Self {
        Self::range(number, number)
    }

    /// The intervals, in order.
    pub(crate) fn all(&self) -> &[(u128, u128)] {
        &self.0
    }

    pub(crate) fn contains(&self, number: u128) -> bool {
        let after = self.0.partition_point(|&(low, _)| low <= number);
        after.checked_sub(1).and_then(|place| self.0.get(place)).is_some_and(|&(_, high)| number <= high)
    }
}

impl FromIterator<(u128, u128)> for Intervals {
    fn from_iter<I: IntoIterator<Item = (u128, u128)>>(intervals: I) -> Self {
        let mut all: Vec<_> = intervals.into_iter().filter(|(low, high)| low <= high).collect();
        all.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(all.len());
        for (low, high) in all {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_merged_and_searched() {
        let set: Intervals =
            [(10, 20), (30, 30), (15, 25), (26, 28), (9, 3), (u128::MAX, u128::MAX)].into_iter().collect();
        assert_eq!(set.0, [(10, 28), (30, 30), (u128::MAX, u128::MAX)]);
        for (number, inside) in
            [(0, false), (9, false), (10, true), (28, true), (29, false), (30, true), (31, false)]
        {
            assert_eq!(set.contains(number), inside, "{number}");
        }
        assert!(set.contains(u128::MAX) && !set.contains(u128::MAX - 1));
        assert!(!Intervals::default().contains(0));
        assert!(Intervals::range(0, u128::MAX).contains(0));
    }
}
