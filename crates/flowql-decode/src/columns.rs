//! Flows column by column.

use crate::field::{Kind, fields};
use crate::{Field, Fields, Row};

/// Flows, column by column: for each field the bytes of its values, the lowest first.
///
/// Columns are filled lazily: one that nothing filled has no bytes, and one that was filled up to some row has zeros
/// after it only once [`Columns::settle`] was called or a later row has a value.
#[derive(Clone, Debug)]
pub struct Columns {
    wanted: Fields,
    rows: usize,
    /// For a list, the items.
    bytes: Vec<Vec<u8>>,
    /// For a list, where the items of each row end, counted in items; empty for other fields.
    ends: Vec<Vec<u64>>,
}

/// The values of a field that is a list.
#[derive(Clone, Copy, Debug)]
pub struct List<'c> {
    /// Where the items of each row end, counted in items: those of a row begin where the ones before end.
    pub ends: &'c [u64],
    /// The items of all rows, four bytes each.
    pub items: &'c [u8],
}

impl Columns {
    /// No rows, of these fields.
    pub fn new(wanted: Fields) -> Self {
        let fields = Field::ALL.len();
        Self { wanted, rows: 0, bytes: vec![Vec::new(); fields], ends: vec![Vec::new(); fields] }
    }

    /// The fields that are wanted.
    pub const fn wanted(&self) -> Fields {
        self.wanted
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Removes the rows; the columns keep their memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.bytes.iter_mut().for_each(Vec::clear);
        self.ends.iter_mut().for_each(Vec::clear);
    }

    /// Adds a row, with the values of the wanted fields.
    pub fn push(&mut self, row: &Row) {
        macro_rules! put {
            ($field:ident $value:expr, u32s) => {
                if !$value.is_empty() {
                    self.put_list(Field::$field, &$value)
                }
            };
            ($field:ident $value:expr, text) => {
                self.put(Field::$field, $value.0.to_le_bytes())
            };
            ($field:ident $value:expr, address) => {
                self.put(Field::$field, $value)
            };
            ($field:ident $value:expr, $kind:ident) => {
                self.put(Field::$field, $value.to_le_bytes())
            };
        }
        macro_rules! push {
            ($($name:ident $member:ident $kind:ident,)*) => {
                $(if self.wanted.has(Field::$name) {
                    put!($name row.$member, $kind);
                })*
            };
        }
        fields!(push);
        self.advance(1);
    }

    /// Gives a row after the last, counted from 0, the wanted values that it does not have yet.
    pub(crate) fn complete(&mut self, place: usize, row: &Row) {
        macro_rules! put {
            ($field:ident $value:expr, u32s) => {
                if !$value.is_empty() && self.numbers(Field::$field, self.rows + place).next().is_none() {
                    self.put_items(Field::$field, self.rows + place, $value.iter().copied())
                }
            };
            ($field:ident $value:expr, address) => {
                if $value != [0; 16] && self.address(Field::$field, self.rows + place) == [0; 16] {
                    let (places, _) = self.tail(Field::$field, place + 1).as_chunks_mut();
                    places.last_mut().into_iter().for_each(|place| *place = $value)
                }
            };
            ($field:ident $value:expr, text) => {
                put!($field $value.0, u32)
            };
            ($field:ident $value:expr, $kind:ident) => {
                if $value != 0 && self.get(Field::$field, place) == 0 {
                    self.set(Field::$field, place, $value.into())
                }
            };
        }
        macro_rules! complete {
            ($($name:ident $member:ident $kind:ident,)*) => {
                $(if self.wanted.has(Field::$name) {
                    put!($name row.$member, $kind);
                })*
            };
        }
        fields!(complete);
    }

    /// Gives every column that has values as many as there are rows.
    pub fn settle(&mut self) {
        Field::ALL.iter().for_each(|&field| self.settle_field(field));
    }

    fn settle_field(&mut self, field: Field) {
        let (Some(bytes), Some(ends)) = (self.bytes.get_mut(field.place()), self.ends.get_mut(field.place()))
        else {
            return;
        };
        if field.kind() == Kind::Numbers {
            if !ends.is_empty() {
                pad(ends, self.rows);
            }
        } else if !bytes.is_empty() {
            bytes.resize(self.rows * field.width(), 0);
        }
    }

