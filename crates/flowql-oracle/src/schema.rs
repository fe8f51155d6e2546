//! The types of columns, and a look-up of the columns of the default schema by name in any case.

use super::columns::COLUMNS;

/// A filter type, with what its conditions need to know of the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Ip,
    /// Computed from an address and a mask column.
    Prefix {
        address: &'static str,
        mask: &'static str,
    },
    Mac,
    /// `fixed` bytes long, or one of `words`, when the ClickHouse type says so.
    String {
        fixed: Option<usize>,
        words: &'static [&'static str],
    },
    /// `port` takes service names, `bits` has named bits; `unit` is empty for a number without one.
    Uint {
        port: bool,
        bits: bool,
        unit: &'static str,
        /// Names with the least and the greatest number that they stand for.
        names: &'static [(&'static str, u64, u64)],
    },
    Asn,
    AsPath,
    /// Large communities are in a column of their own.
    Community {
        large: &'static str,
    },
    /// An array of integers.
    Array,
    Boundary,
    Direction,
    /// An Ethernet type.
    Ethernet,
    Proto,
    /// Not for filters.
    Other,
}

impl Type {
    /// Whether columns of the two types can be compared.
    pub(crate) fn compares_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::String { words, .. }, Self::String { words: others, .. }) => words == others,
            _ => std::mem::discriminant(&self) == std::mem::discriminant(&other),
        }
    }
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// Whether the default schema enables it.
    pub(crate) enabled: bool,
}

pub(crate) const fn prefix(address: &'static str, mask: &'static str) -> Type {
    Type::Prefix { address, mask }
}

/// Any text, or one of so many bytes.
pub(crate) const fn text(fixed: Option<usize>) -> Type {
    Type::String { fixed, words: &[] }
}

pub(crate) const fn words(words: &'static [&'static str]) -> Type {
    Type::String { fixed: None, words }
}

pub(crate) const fn community(large: &'static str) -> Type {
    Type::Community { large }
}

pub(crate) const fn on(name: &'static str, kind: Type) -> Column {
    Column { name, kind, enabled: true }
}

pub(crate) const fn off(name: &'static str, kind: Type) -> Column {
    Column { name, kind, enabled: false }
}

/// How many columns there are.
const COUNT: usize = COLUMNS.len();

/// Slots of the hash table: a power of two, sparse.
const SLOTS: usize = 512;

/// An empty slot.
const EMPTY: u8 = u8::MAX;

/// Open addressing from a name's hash to its column, made at compile time.
static INDEX: [u8; SLOTS] = {
    let mut index = [EMPTY; SLOTS];
    let mut i = 0;
    while i < COUNT {
        let mut slot = hash(COLUMNS[i].name.as_bytes());
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = i as u8;
        i += 1;
    }
    index
};

/// The first slot of a name, the same in any case.
const fn hash(name: &[u8]) -> usize {
    let mut hash = name.len() as u32;
    let mut i = 0;
    while i < name.len() {
        hash = (hash ^ (name[i] | 0x20) as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    (hash >> 16) as usize % SLOTS
}

/// The column of a name in any case.
pub(crate) fn find(name: &str) -> Option<&'static Column> {
    let mut slot = hash(name.as_bytes());
    while INDEX[slot] != EMPTY {
        let column = &COLUMNS[usize::from(INDEX[slot])];
        if column.name.eq_ignore_ascii_case(name) {
            return Some(column);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// The two columns that a name without a side stands for.
pub(crate) fn ends(name: &str) -> Option<(&'static Column, &'static Column)> {
    let bare = name.get(..5).filter(|head| head.eq_ignore_ascii_case("Outer")).map_or("", |_| &name[5..]);
    let sides = [
        (format!("Src{name}"), format!("Dst{name}")),
        (format!("In{name}"), format!("Out{name}")),
        (format!("Ingress{name}"), format!("Egress{name}")),
        (format!("OuterSrc{bare}"), format!("OuterDst{bare}")),
    ];
    let mut found = sides.iter().filter_map(|(first, second)| Some((find(first)?, find(second)?)));
    found.find(|(first, second)| first.kind != Type::Other && first.kind.compares_with(second.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_in_any_case() {
        for column in &COLUMNS {
            for name in [column.name.to_owned(), column.name.to_uppercase(), column.name.to_lowercase()] {
                assert_eq!(find(&name).map(|found| found.name), Some(column.name));
            }
            assert!(find(&column.name[1..]).is_none());
        }
        assert!(find("").is_none());
        for (name, pair) in [("port", "SrcPort"), ("VRFID", "IngressVRFID"), ("OuterAddr", "OuterSrcAddr")] {
            assert_eq!(ends(name).map(|(first, _)| first.name), Some(pair));
        }
        assert!(["ASPath", "NetMask", "Outer", "é", ""].iter().all(|name| ends(name).is_none()));
    }
}
