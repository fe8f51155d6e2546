//! `flowql decode`: the flows of a capture or of a port.

mod flows;
mod journal;
mod records;

use std::fs::File;
use std::io::{self, Read};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql_decode::capture::{Packet, Reader, Step};
use flowql_decode::{Columns, Datagram, Decoder, Fields, Limits, Settings, Source, Transport};

use self::flows::Flows;
use self::journal::Waiting;
use self::records::Records;
use super::load;
use crate::args::{Decode, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: &Decode) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let wanted = Fields::of(&config.schema);
    let mut session = Session {
        decoder: Decoder::new(Settings::default(), Limits::default(), wanted),
        columns: Columns::new(wanted),
        flows: Flows::new(&config.schema),
        observer: Records::new(args.records, global.quiet),
        output: Output::new(),
        shows_flows: !args.records,
        most: args.max_count.unwrap_or(u64::MAX),
        waiting: Waiting::new(),
        kept: 0,
        position: 0,
    };
    match (args.listen, &args.file) {
        (Some(address), _) => session.listen(address)?,
        (None, Some(path)) if path.is_dir() => session.journal(&config, path)?,
        (None, Some(path)) if path != Path::new("-") => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
            session.capture(file, &name)?;
        }
        _ => session.capture(io::stdin().lock(), "standard input")?,
    }
    session.finish(global.quiet)
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read `{name}`: {error}"), "check that it is there and may be read")
}

/// The bytes of datagrams that are kept because parts of them wait.
const MOST_KEPT: usize = 64 << 20;

/// What is being decoded.
struct Session {
    decoder: Decoder,
    columns: Columns,
    flows: Flows,
    observer: Records,
    output: Output,
    shows_flows: bool,
    /// How many datagrams are read.
    most: u64,
    waiting: Waiting,
    /// Their bytes.
    kept: usize,
    position: u64,
}

impl Session {
    /// Decodes a file.
    fn capture(&mut self, mut source: impl Read, name: &str) -> Result<(), Failure> {
        const PIECE: usize = 1 << 16;
        let (mut reader, mut bytes, mut start) = (Reader::default(), Vec::new(), 0);
        let mut piece = vec![0; PIECE];
        while self.position < self.most {
            let rest = bytes.get(start..).unwrap_or_default();
            let step = reader.step(rest).map_err(|error| {
                Failure::new(
                    format!("cannot read `{name}`: {}", error.text()),
                    "captures are written by tcpdump and Wireshark, as pcap or pcapng",
                )
            })?;
            match step {
                Step::Used(length) => start += length,
                Step::Packet(length, packet) => {
                    start += length;
                    self.packet(packet)?;
                }
                Step::More => {
                    bytes.drain(..start);
                    start = 0;
                    let length = source.read(&mut piece).map_err(|error| unreadable(name, &error))?;
                    if length == 0 {
                        break;
                    }
                    bytes.extend_from_slice(piece.get(..length).unwrap_or_default());
                }
            }
        }
        if start < bytes.len() && self.position < self.most {
            console::warning(&format!("`{name}` ends within a packet"), None);
        }
        self.observer.capture(reader.counters());
        Ok(())
    }

    /// Decodes what comes to a port.
    fn listen(&mut self, address: SocketAddr) -> Result<(), Failure> {
        const LARGEST: usize = 1 << 16;
        let failed = |error: io::Error| {
            Failure::new(
                format!("cannot listen on `{address}`: {error}"),
                "another program may have the port: give another one, or stop it",
            )
        };
        let socket = UdpSocket::bind(address).map_err(failed)?;
        // What waits ends its waiting by the clock, too.
        socket.set_read_timeout(Some(Duration::from_secs(1))).map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        self.observer.say(&format!("listening on {local}"));
        let mut buffer = vec![0; LARGEST];
        while self.position < self.most {
            let received = socket.recv_from(&mut buffer);
            let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            match received {
                Ok((length, source)) => {
                    let payload = buffer.get(..length).unwrap_or_default().to_vec();
                    self.packet(Packet { time, source, destination: local, payload })?;
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    self.decoder.tick(time);
                    self.resume()?;
                    self.show()?;
                }
                Err(error) => return Err(failed(error)),
            }
            self.output.flush()?;
        }
        Ok(())
    }

    /// Decodes a datagram, and prints its flows.
    fn packet(&mut self, packet: Packet) -> Result<(), Failure> {
        let position = self.position;
        self.position += 1;
        let before = self.decoder.counters().waiting_sets;
        let source = source(&packet);
        self.decoder.decode(&datagram(&packet, source, position), &mut self.columns, &mut self.observer);
        if self.decoder.counters().waiting_sets > before && self.kept < MOST_KEPT {
            self.kept += packet.payload.len();
            self.waiting.insert(position, (source, packet));
        }
        self.resume()?;
        self.show()
    }

    /// Decodes what waits no longer.
    fn resume(&mut self) -> Result<(), Failure> {
        for ticket in self.decoder.ready() {
            if let Some((source, packet)) = self.waiting.get(&ticket.position) {
                let datagram = datagram(packet, *source, ticket.position);
                self.decoder.resume(&datagram, ticket, &mut self.columns, &mut self.observer);
            }
        }
        if self.decoder.waiting() == 0 && self.kept > 0 {
            self.waiting.clear();
            self.kept = 0;
        }
        Ok(())
    }

    fn show(&mut self) -> Result<(), Failure> {
        for line in self.observer.lines() {
            self.output.line(&line)?;
        }
        if self.shows_flows && self.columns.rows() > 0 {
            self.columns.settle();
            for row in 0..self.columns.rows() {
                self.output.line(&self.flows.line(&self.columns, self.decoder.texts(), row))?;
            }
        }
        self.columns.clear();
        Ok(())
    }

    /// Prints what waited for a sampler, and says what came.
    fn finish(mut self, quiet: bool) -> Result<Status, Failure> {
        self.decoder.finish();
        self.resume()?;
        self.show()?;
        self.output.finish()?;
        let counters = self.decoder.counters();
        let bad = counters.malformed() + counters.expired_sets > 0;
        if !quiet {
            self.observer.summary(&self.decoder);
        }
        Ok(Status::bad_if(bad))
    }
}

/// Who sent a packet.
const fn source(packet: &Packet) -> Source {
    Source { address: packet.source, listener: 0, transport: Transport::Udp }
}

/// The datagram of a packet.
fn datagram(packet: &Packet, source: Source, position: u64) -> Datagram<'_> {
    Datagram { received: packet.time, source, position, bytes: &packet.payload }
}
