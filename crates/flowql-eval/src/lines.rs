//! The lines of a stream, with a bound on their length.

use std::io::{self, BufRead as _, BufReader, Read};

/// A line that is too long; it was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// The lines of a stream, of which no more than a buffer is held beyond the longest line.
#[derive(Debug)]
pub struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    longest: usize,
}

impl<R: Read> Lines<R> {
    /// The lines of a source; one of more bytes than `longest` is skipped.
    pub fn new(source: R, longest: usize) -> Self {
        Self { reader: BufReader::with_capacity(64 * 1024, source), line: Vec::new(), longest }
    }

    /// Whether the next line is not here as a whole, so that reading it may wait for the input.
    pub fn would_wait(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// The next line without its line break; `None` at the end.
    ///
    /// # Errors
    ///
    /// That the source cannot be read.
    #[expect(clippy::should_implement_trait, reason = "the line is borrowed, which an iterator cannot give")]
    pub fn next(&mut self) -> io::Result<Option<Result<&[u8], TooLong>>> {
        self.line.clear();
        let (mut begun, mut too_long) = (false, false);
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if buffer.is_empty() && !begun {
                return Ok(None);
            }
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            too_long |= self.line.len() + part.len() > self.longest;
            if !too_long {
                self.line.extend_from_slice(part);
            }
            let at_end = end.is_some() || buffer.is_empty();
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            begun = true;
            if at_end {
                return Ok(Some(if too_long { Err(TooLong) } else { Ok(&self.line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, longest: usize) -> Vec<Option<String>> {
        let mut lines = Lines::new(text.as_bytes(), longest);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push(line.ok().map(|line| String::from_utf8(line.to_vec()).unwrap()));
        }
        found
    }

    #[test]
    fn lines_end_at_line_feeds_and_at_the_end() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(all("", 9), []);
        assert_eq!(all("a\n\nb", 9), [some("a"), some(""), some("b")]);
        assert_eq!(all("a\nb\n", 9), [some("a"), some("b")]);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let long = "x".repeat(200_000);
        assert_eq!(all(&format!("{long}\nb\n{long}"), 1000), [None, Some("b".to_owned()), None]);
        assert_eq!(all("1234\n12345\n", 4), [Some("1234".to_owned()), None]);
    }
}
