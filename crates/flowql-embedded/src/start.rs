//! Starting the engine, and finding it again.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, absolute};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::process::{Folder, Serve, State};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::{EmbeddedOptions, EngineError, library, temporary};

/// How often the files of a folder are looked at while something is waited for.
const LOOK: Duration = Duration::from_millis(10);
/// How long an engine may take to end.
const WAIT_FOR_END: Duration = Duration::from_secs(20);

/// The embedded engine, in use: it does not end as long as this lives.
#[derive(Debug)]
pub struct Embedded {
    starter: Starter,
    state: Mutex<State>,
}

impl Embedded {
    /// Starts the engine on its folder, or finds the one that serves it already.
    ///
    /// # Errors
    ///
    /// That the library or the helper is missing, that the folder cannot be used, or that the engine does not start.
    pub async fn open(options: EmbeddedOptions) -> Result<Self, EngineError> {
        let used = Used::new(options.folder.as_deref()).await?;
        let starter = Starter { used, options };
        let state = Mutex::new(starter.start().await?);
        Ok(Self { starter, state })
    }

    /// The address of the HTTP interface, as `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.state().url()
    }

    /// The engine, as it was when it was last looked for.
    pub fn state(&self) -> State {
        self.last().clone()
    }

    /// The data folder.
    pub fn folder(&self) -> &Folder {
        &self.starter.used.folder
    }

    /// Makes sure that the engine lives: starts it again if it has died. Cheap if it has not. Gives its address, which
    /// is another one only if the port was taken meanwhile.
    ///
    /// # Errors
    ///
    /// Those of [`Embedded::open`].
    pub async fn ensure(&self) -> Result<String, EngineError> {
        let state = self.starter.start().await?;
        let url = state.url();
        *self.last() = state;
        Ok(url)
    }

    fn last(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder in use. The helper of a temporary one removes it when its user is gone; where the helper has died, or never
/// lived, this does; and where both were killed, the next one that makes a temporary folder.
#[derive(Debug)]
struct Used {
    folder: Folder,
    temporary: bool,
    /// Shared by all users of the folder; tells the helper that there is one. `None` once it is given up.
    lock: Option<File>,
}

impl Used {
    /// Tells the helper, the one that is there or the one to come, that the folder is in use.
    async fn new(asked: Option<&Path>) -> Result<Self, EngineError> {
        let path = match asked {
            Some(path) => absolute(path).map_err(|source| failed(path, source))?,
            None => temporary::make()?,
        };
        let failed = |source| failed(&path, source);
        fs::create_dir_all(&path).map_err(failed)?;
        let folder = Folder::new(&path);
        let lock = Folder::open_lock(&folder.users_lock()).map_err(failed)?;
        loop {
            match lock.try_lock_shared() {
                Ok(()) => break,
                // The helper looks whether it is alone, for an instant.
                Err(TryLockError::WouldBlock) => sleep(LOOK).await,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        lock.set_modified(SystemTime::now()).map_err(failed)?;
        Ok(Self { folder, temporary: asked.is_none(), lock: Some(lock) })
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        drop(self.lock.take());
        let is_held = Folder::is_held(&self.folder.engine_lock());
        if self.temporary && matches!(is_held, Ok(false)) {
            let _ = fs::remove_dir_all(self.folder.path());
        }
    }
}

/// What it takes to start the engine.
#[derive(Debug)]
struct Starter {
    used: Used,
    options: EmbeddedOptions,
}

impl Starter {
    /// The engine of the folder; starts it if there is none.
    async fn start(&self) -> Result<State, EngineError> {
        let start = Instant::now();
        let folder = &self.used.folder;
        let lock = Folder::open_lock(&folder.start_lock()).map_err(|error| self.failed(error))?;
        loop {
            if let Some(state) = self.running()? {
                return Ok(state);
            }
            // Without a state, whoever holds the lock of the engine is starting or ending.
            let is_held = Folder::is_held(&folder.engine_lock()).map_err(|error| self.failed(error))?;
            // The lock ends with its file, also when this future is dropped.
            if !is_held && lock.try_lock().is_ok() {
                return self.spawn_and_wait(start).await;
            }
            self.still_patient(start)?;
            sleep(LOOK).await;
        }
    }

    async fn spawn_and_wait(&self, start: Instant) -> Result<State, EngineError> {
        // Another process may have done it between the two looks.
        if let Some(state) = self.running()? {
            return Ok(state);
        }
        let mut helper = self.spawn()?;
        loop {
            if let Some(state) = self.running()? {
                return Ok(state);
            }
            if !matches!(helper.try_wait(), Ok(None)) {
                let log = self.used.folder.log();
                return Err(EngineError::Failed { reason: end_of(&log), log });
            }
            self.still_patient(start)?;
            sleep(LOOK).await;
        }
    }

    /// Starts the helper. It is no child to wait for: it may well live longer than this process, so that it has a
    /// process group of its own, which an interrupt from the terminal does not reach. Tokio reaps it if it ends first.
    fn spawn(&self) -> Result<Child, EngineError> {
        let program = self.options.helper.clone().or_else(crate::process::program);
        let program = program.ok_or(EngineError::NoHelper)?;
        let Used { folder, temporary, .. } = &self.used;
        let serve = Serve {
            library: library::find(self.options.library.as_deref())?,
            folder: folder.path().to_path_buf(),
            idle: if *temporary { Some(Duration::ZERO) } else { self.options.idle },
            temporary: *temporary,
        };
        let log = File::create(folder.log()).map_err(|error| self.failed(error))?;
        let mut command = Command::new(program);
        command.args(serve.to_arguments()).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().map_err(|error| self.failed(error))
    }

    fn running(&self) -> Result<Option<State>, EngineError> {
        self.used.folder.running().map_err(|error| self.failed(error))
    }

    fn still_patient(&self, start: Instant) -> Result<(), EngineError> {
        let after = self.options.patience;
        if start.elapsed() < after { Ok(()) } else { Err(EngineError::TooSlow { what: "start", after }) }
    }

    fn failed(&self, source: io::Error) -> EngineError {
        failed(self.used.folder.path(), source)
    }
}

/// The engine that serves a folder, if there is one. Starts none.
///
/// # Errors
///
/// That the folder cannot be looked at.
pub fn status(folder: &Path) -> Result<Option<State>, EngineError> {
    let path = absolute(folder).map_err(|source| failed(folder, source))?;
    Folder::new(path).running().map_err(|source| failed(folder, source))
}

/// Stops the engine of a folder, whoever uses it, and waits until it has ended. Says whether there was one.
///
/// # Errors
///
/// That the folder cannot be used, or that the engine does not end.
pub async fn stop(folder: &Path) -> Result<bool, EngineError> {
    let path = absolute(folder).map_err(|source| failed(folder, source))?;
    let folder = Folder::new(path);
    let failed = |source| failed(folder.path(), source);
    let is_held = || Folder::is_held(&folder.engine_lock()).map_err(failed);
    if !is_held()? {
        return Ok(false);
    }
    folder.ask_to_stop().map_err(failed)?;
    let start = Instant::now();
    while is_held()? {
        if start.elapsed() > WAIT_FOR_END {
            return Err(EngineError::TooSlow { what: "end", after: WAIT_FOR_END });
        }
        sleep(LOOK).await;
    }
    Ok(true)
}

fn failed(folder: &Path, source: io::Error) -> EngineError {
    EngineError::Folder { folder: folder.to_path_buf(), source }
}

/// The last lines of a log, in one.
fn end_of(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default();
    if last.is_empty() { "it ended without a word".to_owned() } else { last.join("; ") }
}
