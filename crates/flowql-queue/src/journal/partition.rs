//! The segments of one partition: the one that is written, and those that are closed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Shared;
use super::segment::{self, Header};
use super::store::Positions;
use crate::frame::{END_FRAME, push_end};
use crate::queue::Part;
use crate::{Backlog, Error, Position};

/// One partition.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) number: u16,
    pub(crate) folder: PathBuf,
    pub(crate) segments: Mutex<Segments>,
    /// Held while files are made to be on the disk: a removed one takes its room until then.
    pub(crate) syncing: Mutex<()>,
    /// Told when there is more to read.
    pub(crate) grown: Condvar,
    /// What is saved of it, unless a store has it.
    pub(crate) positions: Mutex<Option<Positions>>,
}

/// The segments of a partition.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    pub(crate) open: Option<Open>,
    pub(crate) closed: BTreeMap<u64, Closed>,
    /// The number of the next segment.
    pub(crate) next: u64,
    /// All before it is in the database.
    pub(crate) acknowledged: Position,
    /// How many readers wait for more.
    pub(crate) waiting: usize,
    /// Closed segments that may not be on the disk yet.
    pub(crate) unsynced: Vec<(u64, Arc<File>)>,
    /// Whether files were made that the folder may not have on the disk yet.
    pub(crate) made: bool,
}

/// The segment that is written.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) sequence: u64,
    file: Arc<File>,
    path: PathBuf,
    pub(crate) length: u64,
    records: u64,
    /// By the clock, in nanoseconds since 1970, and by one that does not jump.
    begun: u64,
    since: Instant,
    /// Whether it has what may not be on the disk yet.
    unsynced: bool,
}

/// A segment that is closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub(crate) length: u64,
    pub(crate) records: u64,
    /// When it was begun, in nanoseconds since 1970.
    pub(crate) begun: u64,
    /// Which of several is older, whatever their partitions.
    pub(crate) order: u64,
}

impl Partition {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the records of a batch, all of them or none.
    pub(crate) fn write(&self, shared: &Shared, part: &Part) -> Result<(), Error> {
        let mut segments = self.lock();
        let bytes = part.bytes.len() as u64;
        let full = |open: &Open| {
            open.records > 0 && open.length + bytes + END_FRAME as u64 > shared.settings.segment_bytes
        };
        if segments.open.as_ref().is_some_and(full) {
            self.close(shared, &mut segments);
        }
        let open = self.opened(shared, &mut segments)?;
        if let Err(error) = open.file.write_all_at(&part.bytes, open.length) {
            // What was written of it is written over by what comes next, and cut off in case nothing does.
            drop(open.file.set_len(open.length));
            return Err(Error::io("write", &open.path)(error));
        }
        open.length += bytes;
        open.records += part.records;
        open.unsynced = true;
        shared.used.fetch_add(bytes, Relaxed);
        if segments.waiting > 0 {
            self.grown.notify_all();
        }
        Ok(())
    }

