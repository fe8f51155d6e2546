//! Which rows are selected.

/// Which rows of a batch are selected: a bit for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    // INVARIANT: 64 rows a word, the first in the lowest bit; no bit beyond the rows is set.
    words: Vec<u64>,
    rows: usize,
}

impl Selection {
    /// All rows, or none.
    pub(crate) fn same(rows: usize, are_selected: bool) -> Self {
        let word = if are_selected { u64::MAX } else { 0 };
        Self { words: vec![word; rows.div_ceil(64)], rows }.masked()
    }

    /// The rows whose values pass a test; what is said of the rows beyond the values is said of each of them.
    pub(crate) fn of<T>(rows: usize, values: &[T], beyond: bool, mut test: impl FnMut(&T) -> bool) -> Self {
        let values = values.get(..rows).unwrap_or(values);
        let mut words = Vec::with_capacity(rows.div_ceil(64));
        let (whole, rest) = values.as_chunks::<64>();
        for chunk in whole {
            words.push(word(chunk, &mut test));
        }
        if !rest.is_empty() {
            let missing = if beyond { u64::MAX << rest.len() } else { 0 };
            words.push(word(rest, &mut test) | missing);
        }
        words.resize(rows.div_ceil(64), if beyond { u64::MAX } else { 0 });
        Self { words, rows }.masked()
    }

    /// The rows that pass a test.
    pub(crate) fn of_rows(rows: usize, mut test: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0; rows.div_ceil(64)];
        for (place, word) in words.iter_mut().enumerate() {
            let first = place * 64;
            for row in first..rows.min(first + 64) {
                *word |= u64::from(test(row)) << (row - first);
            }
        }
        Self { words, rows }
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// How many are selected.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether none is selected.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Whether a row is selected.
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The rows that are selected, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(place, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(place * 64 + bit)
            })
        })
    }

    pub(crate) fn intersect(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(crate) fn unite(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// The other rows.
    pub(crate) fn inverted(&self) -> Self {
        Self { words: self.words.iter().map(|word| !word).collect(), rows: self.rows }.masked()
    }

    fn masked(mut self) -> Self {
        let used = self.rows % 64;
        if let Some(last) = self.words.last_mut().filter(|_| used != 0) {
            *last &= (1 << used) - 1;
        }
        self
    }
}

/// The bits of at most 64 values.
#[inline(always)]
fn word<T>(values: &[T], test: &mut impl FnMut(&T) -> bool) -> u64 {
    values.iter().enumerate().fold(0, |word, (bit, value)| word | u64::from(test(value)) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_selected_counted_and_walked() {
        for rows in [0, 1, 63, 64, 65, 200] {
            let values: Vec<usize> = (0..rows).collect();
            let third = Selection::of(rows, &values, false, |value| value % 3 == 0);
            let expected: Vec<usize> = (0..rows).filter(|row| row % 3 == 0).collect();
            assert_eq!(third.iter().collect::<Vec<_>>(), expected);
            assert_eq!((third.count(), third.rows()), (expected.len(), rows));
            assert_eq!(third, Selection::of_rows(rows, |row| row % 3 == 0));
            let mut all = third.inverted();
            assert!(all.iter().all(|row| row % 3 != 0) && !all.contains(0) && !all.contains(rows));
            all.unite(&third);
            assert_eq!(all, Selection::same(rows, true));
            all.intersect(&third);
            assert_eq!(all, third);
            assert_eq!(third.is_empty(), rows == 0);
        }
    }

    #[test]
    fn rows_beyond_the_values_are_all_alike() {
        for (values, rows) in [(0, 70), (5, 70), (64, 70), (65, 200), (9, 5)] {
            let given = vec![1; values];
            let selected = Selection::of(rows, &given, true, |&value| value == 0);
            assert_eq!(selected.iter().collect::<Vec<_>>(), (values..rows).collect::<Vec<_>>());
            assert!(Selection::of(rows, &given, false, |&value| value == 0).is_empty());
        }
    }
}
