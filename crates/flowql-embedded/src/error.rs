//! What can go wrong with the embedded engine.

use std::path::PathBuf;
use std::time::Duration;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The library is not there.
    #[error("the library of the embedded ClickHouse is missing: there is no `{}`", .0.display())]
    NoLibrary(PathBuf),
    /// The program that loads the library is not there.
    #[error("the helper program `flowql-embedded` is not found, neither beside this program nor on the PATH")]
    NoHelper,
    /// The data folder cannot be used.
    #[error("cannot use the data folder `{}`: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// The engine did not start.
    #[error("the embedded ClickHouse does not start: {reason}")]
    Failed {
        /// The end of its log.
        reason: String,
        /// Where the whole log is.
        log: PathBuf,
    },
    /// The engine took too long to start, or to end.
    #[error("the embedded ClickHouse did not {what} within {} s", after.as_secs())]
    TooSlow {
        /// `start` or `end`.
        what: &'static str,
        /// How long was waited.
        after: Duration,
    },
}

impl EngineError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NoLibrary(_) => {
                "get it with `flowql engine install` (once, 180 MB), or name a `libchdb.so` \
                                   with the setting `embedded.library` or the variable FLOWQL_LIBCHDB"
                    .to_owned()
            }
            Self::NoHelper => {
                "install FlowQL as a whole: `cargo install --path crates/flowql-cli`".to_owned()
            }
            Self::Folder { .. } => "name another folder with the setting `embedded.folder`".to_owned(),
            Self::Failed { log, .. } => format!("the whole log is in `{}`", log.display()),
            Self::TooSlow { .. } => {
                "try again: the first start after an installation reads 560 MB from the disk".to_owned()
            }
        }
    }
}
