//! Server-sent events, as a service sends them.

use bytes::Bytes;
use flowql_client::Error as ClientError;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

/// The most bytes of an event: a flow with long paths and texts has some kilobytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// The events of a service, in order.
#[derive(Debug)]
pub struct Events {
    body: Incoming,
    parser: Parser,
    server: String,
}

/// Something that a service says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What it is; empty for what the stream is there for.
    pub name: String,
    /// What is said.
    pub data: String,
}

impl Events {
    pub(crate) fn new(body: Incoming, server: String) -> Self {
        Self { body, parser: Parser::default(), server }
    }

    /// The next event; `None` where the service has ended them. It may be asked for again after a wait that was given up.
    ///
    /// # Errors
    ///
    /// That the connection breaks, or that an event is longer than any is.
    pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
        loop {
            if let Some(event) = self.parser.next() {
                return Ok(Some(event));
            }
            if self.parser.rest.len() > LONGEST {
                return Err(self.broken("an event is too long".to_owned()));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => self.parser.push(&frame.into_data().unwrap_or(Bytes::new())),
                Some(Err(error)) => return Err(self.broken(error.to_string())),
            }
        }
    }

    fn broken(&self, reason: String) -> ClientError {
        ClientError::Interrupted { server: self.server.clone(), reason }
    }
}

/// What was received and is not an event yet.
#[derive(Debug, Default)]
struct Parser {
    rest: Vec<u8>,
    /// No line ends before it.
    searched: usize,
    event: Event,
    has_data: bool,
}

impl Parser {
    fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The next event that is there as a whole.
    fn next(&mut self) -> Option<Event> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                let event = std::mem::take(&mut self.event);
                // One without data is none.
                if std::mem::take(&mut self.has_data) {
                    return Some(event);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.event.name),
                "data" => {
                    if std::mem::replace(&mut self.has_data, true) {
                        self.event.data.push('\n');
                    }
                    self.event.data.push_str(value);
                }
                // Comments, and what is for who connects again.
                _ => {}
            }
        }
        None
    }

    /// The next line that is there as a whole, without its end.
    fn line(&mut self) -> Option<String> {
        let unsearched = self.rest.get(self.searched..).unwrap_or_default();
        let Some(end) = unsearched.iter().position(|&byte| byte == b'\n') else {
            self.searched = self.rest.len();
            return None;
        };
        let line: Vec<u8> = self.rest.drain(..=self.searched + end).collect();
        self.searched = 0;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Some(String::from_utf8_lossy(line).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = "data: {\"a\":1}\n\n: nothing\n\nevent: counts\r\ndata:{}\r\n\r\nid: 7\n\ndata: a\ndata: b\n\ndata: c";
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        let expected = [event("", "{\"a\":1}"), event("counts", "{}"), event("", "a\nb")];
        for size in 1..text.len() {
            let (mut parser, mut events) = (Parser::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                parser.push(piece);
                events.extend(std::iter::from_fn(|| parser.next()));
            }
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }
}