    /// The bytes of the values of a field that is not a list; empty where no row has one. Call [`Columns::settle`] before.
    pub fn fixed(&self, field: Field) -> &[u8] {
        self.bytes.get(field.place()).map_or(&[], |bytes| bytes)
    }

    /// The values of a field that is a list; without ends where no row has one. Call [`Columns::settle`] before.
    pub fn list(&self, field: Field) -> List<'_> {
        List { ends: self.ends.get(field.place()).map_or(&[], |ends| ends), items: self.fixed(field) }
    }

    /// A number or the number of a text, of a row; 0 where it has none, or for a field that is wider.
    pub fn number(&self, field: Field, row: usize) -> u64 {
        let width = field.width();
        let value = self.fixed(field).get(row * width..).and_then(|rest| rest.get(..width));
        let mut bytes = [0; 8];
        match (value, bytes.get_mut(..width)) {
            (Some(value), Some(bytes)) => bytes.copy_from_slice(value),
            _ => return 0,
        }
        u64::from_le_bytes(bytes)
    }

    /// An address of a row; all zero where it has none.
    pub fn address(&self, field: Field, row: usize) -> [u8; 16] {
        let value = self.fixed(field).get(row * 16..).and_then(<[u8]>::first_chunk);
        value.copied().unwrap_or_default()
    }

    /// The items of a list of a row.
    pub fn numbers(&self, field: Field, row: usize) -> impl Iterator<Item = u32> + '_ {
        let list = self.list(field);
        let start = row.checked_sub(1).map_or(Some(0), |before| list.ends.get(before).copied());
        let end = list.ends.get(row).copied();
        let range = start.zip(end).and_then(|(start, end)| {
            let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
            list.items.get(start * 4..end * 4)
        });
        let (items, _) = range.unwrap_or_default().as_chunks::<4>();
        items.iter().map(|item| u32::from_le_bytes(*item))
    }

    /// The bytes of a fixed field in so many rows after the last, zero where nothing was written yet.
    pub(crate) fn tail(&mut self, field: Field, count: usize) -> &mut [u8] {
        let (start, end) = (self.rows * field.width(), (self.rows + count) * field.width());
        let Some(bytes) = self.bytes.get_mut(field.place()) else { return &mut [] };
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes.get_mut(start..end).unwrap_or_default()
    }

    /// The bytes of two fixed fields in so many rows after the last.
    pub(crate) fn tails(&mut self, first: Field, second: Field, count: usize) -> (&mut [u8], &mut [u8]) {
        let start = self.rows;
        let places = [first, second].map(|field| (start * field.width(), (start + count) * field.width()));
        let Ok([left, right]) = self.bytes.get_disjoint_mut([first.place(), second.place()]) else {
            return (&mut [], &mut []);
        };
        let [left, right] = [(left, places[0]), (right, places[1])].map(|(bytes, (start, end))| {
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes.get_mut(start..end).unwrap_or_default()
        });
        (left, right)
    }

    /// A number of a row after the last, counted from 0; 0 where none was written.
    pub(crate) fn get(&self, field: Field, row: usize) -> u64 {
        self.number(field, self.rows + row)
    }

    /// Writes a number of a row after the last, counted from 0.
    pub(crate) fn set(&mut self, field: Field, row: usize, value: u64) {
        self.set_at(field, self.rows + row, value);
    }

    fn set_at(&mut self, field: Field, row: usize, value: u64) {
        let width = field.width();
        let start = row * width;
        let Some(bytes) = self.bytes.get_mut(field.place()) else { return };
        if bytes.len() < start + width {
            if value == 0 {
                return;
            }
            bytes.resize(start + width, 0);
        }
        let place = bytes.get_mut(start..start + width).unwrap_or_default();
        place.iter_mut().zip(value.to_le_bytes()).for_each(|(to, from)| *to = from);
    }

    /// Writes a value of the row after the last.
    ///
    /// A column that has the values of all rows before gets this one too, zero or not: that is foreseen better than whether
    /// a value is zero. Other columns stay as they are until there is something to write.
    #[inline(always)]
    fn put<const N: usize>(&mut self, field: Field, value: [u8; N]) {
        let Some(bytes) = self.bytes.get_mut(field.place()) else { return };
        if self.rows > 0 && bytes.len() == self.rows * N {
            bytes.extend_from_slice(&value);
        } else if value != [0; N] {
            self.begin(field, value);
        }
    }

    /// Writes a value of the row after the last into a column that lacks rows, or has more already.
    #[cold]
    fn begin<const N: usize>(&mut self, field: Field, value: [u8; N]) {
        if let Some(place) = self.tail(field, 1).first_chunk_mut() {
            *place = value;
        }
    }

    /// Writes the list of the row after the last.
    fn put_list(&mut self, field: Field, items: &[u32]) {
        self.put_items(field, self.rows, items.iter().copied());
    }

    /// Writes the list of a row, the last so far that has one.
    pub(crate) fn put_items(&mut self, field: Field, row: usize, items: impl Iterator<Item = u32>) {
        let (Some(bytes), Some(ends)) = (self.bytes.get_mut(field.place()), self.ends.get_mut(field.place()))
        else {
            return;
        };
        for item in items {
            bytes.extend_from_slice(&item.to_le_bytes());
        }
        pad(ends, row);
        ends.push(bytes.len() as u64 / 4);
    }

    /// Writes the values of a row of others, which have the same fields and are [settled](Self::settle), into the row after
    /// the last.
    pub(crate) fn copy(&mut self, others: &Self, row: usize) {
        for &field in Field::ALL {
            if field.kind() == Kind::Numbers {
                if !others.list(field).ends.is_empty() {
                    self.put_items(field, self.rows, others.numbers(field, row));
                }
                continue;
            }
            let width = field.width();
            let value = others.fixed(field).get(row * width..).and_then(|rest| rest.get(..width));
            if let Some(value) = value {
                self.tail(field, 1).copy_from_slice(value);
            }
        }
    }

    /// Gives every row another number of a field, made of its place and of the one that it has. Nothing happens where the
    /// field is not wanted.
    pub fn map_numbers(&mut self, field: Field, mut number: impl FnMut(usize, u64) -> u64) {
        if !self.wanted.has(field) || !matches!(field.kind(), Kind::Number(_)) {
            return;
        }
        for row in 0..self.rows {
            let old = self.number(field, row);
            let new = number(row, old);
            if new != old {
                self.set_at(field, row, new);
            }
        }
        self.settle_field(field);
    }

    /// Gives the rows without an address in a field one, by their places; all zero is none. Nothing happens where the
    /// field is not wanted.
    pub fn fill_addresses(&mut self, field: Field, mut address: impl FnMut(usize) -> [u8; 16]) {
        if !self.wanted.has(field) || field.kind() != Kind::Address {
            return;
        }
        for row in 0..self.rows {
            let missing = self.address(field, row) == [0; 16];
            let Some(new) = missing.then(|| address(row)).filter(|new| *new != [0; 16]) else { continue };
            let Some(bytes) = self.bytes.get_mut(field.place()) else { return };
            bytes.resize(bytes.len().max((row + 1) * 16), 0);
            let place = bytes.get_mut(row * 16..).and_then(<[u8]>::first_chunk_mut);
            place.into_iter().for_each(|place| *place = new);
        }
        self.settle_field(field);
    }

    /// Gives the rows whose list is empty one, by their places. Nothing happens where the field is not wanted.
    pub fn fill_lists<'l>(&mut self, field: Field, list: impl Fn(usize) -> &'l [u32]) {
        let is_list = self.wanted.has(field) && field.kind() == Kind::Numbers;
        if !is_list || (0..self.rows).all(|row| list(row).is_empty()) {
            return;
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(self.rows));
        for row in 0..self.rows {
            let before = bytes.len();
            self.numbers(field, row).for_each(|item| bytes.extend_from_slice(&item.to_le_bytes()));
            if bytes.len() == before {
                list(row).iter().for_each(|item| bytes.extend_from_slice(&item.to_le_bytes()));
            }
            ends.push(bytes.len() as u64 / 4);
        }
        if let (Some(old), Some(old_ends)) =
            (self.bytes.get_mut(field.place()), self.ends.get_mut(field.place()))
        {
            (*old, *old_ends) = (bytes, ends);
        }
    }

    /// Takes so many rows after the last as written.
    pub(crate) fn advance(&mut self, count: usize) {
        self.rows += count;
    }
}

