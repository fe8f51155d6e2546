//! Reads the frames of a segment, and finds the next good one behind a damaged place.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::frame::{Check, Frame, LONGEST_FRAME, MARK, check, decode};

/// How much is read at once, in bytes: more than the longest frame.
const CHUNK: usize = 256 << 10;
const _: () = assert!(CHUNK > LONGEST_FRAME);

/// A place in a segment, and some bytes from there on.
#[derive(Debug)]
pub(crate) struct Scanner {
    file: File,
    seed: u32,
    buffer: Vec<u8>,
    /// Where the buffer begins in the file.
    start: u64,
    /// The frame that was found last, within the buffer.
    frame: Range<usize>,
}

/// What a step found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A frame, [`Scanner::frame`], at this offset.
    Frame(u64),
    /// Bytes that are not frames; a good frame or the limit follows.
    Damaged(Range<u64>),
    /// The limit.
    Limit,
}

impl Scanner {
    /// Scans a file from an offset on.
    pub(crate) fn new(file: File, seed: u32, offset: u64) -> Self {
        Self { file, seed, buffer: Vec::new(), start: offset, frame: 0..0 }
    }

    /// The offset behind what was found last.
    pub(crate) fn offset(&self) -> u64 {
        self.start + self.frame.end as u64
    }

    /// The frame that was found last.
    pub(crate) fn frame(&self) -> Option<Frame<'_>> {
        decode(self.buffer.get(self.frame.clone())?)
    }

    /// Finds what is next in the first `limit` bytes of the file. What is incomplete there is damaged.
    pub(crate) fn step(&mut self, limit: u64) -> io::Result<Step> {
        let from = self.offset();
        loop {
            let at = self.offset();
            if at >= limit {
                return Ok(if at > from { Step::Damaged(from..at) } else { Step::Limit });
            }
            match self.check(limit)? {
                Check::Good(_) if at > from => return Ok(Step::Damaged(from..at)),
                Check::Good(length) => {
                    self.frame = self.frame.end..self.frame.end + length;
                    return Ok(Step::Frame(at));
                }
                Check::Incomplete | Check::Bad => self.skip(limit),
            }
        }
    }

    /// Whether a frame begins here, with as many bytes as it takes to tell.
    fn check(&mut self, limit: u64) -> io::Result<Check> {
        loop {
            let bytes = self.buffer.get(self.frame.end..).unwrap_or_default();
            let rest = usize::try_from(limit - self.offset()).unwrap_or(usize::MAX);
            let bytes = bytes.get(..rest).unwrap_or(bytes);
            let found = if bytes.is_empty() { Check::Incomplete } else { check(bytes, self.seed) };
            if found != Check::Incomplete || bytes.len() == rest || !self.fill(limit)? {
                return Ok(found);
            }
        }
    }

    /// Goes to the next byte where a frame may begin.
    fn skip(&mut self, limit: u64) {
        let next = self.frame.end + 1;
        let rest = self.buffer.get(next..).unwrap_or_default();
        let far = rest.iter().position(|byte| Some(byte) == MARK.first()).unwrap_or(rest.len());
        let most = usize::try_from(limit - self.start).unwrap_or(usize::MAX);
        let end = (next + far).min(most);
        self.frame = end..end;
    }

    /// Reads more of the file, and forgets what lies behind. Gives whether there was more.
    fn fill(&mut self, limit: u64) -> io::Result<bool> {
        let passed = self.frame.end.min(self.buffer.len());
        self.buffer.drain(..passed);
        self.start += passed as u64;
        self.frame = self.frame.end - passed..self.frame.end - passed;
        let had = self.buffer.len();
        let end = self.start + had as u64;
        let more = usize::try_from(limit.saturating_sub(end)).unwrap_or(usize::MAX).min(CHUNK);
        self.buffer.resize(had + more, 0);
        let read = self.file.read_at(self.buffer.get_mut(had..).unwrap_or_default(), end);
        self.buffer.truncate(had + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }
}
