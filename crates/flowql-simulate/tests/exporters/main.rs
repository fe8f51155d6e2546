//! What the exporters send is what a collector reads, and other tools read it without complaint.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod other_tools;
mod rows;
mod scenarios;
mod sending;

use flowql_decode::{Columns, Counters, Datagram, Decoder, Fields, Limits, Settings, Source, Transport};

/// When the datagrams of the tests are sent, in milliseconds since 1970.
const NOW: u64 = 1_700_000_000_123;

/// A collector: what it has of what came.
struct Collector {
    decoder: Decoder,
    columns: Columns,
    /// The datagrams, by position: parts of some wait.
    datagrams: Vec<(u64, Source, Vec<u8>)>,
}

impl Collector {
    fn new() -> Self {
        let decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
        Self { decoder, columns: Columns::new(Fields::all()), datagrams: Vec::new() }
    }

    /// Takes a datagram, received at a time in milliseconds since 1970.
    fn take(&mut self, time: u64, address: [u8; 4], port: u16, bytes: &[u8]) {
        let source = Source { address: (address, port).into(), listener: 0, transport: Transport::Udp };
        let (received, position) = (time * 1_000_000, self.datagrams.len() as u64);
        let datagram = Datagram { received, source, position, bytes };
        self.decoder.decode(&datagram, &mut self.columns, &mut ());
        self.datagrams.push((received, source, bytes.to_vec()));
        self.resume();
    }

    /// Ends all waiting.
    fn finish(&mut self) {
        self.decoder.finish();
        self.resume();
        self.columns.settle();
    }

    fn resume(&mut self) {
        loop {
            let tickets = self.decoder.ready();
            if tickets.is_empty() {
                return;
            }
            for ticket in tickets {
                let (received, source, bytes) = &self.datagrams[ticket.position as usize];
                let (received, source, position) = (*received, *source, ticket.position);
                let datagram = Datagram { received, source, position, bytes };
                self.decoder.resume(&datagram, ticket, &mut self.columns, &mut ());
            }
        }
    }

    fn counters(&self) -> &Counters {
        self.decoder.counters()
    }
}
