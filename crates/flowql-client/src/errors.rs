//! What the errors of the HTTP client and the exceptions of ClickHouse mean to the user.

use std::io;
use std::iter::successors;
use std::time::Duration;

use clickhouse::error::Error as ClientError;
use hyper_util::client::legacy::Error as HttpError;
use rustls::{CertificateError, Error as TlsError, InvalidMessage};

use crate::Error;

/// What went wrong with an attempt, and so whether another one is safe and makes sense.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) kind: FailureKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The statement never reached a server.
    NotSent,
    /// This server, or the way to it, has trouble; another one may not. The statement may have run.
    Server,
    /// The user may not change settings, or not all of them.
    Settings,
    /// Whoever is asked would answer so.
    Statement,
}

/// Codes of ClickHouse that say something of the server, not of the statement.
const SERVER_TROUBLE: &[u32] = &[
    198, // DNS_ERROR
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    209, // SOCKET_TIMEOUT
    210, // NETWORK_ERROR
    236, // ABORTED: it shuts down
    279, // ALL_CONNECTION_TRIES_FAILED
    745, // SERVER_OVERLOADED
    999, // KEEPER_EXCEPTION
];
/// UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED.
const CREDENTIALS: &[u32] = &[192, 193, 194, 516];
/// The code of ClickHouse for a database that is not there.
pub const UNKNOWN_DATABASE: u32 = 81;
const TIMEOUT_EXCEEDED: u32 = 159;
const READONLY: u32 = 164;
const BAD_ARGUMENTS: u32 = 36;
const SYNTAX_ERROR: u32 = 62;
const TOO_DEEP_AST: u32 = 167;
const TOO_BIG_AST: u32 = 168;
const TOO_DEEP_RECURSION: u32 = 306;
const SETTING_CONSTRAINT_VIOLATION: u32 = 452;

impl Failure {
    /// No answer in time: another attempt would have no time left.
    pub(crate) fn deadline(deadline: Duration) -> Self {
        Self { error: Error::Deadline(deadline), kind: FailureKind::Statement }
    }

    /// Of an attempt at a server. `has_answered` says that the answer had begun.
    pub(crate) fn new(error: ClientError, server: &str, deadline: Duration, has_answered: bool) -> Self {
        match error {
            ClientError::BadResponse(text) => Self::of_answer(&text, server, deadline),
            ClientError::InvalidParams(source) => Self {
                error: Error::Setup { message: format!("cannot ask {server}: {source}"), help: None },
                kind: FailureKind::Statement,
            },
            ClientError::Network(source) => {
                let connect = source.downcast_ref::<HttpError>().is_some_and(HttpError::is_connect);
                let reason = tls(&*source).unwrap_or_else(|| deepest(&*source));
                let server = server.to_owned();
                match (connect, has_answered) {
                    (true, _) => {
                        Self { error: Error::Unreachable { server, reason }, kind: FailureKind::NotSent }
                    }
                    (false, _) => {
                        Self { error: Error::Interrupted { server, reason }, kind: FailureKind::Server }
                    }
                }
            }
            other => Self {
                error: Error::Interrupted { server: server.to_owned(), reason: other.to_string() },
                kind: FailureKind::Server,
            },
        }
    }

    /// Of what a server said in the place of an answer, or in the middle of one.
    pub(crate) fn of_answer(text: &str, server: &str, deadline: Duration) -> Self {
        let server = server.to_owned();
        let Some((code, message)) = exception(text) else {
            // Something between here and the server: a load balancer, a web server at the wrong port.
            let reason: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
            return Self { error: Error::Unreachable { server, reason }, kind: FailureKind::Server };
        };
        let kind = match code {
            READONLY | SETTING_CONSTRAINT_VIOLATION if message.contains("etting") => FailureKind::Settings,
            code if SERVER_TROUBLE.contains(&code) || CREDENTIALS.contains(&code) => FailureKind::Server,
            _ => FailureKind::Statement,
        };
        let error = match code {
            TIMEOUT_EXCEEDED => Error::Deadline(deadline),
            code if CREDENTIALS.contains(&code) => Error::Credentials { server },
            code => match exceeded(code, &message) {
                Some(setting) => Error::TooLarge { setting },
                None => Error::Database { code, message },
            },
        };
        Self { error, kind }
    }
}

