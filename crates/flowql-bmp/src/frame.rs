//! Messages out of a stream of bytes.

use thiserror::Error;

/// The version, the length and the type (RFC 7854, 4.1).
pub(crate) const HEADER: usize = 6;

/// Why a stream cannot be read on: BMP has no mark by which the next message could be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Neither version 3 nor 4.
    #[error("BMP version {0}, expected 3 or 4")]
    Version(u8),
    /// Shorter than its header.
    #[error("a message of {0} bytes is shorter than its header")]
    Short(u32),
    /// Longer than the limit.
    #[error("a message of {length} bytes is longer than the limit of {limit}")]
    Long {
        /// The length that the header gives.
        length: u32,
        /// The limit.
        limit: usize,
    },
}

/// Cuts a stream of bytes into messages, holding at most one message and what was read with it.
pub struct Framer {
    buffer: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Framer {
    /// Messages have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, limit }
    }

    /// Adds bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, its header included; none until more bytes come.
    ///
    /// # Errors
    /// What follows is not a message: the stream ends here.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some(&version) = rest.first() else { return Ok(None) };
        if !(3..=4).contains(&version) {
            return Err(FrameError::Version(version));
        }
        let Some(&[a, b, c, d]) = rest.get(1..5).and_then(|bytes| bytes.first_chunk()) else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]);
        let bytes = length as usize;
        if bytes < HEADER {
            return Err(FrameError::Short(length));
        }
        if bytes > self.limit {
            return Err(FrameError::Long { length, limit: self.limit });
        }
        if rest.len() < bytes {
            return Ok(None);
        }
        let start = self.start;
        self.start += bytes;
        Ok(self.buffer.get(start..start + bytes))
    }
}
