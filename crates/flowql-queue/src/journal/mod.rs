//! The queue on disk.
//!
//! A folder with the files `journal` (its random id) and `lock`, and a folder for each partition with its segments and
//! what is saved of their writing. Segments are written in order and never changed once they are closed.

mod archive;
mod files;
mod open;
mod partition;
mod reader;
mod scan;
mod segment;
mod settings;
mod store;
mod syncer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

pub use archive::Archive;
pub use open::Recovery;
pub use settings::{Disk, Host, Settings};

use self::partition::{Closed, Partition};
use self::reader::JournalReader;
use self::store::JournalStore;
use self::syncer::Syncer;
use crate::frame::END_FRAME;
use crate::queue::Part;
use crate::{Backlog, Batch, Error, Position, Queue, QueueId, Reader, Refused, Store};

/// The number of the first segment.
const FIRST: u64 = 1;

/// A queue on disk, for one process at a time.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    recovery: Recovery,
    syncer: Syncer,
}

/// What a journal shares with its readers, stores and its thread.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) id: QueueId,
    /// What the checksums start with.
    pub(crate) seed: u32,
    pub(crate) settings: Settings,
    pub(crate) partitions: Vec<Arc<Partition>>,
    /// The bytes of all segments.
    pub(crate) used: AtomicU64,
    /// How many they may be by now.
    pub(crate) allowed: AtomicU64,
    /// What the next closed segment is numbered by: the smaller, the older.
    pub(crate) order: AtomicU64,
    pub(crate) counters: Totals,
    /// Held as long as there is a journal, a reader or a store.
    pub(crate) _lock: File,
}

/// What is counted, from the start of the process on.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) records: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) lost_segments: AtomicU64,
    pub(crate) lost_records: AtomicU64,
    pub(crate) sync_errors: AtomicU64,
}

/// What was counted since the journal was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The records that were appended.
    pub records: u64,
    /// Their bytes, with what the journal adds to them.
    pub bytes: u64,
    /// The records that were not appended: there was no room, or the disk failed.
    pub refused: u64,
    /// The stretches that were acknowledged.
    pub acknowledged: u64,
    /// The segments that went, for lack of room or by someone else's hand, before they were acknowledged.
    pub lost_segments: u64,
    /// The records in them.
    pub lost_records: u64,
    /// How often the disk could not be made to have what was written.
    pub sync_errors: u64,
    /// The bytes of all segments.
    pub used: u64,
    /// How many they may be: what is set, or less where the disk has no more room.
    pub allowed: u64,
}

impl Journal {
    /// Opens the journal in a folder, and makes it where there is none. What a crash left incomplete is cut off, and
    /// [`recovery`](Self::recovery) says what that was.
    ///
    /// # Errors
    ///
    /// Another process has it, its files cannot be read or written, or it has another number of partitions.
    pub fn open(folder: &Path, settings: Settings) -> Result<Self, Error> {
        let (shared, recovery) = open::open(folder, settings)?;
        let shared = Arc::new(shared);
        let syncer = Syncer::start(Arc::clone(&shared))?;
        Ok(Self { shared, recovery, syncer })
    }

    /// What was found when it was opened.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// What was counted since then.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let totals = &self.shared.counters;
        Counters {
            records: totals.records.load(Relaxed),
            bytes: totals.bytes.load(Relaxed),
            refused: totals.refused.load(Relaxed),
            acknowledged: totals.acknowledged.load(Relaxed),
            lost_segments: totals.lost_segments.load(Relaxed),
            lost_records: totals.lost_records.load(Relaxed),
            sync_errors: totals.sync_errors.load(Relaxed),
            used: self.shared.used.load(Relaxed),
            allowed: self.shared.allowed.load(Relaxed),
        }
    }

    fn partition(&self, number: u16) -> Result<Arc<Partition>, Error> {
        let partition = self.shared.partitions.get(usize::from(number));
        partition.map(Arc::clone).ok_or(Error::NoPartition { partition: number })
    }
}

impl Queue for Journal {
    fn id(&self) -> QueueId {
        self.shared.id
    }

    fn assigned(&self) -> Vec<u16> {
        self.shared.partitions.iter().map(|partition| partition.number).collect()
    }

    fn batch(&self) -> Batch {
        Batch::new(self.shared.seed, self.shared.settings.partitions)
    }

