//! What is saved of the writing of a partition: two files, `position` and that of the state.
//!
//! `position` is replaced as a whole. It says which file has the state of the decoder, where its pieces are in it and what
//! their checksums are; a piece that no `position` names yet is written behind those, so that each crash leaves either what
//! was saved before or what was to be saved.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use super::Shared;
use super::files::{numbered, replace};
use super::partition::Partition;
use crate::frame::take;
use crate::{Error, Note, Position, Saved, State, Store};

const MAGIC: [u8; 8] = *b"flowqlPS";
const VERSION: u16 = 1;

/// What is saved of a partition, and where its state is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions {
    pub(crate) saved: Saved,
    /// The earliest position that is still needed.
    pub(crate) keep: Position,
    /// The number of the file with the state; 0 where there is none.
    file: u64,
    pieces: Vec<Piece>,
}

/// A piece of the state in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: u64,
    length: u64,
    sum: u32,
}

/// The store of a partition of a journal.
#[derive(Debug)]
pub(crate) struct JournalStore {
    shared: Arc<Shared>,
    partition: Arc<Partition>,
    positions: Positions,
    /// The number of the newest file, which need not be the one in use.
    newest: u64,
    /// Where the next piece goes in the file in use.
    end: u64,
}

impl JournalStore {
    /// Takes what is saved of the partition, which no other store may have then.
    pub(crate) fn claim(shared: Arc<Shared>, partition: Arc<Partition>) -> Result<Self, Error> {
        let newest = state_files(&partition.folder)?.into_iter().max().unwrap_or_default();
        let taken = partition.positions.lock().unwrap_or_else(PoisonError::into_inner).take();
        let positions = taken.ok_or(Error::Claimed { partition: partition.number })?;
        let end = positions.end();
        Ok(Self { shared, partition, positions, newest, end })
    }

    fn save(&mut self, positions: Positions) -> Result<(), Error> {
        let bytes = positions.encode(self.shared.seed);
        replace(&Positions::path(&self.partition.folder), &bytes)?;
        let old = self.positions.file;
        self.positions = positions;
        if old != self.positions.file {
            self.end = self.positions.end();
            // A file that is left over is removed when the journal is opened.
            drop(fs::remove_file(state_path(&self.partition.folder, old)));
        }
        Ok(())
    }

    /// Writes a piece of the state durably.
    fn write(&self, number: u64, start: u64, bytes: &[u8]) -> Result<Piece, Error> {
        let path = state_path(&self.partition.folder, number);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::io("make", &path))?;
        file.write_all_at(bytes, start).map_err(Error::io("write", &path))?;
        file.sync_all().map_err(Error::io("sync", path))?;
        Ok(Piece { start, length: bytes.len() as u64, sum: crc32fast::hash(bytes) })
    }
}

impl Store for JournalStore {
    fn saved(&self) -> &Saved {
        &self.positions.saved
    }

    fn state(&self) -> Result<Vec<Vec<u8>>, Error> {
        if self.positions.pieces.is_empty() {
            return Ok(Vec::new());
        }
        let path = state_path(&self.partition.folder, self.positions.file);
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        let read = |piece: &Piece| {
            let mut bytes = vec![0; usize::try_from(piece.length).unwrap_or_default()];
            file.read_exact_at(&mut bytes, piece.start).map_err(Error::io("read", &path))?;
            if crc32fast::hash(&bytes) != piece.sum {
                return Err(Error::Damaged {
                    path: path.clone(),
                    what: "a piece of the state is not what was saved",
                });
            }
            Ok(bytes)
        };
        self.positions.pieces.iter().map(read).collect()
    }

    fn note(&mut self, note: Note, state: State<'_>) -> Result<(), Error> {
        let saved = self.positions.saved.position;
        let Note { stretch, .. } = &note;
        if let Some(position) = [stretch.start, stretch.end].into_iter().find(|position| *position < saved) {
            return Err(Error::Misplaced { position, saved });
        }
        if stretch.end <= stretch.start {
            return Err(Error::Misplaced { position: stretch.end, saved: stretch.start });
        }
        let mut positions = self.positions.clone();
        match state {
            State::Change(bytes) if positions.file > 0 => {
                // What a failure leaves behind is never written over: a `position` on the disk may name it.
                let start = self.end;
                self.end += bytes.len() as u64;
                positions.pieces.push(self.write(positions.file, start, bytes)?);
            }
            // The first change is to an empty state.
            State::Full(bytes) | State::Change(bytes) => {
                self.newest += 1;
                positions.pieces = vec![self.write(self.newest, 0, bytes)?];
                positions.file = self.newest;
            }
            State::Same => {}
        }
        positions.saved.note = Some(note);
        self.save(positions)
    }

