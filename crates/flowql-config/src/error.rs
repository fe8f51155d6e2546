//! What is wrong with a configuration, and where.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigErrors {
    /// The file cannot be read, or is not UTF-8.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file is read but wrong; the errors are in the order of the text, and there is at least one.
    #[error("{}", lines(.0))]
    Invalid(Vec<ConfigFileError>),
}

impl ConfigErrors {
    /// The errors that have a place in the file.
    pub fn errors(&self) -> &[ConfigFileError] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Invalid(errors) => errors,
        }
    }
}

fn lines(errors: &[ConfigFileError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One thing that is wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFileError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in Unicode scalar values, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do, where there is a guess.
    pub help: Option<String>,
}

impl fmt::Display for ConfigFileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, column, message, help } = self;
        write!(formatter, "{}:{line}:{column}: {message}", path.display())?;
        help.iter().try_for_each(|help| write!(formatter, ": {help}"))
    }
}

impl std::error::Error for ConfigFileError {}

/// Something to say of a range of the document.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}
