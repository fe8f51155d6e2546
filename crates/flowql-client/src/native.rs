//! Blocks of ClickHouse's `Native` format: columns one after the other, with their names and types.
//!
//! It is the quickest way in: a million rows in rows (`RowBinary`) take five times as long.

use std::collections::HashMap;

/// A block that is written column by column: each column as often as [`Block::new`] says, each with as many values.
#[derive(Debug)]
pub struct Block {
    bytes: Vec<u8>,
}

impl Block {
    /// A block of so many columns and rows, without its columns.
    pub fn new(columns: usize, rows: usize) -> Self {
        let mut block = Self { bytes: Vec::with_capacity(rows * columns * 4) };
        block.length(columns);
        block.length(rows);
        block
    }

    /// The block as `INSERT … FORMAT Native` takes it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A column of values of a fixed width.
    pub fn fixed<const N: usize>(&mut self, name: &str, kind: &str, values: impl Iterator<Item = [u8; N]>) {
        self.head(name, kind);
        for value in values {
            self.bytes.extend_from_slice(&value);
        }
    }

    /// A column of values of a fixed width whose bytes are there already, those of a row after the other, the lowest first.
    pub fn bytes(&mut self, name: &str, kind: &str, values: &[u8]) {
        self.head(name, kind);
        self.bytes.extend_from_slice(values);
    }

    /// A column of arrays whose bytes are there already: where the items of each row end, counted in items, and the items of
    /// all rows.
    pub fn array_bytes(&mut self, name: &str, kind: &str, ends: &[u64], items: &[u8]) {
        self.head(name, kind);
        for &end in ends {
            self.number(end);
        }
        self.bytes.extend_from_slice(items);
    }

