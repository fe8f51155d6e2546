//! Sets of numbers, and of addresses as numbers.

/// Numbers as closed intervals, in order, that neither overlap nor touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set(Vec<(u128, u128)>);

impl Set {
    pub(super) fn range(low: u128, high: u128) -> Self {
        Self::union([(low, high)])
    }

    /// All numbers of some intervals; those that end before they begin are left out.
    pub(super) fn union(intervals: impl IntoIterator<Item = (u128, u128)>) -> Self {
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

    pub(super) fn intervals(&self) -> &[(u128, u128)] {
        &self.0
    }

    /// The numbers up to `max` that are not in it.
    pub(super) fn complement(&self, max: u128) -> Self {
        let mut free = Vec::with_capacity(self.0.len() + 1);
        let mut next = Some(0);
        for &(low, high) in &self.0 {
            if let (Some(from), Some(to)) = (next, low.checked_sub(1)) {
                free.push((from, to.min(max)));
            }
            next = high.checked_add(1);
        }
        free.extend(next.map(|from| (from, max)));
        Self::union(free)
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(move |two| (one, two)));
        Self::union(pairs.map(|(one, two)| (one.0.max(two.0), one.1.min(two.1))))
    }

    pub(super) fn with(&self, other: &Self) -> Self {
        Self::union(self.0.iter().chain(&other.0).copied())
    }

    pub(super) fn contains(&self, number: u128) -> bool {
        self.0.iter().any(|&(low, high)| low <= number && number <= high)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is all numbers up to `max`.
    pub(super) fn is_all(&self, max: u128) -> bool {
        self.0 == [(0, max)]
    }

    /// Whether all its numbers are in the other.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.intersection(other) == *self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_as_their_numbers() {
        let all = |set: &Set| (0..32).filter(|&number| set.contains(number)).collect::<Vec<u128>>();
        let sets = [
            Set::union([]),
            Set::range(0, 31),
            Set::range(3, 3),
            Set::union([(8, 12), (0, 2), (13, 14), (9, 7)]),
            Set::union([(31, 40), (5, 20), (6, 7)]),
        ];
        for one in &sets {
            let others: Vec<u128> = (0..32).filter(|&number| !one.contains(number)).collect();
            assert_eq!(all(&one.complement(31)), others);
            for two in &sets {
                let both: Vec<u128> = all(one).into_iter().filter(|&number| two.contains(number)).collect();
                assert_eq!(all(&one.intersection(two)), both);
                let either: Vec<u128> =
                    (0..32).filter(|&number| one.contains(number) || two.contains(number)).collect();
                assert_eq!(all(&one.with(two)), either);
                assert_eq!(
                    one.is_within(two),
                    one.intervals()
                        .iter()
                        .all(|&(low, high)| (low..=high).all(|number| two.contains(number)))
                );
            }
        }
        assert!(Set::range(0, u128::MAX).complement(u128::MAX).is_empty());
        assert!(Set::union([]).complement(u128::MAX).is_all(u128::MAX));
    }
}
