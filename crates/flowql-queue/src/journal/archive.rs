//! Reads a journal without having it: a copy, or one that a collector writes meanwhile.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::open::decode_identity;
use super::scan::{Scanner, Step};
use super::segment;
use crate::frame::Frame;
use crate::{Error, Item, Position, QueueId, Reader};

/// A journal that is only read. Nothing of it is changed, not even what a crash left incomplete, and another process may
/// write it: what it lets go of meanwhile is missing.
///
/// ```
/// use flowql_queue::{Archive, Item, Journal, Queue, Reader, Settings};
/// # use flowql_queue::{Content, Record, Transport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let journal = Journal::open(folder.path(), Settings::default())?;
/// # let mut batch = journal.batch();
/// # let (transport, content) = (Transport::Udp, Content::Datagram(b"as received"));
/// # batch.push(&Record { time: 1, source: "192.0.2.1:2055".parse()?, listener: 0, transport, connection: 0, content })?;
/// # journal.append(&mut batch)?;
/// let archive = Archive::open(folder.path())?;
/// let mut records = 0;
/// for partition in archive.partitions() {
///     let mut reader = archive.reader(partition)?;
///     while let Some(item) = reader.next(std::time::Duration::ZERO)? {
///         records += usize::from(matches!(item, Item::Record(..)));
///     }
/// }
/// assert_eq!(records, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    seed: u32,
    partitions: u16,
    id: QueueId,
}

impl Archive {
    /// The journal in a folder.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("journal");
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let damaged =
            || Error::Damaged { path: path.clone(), what: "it is not what a journal says of itself" };
        let (found, partitions, id) = decode_identity(&bytes).ok_or_else(damaged)?;
        if found != segment::VERSION {
            return Err(Error::Version { path, found, known: segment::VERSION });
        }
        Ok(Self { folder: folder.to_owned(), seed: crc32fast::hash(&id.0), partitions, id })
    }

    /// Whether a folder has a journal.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        folder.join("journal").is_file()
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> QueueId {
        self.id
    }

    /// Its partitions.
    pub fn partitions(&self) -> std::ops::Range<u16> {
        0..self.partitions
    }

    /// Reads what is there of a partition, then ends: it does not wait.
    ///
    /// # Errors
    ///
    /// The folder of the partition cannot be read.
    pub fn reader(&self, partition: u16) -> Result<impl Reader + use<>, Error> {
        let folder = self.folder.join(partition.to_string());
        let mut sequences = segment::list(&folder)?;
        sequences.reverse();
        let position = Position::segment(sequences.last().copied().unwrap_or_default());
        Ok(ArchiveReader { folder, seed: self.seed, sequences, open: None, position })
    }
}

struct ArchiveReader {
    folder: PathBuf,
    seed: u32,
    /// The segments that are not read yet, the last one first.
    sequences: Vec<u64>,
    open: Option<Open>,
    position: Position,
}

/// A segment that is being read.
struct Open {
    scanner: Scanner,
    sequence: u64,
    /// The length that the file had.
    length: u64,
}

/// What the next step found, by its numbers.
enum Found {
    Frame(u64),
    Damaged(std::ops::Range<u64>),
}

impl ArchiveReader {
    /// Goes to the next segment. `None` where there are no more.
    fn advance(&mut self) -> Result<Option<()>, Error> {
        while let Some(sequence) = self.sequences.pop() {
            let path = segment::path(&self.folder, sequence);
            let file = match File::open(&path) {
                Ok(file) => file,
                // It went meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Error::io("open", &path)(error)),
            };
            let length = file.metadata().map_err(Error::io("read", &path))?.len();
            let scanner = Scanner::new(file, self.seed, segment::HEADER);
            self.open = Some(Open { scanner, sequence, length });
            return Ok(Some(()));
        }
        Ok(None)
    }

