//! What can go wrong with a backend, in the words of its user.

use std::time::Duration;

/// Why a backend did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No server answers.
    #[error("cannot reach {server}: {reason}")]
    Unreachable {
        /// The address, without credentials.
        server: String,
        /// What happened.
        reason: String,
    },
    /// No answer within the deadline.
    #[error("no answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// The credentials are not accepted.
    #[error("{server} refuses the user or the password")]
    Credentials {
        /// The address, without credentials.
        server: String,
    },
    /// The database refuses or breaks off a query.
    #[error("the database reports error {code}: {message}")]
    Database {
        /// The number of the exception, as ClickHouse gives it; 0 where it gives none.
        code: u32,
        /// Its message.
        message: String,
    },
    /// The answer broke off in the middle.
    #[error("the answer of {server} broke off: {reason}")]
    Interrupted {
        /// The address, without credentials.
        server: String,
        /// What happened.
        reason: String,
    },
    /// Too many calls wait already.
    #[error("too many calls are waiting for the backend")]
    Busy,
    /// The backend has no such thing: a backend of values only runs no query.
    #[error("the backend `{backend}` {what}")]
    Unsupported {
        /// The name of the backend.
        backend: &'static str,
        /// What it cannot do, as `runs no queries`.
        what: String,
    },
    /// The query asks for what cannot be asked, such as a column that is not there.
    #[error("{0}")]
    BadQuery(String),
    /// No table has what the query asks for.
    #[error("{0}")]
    NoTable(String),
    /// The backend cannot be set up: a missing library, a bad setting.
    #[error("{message}")]
    Setup {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}
