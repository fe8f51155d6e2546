//! `flowql compile --lines`: a stream of filters, answered one by one.

use std::io::{self, BufRead, BufReader, Read};

use flowql::Options;
use flowql_config::Config;
use serde::{Deserialize, Serialize};

use crate::console::Output;
use crate::failure::{Failure, Status};
use crate::render::json::Answer;

/// A line of the input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    filter: String,
    #[serde(default)]
    reverse: Option<bool>,
    #[serde(default)]
    database: Option<String>,
}

/// The answer to a line that is no request.
#[derive(Debug, Serialize)]
struct Refusal {
    error: String,
    line: u64,
}

pub(super) fn run(config: &Config, defaults: Options<'_>) -> Result<Status, Failure> {
    let mut output = Output::new();
    let longest = longest(config);
    let mut lines = Lines::new(io::stdin().lock(), longest);
    let mut status = Status::Good;
    let mut number = 0;
    loop {
        if lines.would_wait() {
            output.flush()?;
        }
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) => {
                output.flush()?;
                return Err(Failure::new(
                    format!("cannot read standard input: {error}"),
                    "check what is piped in",
                ));
            }
        };
        number += 1;
        let line = line.map_err(|TooLong| format!("the line is longer than {longest} bytes"));
        match line.and_then(parse) {
            Ok(request) => {
                let options = Options {
                    reverse: request.reverse.unwrap_or(defaults.reverse),
                    database: request.database.as_deref().or(defaults.database),
                    ..defaults
                };
                let compilation = config.compiler().compile(&request.filter, options);
                output.json_line(&Answer::new(&request.filter, &config.schema, &compilation))?;
            }
            Err(error) => {
                status = Status::Unusable;
                output.json_line(&Refusal { error, line: number })?;
            }
        }
    }
    output.finish()?;
    Ok(status)
}

/// The longest line: room for the longest filter with every byte of it written as an escape, and for the rest.
fn longest(config: &Config) -> usize {
    config.limits.length.saturating_mul(6).saturating_add(64 * 1024).max(1024 * 1024)
}

fn parse(line: &[u8]) -> Result<Request, String> {
    // An array of the members in order would be read as well.
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err("the line is not a JSON object".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| {
        // The line of the message is that of the one line; its column remains.
        error.to_string().replace(" at line 1 column ", " at byte ")
    })
}

/// A line that is too long; it was skipped.
pub(super) struct TooLong;

/// The lines of a stream, of which no more than a buffer is held beyond the longest line.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    longest: usize,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R, longest: usize) -> Self {
        Self { reader: BufReader::with_capacity(64 * 1024, source), line: Vec::new(), longest }
    }

    /// Whether the next line is not here as a whole, so that reading it may wait for the input.
    pub(super) fn would_wait(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// The next line without its line break; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<&[u8], TooLong>>> {
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

    #[test]
    fn only_objects_with_the_members_are_requests() {
        for good in [r#"{"filter":""}"#, " {\"filter\":\"\",\"reverse\":null,\"database\":\"x\"}\r"] {
            assert!(parse(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x",
            "[\"SrcAS = 1\"]",
            "{}",
            r#"{"filter":1}"#,
            r#"{"filter":"","x":1}"#,
            "{\"filter\":\"\"} x",
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let error = parse(br#"{"filter":"","revers":true}"#).unwrap_err();
        assert_eq!(
            error,
            "unknown field `revers`, expected one of `filter`, `reverse`, `database` at byte 21"
        );
    }
}
