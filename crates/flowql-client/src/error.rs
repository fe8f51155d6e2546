//! What can go wrong with a database, in the words of its user.

use std::time::Duration;

use flowql_embedded::EngineError;

/// Why a database did not answer.
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
    /// The statement is larger than the user may run, who may not change settings.
    #[error(
        "the query is too large for the user of the database: raise `{setting}` in the profile of the user, or shorten \
         the filter"
    )]
    TooLarge {
        /// The setting of ClickHouse that says how large it may be.
        setting: &'static str,
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
    /// The client cannot be set up: a missing library, a bad setting.
    #[error("{message}")]
    Setup {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        Self::Setup { message: error.to_string(), help: Some(error.help()) }
    }
}