    fn find(&mut self) -> Result<Option<Found>, Error> {
        loop {
            let Some(open) = &mut self.open else {
                if self.advance()?.is_none() {
                    return Ok(None);
                }
                continue;
            };
            let path = segment::path(&self.folder, open.sequence);
            let found = match open.scanner.step(open.length).map_err(Error::io("read", path))? {
                Step::Frame(offset) => Found::Frame(offset),
                // What is incomplete at the end is being written, or was when it ended.
                Step::Damaged(range) if range.end < open.length => Found::Damaged(range),
                Step::Damaged(_) | Step::Limit => {
                    self.open = None;
                    continue;
                }
            };
            self.position = Position { segment: open.sequence, offset: open.scanner.offset() };
            return Ok(Some(found));
        }
    }
}

impl Reader for ArchiveReader {
    fn next(&mut self, _wait: Duration) -> Result<Option<Item<'_>>, Error> {
        let Some(found) = self.find()? else { return Ok(None) };
        let Some(open) = &self.open else { return Ok(None) };
        let at = |offset| Position { segment: open.sequence, offset };
        Ok(match found {
            Found::Damaged(range) => Some(Item::Damaged(at(range.start)..at(range.end))),
            Found::Frame(offset) => match open.scanner.frame() {
                Some(Frame::Record(record)) => Some(Item::Record(at(offset), record)),
                Some(Frame::End { time, .. }) => {
                    Some(Item::End { next: Position::segment(open.sequence + 1), time })
                }
                None => None,
            },
        })
    }

    fn position(&self) -> Position {
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Content, Journal, Queue, Record, Settings, Transport};

    fn append(journal: &Journal, number: u8) {
        let bytes = [number; 500];
        let mut batch = journal.batch();
        let (transport, content) = (Transport::Udp, Content::Datagram(&bytes));
        let source = "192.0.2.1:7".parse().unwrap();
        batch
            .push(&Record { time: number.into(), source, listener: 0, transport, connection: 0, content })
            .unwrap();
        journal.append(&mut batch).unwrap();
    }

    /// The first bytes of the records, and how many segments ended.
    fn read(folder: &Path) -> (Vec<u8>, usize, usize) {
        let mut found = (Vec::new(), 0, 0);
        let archive = Archive::open(folder).unwrap();
        let mut reader = archive.reader(0).unwrap();
        while let Some(item) = reader.next(Duration::ZERO).unwrap() {
            match item {
                Item::Record(_, Record { content: Content::Datagram(bytes), .. }) => found.0.push(bytes[0]),
                Item::End { .. } => found.1 += 1,
                _ => found.2 += 1,
            }
        }
        found
    }

    #[test]
    fn what_another_process_writes_is_read_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Archive::is_at(folder.path()) && Archive::open(folder.path()).is_err());
        let settings = Settings { segment_bytes: 4_096, keep_free_percent: 0, ..Settings::default() };
        let journal = Journal::open(folder.path(), settings).unwrap();
        (0..20).for_each(|number| append(&journal, number));
        let (records, ends, other) = read(folder.path());
        assert_eq!(records, (0..20).collect::<Vec<_>>());
        assert!(ends > 1 && other == 0);
        assert_eq!(Archive::open(folder.path()).unwrap().id(), journal.id());
        // What is torn at the end stays as it is, and is not shown.
        let last = *segment::list(&folder.path().join("0")).unwrap().last().unwrap();
        let last = segment::path(&folder.path().join("0"), last);
        let mut bytes = fs::read(&last).unwrap();
        bytes.extend([0xf1, 0x0d, 1]);
        fs::write(&last, &bytes).unwrap();
        assert_eq!(read(folder.path()), (records, ends, 0));
        assert_eq!(fs::read(&last).unwrap(), bytes);
        // A damaged place is given, and what lies behind it is read.
        bytes[70] ^= 1;
        fs::write(&last, &bytes).unwrap();
        let (fewer, _, damaged) = read(folder.path());
        assert!(damaged == 1 && fewer.last() == Some(&19) && fewer.len() == 19, "{fewer:?}");
    }
}