    /// The segment that is written, made where there is none.
    fn opened<'a>(&self, shared: &Shared, segments: &'a mut Segments) -> Result<&'a mut Open, Error> {
        let open = match segments.open.take() {
            Some(open) => open,
            None => self.make(shared, segments)?,
        };
        Ok(segments.open.insert(open))
    }

    fn make(&self, shared: &Shared, segments: &mut Segments) -> Result<Open, Error> {
        let sequence = segments.next;
        let path = segment::path(&self.folder, sequence);
        let header = Header {
            journal: shared.id,
            partition: self.number,
            sequence,
            begun: (shared.settings.host.now)(),
        };
        let file =
            File::options().write(true).create_new(true).open(&path).map_err(Error::io("make", &path))?;
        if let Err(error) = file.write_all_at(&header.encode(), 0) {
            drop(fs::remove_file(&path));
            return Err(Error::io("write", path)(error));
        }
        segments.next += 1;
        segments.made = true;
        shared.used.fetch_add(segment::HEADER, Relaxed);
        Ok(Open {
            sequence,
            file: Arc::new(file),
            path,
            length: segment::HEADER,
            records: 0,
            begun: header.begun,
            since: Instant::now(),
            unsynced: true,
        })
    }

    /// Closes the segment that is written, if there is one.
    fn close(&self, shared: &Shared, segments: &mut Segments) {
        let Some(mut open) = segments.open.take() else { return };
        let mut end = Vec::with_capacity(END_FRAME);
        push_end(&mut end, shared.seed, (shared.settings.host.now)(), open.records);
        match open.file.write_all_at(&end, open.length) {
            Ok(()) => {
                open.length += END_FRAME as u64;
                shared.used.fetch_add(END_FRAME as u64, Relaxed);
            }
            // It is whole without: its reader stops at the last record.
            Err(error) => {
                drop(open.file.set_len(open.length));
                tracing::warn!(path = %open.path.display(), %error, "the end of a segment was not written");
            }
        }
        segments.unsynced.push((open.sequence, Arc::clone(&open.file)));
        let order = shared.order.fetch_add(1, Relaxed);
        let Open { sequence, length, records, begun, .. } = open;
        segments.closed.insert(sequence, Closed { length, records, begun, order });
        self.grown.notify_all();
    }

    /// Closes the segment that is written where it has records and is as old as said.
    pub(crate) fn close_old(&self, shared: &Shared, age: Duration) {
        let mut segments = self.lock();
        if segments.open.as_ref().is_some_and(|open| open.records > 0 && open.since.elapsed() >= age) {
            self.close(shared, &mut segments);
        }
    }

    /// Closes a segment with the time of now, an empty one where nothing was received.
    pub(crate) fn mark(&self, shared: &Shared) -> Result<(), Error> {
        let mut segments = self.lock();
        self.opened(shared, &mut segments)?;
        self.close(shared, &mut segments);
        Ok(())
    }

    /// Puts on the disk what may not be there yet.
    pub(crate) fn sync(&self, shared: &Shared) -> Result<(), Error> {
        let _syncing = self.syncing.lock();
        let (files, made) = {
            let mut segments = self.lock();
            let mut files = std::mem::take(&mut segments.unsynced);
            if let Some(open) = segments.open.as_mut().filter(|open| open.unsynced) {
                open.unsynced = false;
                files.push((open.sequence, Arc::clone(&open.file)));
            }
            (files, std::mem::take(&mut segments.made))
        };
        let files = files.iter().try_for_each(|(_, file)| file.sync_data());
        let folder =
            if made { File::open(&self.folder).and_then(|folder| folder.sync_all()) } else { Ok(()) };
        files.and(folder).map_err(|error| {
            // The kernel reports a failure once and may have dropped the pages: what follows gets a file of its own.
            self.close_old(shared, Duration::ZERO);
            shared.counters.sync_errors.fetch_add(1, Relaxed);
            Error::io("sync", &self.folder)(error)
        })
    }

    /// The age rank of the oldest segment that can go.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.lock().oldest().map(|(_, closed)| closed.order)
    }

    /// Removes the oldest segment for lack of room.
    pub(crate) fn remove_oldest(&self, shared: &Shared) -> Result<(), Error> {
        let mut segments = self.lock();
        let Some((sequence, closed)) = segments.oldest() else { return Ok(()) };
        if segments.is_newest(sequence) {
            self.empty(shared, &mut segments, sequence)?;
        } else {
            self.remove(shared, &mut segments, sequence)?;
        }
        if Position::segment(sequence + 1) > segments.acknowledged {
            shared.counters.lost_segments.fetch_add(1, Relaxed);
            shared.counters.lost_records.fetch_add(closed.records, Relaxed);
            tracing::error!(
                partition = self.number,
                segment = sequence,
                records = closed.records,
                "no room in the journal: the oldest segment was removed, and what it had is lost"
            );
        }
        Ok(())
    }

    /// Lets go of the segments before a position.
    pub(crate) fn release(&self, shared: &Shared, keep: Position) -> Result<(), Error> {
        let mut segments = self.lock();
        let gone: Vec<u64> = segments.closed.range(..keep.segment).map(|(sequence, _)| *sequence).collect();
        for sequence in gone {
            if !segments.is_newest(sequence) {
                self.remove(shared, &mut segments, sequence)?;
            }
        }
        Ok(())
    }

    fn remove(&self, shared: &Shared, segments: &mut Segments, sequence: u64) -> Result<(), Error> {
        let path = segment::path(&self.folder, sequence);
        match fs::remove_file(&path) {
            // Someone else removed it: then it takes no room either.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", path)(error));
            }
            _ => {}
        }
        segments.unsynced.retain(|(unsynced, _)| *unsynced != sequence);
        if let Some(closed) = segments.closed.remove(&sequence) {
            shared.used.fetch_sub(closed.length, Relaxed);
        }
        Ok(())
    }

    /// Removes what a segment has, and leaves its file.
    fn empty(&self, shared: &Shared, segments: &mut Segments, sequence: u64) -> Result<(), Error> {
        let path = segment::path(&self.folder, sequence);
        let cut = File::options().write(true).open(&path).and_then(|file| file.set_len(segment::HEADER));
        cut.map_err(Error::io("cut", path))?;
        if let Some(closed) = segments.closed.get_mut(&sequence) {
            shared.used.fetch_sub(closed.length - segment::HEADER, Relaxed);
            *closed = Closed { length: segment::HEADER, records: 0, ..*closed };
        }
        Ok(())
    }
}

impl Segments {
    /// What is not acknowledged.
    pub(crate) fn backlog(&self) -> Backlog {
        let closed = self.closed.range(self.acknowledged.segment..).map(|(_, closed)| *closed);
        let open = self.open.iter().map(|open| Closed {
            length: open.length,
            records: open.records,
            begun: open.begun,
            order: u64::MAX,
        });
        let mut backlog = Backlog::default();
        for segment in closed.chain(open).filter(|segment| segment.records > 0) {
            backlog.oldest.get_or_insert(segment.begun);
            backlog.records += segment.records;
            backlog.bytes += segment.length;
        }
        backlog
    }

    /// The oldest closed segment from which room can be had.
    fn oldest(&self) -> Option<(u64, Closed)> {
        let useful = |(sequence, closed): &(u64, Closed)| closed.records > 0 || !self.is_newest(*sequence);
        self.closed.iter().map(|(sequence, closed)| (*sequence, *closed)).find(useful)
    }

    /// Whether a segment is the newest. Its file stays: its number says which one is next, so that no position is used
    /// twice.
    fn is_newest(&self, sequence: u64) -> bool {
        sequence + 1 == self.next
    }
}
