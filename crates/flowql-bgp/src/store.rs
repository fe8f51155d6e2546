//! What is to be announced, on disk.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::rule::{Candidate, Matcher};

/// The version of the file.
const VERSION: u32 = 1;

/// The most bytes of the file.
const LONGEST: u64 = 64 << 20;

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("cannot {what} `{}`: {error}", path.display())]
    Io {
        /// Which of the two.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is damaged, or of another version.
    #[error("`{}` cannot be used: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) version: u32,
    /// What somebody would like to be announced, whether the guards pass it or not.
    pub(crate) wanted: Vec<Candidate>,
    /// What is announced.
    pub(crate) announced: Vec<Matcher>,
    /// When rules became new, in seconds since 1970: those of the last minute.
    pub(crate) fresh: Vec<u64>,
}

impl Default for Stored {
    fn default() -> Self {
        Self { version: VERSION, wanted: Vec::new(), announced: Vec::new(), fresh: Vec::new() }
    }
}

/// The file.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
}

impl Store {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { path: folder.join("mitigations.json") }
    }

    /// Reads it; nothing where there is none yet.
    pub(crate) fn load(&self) -> Result<Stored, StoreError> {
        let damaged = |reason| StoreError::Damaged { path: self.path.clone(), reason };
        let bytes = match self.read() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Stored::default()),
            Err(error) => return Err(StoreError::Io { what: "read", path: self.path.clone(), error }),
        };
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if stored.version != VERSION {
            return Err(damaged(format!("its version is {}, not {VERSION}", stored.version)));
        }
        Ok(stored)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes it; when this returns, it is on the disk.
    pub(crate) fn save(&self, stored: &Stored) -> Result<(), StoreError> {
        let written = serde_json::to_vec(stored).map_err(io::Error::from);
        let written = written.and_then(|bytes| files::replace(&self.path, &bytes));
        written.map_err(|error| StoreError::Io { what: "write", path: self.path.clone(), error })
    }
}
