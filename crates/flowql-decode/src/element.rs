//! Information elements, and where they lie in a record.

/// A field of a template: an information element of IPFIX, or a field type of NetFlow v9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The enterprise whose element it is; 0 for those of IANA, and for every field of NetFlow v9.
    pub enterprise: u32,
    /// Its number, without the enterprise bit of IPFIX.
    pub id: u16,
    /// The length in bytes; [`VARIABLE`] where each record says it.
    pub length: u16,
}

/// The length of a field whose length each record says (RFC 7011, section 7).
pub const VARIABLE: u16 = 0xFFFF;

/// In place of an enterprise: a scope type of NetFlow v9 (RFC 3954, section 6.1), which has numbers of its own.
pub const SCOPE_V9: u32 = u32::MAX;

/// Where the value of a field lies in the records of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Which field of the template it is.
    pub(crate) index: u16,
    /// Where it begins, where all records have the same length.
    pub(crate) offset: u16,
    /// Its length, where all records have the same.
    pub(crate) length: u16,
}

/// Records of a template, one after the other: of one length, or a single one whose fields lie at `places`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records<'r> {
    bytes: &'r [u8],
    stride: usize,
    places: Option<&'r [(u16, u16)]>,
}

impl<'r> Records<'r> {
    /// As many whole records of a length as there are; none if the length is 0.
    pub(crate) fn fixed(bytes: &'r [u8], stride: usize) -> Self {
        let whole = bytes.len().checked_rem(stride).map_or(0, |rest| bytes.len() - rest);
        Self { bytes: bytes.get(..whole).unwrap_or_default(), stride: stride.max(1), places: None }
    }

    /// One record, with the offset and the length of each of its fields.
    pub(crate) fn variable(bytes: &'r [u8], places: &'r [(u16, u16)]) -> Self {
        Self { bytes, stride: bytes.len().max(1), places: Some(places) }
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.bytes.len() / self.stride
    }

    /// One of them.
    pub(crate) fn record(&self, place: usize) -> Self {
        let start = place * self.stride;
        let bytes = self.bytes.get(start..start + self.stride).unwrap_or_default();
        Self { bytes, ..*self }
    }

    /// The offset and the length of a field in each record.
    fn place(&self, slot: Slot) -> (usize, usize) {
        let fixed = (slot.offset, slot.length);
        let (offset, length) = match self.places {
            None => fixed,
            Some(places) => places.get(usize::from(slot.index)).copied().unwrap_or_default(),
        };
        (offset.into(), length.into())
    }

    /// The length of a field in each record.
    pub(crate) fn length(&self, slot: Slot) -> usize {
        self.place(slot).1
    }

    /// The bytes of a field, record by record.
    pub(crate) fn values(&self, slot: Slot) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let (offset, length) = self.place(slot);
        let records = self.bytes.chunks_exact(self.stride);
        records.map(move |record| record.get(offset..offset + length).unwrap_or_default())
    }

    /// The first bytes of a field, record by record; zeros where it is shorter.
    pub(crate) fn arrays<const N: usize>(&self, slot: Slot) -> impl Iterator<Item = [u8; N]> + use<'r, N> {
        let (offset, _) = self.place(slot);
        let records = self.bytes.chunks_exact(self.stride);
        records.map(move |record| {
            let value = record.get(offset..).and_then(<[u8]>::first_chunk);
            value.copied().unwrap_or([0; N])
        })
    }

    /// A number of a field, record by record.
    pub(crate) fn numbers(&self, slot: Slot) -> impl Iterator<Item = u64> + use<'r> {
        self.values(slot).map(number)
    }

    /// The number of a field of the first record; 0 without one.
    pub(crate) fn first(&self, slot: Slot) -> u64 {
        self.numbers(slot).next().unwrap_or_default()
    }
}

/// A number of any length, the highest byte first; of one with more than eight bytes the last eight.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Reads numbers and bytes from the front of a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'b>(pub(crate) &'b [u8]);

impl<'b> Cursor<'b> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }
}
