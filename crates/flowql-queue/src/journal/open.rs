//! Opens a journal: its lock, its id, and what a crash left.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex};

use super::files::replace;
use super::partition::{Closed, Partition, Segments};
use super::scan::{Scanner, Step};
use super::segment::{self, Header};
use super::settings::Settings;
use super::store::Positions;
use super::{FIRST, Shared, Totals};
use crate::frame::{Check, END_FRAME, Frame, check, decode, push_end, take};
use crate::{Error, QueueId};

const MAGIC: [u8; 8] = *b"flowqlJN";

/// What was found when a journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The segments that are there.
    pub segments: u64,
    /// The records in them, as far as they were counted.
    pub records: u64,
    /// The segments that a crash left open, which were read from end to end.
    pub unfinished: u64,
    /// The bytes that were cut off at their ends: records that were being written.
    pub torn: u64,
    /// The bytes in the middle of them that cannot be read. Records behind them can.
    pub damaged: u64,
    /// The numbers of segments that are missing between others.
    pub missing: u64,
}

pub(crate) fn open(folder: &Path, settings: Settings) -> Result<(Shared, Recovery), Error> {
    fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
    let lock = lock(folder)?;
    let id = identity(folder, settings.partitions)?;
    let seed = crc32fast::hash(&id.0);
    let mut recovery = Recovery::default();
    let mut found = Vec::new();
    for number in 0..settings.partitions {
        let folder = folder.join(number.to_string());
        fs::create_dir_all(&folder).map_err(Error::io("make", &folder))?;
        let positions = Positions::read(&folder, seed)?;
        let reading = Reading { folder: &folder, id, number, seed, now: settings.host.now };
        let closed = reading.segments(&mut recovery)?;
        found.push((folder, positions, closed));
    }
    sync_folder(folder)?;
    let order = rank(found.iter_mut().map(|(_, _, closed)| closed));
    let used = found.iter().flat_map(|(_, _, closed)| closed).map(|segment| segment.length).sum();
    let partitions = (0..)
        .zip(found)
        .map(|(number, (folder, positions, closed))| Arc::new(partition(number, folder, positions, &closed)));
    let shared = Shared {
        folder: folder.to_owned(),
        id,
        seed,
        settings,
        partitions: partitions.collect(),
        used: AtomicU64::new(used),
        allowed: AtomicU64::new(settings.size),
        order: AtomicU64::new(order),
        counters: Totals::default(),
        _lock: lock,
    };
    shared.look_at_disk();
    for partition in &shared.partitions {
        let keep = partition.positions.lock().ok().and_then(|positions| Some(positions.as_ref()?.keep));
        partition.release(&shared, keep.unwrap_or_default())?;
    }
    recovery.report(folder);
    Ok((shared, recovery))
}

/// A segment as it was found.
struct Segment {
    sequence: u64,
    begun: u64,
    length: u64,
    records: u64,
    order: u64,
}

fn partition(number: u16, folder: PathBuf, positions: Positions, found: &[Segment]) -> Partition {
    let closed = found.iter().map(|found| {
        (
            found.sequence,
            Closed { length: found.length, records: found.records, begun: found.begun, order: found.order },
        )
    });
    // A loss of power can take the newest files with it, but not the positions that were saved.
    let furthest = positions.furthest();
    let saved = if furthest.offset > 0 { furthest.segment + 1 } else { furthest.segment };
    let last = found.last().map_or(FIRST, |found| found.sequence + 1);
    let segments = Segments {
        closed: closed.collect(),
        next: last.max(saved),
        acknowledged: positions.saved.position,
        ..Segments::default()
    };
    Partition {
        number,
        folder,
        segments: Mutex::new(segments),
        syncing: Mutex::new(()),
        grown: Condvar::new(),
        positions: Mutex::new(Some(positions)),
    }
}

/// Numbers the segments of all partitions by age. Gives the next number.
fn rank<'a>(partitions: impl Iterator<Item = &'a mut Vec<Segment>>) -> u64 {
    let mut all = Vec::new();
    for partition in partitions {
        let mut begun = 0;
        for segment in partition {
            // The clock may have jumped back: within a partition the sequence tells.
            begun = segment.begun.max(begun);
            all.push((begun, segment));
        }
    }
    all.sort_by_key(|(begun, _)| *begun);
    let mut next = 0;
    for (_, segment) in all {
        segment.order = next;
        next += 1;
    }
    next
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = file.map_err(Error::io("make", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            drop(file.read_to_string(&mut process));
            let process = if process.is_empty() { "?".to_owned() } else { process };
            return Err(Error::InUse { path: folder.to_owned(), process });
        }
        Err(TryLockError::Error(error)) => return Err(Error::io("lock", path)(error)),
    }
    let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
    written.map_err(Error::io("write", path))?;
    Ok(file)
}

/// The id of the journal in a folder, which is made where there is none.
fn identity(folder: &Path, partitions: u16) -> Result<QueueId, Error> {
    let path = folder.join("journal");
    match fs::read(&path) {
        Ok(bytes) => {
            let damaged =
                || Error::Damaged { path: path.clone(), what: "it is not what a journal says of itself" };
            let (version, found, id) = decode_identity(&bytes).ok_or_else(damaged)?;
            if version != segment::VERSION {
                return Err(Error::Version { path, found: version, known: segment::VERSION });
            }
            if found != partitions {
                return Err(Error::Partitions { path: folder.to_owned(), found, asked: partitions });
            }
            Ok(id)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if folder.join("0").exists() {
                let what = "it is missing, and there are segments of a journal";
                return Err(Error::Damaged { path, what });
            }
            let mut id = QueueId([0; 16]);
            getrandom::fill(&mut id.0)
                .map_err(|error| Error::io("get random bytes for", &path)(error.into()))?;
            replace(&path, &encode_identity(id, partitions))?;
            Ok(id)
        }
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

fn encode_identity(id: QueueId, partitions: u16) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&segment::VERSION.to_le_bytes());
    bytes.extend_from_slice(&partitions.to_le_bytes());
    bytes.extend_from_slice(&id.0);
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

pub(crate) fn decode_identity(bytes: &[u8]) -> Option<(u16, u16, QueueId)> {
    let (checked, sum) = bytes.split_last_chunk()?;
    if crc32fast::hash(checked) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut rest = checked.strip_prefix(&MAGIC)?;
    let (version, partitions) = (take(&mut rest)?, take(&mut rest)?);
    Some((u16::from_le_bytes(version), u16::from_le_bytes(partitions), QueueId(take(&mut rest)?)))
}

fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))
}

