//! Blocks of ClickHouse's `Native` format: columns one after the other, with their names and types.
//!
//! It is the quickest way in: a million rows in rows (`RowBinary`) take five times as long.

use std::collections::HashMap;

/// A block that is written column by column.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Vec<u8>,
}

impl Block {
    pub(crate) fn new(columns: usize, rows: usize) -> Self {
        let mut block = Self { bytes: Vec::with_capacity(rows * columns * 4) };
        block.length(columns);
        block.length(rows);
        block
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A column of values of a fixed width.
    pub(crate) fn fixed<const N: usize>(
        &mut self,
        name: &str,
        kind: &str,
        values: impl Iterator<Item = [u8; N]>,
    ) {
        self.head(name, kind);
        for value in values {
            self.bytes.extend_from_slice(&value);
        }
    }

    /// A column of few different texts.
    pub(crate) fn few_texts<'a>(&mut self, name: &str, values: impl Iterator<Item = &'a str>) {
        self.few(name, "LowCardinality(String)", "", values, Self::text);
    }

    /// A column of few different addresses.
    pub(crate) fn few_addresses(&mut self, name: &str, values: impl Iterator<Item = [u8; 16]>) {
        self.few(name, "LowCardinality(IPv6)", [0; 16], values, |block, address| {
            block.bytes.extend_from_slice(&address);
        });
    }

    /// A column of arrays.
    pub(crate) fn arrays<'a, const N: usize, T: Copy + 'a>(
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

    /// A column as a dictionary, which begins with the default, and a place in it for each row.
    fn few<T: Copy + Eq + std::hash::Hash>(
        &mut self,
        name: &str,
        kind: &str,
        default: T,
        values: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        const VERSION: u64 = 1;
        const HAS_KEYS: u64 = 1 << 9;
        const NEW_DICTIONARY: u64 = 1 << 10;
        const PLACES_OF_16_BITS: u64 = 1;
        let mut places = HashMap::from([(default, 0_u16)]);
        let mut keys = vec![default];
        let mut rows: Vec<u16> = Vec::new();
        for value in values {
            let next = u16::try_from(keys.len()).unwrap_or_default();
            rows.push(*places.entry(value).or_insert_with(|| {
                keys.push(value);
                next
            }));
        }
        self.head(name, kind);
        self.number(VERSION);
        self.number(HAS_KEYS | NEW_DICTIONARY | PLACES_OF_16_BITS);
        self.number(keys.len() as u64);
        for key in keys {
            write(self, key);
        }
        self.number(rows.len() as u64);
        for place in rows {
            self.bytes.extend_from_slice(&place.to_le_bytes());
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
        for number in [1, 1 << 9 | 1 << 10 | 1, 3_u64] {
            expected.extend_from_slice(&number.to_le_bytes());
        }
        expected.extend_from_slice(b"\0\x01x\x01y");
        expected.extend_from_slice(&4_u64.to_le_bytes());
        expected.extend_from_slice(&[1, 0, 0, 0, 2, 0, 1, 0]);
        assert_eq!(bytes, expected);
    }
}
