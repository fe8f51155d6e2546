//! NetFlow versions 1, 5 and 7: records of one fixed layout, told as a template.

use crate::Fields;
use crate::element::{Cursor, Element, Slot};
use crate::plan::Plan;

/// How the datagrams of a version look.
#[derive(Debug)]
pub(crate) struct Layout {
    header: usize,
    record: usize,
    /// The most records of a datagram.
    most: u16,
    /// Each field by the number of the element that means the same, where it begins, and its length.
    fields: &'static [(u16, u16, u16)],
}

/// What the header of a datagram says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LegacyHeader {
    pub(crate) uptime: u32,
    /// In milliseconds since 1970.
    pub(crate) exported: u64,
    /// How many flows came before; 0 in version 1, which does not say.
    pub(crate) sequence: u32,
    /// The type and the slot of the engine, in version 5.
    pub(crate) engine: u16,
    /// One packet in so many was looked at; 0 where the header does not say.
    pub(crate) sampling: u16,
}

impl Layout {
    pub(crate) const V1: Self = Self {
        header: 16,
        record: 48,
        most: 24,
        fields: &[
            (8, 0, 4),
            (12, 4, 4),
            (15, 8, 4),
            (10, 12, 2),
            (14, 14, 2),
            (2, 16, 4),
            (1, 20, 4),
            (22, 24, 4),
            (21, 28, 4),
            (7, 32, 2),
            (11, 34, 2),
            (4, 38, 1),
            (5, 39, 1),
            (6, 40, 1),
        ],
    };
    pub(crate) const V5: Self = Self {
        header: 24,
        record: 48,
        most: 30,
        fields: &[
            (8, 0, 4),
            (12, 4, 4),
            (15, 8, 4),
            (10, 12, 2),
            (14, 14, 2),
            (2, 16, 4),
            (1, 20, 4),
            (22, 24, 4),
            (21, 28, 4),
            (7, 32, 2),
            (11, 34, 2),
            (6, 37, 1),
            (4, 38, 1),
            (5, 39, 1),
            (16, 40, 2),
            (17, 42, 2),
            (9, 44, 1),
            (13, 45, 1),
        ],
    };
    /// The fields of version 5; then which of them are valid, and the router, which are not looked at.
    pub(crate) const V7: Self = Self { header: 24, record: 52, most: 30, fields: Self::V5.fields };

    /// Whether a datagram of that length can hold so many records, and may.
    pub(crate) fn holds(&self, length: usize, count: u16) -> bool {
        (1..=self.most).contains(&count) && length >= self.header + usize::from(count) * self.record
    }

    /// The records of a datagram that [holds](Self::holds) so many.
    pub(crate) fn records<'b>(&self, bytes: &'b [u8], count: u16) -> &'b [u8] {
        bytes.get(self.header..self.header + usize::from(count) * self.record).unwrap_or_default()
    }

    /// The length of a record.
    pub(crate) const fn stride(&self) -> usize {
        self.record
    }

    /// How records become rows.
    pub(crate) fn plan(&self, needed: Fields) -> Plan {
        let elements = self.fields.iter().enumerate().map(|(index, &(id, offset, length))| {
            (Element { enterprise: 0, id, length }, Slot { index: index as u16, offset, length })
        });
        let elements: Vec<(Element, Slot)> = elements.collect();
        Plan::new(&elements, true, needed)
    }
}

impl LegacyHeader {
    /// Reads a header, after the version and the count.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes.get(4..)?);
        let (uptime, seconds, nanoseconds) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let exported = u64::from(seconds) * 1_000 + u64::from(nanoseconds / 1_000_000);
        Some(Self { uptime, exported, ..Self::default() })
    }

    /// Reads what versions 5 and 7 add.
    pub(crate) fn with_rest(self, bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes.get(16..)?);
        let (sequence, engine, sampling) = (cursor.u32()?, cursor.u16()?, cursor.u16()?);
        // The upper two bits say how packets are chosen.
        Some(Self { sequence, engine, sampling: sampling & 0x3FFF, ..self })
    }
}
