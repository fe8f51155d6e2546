//! Reads XDR (RFC 4506): numbers of four and eight bytes, and bytes padded to four.

use crate::frame::mapped;

/// Bytes that are read from their beginning. Where they end too early there is `None`.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    #[inline]
    pub(super) fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(chunk)
    }

    /// Numbers of four bytes, so many that one check is enough for all.
    #[inline]
    pub(super) fn words<const N: usize>(&mut self) -> Option<[u32; N]> {
        let (words, _) = self.bytes.as_chunks();
        let words = words.first_chunk::<N>()?;
        self.bytes = self.bytes.get(N * 4..)?;
        Some(words.map(u32::from_be_bytes))
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.chunk().copied()
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A number of which the low bytes count: ports and the like have four bytes.
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(|[_, _, high, low]| u16::from_be_bytes([high, low]))
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[_, _, _, low]| low)
    }

    #[inline]
    fn take(&mut self, length: u32) -> Option<&'a [u8]> {
        let (bytes, rest) = self.bytes.split_at_checked(usize::try_from(length).ok()?)?;
        self.bytes = rest;
        Some(bytes)
    }

    /// Bytes with their length before them. Their padding is passed where it is there.
    #[inline]
    pub(super) fn opaque(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        let bytes = self.take(length)?;
        let padding = length.wrapping_neg() % 4;
        self.bytes = self.bytes.get(usize::try_from(padding).ok()?..).unwrap_or_default();
        Some(bytes)
    }

    /// A format, and bytes with their length before them.
    #[inline]
    pub(super) fn record(&mut self) -> Option<(u32, Reader<'a>)> {
        Some((self.u32()?, Reader::new(self.opaque()?)))
    }

    /// A list of numbers with their count before them.
    pub(super) fn numbers(&mut self) -> Option<impl Iterator<Item = u32> + Clone + use<'a>> {
        let bytes = self.u32()?.checked_mul(4).and_then(|length| self.take(length))?;
        let (numbers, _) = bytes.as_chunks();
        Some(numbers.iter().map(|number| u32::from_be_bytes(*number)))
    }

    /// An address with its kind before it; all zero where it is unknown.
    #[inline(always)]
    pub(super) fn address(&mut self) -> Option<[u8; 16]> {
        match self.u32()? {
            0 => Some([0; 16]),
            1 => self.array().map(mapped),
            2 => self.array(),
            _ => None,
        }
    }
}
