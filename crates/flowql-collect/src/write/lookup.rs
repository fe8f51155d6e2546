//! Reads a datagram once more, for a set of it that waited.

use std::time::Duration;

use flowql_decode::{Datagram, Source, Transport};
use flowql_queue::{Content, Error, Item, Position, Queue, Reader, Record};

use super::state::pack;

/// Reads datagrams by their positions: quickly those that follow each other.
#[derive(Default)]
pub(crate) struct Lookup {
    reader: Option<Box<dyn Reader>>,
    last: Option<Found>,
}

/// A datagram that was read.
struct Found {
    position: Position,
    time: u64,
    source: Source,
    bytes: Vec<u8>,
}

impl Lookup {
    /// The datagram at a position; `None` where it is gone.
    pub(crate) fn datagram(
        &mut self,
        queue: &dyn Queue,
        partition: u16,
        position: Position,
    ) -> Result<Option<Datagram<'_>>, Error> {
        if self.last.as_ref().is_none_or(|last| last.position != position) {
            self.last = self.read(queue, partition, position)?;
        }
        Ok(self.last.as_ref().map(|found| Datagram {
            received: found.time,
            source: found.source,
            position: pack(found.position),
            bytes: &found.bytes,
        }))
    }

    fn read(
        &mut self,
        queue: &dyn Queue,
        partition: u16,
        position: Position,
    ) -> Result<Option<Found>, Error> {
        let reader = match self.reader.take().filter(|reader| reader.position() == position) {
            Some(reader) => self.reader.insert(reader),
            None => self.reader.insert(queue.reader(partition, position)?),
        };
        Ok(match reader.next(Duration::ZERO)? {
            Some(Item::Record(at, record)) if at == position => match record.content {
                Content::Datagram(bytes) => Some(Found {
                    position,
                    time: record.time,
                    source: source(&record),
                    bytes: bytes.to_vec(),
                }),
                Content::Closed => None,
            },
            _ => None,
        })
    }
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

/// Who sent a record.
pub fn source(record: &Record<'_>) -> Source {
    let transport = match record.transport {
        flowql_queue::Transport::Udp => Transport::Udp,
        flowql_queue::Transport::Tcp | flowql_queue::Transport::Tls => {
            Transport::Connection(record.connection)
        }
    };
    Source { address: record.source, listener: record.listener.into(), transport }
}
