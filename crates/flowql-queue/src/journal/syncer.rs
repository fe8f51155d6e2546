//! The thread of a journal: it puts on the disk what was written, closes old segments and looks at the disk.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Shared;
use crate::Error;

/// How often the room on the disk is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often segments are looked at, at least.
const TICK: Duration = Duration::from_millis(100);

/// The thread, as long as it runs.
#[derive(Debug)]
pub(crate) struct Syncer {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Syncer {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let folder = shared.folder.clone();
        let body = move || {
            let sync = shared.settings.sync;
            // With no time set, each batch is on the disk already, but not the ends of segments.
            let sync = if sync.is_zero() { TICK } else { sync };
            let (mut synced, mut looked) = (Instant::now(), Instant::now());
            while stopped.recv_timeout(sync.min(TICK)) == Err(RecvTimeoutError::Timeout) {
                for partition in &shared.partitions {
                    partition.close_old(&shared, shared.settings.segment_age);
                }
                if synced.elapsed() >= sync {
                    synced = Instant::now();
                    shared.partitions.iter().for_each(|partition| shared.sync(partition));
                }
                if looked.elapsed() >= LOOK {
                    looked = Instant::now();
                    shared.look_at_disk();
                }
            }
        };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(body);
        let thread = thread.map_err(Error::io("start the thread of", folder))?;
        Ok(Self { running: Some((stop, thread)) })
    }

    /// Ends the thread, and waits for it.
    pub(crate) fn stop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            // It has nothing to give; a panic in it has been printed.
            drop(thread.join());
        }
    }
}