/// The reading of a partition's segments.
struct Reading<'a> {
    folder: &'a Path,
    id: QueueId,
    number: u16,
    seed: u32,
    now: fn() -> u64,
}

impl Reading<'_> {
    fn segments(&self, recovery: &mut Recovery) -> Result<Vec<Segment>, Error> {
        let mut segments: Vec<Segment> = Vec::new();
        for sequence in segment::list(self.folder)? {
            if let Some(before) = segments.last() {
                recovery.missing += sequence - before.sequence - 1;
            }
            let segment = self.segment(sequence, recovery)?;
            recovery.segments += 1;
            recovery.records += segment.records;
            segments.push(segment);
        }
        sync_folder(self.folder)?;
        Ok(segments)
    }

    fn segment(&self, sequence: u64, recovery: &mut Recovery) -> Result<Segment, Error> {
        let path = segment::path(self.folder, sequence);
        let file = File::options().read(true).write(true).open(&path).map_err(Error::io("open", &path))?;
        let length = file.metadata().map_err(Error::io("read", &path))?.len();
        let mut header = Vec::new();
        (&file).take(segment::HEADER).read_to_end(&mut header).map_err(Error::io("read", &path))?;
        let begun = match Header::decode(&header, &path)? {
            Some(header) if header.journal != self.id => {
                return Err(Error::Damaged { path, what: "it is of another journal" });
            }
            Some(header) if (header.partition, header.sequence) != (self.number, sequence) => {
                return Err(Error::Damaged { path, what: "it has the name of another segment" });
            }
            Some(header) => header.begun,
            None if length < segment::HEADER => {
                recovery.torn += length;
                let header =
                    Header { journal: self.id, partition: self.number, sequence, begun: (self.now)() };
                file.write_all_at(&header.encode(), 0).map_err(Error::io("write", &path))?;
                header.begun
            }
            None => {
                recovery.damaged += segment::HEADER;
                0
            }
        };
        let ended = self.ended(&file, length).map_err(Error::io("read", &path))?;
        let (length, records) = match ended {
            Some(records) => (length, records),
            None => self.finish(file, &path, length, recovery)?,
        };
        Ok(Segment { sequence, begun, length, records, order: 0 })
    }

    /// The number of records in a segment that was closed.
    fn ended(&self, file: &File, length: u64) -> std::io::Result<Option<u64>> {
        let Some(start) = length.checked_sub(END_FRAME as u64).filter(|start| *start >= segment::HEADER)
        else {
            return Ok(None);
        };
        let mut end = [0; END_FRAME];
        file.read_exact_at(&mut end, start)?;
        if check(&end, self.seed) != Check::Good(END_FRAME) {
            return Ok(None);
        }
        Ok(match decode(&end) {
            Some(Frame::End { records, .. }) => Some(records),
            _ => None,
        })
    }

    /// Reads a segment that was not closed, cuts off what is torn at its end and closes it. Gives its length and the
    /// number of its records.
    fn finish(
        &self,
        file: File,
        path: &Path,
        length: u64,
        recovery: &mut Recovery,
    ) -> Result<(u64, u64), Error> {
        recovery.unfinished += 1;
        let duplicate = file.try_clone().map_err(Error::io("read", path))?;
        let mut scanner = Scanner::new(duplicate, self.seed, segment::HEADER);
        let (mut good, mut records) = (segment::HEADER, 0);
        loop {
            match scanner.step(length).map_err(Error::io("read", path))? {
                Step::Frame(_) => records += u64::from(matches!(scanner.frame(), Some(Frame::Record(_)))),
                Step::Damaged(range) if range.end < length => recovery.damaged += range.end - range.start,
                Step::Damaged(_) | Step::Limit => break,
            }
            good = scanner.offset();
        }
        recovery.torn += length.saturating_sub(good);
        let mut end = Vec::with_capacity(END_FRAME);
        push_end(&mut end, self.seed, (self.now)(), records);
        let whole = good + END_FRAME as u64;
        let closed =
            file.set_len(good).and_then(|()| file.write_all_at(&end, good)).and_then(|()| file.sync_all());
        match closed {
            Ok(()) => Ok((whole, records)),
            // It can be read without an end, and is closed again next time.
            Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                file.set_len(good).map_err(Error::io("cut", path))?;
                Ok((good, records))
            }
            Err(error) => Err(Error::io("close", path)(error)),
        }
    }
}

impl Recovery {
    fn report(&self, folder: &Path) {
        let Self { segments, records, unfinished, torn, damaged, missing } = self;
        let folder = folder.display();
        tracing::info!(%folder, segments, records, unfinished, "journal opened");
        if *torn > 0 {
            tracing::warn!(%folder, bytes = torn, "cut off what a crash left incomplete at the end of the journal");
        }
        if *damaged > 0 || *missing > 0 {
            tracing::error!(%folder, bytes = damaged, segments = missing, "the journal is damaged");
        }
    }
}
