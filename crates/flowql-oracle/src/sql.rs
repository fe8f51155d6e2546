//! The SQL under construction: the only place that writes literals.

use super::Error;
use super::address::Address;

/// SQL text. Bytes, so that digits cost nothing; only whole strings and ASCII ever go in.
pub(crate) struct Sql(Vec<u8>);

impl Sql {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The text.
    pub(crate) fn finish(self) -> Result<String, Error> {
        String::from_utf8(self.0).map_err(|error| Error {
            offset: error.utf8_error().valid_up_to(),
            reason: "SQL that is not UTF-8",
        })
    }

    /// How much is written.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Drops what was written after a point.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Opens a parenthesis before what was written after a point.
    pub(crate) fn open_at(&mut self, at: usize) {
        self.0.insert(at, b'(');
    }

    /// SQL of our own, or a column's name.
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A decimal number.
    pub(crate) fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        loop {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0.extend_from_slice(&digits[at..]);
    }

    /// A string literal.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.0.push(b'\'');
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|&byte| needs_escape(byte)) {
            self.0.extend_from_slice(&rest[..at]);
            self.escape(rest[at]);
            rest = &rest[at + 1..];
        }
        self.0.extend_from_slice(rest);
        self.0.push(b'\'');
    }

    /// One byte of a string literal by its ClickHouse escape.
    fn escape(&mut self, byte: u8) {
        let letter = match byte {
            b'\'' | b'\\' => byte,
            0x00 => b'0',
            0x07 => b'a',
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0b => b'v',
            0x0c => b'f',
            0x0d => b'r',
            _ => {
                let digit = |nibble: u8| b"0123456789ABCDEF"[usize::from(nibble)];
                self.0.extend_from_slice(&[b'\\', b'x', digit(byte >> 4), digit(byte & 15)]);
                return;
            }
        };
        self.0.extend_from_slice(&[b'\\', letter]);
    }

    /// An address as the value of an IPv6 column.
    pub(crate) fn address(&mut self, address: Address) {
        self.raw("toIPv6('");
        let mut buffer = [0; Address::MAX_LENGTH];
        let length = address.print(&mut buffer);
        self.0.extend_from_slice(&buffer[..length]);
        self.raw("')");
    }

    /// A MAC address as the number that stands for it.
    pub(crate) fn mac(&mut self, mac: [u8; 6]) {
        self.raw("MACStringToNum('");
        for (i, byte) in mac.into_iter().enumerate() {
            if i > 0 {
                self.0.push(b':');
            }
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            self.0.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        self.raw("')");
    }
}

/// Whether a byte cannot stand in a string literal as it is.
fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || matches!(byte, b'\'' | b'\\' | 0x7f)
}
