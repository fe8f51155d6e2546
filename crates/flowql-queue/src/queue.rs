//! The traits of a queue, whatever keeps it.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use crate::frame::push_record;
use crate::{Content, Error, LONGEST, Record, Refused};

/// A durable log of datagrams, in partitions.
pub trait Queue: Send + Sync {
    /// What no other queue has: part of the tokens under which rows are stored.
    fn id(&self) -> QueueId;

    /// The partitions whose records this process is to write. A journal gives all of it; where others share the work, the
    /// answer changes, and what is no longer in it is refused by its [`Store`].
    fn assigned(&self) -> Vec<u16>;

    /// An empty batch for [`append`](Self::append).
    fn batch(&self) -> Batch;

    /// Puts the records of a batch into the queue, and empties the batch. When it returns, a crash of the process does
    /// not lose them.
    ///
    /// # Errors
    ///
    /// How many records are not in the queue, and why. The others are. A batch of another queue is refused as it is.
    fn append(&self, batch: &mut Batch) -> Result<(), Refused>;

    /// Reads a partition from a position on.
    ///
    /// # Errors
    ///
    /// There is no such partition, or it cannot be read.
    fn reader(&self, partition: u16, from: Position) -> Result<Box<dyn Reader>, Error>;

    /// What is saved of the writing of a partition.
    ///
    /// # Errors
    ///
    /// There is no such partition, it is not this process that writes it, or what was saved cannot be read.
    fn store(&self, partition: u16) -> Result<Box<dyn Store>, Error>;

    /// Makes the reader of a partition get an [`Item::End`] with the time of now, even if nothing was received: for what
    /// waits a while and then no longer.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn mark(&self, partition: u16) -> Result<(), Error>;

    /// What of a partition is not acknowledged, to the segment.
    ///
    /// # Errors
    ///
    /// There is no such partition, or it cannot be known.
    fn backlog(&self, partition: u16) -> Result<Backlog, Error>;
}

/// What of a partition is not acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// The records.
    pub records: u64,
    /// The bytes of their segments.
    pub bytes: u64,
    /// When the oldest of these segments was begun, in nanoseconds since 1970: no record in it is older. `None` where all is
    /// acknowledged.
    pub oldest: Option<u64>,
}

/// Reads a partition.
pub trait Reader: Send {
    /// The next item, or `None` where nothing came for `wait`.
    ///
    /// # Errors
    ///
    /// What is there cannot be read. A damaged record is not an error but [`Item::Damaged`].
    fn next(&mut self, wait: Duration) -> Result<Option<Item<'_>>, Error>;

    /// Where the next item is: behind the last one.
    fn position(&self) -> Position;
}

/// What a reader finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A record, and where it is.
    Record(Position, Record<'a>),
    /// A stretch may end here: nothing before it can still come.
    End {
        /// Where the next record will be, at the earliest.
        next: Position,
        /// The time, in nanoseconds since 1970. It counts as the receive time of nothing.
        time: u64,
    },
    /// These bytes of a segment cannot be read, and the records in them are lost.
    Damaged(Range<Position>),
    /// What was between these positions is not there: it left when there was no room for more.
    Missing(Range<Position>),
}

/// Keeps how far a partition is written, and what it takes to write a part of it again.
///
/// A *stretch* is noted before its rows are inserted, and acknowledged when the database has them. After a crash the
/// noted stretch is decoded again from the noted state, and its rows are inserted under the same token, if it was not
/// acknowledged; the state behind it follows from decoding it again in any case.
pub trait Store: Send {
    /// What is saved.
    fn saved(&self) -> &Saved;

    /// The saved state of the decoder, as the notes gave it: what was last saved in full, then the changes. It is that of the
    /// start of the noted stretch, or of an earlier one where notes said that it was still the same. Empty where no note was
    /// made.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is damaged.
    fn state(&self) -> Result<Vec<Vec<u8>>, Error>;

    /// Notes a stretch with the state at its start, or at that of an earlier one, durably. A note replaces the one before it.
    ///
    /// # Errors
    ///
    /// It cannot be saved, or the stretch begins before the position that was acknowledged. It must not be inserted then.
    fn note(&mut self, note: Note, state: State<'_>) -> Result<(), Error>;

    /// Moves the position to the end of the noted stretch, durably, and lets go of segments that lie wholly before both
    /// the noted stretch and `keep`, the earliest position that is still needed.
    ///
    /// # Errors
    ///
    /// It cannot be saved, or nothing is noted that was not acknowledged.
    fn acknowledge(&mut self, keep: Position) -> Result<(), Error>;
}

/// The state of the decoder at the start of a stretch, in bytes that only the writer understands.
#[derive(Clone, Copy, Debug)]
pub enum State<'a> {
    /// All of it.
    Full(&'a [u8]),
    /// What is to be added to the state of the note before.
    Change(&'a [u8]),
    /// The state of the note before.
    Same,
}

/// What is saved of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// All before it is in the database.
    pub position: Position,
    /// The stretch that was noted last. It is acknowledged where its end is not beyond `position`.
    pub note: Option<Note>,
}

impl Saved {
    /// The noted stretch whose rows may be or may not be in the database.
    #[must_use]
    pub fn unacknowledged(&self) -> Option<&Note> {
        self.note.as_ref().filter(|note| note.stretch.end > self.position)
    }
}

/// A stretch that is about to be inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its bounds.
    pub stretch: Range<Position>,
    /// What else the writer needs to make the same rows of it: bytes that only it understands.
    pub context: Vec<u8>,
}

/// A place in a partition. Positions grow with every record and are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number of the segment.
    pub segment: u64,
    /// The bytes of it that come before.
    pub offset: u64,
}

impl Position {
    /// Before everything.
    pub const START: Self = Self { segment: 0, offset: 0 };

    /// The start of a segment.
    #[must_use]
    pub const fn segment(segment: u64) -> Self {
        Self { segment, offset: 0 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.offset)
    }
}

/// The random id of a queue, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QueueId(pub [u8; 16]);

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Records on their way into a queue, written as the queue has them: what takes time is done here, without a lock.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(crate) seed: u32,
    pub(crate) parts: Vec<Part>,
}

/// The records of a batch for one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: u64,
}

impl Batch {
    pub(crate) fn new(seed: u32, partitions: u16) -> Self {
        Self { seed, parts: vec![Part::default(); usize::from(partitions)] }
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// The datagram is longer than [`LONGEST`].
    pub fn push(&mut self, record: &Record<'_>) -> Result<(), Error> {
        if let Content::Datagram(bytes) = record.content
            && bytes.len() > LONGEST
        {
            return Err(Error::TooLong { length: bytes.len() });
        }
        let index = if self.parts.len() > 1 { self.partition(record) } else { 0 };
        if let Some(part) = self.parts.get_mut(index) {
            push_record(&mut part.bytes, self.seed, record);
            part.records += 1;
        }
        Ok(())
    }

    /// The partition of a source address: the same in each run of each program.
    fn partition(&self, record: &Record<'_>) -> usize {
        let address = match record.source.ip() {
            std::net::IpAddr::V4(address) => address.to_ipv6_mapped(),
            std::net::IpAddr::V6(address) => address,
        };
        let hash = crc32fast::hash(&address.octets());
        usize::try_from(hash).unwrap_or_default() % self.parts.len().max(1)
    }

    /// How many records it has.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.parts.iter().map(|part| part.records).sum()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records() == 0
    }

    /// Takes all records out of it.
    pub fn clear(&mut self) {
        self.parts.iter_mut().for_each(Part::clear);
    }
}

impl Part {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records = 0;
    }
}
