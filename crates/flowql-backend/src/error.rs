//! What can go wrong with a backend, in the words of its user.

/// Why a backend did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database, or whatever else answers, did not.
    #[error(transparent)]
    Client(#[from] flowql_client::Error),
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
    /// A file of flows cannot be read, or a line of it is not a flow.
    #[error("{0}")]
    BadFlows(String),
}

impl Error {
    /// That a backend cannot do something, as `runs no queries`.
    pub fn unsupported(backend: &'static str, what: impl Into<String>) -> Self {
        Self::Unsupported { backend, what: what.into() }
    }
}
