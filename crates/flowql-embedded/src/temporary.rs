//! Temporary data folders: made, and removed where nobody else does.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::Folder;

use super::EngineError;

/// What the names of temporary folders begin with.
const PREFIX: &str = "flowql-engine-";
/// A folder that was changed within this time may be one whose owner has not locked it yet.
const YOUNG: Duration = Duration::from_secs(60);

/// Makes a folder, and removes those that were left over.
pub(super) fn make() -> Result<PathBuf, EngineError> {
    let parent = std::env::temp_dir();
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent);
    let made = made.map_err(|source| EngineError::Folder { folder: parent.clone(), source })?.keep();
    // Whatever cannot be removed is in nobody's way.
    let _ = remove_left_over(&parent, &made);
    Ok(made)
}

/// Removes the folders whose owner and whose helper were both killed, so that neither could.
fn remove_left_over(parent: &Path, own: &Path) -> io::Result<()> {
    let own = fs::symlink_metadata(own)?;
    for entry in fs::read_dir(parent)?.flatten() {
        let is_named_so = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        // Of this user, and no link to elsewhere.
        let is_ours = |found: &Metadata| found.is_dir() && owner(found) == owner(&own);
        let is_old = |found: &Metadata| {
            found.modified().is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > YOUNG))
        };
        if is_named_so && entry.metadata().is_ok_and(|found| is_ours(&found) && is_old(&found)) {
            let folder = Folder::new(entry.path());
            let locks = [folder.users_lock(), folder.engine_lock(), folder.start_lock()];
            if locks.iter().all(|lock| matches!(Folder::is_locked(lock), Ok(false))) {
                let _ = fs::remove_dir_all(folder.path());
            }
        }
    }
    Ok(())
}

#[cfg(unix)]
fn owner(found: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(found)
}

#[cfg(not(unix))]
fn owner(_: &Metadata) -> u32 {
    0
}
