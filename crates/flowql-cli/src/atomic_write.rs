//! Replacing files as a whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Puts a text in the place of a file's: whoever reads the file sees the old text or the new one, never a part. The
/// permissions stay, and a link stays a link.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    try_replace(path, text).map_err(|error| {
        Failure::new(
            format!("cannot write `{}`: {error}", path.display()),
            "check that the file and its directory may be written",
        )
    })
}

fn try_replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = NamedTempFile::with_prefix_in(".flowql-", directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
