//! NetFlow versions 1, 5 and 7: records of one fixed layout, told as a template.

use flowql_schema::netflow::{self, Layout};

use crate::Protocol;
use crate::element::{Cursor, Element, Records, Slot};
use crate::plan::{Needs, Plan};

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

/// The layout of version 1, 5 or 7, the versions that [`Protocol`] has with layouts.
pub(crate) fn layout(protocol: Protocol) -> Option<&'static Layout> {
    netflow::layout(match protocol {
        Protocol::NetflowV1 => 1,
        Protocol::NetflowV5 => 5,
        Protocol::NetflowV7 => 7,
        _ => return None,
    })
}

/// Whether a datagram of that length can hold so many records, and may.
pub(crate) fn holds(layout: &Layout, length: usize, count: u16) -> bool {
    let needed = usize::from(layout.header) + usize::from(count) * usize::from(layout.record);
    (1..=layout.most).contains(&count) && length >= needed
}

/// The records of a datagram that [`holds`] so many.
pub(crate) fn records<'b>(layout: &Layout, bytes: &'b [u8], count: u16) -> Records<'b> {
    let (header, stride) = (usize::from(layout.header), usize::from(layout.record));
    let records = bytes.get(header..header + usize::from(count) * stride);
    Records::fixed(records.unwrap_or_default(), stride)
}

/// How records of version 1, 5 or 7 become rows.
pub(crate) fn plan(protocol: Protocol, needs: &Needs) -> Plan {
    let fields = layout(protocol).map_or(&[][..], |layout| layout.fields);
    let elements = (0..).zip(fields).map(|(index, &field)| {
        let length = field.length;
        let element = Element { enterprise: 0, id: field.element, length };
        (element, Slot { index, offset: field.offset, length })
    });
    let elements: Vec<(Element, Slot)> = elements.collect();
    Plan::new(&elements, true, needs)
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
