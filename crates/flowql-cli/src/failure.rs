//! How a command ends.

use std::io;

/// The exit status of a tool that was stopped by SIGPIPE, as a shell shows it.
pub(crate) const CLOSED: u8 = 141;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// All is well.
    Good,
    /// Some filter is bad, or some text would be changed.
    Bad,
    /// Some input could not be used; that was reported, and the rest was done.
    Unusable,
}

impl Status {
    /// The exit status of the process.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Unusable => 2,
        }
    }

    /// [`Status::Bad`] if so, else [`Status::Good`].
    pub(crate) const fn bad_if(bad: bool) -> Self {
        if bad { Self::Bad } else { Self::Good }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of the output is gone: nothing to say to anyone.
    Closed,
    /// Everything was said already.
    Reported,
    /// An error of the tool itself.
    Message {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

impl Failure {
    /// An error with what to do about it.
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Message { message: message.into(), help: Some(help.into()) }
    }
}

/// Of writing to standard output: errors of reading get their message where they happen.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::new(
                format!("cannot write the output: {error}"),
                "check where the output goes: a full disk, a closed file",
            ),
        }
    }
}

impl From<flowql_backend::Error> for Failure {
    fn from(error: flowql_backend::Error) -> Self {
        match error {
            flowql_backend::Error::Client(error) => error.into(),
            other => Self::Message { message: other.to_string(), help: None },
        }
    }
}

/// Of a database: the message, and what to do where the client knows.
impl From<flowql_client::Error> for Failure {
    fn from(error: flowql_client::Error) -> Self {
        let help = match &error {
            flowql_client::Error::Setup { help, .. } => help.clone(),
            _ => None,
        };
        Self::Message { message: error.to_string(), help }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}
