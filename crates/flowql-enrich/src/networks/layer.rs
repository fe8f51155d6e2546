//! What a source, or all configured networks together, know of addresses.

use ipnet::IpNet;

use super::ranges::{Entry, Ranges};
use super::row::{Facts, RowId, Rows};
use super::table::mapped;

/// Ranges of both families with their rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    pub(crate) v4: Ranges<u32>,
    pub(crate) v6: Ranges<u128>,
    pub(crate) rows: Rows,
}

/// Prefixes with their facts, in the order of their sources, from which a layer is made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefixes {
    v4: Vec<Entry<u32>>,
    v6: Vec<Entry<u128>>,
    rows: Rows,
}

impl Prefixes {
    /// Adds a prefix; one of IPv4 that is mapped into IPv6 as one of IPv4.
    pub(crate) fn push(&mut self, prefix: IpNet, facts: &Facts) {
        let row = self.rows.intern(facts);
        self.push_row(prefix, row);
    }

    /// The number of facts, for [`push_row`](Self::push_row).
    pub(crate) fn intern(&mut self, facts: &Facts) -> RowId {
        self.rows.intern(facts)
    }

    /// As [`push`](Self::push), of facts that are interned.
    pub(crate) fn push_row(&mut self, prefix: IpNet, row: RowId) {
        match prefix {
            IpNet::V4(prefix) => {
                let (first, last) = (prefix.network().to_bits(), prefix.broadcast().to_bits());
                self.v4.push(Entry { first, last, row });
            }
            IpNet::V6(prefix) => {
                let (first, last) = (prefix.network().to_bits(), prefix.broadcast().to_bits());
                match (mapped(first), mapped(last)) {
                    (Some(first), Some(last)) => self.v4.push(Entry { first, last, row }),
                    _ => self.v6.push(Entry { first, last, row }),
                }
            }
        }
    }

    /// Adds those of a later source.
    pub(crate) fn extend(&mut self, later: &Self) {
        let numbers = self.rows.adopt(&later.rows);
        let number = |row: RowId| numbers.get(row as usize).copied().unwrap_or_default();
        self.v4.extend(later.v4.iter().map(|entry| Entry { row: number(entry.row), ..*entry }));
        self.v6.extend(later.v6.iter().map(|entry| Entry { row: number(entry.row), ..*entry }));
    }

    pub(crate) const fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// The layer: the longest prefix wins, what it leaves open comes from those that cover it.
    pub(crate) fn into_layer(self) -> Layer {
        let Self { v4, v6, mut rows } = self;
        let v4 = Ranges::of_prefixes(v4, &mut rows);
        let v6 = Ranges::of_prefixes(v6, &mut rows);
        Layer { v4, v6, rows }
    }
}
