//! Numbers that look random and are the same for the same seed, on every machine and with every version.

/// A generator: SplitMix64, small and quick, and good enough for traffic.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator of its own for each use of a seed.
    pub(crate) fn new(seed: u64, use_of_it: u64) -> Self {
        let mut random = Self(seed ^ use_of_it.wrapping_mul(0xA076_1D64_78BD_642F));
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: no division, and no more of one number than of another that would show.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// From 0, included, to 1, excluded.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of the items.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let place = self.below(items.len() as u64);
        items.get(usize::try_from(place).unwrap_or_default())
    }

    /// A number around `middle`, most often near it, now and then many times as large.
    pub(crate) fn skewed(&mut self, middle: f64) -> f64 {
        // The sum of uniform numbers is as good as normal, and the exponential makes a tail of it.
        let normal = (0..4).map(|_| self.unit()).sum::<f64>() - 2.0;
        middle * (normal * 1.9).exp()
    }
}

/// Items that are picked by their weights.
#[derive(Clone, Debug)]
pub(crate) struct Weighted<T> {
    items: Vec<T>,
    /// The sum of the weights up to each item.
    sums: Vec<u64>,
}

impl<T> Weighted<T> {
    pub(crate) fn new(items: impl IntoIterator<Item = (T, u64)>) -> Self {
        let mut total = 0;
        let (items, sums) = items
            .into_iter()
            .map(|(item, weight)| {
                total += weight;
                (item, total)
            })
            .unzip();
        Self { items, sums }
    }

    pub(crate) fn pick(&self, random: &mut Random) -> Option<&T> {
        let place = random.below(self.sums.last().copied().unwrap_or_default());
        self.items.get(self.sums.partition_point(|&sum| sum <= place))
    }

    /// Every item.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_seed_stay() {
        let mut random = Random::new(1, 2);
        let first: Vec<u64> = (0..3).map(|_| random.below(1000)).collect();
        let mut again = Random::new(1, 2);
        assert_eq!(first, (0..3).map(|_| again.below(1000)).collect::<Vec<_>>());
        let mut other = Random::new(2, 2);
        assert_ne!(first, (0..3).map(|_| other.below(1000)).collect::<Vec<_>>());
    }

    #[test]
    fn weights_are_followed() {
        let weighted = Weighted::new([('a', 1), ('b', 0), ('c', 3)]);
        let mut random = Random::new(7, 0);
        let picked: String = (0..4000).filter_map(|_| weighted.pick(&mut random)).collect();
        let share = picked.chars().filter(|&item| item == 'c').count();
        assert!((2800..3200).contains(&share), "{share}");
        assert!(!picked.contains('b'));
        assert_eq!(Weighted::<u8>::new([]).pick(&mut random), None);
    }
}
