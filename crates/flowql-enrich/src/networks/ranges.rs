//! Every address of a family, divided into ranges with one row each.
//!
//! Prefixes become disjoint ranges once, when a source is read: what a prefix leaves open is filled from those that
//! cover it. Layers of ranges are laid over each other, and a lookup needs no more than the range of an address.

use std::collections::HashMap;

use super::row::{RowId, Rows};

/// An address of a family as a number.
pub(crate) trait Address: Copy + Ord + std::fmt::Debug {
    /// The first address.
    const FIRST: Self;
    /// The address after this one; `None` after the last.
    fn next(self) -> Option<Self>;
}

impl Address for u32 {
    const FIRST: Self = 0;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl Address for u128 {
    const FIRST: Self = 0;

    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

/// The prefix of a source: its first and last address, and its row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<A> {
    pub(crate) first: A,
    pub(crate) last: A,
    pub(crate) row: RowId,
}

/// Disjoint ranges that cover the whole family: range `i` is from `starts[i]` to before `starts[i + 1]`.
#[derive(Clone, Debug)]
pub(crate) struct Ranges<A> {
    starts: Vec<A>,
    rows: Vec<RowId>,
}

impl<A: Address> Default for Ranges<A> {
    fn default() -> Self {
        Self { starts: vec![A::FIRST], rows: vec![0] }
    }
}

impl<A: Address> Ranges<A> {
    /// The ranges of prefixes, which are in the order of their sources. Of two equal ones, the first has its facts.
    pub(crate) fn of_prefixes(mut entries: Vec<Entry<A>>, rows: &mut Rows) -> Self {
        // Stable: equal prefixes stay in the order of their sources. An outer prefix comes before the inner ones.
        entries.sort_by(|one, other| one.first.cmp(&other.first).then(other.last.cmp(&one.last)));
        entries.dedup_by(|later, kept| {
            let same = (later.first, later.last) == (kept.first, kept.last);
            if same {
                kept.row = rows.merge(kept.row, later.row);
            }
            same
        });
        let mut sweep = Sweep { ranges: Self::default(), open: Vec::new() };
        for entry in entries {
            sweep.enter(entry, rows);
        }
        sweep.leave_all();
        sweep.ranges
    }

    /// Ranges that are known to be disjoint and in order, with nothing between them.
    pub(crate) fn push(&mut self, start: A, row: RowId) {
        if self.starts.last() == Some(&start) {
            if let Some(last) = self.rows.last_mut() {
                *last = row;
            }
            // The change may have made it equal to the one before.
            if self.rows.len() > 1 && self.rows.iter().rev().nth(1) == Some(&row) {
                self.starts.pop();
                self.rows.pop();
            }
        } else if self.rows.last() != Some(&row) {
            self.starts.push(start);
            self.rows.push(row);
        }
    }

    /// Lays others below these: what a row leaves open comes from the row of the other at the same address. `own` and
    /// `other` give the numbers that the rows have in `rows`.
    pub(crate) fn over(&self, own: &[RowId], below: &Self, other: &[RowId], rows: &mut Rows) -> Self {
        let number = |numbers: &[RowId], row: Option<&RowId>| {
            row.and_then(|&row| numbers.get(row as usize)).copied().unwrap_or_default()
        };
        let mut merged: HashMap<(RowId, RowId), RowId> = HashMap::new();
        let mut result = Self::default();
        let (mut above_place, mut below_place) = (0_usize, 0_usize);
        let mut start = A::FIRST;
        loop {
            let pair = (number(own, self.rows.get(above_place)), number(other, below.rows.get(below_place)));
            let row = *merged.entry(pair).or_insert_with(|| rows.merge(pair.0, pair.1));
            result.push(start, row);
            let next_above = self.starts.get(above_place + 1);
            let next_below = below.starts.get(below_place + 1);
            start = match (next_above, next_below) {
                (None, None) => return result,
                (Some(&next), None) | (None, Some(&next)) => next,
                (Some(&one), Some(&other)) => one.min(other),
            };
            above_place += usize::from(next_above == Some(&start));
            below_place += usize::from(next_below == Some(&start));
        }
    }

    /// The ranges with their first addresses, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (A, RowId)> {
        self.starts.iter().copied().zip(self.rows.iter().copied())
    }

    /// The first addresses, and the rows.
    pub(crate) fn into_parts(self) -> (Vec<A>, Vec<RowId>) {
        (self.starts, self.rows)
    }

    pub(crate) const fn len(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn shrink(&mut self) {
        self.starts.shrink_to_fit();
        self.rows.shrink_to_fit();
    }
}

/// The prefixes that are open at an address, the outermost first, while the ranges are made.
struct Sweep<A> {
    ranges: Ranges<A>,
    open: Vec<Entry<A>>,
}

impl<A: Address> Sweep<A> {
    fn enter(&mut self, mut entry: Entry<A>, rows: &mut Rows) {
        while self.open.last().is_some_and(|outer| outer.last < entry.first) {
            self.leave();
        }
        if let Some(outer) = self.open.last() {
            entry.row = rows.merge(entry.row, outer.row);
        }
        self.ranges.push(entry.first, entry.row);
        self.open.push(entry);
    }

    fn leave(&mut self) {
        let Some(closed) = self.open.pop() else { return };
        if let Some(next) = closed.last.next() {
            self.ranges.push(next, self.open.last().map_or(0, |outer| outer.row));
        }
    }

    fn leave_all(&mut self) {
        while !self.open.is_empty() {
            self.leave();
        }
    }
}
