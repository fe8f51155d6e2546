//! The values of columns of flows.

use std::borrow::Cow;
use std::fmt::Debug;

use flowql::Column;

use super::selection::Selection;
use crate::value::Value;

/// Flows, column by column.
pub trait Flows {
    /// How many there are.
    fn rows(&self) -> usize;

    /// The values of a column; `None` where the flows do not come with it: it is computed from others where the tables do
    /// so without a dictionary, and has the value that the database would store otherwise.
    fn values(&self, column: &Column) -> Option<Values<'_>>;
}

/// The values of a column. Rows beyond those that are given have zero, the text of number 0 or an empty list.
#[derive(Debug)]
pub enum Values<'a> {
    /// Every row has this one.
    Same(Value),
    /// Numbers, MAC addresses, addresses and times.
    Numbers(Numbers<'a>),
    /// Texts and words, by number.
    Texts(Numbers<'a>, Box<dyn TextTable + 'a>),
    /// Lists of numbers: where the items of each row end, counted in items, and the items of all rows.
    Lists(Cow<'a, [u64]>, Numbers<'a>),
}

/// Texts by number.
pub trait TextTable: Debug {
    /// The text of a number; empty for one that has none.
    fn text(&self, number: u32) -> &str;
}

impl<T: AsRef<str> + Debug> TextTable for Vec<T> {
    fn text(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|place| self.get(place)).map_or("", AsRef::as_ref)
    }
}

/// Numbers, as many bytes for each.
#[derive(Clone, Debug)]
pub struct Numbers<'a> {
    width: usize,
    highest_first: bool,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Numbers<'a> {
    /// Numbers of so many bytes, at most 16, the lowest first.
    pub fn new(width: usize, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { width, highest_first: false, bytes: bytes.into() }
    }

    /// Addresses of 16 bytes, as they are sent; IPv4 is mapped.
    pub fn addresses(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { width: 16, highest_first: true, bytes: bytes.into() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.bytes.len().checked_div(self.width).unwrap_or(0)
    }

    pub(crate) const fn is_highest_first(&self) -> bool {
        self.highest_first
    }

    pub(crate) const fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of a row; 0 for one without.
    pub fn get(&self, row: usize) -> u128 {
        let value = self.bytes.get(row * self.width..).and_then(|rest| rest.get(..self.width));
        let add = |number: u128, byte: &u8| number << 8 | u128::from(*byte);
        match value.unwrap_or_default() {
            value if self.highest_first => value.iter().fold(0, add),
            value => value.iter().rev().fold(0, add),
        }
    }

    /// The rows whose numbers pass a test.
    pub(crate) fn select(&self, rows: usize, mut test: impl FnMut(u128) -> bool) -> Selection {
        let beyond = self.count() < rows && test(0);
        match (self.width, self.highest_first) {
            (1, _) => Selection::of(rows, self.bytes(), beyond, |&number| test(number.into())),
            (4, false) => Selection::of(rows, self.bytes().as_chunks().0, beyond, |&number| {
                test(u32::from_le_bytes(number).into())
            }),
            (8, false) => Selection::of(rows, self.bytes().as_chunks().0, beyond, |&number| {
                test(u64::from_le_bytes(number).into())
            }),
            (16, true) => Selection::of(rows, self.bytes().as_chunks().0, beyond, |&number| {
                test(u128::from_be_bytes(number))
            }),
            _ => Selection::of_rows(rows, |row| test(self.get(row))),
        }
    }
}

impl Values<'_> {
    /// The value of a row.
    pub fn value(&self, row: usize) -> Value {
        match self {
            Self::Same(value) => value.clone(),
            Self::Numbers(numbers) => Value::Number(numbers.get(row)),
            Self::Texts(..) => Value::Text(self.text(row).to_owned()),
            Self::Lists(ends, items) => {
                Value::Numbers(items_of(ends, row).map(|item| items.get(item)).collect())
            }
        }
    }

    /// The lowest 64 bits of the numbers of so many rows, in the place of what is there; a text has its number.
    pub fn fill(&self, rows: usize, into: &mut Vec<u64>) {
        into.clear();
        match self {
            Self::Same(value) => into.resize(rows, value.number() as u64),
            Self::Numbers(numbers) | Self::Texts(numbers, _) => {
                let bytes = numbers.bytes();
                match (numbers.width(), numbers.is_highest_first()) {
                    (1, _) => into.extend(bytes.iter().take(rows).map(|&number| u64::from(number))),
                    (2, false) => {
                        into.extend(chunks(bytes, rows, |number| u64::from(u16::from_le_bytes(number))));
                    }
                    (4, false) => {
                        into.extend(chunks(bytes, rows, |number| u64::from(u32::from_le_bytes(number))));
                    }
                    (8, false) => into.extend(chunks(bytes, rows, u64::from_le_bytes)),
                    _ => into.extend((0..rows).map(|row| numbers.get(row) as u64)),
                }
            }
            Self::Lists(..) => {}
        }
        into.resize(rows, 0);
    }

    /// The numbers of so many rows, in the place of what is there: addresses, IPv4 mapped.
    pub fn fill_wide(&self, rows: usize, into: &mut Vec<u128>) {
        into.clear();
        match self {
            Self::Same(value) => into.resize(rows, value.number()),
            Self::Numbers(numbers) if (numbers.width(), numbers.is_highest_first()) == (16, true) => {
                into.extend(chunks(numbers.bytes(), rows, u128::from_be_bytes));
            }
            _ => into.extend((0..rows).map(|row| self.number(row))),
        }
        into.resize(rows, 0);
    }

    /// The number of a row; zero for what is none.
    pub fn number(&self, row: usize) -> u128 {
        match self {
            Self::Same(value) => value.number(),
            Self::Numbers(numbers) => numbers.get(row),
            Self::Texts(..) | Self::Lists(..) => 0,
        }
    }

    /// The text of a row; empty for what is none.
    pub fn text(&self, row: usize) -> &str {
        match self {
            Self::Same(value) => value.text(),
            Self::Texts(numbers, texts) => {
                u32::try_from(numbers.get(row)).map_or("", |number| texts.text(number))
            }
            Self::Numbers(_) | Self::Lists(..) => "",
        }
    }
}

/// The numbers of the first rows.
fn chunks<const N: usize, T>(
    bytes: &[u8],
    rows: usize,
    read: impl Fn([u8; N]) -> T,
) -> impl Iterator<Item = T> {
    bytes.as_chunks::<N>().0.iter().take(rows).map(move |&number| read(number))
}

/// Where the items of a row are.
pub(crate) fn items_of(ends: &[u64], row: usize) -> std::ops::Range<usize> {
    let end = |row: usize| ends.get(row).and_then(|&end| usize::try_from(end).ok());
    match (row.checked_sub(1).map_or(Some(0), end), end(row)) {
        (Some(start), Some(end)) => start..end,
        _ => 0..0,
    }
}
