//! Reads a partition, segment by segment, and follows the tail.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::Shared;
use super::partition::{Partition, Segments};
use super::scan::{Scanner, Step};
use super::segment;
use crate::frame::Frame;
use crate::{Error, Item, Position, Reader};

/// The reader of a partition of a journal.
#[derive(Debug)]
pub(crate) struct JournalReader {
    shared: Arc<Shared>,
    partition: Arc<Partition>,
    position: Position,
    scanner: Option<Scanner>,
    /// How many bytes of the segment can be read, and whether there will not be more.
    limit: u64,
    closed: bool,
    /// The time of the last record: that of a segment's end where the end was not written.
    time: u64,
}

/// What was found, without the bytes of a record.
enum Found {
    Record(Position),
    End(u64),
    Damaged(Position),
    Missing(Position),
    Nothing,
}

/// What is known of the segment of the position.
enum Tail {
    /// It is closed and has so many bytes.
    Closed(u64),
    /// It is written and has so many bytes by now.
    Open(u64),
    /// It is not there; the next one is this.
    Gone(u64),
    /// It will be the next one.
    Coming,
}

impl JournalReader {
    pub(crate) fn new(shared: Arc<Shared>, partition: Arc<Partition>, position: Position) -> Self {
        Self { shared, partition, position, scanner: None, limit: 0, closed: false, time: 0 }
    }

    /// One step: what there is now.
    fn step(&mut self) -> Result<Found, Error> {
        if self.position.offset >= self.limit {
            let tail = tail(&self.partition.lock(), self.position.segment);
            match tail {
                Tail::Closed(length) => (self.limit, self.closed) = (length, true),
                Tail::Open(length) => (self.limit, self.closed) = (length, false),
                Tail::Gone(next) => return Ok(self.skip_to(next)),
                Tail::Coming => return Ok(Found::Nothing),
            }
        }
        let scanner = match self.scanner.take() {
            Some(scanner) => scanner,
            None => match File::open(self.path()) {
                Ok(file) => Scanner::new(file, self.shared.seed, self.position.offset.max(segment::HEADER)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return self.vanished(error),
                Err(error) => return Err(Error::io("read", self.path())(error)),
            },
        };
        let scanner = self.scanner.insert(scanner);
        let step = scanner.step(self.limit);
        let from = self.position;
        self.position.offset = scanner.offset();
        match step.map_err(|error| Error::io("read", self.path())(error))? {
            Step::Damaged(range) => Ok(Found::Damaged(Position { offset: range.start, ..from })),
            Step::Limit if self.closed => Ok(self.end(self.time)),
            Step::Limit => Ok(Found::Nothing),
            Step::Frame(offset) => Ok(self.found(Position { offset, ..from })),
        }
    }

    /// The frame that the scanner found.
    fn found(&mut self, at: Position) -> Found {
        match self.scanner.as_ref().and_then(Scanner::frame) {
            Some(Frame::Record(record)) => {
                self.time = record.time;
                Found::Record(at)
            }
            Some(Frame::End { time, .. }) => self.end(time),
            None => Found::Damaged(at),
        }
    }

    fn path(&self) -> PathBuf {
        segment::path(&self.partition.folder, self.position.segment)
    }

    fn end(&mut self, time: u64) -> Found {
        self.go_to(self.position.segment + 1);
        Found::End(time)
    }

    fn go_to(&mut self, segment: u64) {
        self.position = Position::segment(segment);
        self.scanner = None;
        self.limit = 0;
        self.time = 0;
    }

    fn skip_to(&mut self, segment: u64) -> Found {
        let from = self.position;
        self.go_to(segment);
        // Nothing was ever before the first segment.
        if from == Position::START && segment == super::FIRST { Found::Nothing } else { Found::Missing(from) }
    }

    /// The file went between the look at the segments and its opening, or someone else removed it.
    fn vanished(&mut self, error: std::io::Error) -> Result<Found, Error> {
        let mut segments = self.partition.lock();
        if segments.open.as_ref().is_some_and(|open| open.sequence == self.position.segment) {
            return Err(Error::io("read", self.path())(error));
        }
        if let Some(closed) = segments.closed.remove(&self.position.segment) {
            self.shared.count_missing(&closed);
        }
        drop(segments);
        Ok(self.skip_to(self.position.segment + 1))
    }

    /// Waits for more, until a time.
    fn wait(&self, until: Instant) -> bool {
        let mut segments = self.partition.lock();
        loop {
            let more = match tail(&segments, self.position.segment) {
                Tail::Open(length) => length > self.position.offset.max(segment::HEADER),
                Tail::Coming => false,
                Tail::Closed(_) | Tail::Gone(_) => true,
            };
            let left = until.saturating_duration_since(Instant::now());
            if more || left.is_zero() {
                return more;
            }
            segments.waiting += 1;
            let woken = self.partition.grown.wait_timeout(segments, left);
            segments = woken.unwrap_or_else(PoisonError::into_inner).0;
            segments.waiting -= 1;
        }
    }
}

fn tail(segments: &Segments, segment: u64) -> Tail {
    if let Some(open) = segments.open.as_ref().filter(|open| open.sequence == segment) {
        return Tail::Open(open.length);
    }
    if let Some(closed) = segments.closed.get(&segment) {
        return Tail::Closed(closed.length);
    }
    let open = segments.open.as_ref().map(|open| open.sequence).filter(|open| *open > segment);
    let next = segments.closed.range(segment..).next().map(|(next, _)| *next).or(open);
    match next {
        Some(next) => Tail::Gone(next),
        None if segment < segments.next => Tail::Gone(segments.next),
        None => Tail::Coming,
    }
}

impl Reader for JournalReader {
    fn next(&mut self, wait: Duration) -> Result<Option<Item<'_>>, Error> {
        let until = Instant::now() + wait;
        let found = loop {
            let from = self.position;
            match self.step()? {
                Found::Nothing if self.position != from => {}
                Found::Nothing if self.wait(until) => {}
                found => break found,
            }
        };
        Ok(match found {
            Found::Record(position) => match self.scanner.as_ref().and_then(Scanner::frame) {
                Some(Frame::Record(record)) => Some(Item::Record(position, record)),
                _ => None,
            },
            Found::End(time) => Some(Item::End { next: self.position, time }),
            Found::Damaged(from) => Some(Item::Damaged(from..self.position)),
            Found::Missing(from) => Some(Item::Missing(from..self.position)),
            Found::Nothing => None,
        })
    }

    fn position(&self) -> Position {
        self.position
    }
}
