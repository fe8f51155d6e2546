//! `flowql compile --lines`: a stream of filters, answered one by one.

use std::io;

use flowql::Options;
use flowql_config::Config;
use flowql_eval::{Lines, TooLong};
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

#[cfg(test)]
mod tests {
    use super::*;

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
