#![doc = include_str!("../README.md")]

// The parser that pest makes names it.
extern crate alloc;

mod akvorado;
mod output;
mod tree;

pub use akvorado::{Source, akvorado};
pub use output::{Imported, LeftOut};
pub use tree::Include;

/// Why nothing could be made of a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file is not YAML.
    #[error("`{file}` cannot be read: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong, with its place.
        message: String,
    },
    /// A file that another includes cannot be read.
    #[error("`{file}`, which `{by}` includes, cannot be read: {message}")]
    Include {
        /// The file.
        file: String,
        /// The file that names it.
        by: String,
        /// What is wrong.
        message: String,
    },
    /// A file has none of the sections that it should have.
    #[error("`{file}` has no section of Akvorado")]
    Unknown {
        /// The file.
        file: String,
    },
}