    fn acknowledge(&mut self, keep: Position) -> Result<(), Error> {
        let mut positions = self.positions.clone();
        let saved = positions.saved.position;
        let Some(stretch) = positions.saved.unacknowledged().map(|note| note.stretch.clone()) else {
            return Err(Error::Misplaced { position: saved, saved });
        };
        positions.saved.position = stretch.end;
        positions.keep = keep.min(stretch.start);
        self.save(positions)?;
        self.shared.counters.acknowledged.fetch_add(1, Relaxed);
        self.partition.lock().acknowledged = stretch.end;
        self.partition.release(&self.shared, self.positions.keep)
    }
}

impl Drop for JournalStore {
    fn drop(&mut self) {
        let positions = std::mem::take(&mut self.positions);
        *self.partition.positions.lock().unwrap_or_else(PoisonError::into_inner) = Some(positions);
    }
}

impl Positions {
    /// The file that says what is saved of the partition in a folder.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("position")
    }

    /// Reads what is saved; nothing is where the file is not there. Files of states that are not in use are removed.
    pub(crate) fn read(folder: &Path, seed: u32) -> Result<Self, Error> {
        let path = Self::path(folder);
        let positions = match fs::read(&path) {
            Ok(bytes) => {
                let what = "it is not what was saved";
                Self::decode(&bytes, seed).ok_or(Error::Damaged { path, what })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        for number in state_files(folder)?.into_iter().filter(|number| *number != positions.file) {
            let path = state_path(folder, number);
            fs::remove_file(&path).map_err(Error::io("remove", path))?;
        }
        Ok(positions)
    }

    /// The first position that no stretch can have begun at: positions after a loss of power must not repeat.
    pub(crate) fn furthest(&self) -> Position {
        let noted = self.saved.note.as_ref().map(|note| note.stretch.end);
        noted.unwrap_or_default().max(self.saved.position)
    }

    /// The end of the pieces in the file in use.
    fn end(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.start + piece.length).max().unwrap_or_default()
    }

    fn encode(&self, seed: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        let mut numbers = vec![self.saved.position.segment, self.saved.position.offset];
        numbers.extend([self.keep.segment, self.keep.offset, self.file, self.pieces.len() as u64]);
        numbers
            .extend(self.pieces.iter().flat_map(|piece| [piece.start, piece.length, u64::from(piece.sum)]));
        numbers.push(u64::from(self.saved.note.is_some()));
        if let Some(Note { stretch, context }) = &self.saved.note {
            numbers.extend([stretch.start.segment, stretch.start.offset]);
            numbers.extend([stretch.end.segment, stretch.end.offset, context.len() as u64]);
        }
        numbers.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        bytes.extend(self.saved.note.iter().flat_map(|note| &note.context));
        let sum = checksum(seed, &bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8], seed: u32) -> Option<Self> {
        let (checked, sum) = bytes.split_last_chunk()?;
        if checksum(seed, checked) != u32::from_le_bytes(*sum) {
            return None;
        }
        let mut rest = checked.strip_prefix(&MAGIC)?.strip_prefix(&VERSION.to_le_bytes())?;
        let number = |rest: &mut &[u8]| take(rest).map(u64::from_le_bytes);
        let position = |rest: &mut &[u8]| Some(Position { segment: number(rest)?, offset: number(rest)? });
        let mut positions = Self {
            saved: Saved { position: position(&mut rest)?, note: None },
            keep: position(&mut rest)?,
            file: number(&mut rest)?,
            pieces: Vec::new(),
        };
        for _ in 0..number(&mut rest)? {
            let (start, length) = (number(&mut rest)?, number(&mut rest)?);
            positions.pieces.push(Piece { start, length, sum: number(&mut rest)?.try_into().ok()? });
        }
        if number(&mut rest)? == 1 {
            let stretch = position(&mut rest)?..position(&mut rest)?;
            let length = usize::try_from(number(&mut rest)?).ok()?;
            positions.saved.note = Some(Note { stretch, context: rest.get(..length)?.to_vec() });
        }
        Some(positions)
    }
}

fn checksum(seed: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(bytes);
    hasher.finalize()
}

fn state_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("state.{number}"))
}

/// The numbers of the files of states in a folder.
fn state_files(folder: &Path) -> Result<Vec<u64>, Error> {
    numbered(folder, |name| name.strip_prefix("state."))
}
