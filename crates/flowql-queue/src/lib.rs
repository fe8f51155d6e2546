//! A durable log of datagrams: what a collector received and has not written to the database yet.
//!
//! [`Queue`] is the trait of all kinds of queue, [`Journal`] the one on disk. A queue has partitions, and all datagrams of
//! a source address are in one of them. A [`Reader`] gives the records of a partition from any [`Position`] on and
//! follows the tail; a [`Store`] keeps how far the rows of a partition are in the database, with what it takes to decode a
//! stretch again after a crash.
//!
//! ```
//! use flowql_queue::{Content, Item, Journal, Position, Queue, Record, Settings, Transport};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let journal = Journal::open(folder.path(), Settings::default())?;
//! let mut batch = journal.batch();
//! batch.push(&Record {
//!     time: 1_796_000_000_000_000_000,
//!     source: "192.0.2.1:2055".parse()?,
//!     listener: 0,
//!     transport: Transport::Udp,
//!     connection: 0,
//!     content: Content::Datagram(b"as received"),
//! })?;
//! journal.append(&mut batch)?;
//!
//! let mut reader = journal.reader(0, Position::START)?;
//! let Some(Item::Record(_, record)) = reader.next(std::time::Duration::ZERO)? else { return Err("no record".into()) };
//! assert_eq!(record.content, Content::Datagram(b"as received"));
//! # Ok(())
//! # }
//! ```

mod error;
mod frame;
mod journal;
mod queue;
mod record;

pub use error::{Error, Refused};
pub use journal::{Archive, Counters, Disk, Host, Journal, Recovery, Settings};
pub use queue::{Backlog, Batch, Item, Note, Position, Queue, QueueId, Reader, Saved, State, Store};
pub use record::{Content, LONGEST, Record, Transport};