/// The code and the message of an exception, as in
/// `Code: 62. DB::Exception: Syntax error: … (SYNTAX_ERROR) (version 26.7.2.1)` and, of the libraries below it,
/// `Poco::Exception. Code: 1000, e.code() = 0, HTML Form Exception: Field value too long (version 26.7.2.1)`.
fn exception(text: &str) -> Option<(u32, String)> {
    let (_, text) = text.split_once("Code: ")?;
    let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let code = text.strip_suffix(rest)?.parse().ok()?;
    let message = match rest.strip_prefix('.') {
        Some(rest) => rest.split_once("Exception: ").map_or(rest, |(_, message)| message),
        None => rest.trim_start_matches([',', ' ']),
    };
    let message = message.rsplit_once(" (version ").map_or(message, |(message, _)| message);
    Some((code, message.trim().to_owned()))
}

/// The setting of the user's profile that a statement is too large for.
fn exceeded(code: u32, message: &str) -> Option<&'static str> {
    match code {
        SYNTAX_ERROR if message.contains("Max query size exceeded") => Some("max_query_size"),
        BAD_ARGUMENTS if message.contains("Query tree is too big") => Some("max_expanded_ast_elements"),
        TOO_BIG_AST => Some("max_ast_elements"),
        TOO_DEEP_AST => Some("max_ast_depth"),
        TOO_DEEP_RECURSION if message.contains("max_parser_depth") => Some("max_parser_depth"),
        _ => None,
    }
}

/// What is wrong with the TLS of a server, where that is the cause.
fn tls(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut causes = successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // It names the cause of what it wraps as its own.
        Some(wrapper) => wrapper.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
        None => error.source(),
    });
    let cause = causes.find_map(|cause| cause.downcast_ref::<TlsError>())?;
    Some(match cause {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "nobody who is trusted here has signed its certificate; `ca_file` in [clickhouse] names who else is"
                .to_owned()
        }
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS; is its address one of http://?".to_owned()
        }
        other => other.to_string(),
    })
}

/// The innermost cause, which is the one that says something: `Connection refused`.
fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Error, FailureKind) {
        let failure = Failure::of_answer(text, "s", Duration::from_secs(1));
        (failure.error, failure.kind)
    }

    #[test]
    fn exceptions_are_read() {
        let text =
            "Code: 62. DB::Exception: Syntax error: failed at 1 (x). (SYNTAX_ERROR) (version 26.7.2.1)";
        let message = "Syntax error: failed at 1 (x). (SYNTAX_ERROR)".to_owned();
        assert_eq!(of(text), (Error::Database { code: 62, message }, FailureKind::Statement));
        let text = "Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)";
        assert_eq!(of(text), (Error::Credentials { server: "s".into() }, FailureKind::Server));
        let text = "Code: 159. DB::Exception: Timeout exceeded: elapsed 1000 ms. (TIMEOUT_EXCEEDED)";
        assert_eq!(of(text), (Error::Deadline(Duration::from_secs(1)), FailureKind::Statement));
        let text = "Poco::Exception. Code: 1000, e.code() = 0, HTML Form Exception: Field value too long (version 26.7)";
        let message = "e.code() = 0, HTML Form Exception: Field value too long".to_owned();
        assert_eq!(of(text), (Error::Database { code: 1000, message }, FailureKind::Statement));
        let text = "Code: 62. DB::Exception: Syntax error: failed at position 9 (x): x. Max query size exceeded \
                    (can be increased with the `max_query_size` setting): x. (SYNTAX_ERROR) (version 26.7)";
        assert_eq!(of(text), (Error::TooLarge { setting: "max_query_size" }, FailureKind::Statement));
        let text = "Code: 164. DB::Exception: Cannot modify 'readonly' setting in readonly mode. (READONLY)";
        assert_eq!(of(text).1, FailureKind::Settings);
        let text = "Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)";
        assert_eq!(of(text).1, FailureKind::Statement);
    }

    #[test]
    fn what_is_not_clickhouse_is_unreachable() {
        let (error, kind) = of("<html>\n<h1>Bad gateway</h1>");
        assert_eq!(error.to_string(), "cannot reach s: <html>");
        assert_eq!(kind, FailureKind::Server);
    }
}
