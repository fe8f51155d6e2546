//! sFlow version 5: datagrams of samples, which become rows, and of interface counters.
//!
//! The formats are those of "sFlow Version 5" (sflow.org, 2004) and its extensions for tunnels and discarded packets:
//!
//! | module | what it reads |
//! |---|---|
//! | `sample` | flow samples, expanded ones, samples of discarded packets, counter samples |
//! | `record` | what a flow sample holds: the packet, and what the device knows of it |
//! | `interface` | the forms of an interface, discards and their reasons among them |
//! | `session` | sequence numbers and drops |
//!
//! A datagram is read once, from its beginning to its end; the work is linear in its bytes. A sample fills one row, which
//! is given away and used again.

mod interface;
mod reader;
mod record;
mod sample;
mod session;

pub use sample::InterfaceCounters;
pub use session::{Loss, MAX_AGENTS, MAX_SOURCES, Session, Tally};

use crate::frame::Tunnels;
use crate::{Fields, Reason, Row};
use reader::Reader;

/// Most ASes of a path, and communities, that are kept of a sample.
pub const MAX_ITEMS: usize = 1_024;

/// What takes what datagrams hold.
pub trait Sink {
    /// Takes a flow: what its sample says, and the agent as the exporter. The time of reception is not in it, and where the
    /// agent did not say its sampling rate, that is 0. The row may be changed.
    fn flow(&mut self, row: &mut Row);

    /// Takes the counters of an interface.
    fn counters(&mut self, counters: &InterfaceCounters);
}

/// The header of a datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The address of the agent; IPv4 is mapped.
    pub agent: [u8; 16],
    /// Which of the agent's parts sent it: each counts its datagrams itself.
    pub sub_agent: u32,
    /// The number of the datagram.
    pub sequence: u32,
    /// For how long the agent has run, in milliseconds.
    pub uptime: u32,
    /// How many samples it has.
    pub samples: u32,
}

impl Header {
    /// Reads it in place: a copy of what was just written bytewise makes the processor wait.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Reason> {
        const VERSION: u32 = 5;
        if reader.u32().ok_or(Reason::ShortHeader)? != VERSION {
            return Err(Reason::UnknownProtocol);
        }
        self.agent = reader.address().ok_or(Reason::ShortHeader)?;
        let numbers = reader.words().ok_or(Reason::ShortHeader)?;
        [self.sub_agent, self.sequence, self.uptime, self.samples] = numbers;
        Ok(())
    }
}

/// Reads datagrams.
#[derive(Debug)]
pub struct Decoder {
    wanted: Fields,
    row: Row,
}

impl Decoder {
    /// Reads what these fields need.
    #[must_use]
    pub fn new(wanted: Fields) -> Self {
        Self { wanted, row: Row::default() }
    }

    /// Reads a datagram. What cannot be read is counted in the session, by its reason; the samples before it are given
    /// away.
    ///
    /// # Errors
    /// The header is cut, or not that of version 5: nothing was read.
    pub fn decode<S: Sink>(
        &mut self,
        bytes: &[u8],
        tunnels: &Tunnels,
        session: &mut Session,
        sink: &mut S,
    ) -> Result<Header, Reason> {
        session.counters.datagrams += 1;
        let mut reader = Reader::new(bytes);
        let mut header = Header::default();
        header.read(&mut reader).inspect_err(|reason| session.counters.refuse(*reason))?;
        let agent = session.follow(&header);
        let mut samples = sample::Samples {
            agent: &header.agent,
            agent_number: agent,
            wanted: self.wanted,
            row: &mut self.row,
            tunnels,
            session,
            sink,
        };
        for _ in 0..header.samples {
            if reader.is_empty() {
                samples.session.counters.refuse(Reason::Count);
                break;
            }
            let Some((format, sample)) = reader.record() else {
                samples.refuse(Reason::SetLength);
                break;
            };
            samples.read(format, sample);
        }
        Ok(header)
    }
}
