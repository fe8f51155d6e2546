//! The frames of the protocol: a header with `Content-Length`, an empty line, and that many bytes.

use std::io::{self, BufRead, Read as _, Write};

/// A longer message is read past and refused: a file of filters is at most 8 MiB, and JSON may double it.
const LONGEST: u64 = 64 * 1024 * 1024;

/// No header line of ours is longer; what is longer is no header.
const LONGEST_LINE: u64 = 4096;

const LENGTH: &str = "content-length:";

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The bytes of a message.
    Message(Vec<u8>),
    /// Something that is no message, with what is wrong with it.
    Malformed(&'static str),
}

/// Reads the next frame; `None` at the end of the input. Bytes that belong to no frame are one malformed frame, however
/// many they are: reading goes on at the next header that says how long a message is.
pub(crate) fn read(input: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let mut line = Vec::new();
    let mut length = None;
    let mut junk = false;
    loop {
        line.clear();
        if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(junk.then_some(Frame::Malformed("bytes that belong to no message")));
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        match content_length(text) {
            Some(found) => length = Some(found),
            // The empty line ends the header.
            None if text.is_empty() => match length {
                Some(length) => return message(input, length).map(Some),
                None if junk => return Ok(Some(Frame::Malformed("a header without Content-Length"))),
                None => {}
            },
            None => junk |= !text.to_ascii_lowercase().starts_with("content-type:"),
        }
    }
}

/// The length that a line of a header gives. After a message that was longer than it said, the header does not begin
/// its line.
fn content_length(line: &str) -> Option<u64> {
    let line = line.to_ascii_lowercase();
    let (_, length) = line.rsplit_once(LENGTH)?;
    length.trim().parse().ok()
}

fn message(input: &mut impl BufRead, length: u64) -> io::Result<Frame> {
    if length > LONGEST {
        io::copy(&mut input.take(length), &mut io::sink())?;
        return Ok(Frame::Malformed("the message is too long"));
    }
    let mut bytes = Vec::new();
    if input.take(length).read_to_end(&mut bytes)? as u64 != length {
        return Ok(Frame::Malformed("the message breaks off"));
    }
    Ok(Frame::Message(bytes))
}

/// Writes a message as a frame.
pub(crate) fn write(output: &mut impl Write, message: &[u8]) -> io::Result<()> {
    write!(output, "Content-Length: {}\r\n\r\n", message.len())?;
    output.write_all(message)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mut input: &[u8]) -> Vec<Frame> {
        std::iter::from_fn(|| read(&mut input).unwrap()).collect()
    }

    fn message(text: &str) -> Frame {
        Frame::Message(text.as_bytes().to_vec())
    }

    #[test]
    fn messages_are_read_one_after_another() {
        let input = b"Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: x\r\n\r\n\"a\"\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(frames(input), [message("{}"), message("\"a\""), message("")]);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        write(&mut bytes, "é".as_bytes()).unwrap();
        assert_eq!(frames(&bytes), [message("é")]);
    }

    #[test]
    fn reading_goes_on_after_junk() {
        let junk = |rest: &[u8]| [rest, b"Content-Length: 2\r\n\r\n{}"].concat();
        for bad in ["hello\r\n\r\n", "Content-Length: x\r\n\r\n", "Content-Length: -1\n\n", &"x\n".repeat(3)]
        {
            let found = frames(&junk(bad.as_bytes()));
            assert_eq!(found.last(), Some(&message("{}")), "{bad}");
        }
        // A length that is too short leaves the end of the message before the next header.
        assert_eq!(frames(&junk(b"Content-Length: 1\r\n\r\n{}")), [message("{"), message("{}")]);
        assert_eq!(frames(&[b'x'; 10_000]), [Frame::Malformed("bytes that belong to no message")]);
    }

    #[test]
    fn a_message_that_breaks_off_is_malformed() {
        assert_eq!(frames(b"Content-Length: 5\r\n\r\n{}"), [Frame::Malformed("the message breaks off")]);
        let endless = format!("Content-Length: {}\r\n\r\n{{}}", u64::MAX);
        assert_eq!(frames(endless.as_bytes()), [Frame::Malformed("the message is too long")]);
    }
}
