//! sFlow: samples and their records, sequence numbers, captures, any bytes.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod captures;
mod datagrams;
mod generated;
#[path = "../frame/packets.rs"]
mod packets;
mod records;
mod second_opinion;
mod sequences;
#[path = "../support/mod.rs"]
mod support;

use std::slice::from_ref;

use flowql_decode::frame::{TunnelMode, Tunnels};
use flowql_decode::sflow::{Decoder, Header, InterfaceCounters, Session, Sink};
use flowql_decode::{Fields, Reason, Row};

/// What datagrams hold.
#[derive(Default)]
struct Seen {
    rows: Vec<Row>,
    counters: Vec<InterfaceCounters>,
}

impl Sink for Seen {
    fn flow(&mut self, row: &mut Row) {
        self.rows.push(row.clone());
    }

    fn counters(&mut self, counters: &InterfaceCounters) {
        self.counters.push(*counters);
    }
}

/// An exporter whose datagrams are read.
struct Exporter {
    decoder: Decoder,
    tunnels: Tunnels,
    session: Session,
    seen: Seen,
}

impl Exporter {
    fn new(mode: TunnelMode) -> Self {
        Self {
            decoder: Decoder::new(Fields::all()),
            tunnels: Tunnels { mode, ..Tunnels::default() },
            session: Session::default(),
            seen: Seen::default(),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Header, Reason> {
        self.decoder.decode(bytes, &self.tunnels, &mut self.session, &mut self.seen)
    }

    /// Asserts that each sample was counted once, and each row.
    fn check_tally(&self) {
        let tally = self.session.tally;
        let sum =
            tally.flows + tally.discards + tally.counters + tally.empty + tally.unknown + tally.malformed;
        assert_eq!(tally.samples, sum);
        assert_eq!(self.seen.rows.len() as u64, tally.flows + tally.discards);
    }
}

/// An exporter that has sent one datagram of these samples, all of which can be read.
fn read(mode: TunnelMode, samples: &[Vec<u8>]) -> Exporter {
    let mut exporter = Exporter::new(mode);
    let header = exporter.read(&datagrams::datagram(1, samples)).expect("a header");
    assert_eq!(header.samples as usize, samples.len());
    assert_eq!(exporter.session.counters.malformed(), 0);
    exporter.check_tally();
    exporter
}

/// The row of one sample.
fn row(sample: &[u8]) -> Row {
    let [row] = read(TunnelMode::Outer, &[sample.to_vec()]).seen.rows.try_into().expect("one row");
    row
}
