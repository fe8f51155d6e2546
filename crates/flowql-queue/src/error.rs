//! What can go wrong with a queue.

use std::io;
use std::path::PathBuf;

use crate::Position;

/// What can go wrong with a queue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was to be done, as in "cannot write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process has the journal.
    #[error("the journal `{path}` is in use by process {process}")]
    InUse {
        /// The folder of the journal.
        path: PathBuf,
        /// The id of the process, or `?`.
        process: String,
    },
    /// A part of the partition's state is in use within this process.
    #[error("the positions of partition {partition} are in use")]
    Claimed {
        /// The partition.
        partition: u16,
    },
    /// A file is not what a journal has there.
    #[error("`{path}` is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A file is of a version that this program does not read.
    #[error("`{path}` has version {found}; this program reads version {known}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u16,
        /// The one that is read.
        known: u16,
    },
    /// The number of partitions is not the one that the journal was made with.
    #[error(
        "the journal `{path}` has {found} partitions, not {asked}: only an empty folder can get another number"
    )]
    Partitions {
        /// The folder of the journal.
        path: PathBuf,
        /// The partitions that it has.
        found: u16,
        /// The partitions that were asked for.
        asked: u16,
    },
    /// There is not such a partition.
    #[error("the queue has no partition {partition}")]
    NoPartition {
        /// The number that was asked for.
        partition: u16,
    },
    /// There is no room, and nothing is left that could go.
    #[error("no room in `{path}`: {allowed} bytes are allowed, {free} bytes are free on its disk")]
    Full {
        /// The folder of the journal.
        path: PathBuf,
        /// What the journal may take, in bytes.
        allowed: u64,
        /// What is free on the disk, in bytes.
        free: u64,
    },
    /// A note or an acknowledgement does not follow from what was saved before.
    #[error("the position {position} does not follow {saved}")]
    Misplaced {
        /// The position that was given.
        position: Position,
        /// The one that was saved.
        saved: Position,
    },
    /// A batch was made by another queue.
    #[error("the batch is of another queue")]
    OtherQueue,
    /// A datagram is longer than one can be.
    #[error("a datagram of {length} bytes is longer than 65,535")]
    TooLong {
        /// Its length.
        length: usize,
    },
}

impl Error {
    /// Makes an error of the operating system's, for `map_err`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the disk has no room.
    pub(crate) fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::Full { .. } => true,
            _ => false,
        }
    }
}

/// A batch of which some records are not in the queue.
#[derive(Debug, thiserror::Error)]
#[error("{records} records are not in the queue: {error}")]
pub struct Refused {
    /// How many records are not in it. All others of the batch are.
    pub records: u64,
    /// Why not; the first reason where there are several.
    pub error: Error,
}
