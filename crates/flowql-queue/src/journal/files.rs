//! Files of a folder.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::Error;

/// Replaces a file as a whole, durably: whatever happens, it has the old bytes or the new ones.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let new = path.with_extension("new");
    let mut file = File::create(&new).map_err(Error::io("make", &new))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io("write", &new))?;
    fs::rename(&new, path).map_err(Error::io("replace", path))?;
    let Some(folder) = path.parent() else { return Ok(()) };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))
}

/// The numbers in the names of the files of a folder, where `number` finds one.
pub(crate) fn numbered(folder: &Path, number: impl Fn(&str) -> Option<&str>) -> Result<Vec<u64>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::io("list", folder))?;
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::io("list", folder))?.file_name();
        numbers.extend(name.to_str().and_then(&number).and_then(|number| number.parse::<u64>().ok()));
    }
    Ok(numbers)
}
