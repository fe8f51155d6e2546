//! The life of the helper.

use std::fs::{self, File, TryLockError};
use std::path::absolute;
use std::process;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::library::Chdb;
use super::{Folder, Serve, State, engine};

/// How often the helper looks whether it is needed.
const LOOK: Duration = Duration::from_millis(100);
/// How long another helper may take to leave the folder: one that is ending still holds the lock.
const WAIT_FOR_LOCK: Duration = Duration::from_secs(15);
/// How long ClickHouse may take to end by itself.
const WAIT_FOR_END: Duration = Duration::from_secs(10);

/// Serves a data folder until nobody needs it, or until it is asked to stop.
///
/// # Errors
///
/// That the library cannot be loaded, that another helper serves the folder, or what ClickHouse says.
pub fn serve(asked: &Serve) -> Result<(), String> {
    let path = absolute(&asked.folder).map_err(|error| error.to_string())?;
    let folder = Arc::new(Folder::new(path));
    let failed = |error| format!("cannot use the data folder `{}`: {error}", folder.path().display());
    fs::create_dir_all(folder.path()).map_err(failed)?;
    let lock = Folder::open_lock(&folder.engine_lock()).map_err(failed)?;
    wait_for(&lock)?;
    let last = folder.read_state().map(|state| state.port);
    folder.remove_state();
    folder.take_stop();

    let chdb = Chdb::load(&asked.library)?;
    let port = engine::free_port(last).map_err(failed)?;
    let arguments = engine::prepare(&folder, port).map_err(failed)?;
    let watch = Watch { folder: Arc::clone(&folder), asked: asked.clone(), port, started: SystemTime::now() };
    let ended = Ended { folder, temporary: asked.temporary };
    thread::spawn(move || watch.run());
    let result = chdb.run(&arguments);
    drop(ended);
    // The lock goes last: until here nobody may start another.
    drop(lock);
    result
}

/// Takes the lock of the helper for as long as it lives.
fn wait_for(lock: &File) -> Result<(), String> {
    let start = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if start.elapsed() < WAIT_FOR_LOCK => thread::sleep(LOOK),
            Err(TryLockError::WouldBlock) => return Err("another process serves this data folder".to_owned()),
            Err(TryLockError::Error(error)) => return Err(format!("cannot lock the data folder: {error}")),
        }
    }
}

/// Leaves the folder as it should be left.
struct Ended {
    folder: Arc<Folder>,
    temporary: bool,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.folder.remove_state();
        if self.temporary {
            let _ = fs::remove_dir_all(self.folder.path());
        }
    }
}

/// The thread that looks whether the engine is needed.
struct Watch {
    folder: Arc<Folder>,
    asked: Serve,
    port: u16,
    started: SystemTime,
}

impl Watch {
    fn run(self) {
        let mut ready = false;
        let mut last_used = SystemTime::now();
        let users = Folder::open_lock(&self.folder.users_lock());
        loop {
            if !ready {
                ready = self.announce();
            }
            // When the lock cannot be looked at, the folder is gone or broken: nobody uses it.
            let in_use = match users.as_ref().map(File::try_lock) {
                Ok(Ok(())) => users.as_ref().is_ok_and(|users| users.unlock().is_err()),
                Ok(Err(TryLockError::WouldBlock)) => true,
                Ok(Err(TryLockError::Error(_))) | Err(_) => false,
            };
            // A user may have come and gone between two looks.
            last_used = if in_use { SystemTime::now() } else { last_used.max(self.folder.last_user()) };
            let unused = last_used.elapsed().unwrap_or_default();
            let is_idle = !in_use && self.asked.idle.is_some_and(|idle| unused >= idle);
            let is_gone = !self.folder.engine_lock().exists();
            if is_idle || is_gone || self.folder.take_stop() {
                break;
            }
            thread::sleep(LOOK);
        }
        self.end();
    }

    /// Tells the world where the engine is, when it answers.
    fn announce(&self) -> bool {
        let Some(version) = engine::answers(&self.folder, self.port) else { return false };
        let state = State {
            pid: process::id(),
            port: self.port,
            version,
            library: self.asked.library.clone(),
            started: self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            idle: self.asked.idle.map(|idle| idle.as_secs()),
        };
        self.folder
            .write_state(&state)
            .inspect_err(|error| eprintln!("cannot write the state: {error}"))
            .is_ok()
    }

    /// Ends the engine, and with it the main thread; by force if that takes too long.
    fn end(self) {
        // First, so that newcomers wait for the lock and start another.
        self.folder.remove_state();
        let folder = Arc::clone(&self.folder);
        thread::spawn(move || engine::close(&folder));
        thread::sleep(WAIT_FOR_END);
        drop(Ended { folder: self.folder, temporary: self.asked.temporary });
        process::exit(1);
    }
}
