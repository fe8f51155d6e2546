//! What was learned of exporters and interfaces, on disk: a restart has names at once.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::directory::Directory;
use super::state::Learned;

/// The version of the file. One of another version is not read.
const VERSION: u32 = 1;
/// The most that a file may hold, in bytes.
const MOST_BYTES: u64 = 1 << 30;

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    exporters: &'a Learned,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    exporters: Learned,
}

/// The version alone, which says whether the rest can be read.
#[derive(Deserialize)]
struct FoundVersion {
    version: u32,
}

/// Why names could not be kept or read again. The directory is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file does not hold what was written.
    #[error("{} does not hold names of exporters: {reason}; remove it to start without them", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Directory {
    /// Writes what was learned into a file, whole or not at all.
    ///
    /// # Errors
    ///
    /// That the file cannot be written; the old one is there then.
    pub fn save(&self, path: &Path) -> Result<(), StoreError> {
        let learned = self.learned();
        write(path, &Written { version: VERSION, exporters: &learned }).map_err(|source| StoreError::File {
            what: "write",
            path: path.to_owned(),
            source,
        })
    }

    /// Reads what was learned before from a file. A file that is not there is none.
    ///
    /// # Errors
    ///
    /// That the file cannot be read, or is none that this version wrote.
    pub fn load(&self, path: &Path) -> Result<(), StoreError> {
        let bytes = match read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => {
                read.map_err(|source| StoreError::File { what: "read", path: path.to_owned(), source })?
            }
        };
        let damaged = |reason: String| StoreError::Damaged { path: path.to_owned(), reason };
        let FoundVersion { version } =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if version != VERSION {
            return Err(damaged(format!("its version is {version}, not {VERSION}")));
        }
        let found: Found = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        self.restore(found.exporters);
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {MOST_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}

fn write(path: &Path, written: &Written<'_>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::with_prefix_in(".flowql-", folder)?;
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    serde_json::to_writer(&mut buffered, written)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
