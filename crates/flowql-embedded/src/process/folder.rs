//! The files of a data folder that are not ClickHouse's.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// What `engine.json` tells of the engine that serves a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The process.
    pub pid: u32,
    /// The port of the HTTP interface, on 127.0.0.1.
    pub port: u16,
    /// The version of ClickHouse.
    pub version: String,
    /// The library that it was loaded from.
    pub library: PathBuf,
    /// When it started, in seconds since 1970.
    pub started: u64,
    /// After how many seconds without use it ends; `None` for never.
    pub idle: Option<u64>,
}

impl State {
    /// The address of the HTTP interface.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Folder {
    /// A folder by its absolute path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where ClickHouse keeps its data.
    pub fn data(&self) -> PathBuf {
        self.path.join("clickhouse")
    }

    /// The folder that ClickHouse's function `file` and its FILE dictionaries may read.
    pub fn user_files(&self) -> PathBuf {
        self.path.join("user_files")
    }

    /// What the helper, and ClickHouse in it, have written to standard error.
    pub fn log(&self) -> PathBuf {
        self.path.join("engine.log")
    }

    /// The configuration that the helper writes for ClickHouse.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.path.join("engine.xml")
    }

    /// The users of the engine and their profiles, in ClickHouse's form. A file of the owner's: without it there is one
    /// user, `default`, who may do everything and has no password. With it that user must be in it, since the helper and
    /// FlowQL ask as that one.
    pub fn users(&self) -> PathBuf {
        self.path.join("users.xml")
    }

    /// The pipe that ClickHouse reads its last statement's input from.
    pub(crate) fn pipe(&self) -> PathBuf {
        self.user_files().join("engine.pipe")
    }

    /// The lock that the helper holds as long as it lives.
    pub fn engine_lock(&self) -> PathBuf {
        self.path.join("engine.lock")
    }

    /// The lock that every user of the engine shares. It is touched by a new one.
    pub fn users_lock(&self) -> PathBuf {
        self.path.join("users.lock")
    }

    /// The lock of the one that starts the helper.
    pub fn start_lock(&self) -> PathBuf {
        self.path.join("start.lock")
    }

    fn state_file(&self) -> PathBuf {
        self.path.join("engine.json")
    }

    fn stop_file(&self) -> PathBuf {
        self.path.join("stop")
    }

    /// Opens the file of a lock.
    ///
    /// # Errors
    ///
    /// Those of opening or making the file.
    pub fn open_lock(path: &Path) -> io::Result<File> {
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
    }

    /// Whether some process holds the lock of this file for itself.
    ///
    /// # Errors
    ///
    /// Those of the file. A file that is not there is no error: nobody holds it.
    pub fn is_held(path: &Path) -> io::Result<bool> {
        is_refused(path, File::try_lock_shared)
    }

    /// Whether some process holds the lock of this file, be it with others.
    ///
    /// # Errors
    ///
    /// As [`Folder::is_held`].
    pub fn is_locked(path: &Path) -> io::Result<bool> {
        is_refused(path, File::try_lock)
    }

    /// The engine that serves the folder now, if there is one and it is ready.
    ///
    /// # Errors
    ///
    /// That the lock cannot be looked at.
    pub fn running(&self) -> io::Result<Option<State>> {
        Ok(if Self::is_held(&self.engine_lock())? { self.read_state() } else { None })
    }

    /// What `engine.json` says, also if it is left over from an engine that is gone.
    pub fn read_state(&self) -> Option<State> {
        serde_json::from_slice(&fs::read(self.state_file()).ok()?).ok()
    }

    /// Writes `engine.json`, as a whole.
    pub(crate) fn write_state(&self, state: &State) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
        file.write_all(&serde_json::to_vec_pretty(state)?)?;
        file.persist(self.state_file())?;
        Ok(())
    }

    /// Forgets an engine that is gone, or about to go.
    pub(crate) fn remove_state(&self) {
        let _ = fs::remove_file(self.state_file());
    }

    /// Asks the helper to end.
    ///
    /// # Errors
    ///
    /// That the file cannot be written.
    pub fn ask_to_stop(&self) -> io::Result<()> {
        fs::write(self.stop_file(), "")
    }

    /// Whether the helper was asked to end; forgets it.
    pub(crate) fn take_stop(&self) -> bool {
        fs::remove_file(self.stop_file()).is_ok()
    }

    /// When the last user came.
    pub(crate) fn last_user(&self) -> SystemTime {
        let modified = fs::metadata(self.users_lock()).and_then(|metadata| metadata.modified());
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

/// Whether a lock cannot be had. It is given back at once.
fn is_refused(path: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match lock(&file) {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_held_lock_makes_a_state_true() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::new(directory.path());
        let state =
            State { pid: 1, port: 2, version: "3".into(), library: "l".into(), started: 4, idle: Some(5) };
        assert_eq!(folder.running().unwrap(), None);
        folder.write_state(&state).unwrap();
        assert_eq!(folder.running().unwrap(), None);
        let lock = Folder::open_lock(&folder.engine_lock()).unwrap();
        lock.try_lock().unwrap();
        assert_eq!(folder.running().unwrap(), Some(state.clone()));
        drop(lock);
        assert_eq!(folder.running().unwrap(), None);
        assert_eq!(folder.read_state(), Some(state));
        folder.remove_state();
        assert_eq!(folder.read_state(), None);
    }

    #[test]
    fn a_stop_is_taken_once() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::new(directory.path());
        assert!(!folder.take_stop());
        folder.ask_to_stop().unwrap();
        assert!(folder.take_stop());
        assert!(!folder.take_stop());
    }
}