/// Lets the rows that have no list yet end where the last one does.
fn pad(ends: &mut Vec<u64>, rows: usize) {
    let end = ends.last().copied().unwrap_or_default();
    ends.resize(rows.max(ends.len()), end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(port: u16, labels: &[u32]) -> Row {
        Row { dst_port: port, mpls_labels: labels.to_vec(), ..Row::default() }
    }

    #[test]
    fn rows_become_columns() {
        let mut columns = Columns::new(Fields::all());
        for row in [row(0, &[]), row(53, &[16, 17]), row(0, &[]), row(80, &[18])] {
            columns.push(&row);
        }
        columns.push(&row(0, &[]));
        columns.settle();
        assert_eq!(columns.fixed(Field::DstPort), [0, 0, 53, 0, 0, 0, 80, 0, 0, 0]);
        assert_eq!(columns.list(Field::MPLSLabels).ends, [0, 2, 2, 3, 3]);
        assert_eq!(columns.numbers(Field::MPLSLabels, 1).collect::<Vec<_>>(), [16, 17]);
        assert_eq!(columns.numbers(Field::MPLSLabels, 3).collect::<Vec<_>>(), [18]);
        assert_eq!(columns.number(Field::DstPort, 3), 80);
        assert!(columns.fixed(Field::SrcPort).is_empty());
    }

    #[test]
    fn what_is_not_wanted_is_not_kept() {
        let mut columns = Columns::new(Fields::all().without(Field::DstPort));
        columns.push(&row(53, &[]));
        columns.settle();
        assert_eq!((columns.rows(), columns.fixed(Field::DstPort)), (1, &[][..]));
    }

    #[test]
    fn what_rows_lack_can_be_filled() {
        let mut columns = Columns::new(Fields::all().without(Field::SrcAS));
        let rows = [row(0, &[]), row(53, &[16]), row(0, &[])];
        rows.iter().for_each(|row| columns.push(row));
        columns.settle();
        columns.map_numbers(Field::DstPort, |row, port| if row == 0 { 7 } else { port });
        columns.map_numbers(Field::DstAS, |row, _| row as u64);
        columns.map_numbers(Field::SrcAS, |_, _| 1);
        columns.fill_addresses(Field::NextHop, |row| if row == 1 { [1; 16] } else { [0; 16] });
        columns.fill_addresses(Field::NextHop, |_| [2; 16]);
        columns.fill_lists(Field::MPLSLabels, |row| if row == 2 { &[3, 4] } else { &[9][row..] });
        columns.fill_lists(Field::DstASPath, |_| &[]);
        assert_eq!(columns.fixed(Field::DstPort), [7, 0, 53, 0, 0, 0]);
        assert_eq!(columns.fixed(Field::DstAS), [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
        assert!(columns.fixed(Field::SrcAS).is_empty() && columns.list(Field::DstASPath).ends.is_empty());
        assert_eq!([0, 1, 2].map(|row| columns.address(Field::NextHop, row)[0]), [2, 1, 2]);
        let lists = [0, 1, 2].map(|row| columns.numbers(Field::MPLSLabels, row).collect::<Vec<_>>());
        assert_eq!(lists, [vec![9], vec![16], vec![3, 4]]);
    }

    #[test]
    fn cleared_columns_begin_again() {
        let mut columns = Columns::new(Fields::all());
        columns.push(&row(53, &[1]));
        columns.clear();
        columns.push(&row(0, &[]));
        columns.settle();
        assert_eq!((columns.rows(), columns.number(Field::DstPort, 0)), (1, 0));
        assert!(columns.list(Field::MPLSLabels).ends.is_empty());
    }
}