    /// A column of few different texts that have numbers: each text is looked at once, however many rows have it.
    pub fn few_numbered<'a>(
        &mut self,
        name: &str,
        rows: impl Iterator<Item = u32>,
        text: impl Fn(u32) -> &'a str,
    ) {
        let mut places = HashMap::from([("", 0_u32)]);
        let mut keys = vec![""];
        let mut known: HashMap<u32, u32> = HashMap::new();
        let mut last = None;
        let mut place_of = |number: u32| {
            *known.entry(number).or_insert_with(|| {
                let text = text(number);
                // As in `few`.
                let next = keys.len() as u32;
                *places.entry(text).or_insert_with(|| {
                    keys.push(text);
                    next
                })
            })
        };
        let rows: Vec<u32> = rows
            .map(|number| match last {
                Some((known, place)) if known == number => place,
                _ => {
                    let place = place_of(number);
                    last = Some((number, place));
                    place
                }
            })
            .collect();
        self.dictionary(name, "LowCardinality(String)", &keys, &rows, Self::text);
    }

    /// A column of few different texts.
    pub fn few_texts<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        self.few(name, "LowCardinality(String)", "", values, Self::text);
    }

    /// A column of few different addresses.
    pub fn few_addresses(&mut self, name: &str, values: impl Iterator<Item = [u8; 16]>) {
        self.few(name, "LowCardinality(IPv6)", [0; 16], values, |block, address| {
            block.bytes.extend_from_slice(&address);
        });
    }

    /// A column of arrays.
    pub fn arrays<'a, const N: usize, T: Copy + 'a>(
        &mut self,
        name: &str,
        kind: &str,
        values: impl Iterator<Item = &'a [T]> + Clone,
        bytes: impl Fn(T) -> [u8; N],
    ) {
        self.head(name, kind);
        let mut end = 0_u64;
        for value in values.clone() {
            end += value.len() as u64;
            self.number(end);
        }
        for &item in values.flatten() {
            self.bytes.extend_from_slice(&bytes(item));
        }
    }

    /// A column as a dictionary, which begins with the default, and a place in it for each row. The places are as wide as
    /// the number of different values needs.
    fn few<T: Copy + Eq + std::hash::Hash>(
        &mut self,
        name: &str,
        kind: &str,
        default: T,
        values: impl Iterator<Item = T>,
        write: impl FnMut(&mut Self, T),
    ) {
        let mut places = HashMap::from([(default, 0_u32)]);
        let mut keys = vec![default];
        let mut rows: Vec<u32> = Vec::new();
        for value in values {
            // A block has fewer rows than a place of 32 bits can tell apart.
            let next = keys.len() as u32;
            rows.push(*places.entry(value).or_insert_with(|| {
                keys.push(value);
                next
            }));
        }
        self.dictionary(name, kind, &keys, &rows, write);
    }

    /// A column as a dictionary, and a place in it for each row.
    fn dictionary<T: Copy>(
        &mut self,
        name: &str,
        kind: &str,
        keys: &[T],
        rows: &[u32],
        mut write: impl FnMut(&mut Self, T),
    ) {
        const VERSION: u64 = 1;
        const HAS_KEYS: u64 = 1 << 9;
        const NEW_DICTIONARY: u64 = 1 << 10;
        let width = Width::of(keys.len());
        self.head(name, kind);
        self.number(VERSION);
        self.number(HAS_KEYS | NEW_DICTIONARY | width as u64);
        self.number(keys.len() as u64);
        for &key in keys {
            write(self, key);
        }
        self.number(rows.len() as u64);
        for place in rows {
            let bytes = place.to_le_bytes();
            self.bytes.extend(bytes.iter().take(width.bytes()));
        }
    }

    fn head(&mut self, name: &str, kind: &str) {
        self.text(name);
        self.text(kind);
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Seven bits a byte, the lowest first.
    fn length(&mut self, length: usize) {
        let mut rest = length;
        while rest >= 0x80 {
            self.bytes.push((rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }
}

/// How wide the places in a dictionary are, as ClickHouse numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Bits8 = 0,
    Bits16 = 1,
    Bits32 = 2,
}

impl Width {
    /// The least width that tells so many keys apart.
    const fn of(keys: usize) -> Self {
        match keys {
            0..=0x100 => Self::Bits8,
            0x101..=0x1_0000 => Self::Bits16,
            _ => Self::Bits32,
        }
    }

    const fn bytes(self) -> usize {
        1 << self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_its_columns_one_after_the_other() {
        let mut block = Block::new(2, 300);
        block.fixed("A", "UInt8", (0..300).map(|row| [(row % 7) as u8]));
        block.arrays("B", "Array(UInt16)", (0..300).map(|_| [1_u16, 2].as_slice()), u16::to_le_bytes);
        let bytes = block.into_bytes();
        assert_eq!(&bytes[..3], [2, 0xAC, 0x02]);
        assert_eq!(&bytes[3..11], b"\x01A\x05UInt8");
        assert_eq!(bytes.len(), 3 + 8 + 300 + 2 + 14 + 300 * 8 + 600 * 2);
    }

    #[test]
    fn few_values_make_a_dictionary() {
        let mut block = Block::new(1, 4);
        block.few_texts("A", ["x", "", "y", "x"].into_iter());
        let bytes = block.into_bytes();
        let mut expected = vec![1, 4, 1, b'A', 22];
        expected.extend_from_slice(b"LowCardinality(String)");
        for number in [1, 1 << 9 | 1 << 10, 3_u64] {
            expected.extend_from_slice(&number.to_le_bytes());
        }
        expected.extend_from_slice(b"\0\x01x\x01y");
        expected.extend_from_slice(&4_u64.to_le_bytes());
        expected.extend_from_slice(&[1, 0, 2, 1]);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_is_there_as_bytes_makes_the_same_block() {
        let (mut one, mut other) = (Block::new(3, 3), Block::new(3, 3));
        one.fixed("A", "UInt16", [1_u16, 2, 0x304].iter().map(|value| value.to_le_bytes()));
        other.bytes("A", "UInt16", &[1, 0, 2, 0, 4, 3]);
        one.arrays("B", "Array(UInt8)", [&[7_u8, 8][..], &[], &[9]].into_iter(), u8::to_le_bytes);
        other.array_bytes("B", "Array(UInt8)", &[2, 2, 3], &[7, 8, 9]);
        one.few_texts("C", ["x", "", "x"].into_iter());
        // Two numbers may have one text.
        let text = |number| if number == 4 { "" } else { "x" };
        other.few_numbered("C", [5, 4, 6].into_iter(), text);
        assert_eq!(one.into_bytes(), other.into_bytes());
    }

    #[test]
    fn places_are_as_wide_as_the_dictionary_needs() {
        let sizes = [
            (256, Width::Bits8, 1),
            (257, Width::Bits16, 2),
            (65_536, Width::Bits16, 2),
            (65_537, Width::Bits32, 4),
        ];
        for (keys, width, bytes) in sizes {
            assert_eq!((Width::of(keys), Width::of(keys).bytes()), (width, bytes), "{keys}");
        }
    }
}