    fn append(&self, batch: &mut Batch) -> Result<(), Refused> {
        if batch.seed != self.shared.seed {
            return Err(Refused { records: batch.records(), error: Error::OtherQueue });
        }
        let totals = &self.shared.counters;
        let mut refused: Option<Refused> = None;
        for (partition, part) in self.shared.partitions.iter().zip(&mut batch.parts) {
            if part.records == 0 {
                continue;
            }
            match self.shared.append(partition, part) {
                Ok(()) => {
                    totals.records.fetch_add(part.records, Relaxed);
                    totals.bytes.fetch_add(part.bytes.len() as u64, Relaxed);
                }
                Err(error) => {
                    totals.refused.fetch_add(part.records, Relaxed);
                    refused.get_or_insert(Refused { records: 0, error }).records += part.records;
                }
            }
            part.clear();
        }
        refused.map_or(Ok(()), Err)
    }

    fn reader(&self, partition: u16, from: Position) -> Result<Box<dyn Reader>, Error> {
        let partition = self.partition(partition)?;
        Ok(Box::new(JournalReader::new(Arc::clone(&self.shared), partition, from)))
    }

    fn store(&self, partition: u16) -> Result<Box<dyn Store>, Error> {
        let partition = self.partition(partition)?;
        Ok(Box::new(JournalStore::claim(Arc::clone(&self.shared), partition)?))
    }

    fn mark(&self, partition: u16) -> Result<(), Error> {
        let partition = self.partition(partition)?;
        let most = segment::HEADER + END_FRAME as u64;
        self.shared.with_room(most, || partition.mark(&self.shared))
    }

    fn backlog(&self, partition: u16) -> Result<Backlog, Error> {
        Ok(self.partition(partition)?.lock().backlog())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.syncer.stop();
        for partition in &self.shared.partitions {
            partition.close_old(&self.shared, Duration::ZERO);
            self.shared.sync(partition);
        }
    }
}

impl Shared {
    fn append(&self, partition: &Partition, part: &Part) -> Result<(), Error> {
        // What it takes at most: in a new segment, which is closed behind it.
        let most = segment::HEADER + part.bytes.len() as u64 + END_FRAME as u64;
        self.with_room(most, || {
            let mut written = partition.write(self, part);
            // The disk filled up since the last look at it.
            while written.as_ref().is_err_and(Error::is_full) && self.remove_oldest()? {
                self.partitions.iter().for_each(|partition| drop(partition.syncing.lock()));
                written = partition.write(self, part);
            }
            written
        })?;
        if self.settings.sync.is_zero() {
            // Where that fails the records are in the journal all the same: a crash of the process does not lose them.
            self.sync(partition);
        }
        Ok(())
    }

    /// Removes the oldest segments until so many bytes more are allowed, and writes while nobody else can have them.
    fn with_room(&self, bytes: u64, write: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        loop {
            let allowed = self.allowed.load(Relaxed);
            let more = |used: u64| Some(used + bytes).filter(|used| *used <= allowed);
            if self.used.fetch_update(Relaxed, Relaxed, more).is_ok() {
                break;
            }
            if !self.remove_oldest()? {
                let free = (self.settings.host.disk)(&self.folder).map_or(0, |disk| disk.free);
                return Err(Error::Full { path: self.folder.clone(), allowed, free });
            }
        }
        let written = write();
        self.used.fetch_sub(bytes, Relaxed);
        written
    }

    /// Removes the oldest segment of all partitions. Gives whether there was one.
    fn remove_oldest(&self) -> Result<bool, Error> {
        let oldest = || {
            let ranked =
                self.partitions.iter().filter_map(|partition| Some((partition.oldest()?, partition)));
            ranked.min_by_key(|(order, _)| *order)
        };
        if oldest().is_none() {
            // What is left is being written.
            self.partitions.iter().for_each(|partition| partition.close_old(self, Duration::ZERO));
        }
        let Some((_, partition)) = oldest() else { return Ok(false) };
        partition.remove_oldest(self)?;
        Ok(true)
    }

    /// Looks at the disk: how much the segments may be.
    fn look_at_disk(&self) {
        let Ok(disk) = (self.settings.host.disk)(&self.folder) else { return };
        let reserve = disk.total / 100 * u64::from(self.settings.keep_free_percent);
        let used = self.used.load(Relaxed);
        let allowed = (used + disk.free).saturating_sub(reserve);
        self.allowed.store(allowed.min(self.settings.size), Relaxed);
    }

    /// Puts on the disk what may not be there yet; a failure is logged and counted.
    fn sync(&self, partition: &Partition) {
        if let Err(error) = partition.sync(self) {
            tracing::error!(%error, "the journal is not on the disk");
        }
    }

    /// Counts a segment that someone else removed.
    fn count_missing(&self, closed: &Closed) {
        self.used.fetch_sub(closed.length, Relaxed);
        self.counters.lost_segments.fetch_add(1, Relaxed);
        self.counters.lost_records.fetch_add(closed.records, Relaxed);
        tracing::error!(
            records = closed.records,
            "a segment of the journal is gone, and what it had is lost"
        );
    }
}

#[cfg(test)]
mod tests;
