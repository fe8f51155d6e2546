//! Where datagrams go: to a collector, or into a capture.

use std::fs::File;
use std::io::{self, BufWriter};
use std::net::{SocketAddr, SocketAddrV4};
use std::time::Duration;

use flowql_simulate::{Datagram, Sender, loopback, pcap};

use super::bad;
use crate::args::Simulate;
use crate::failure::Failure;

pub(super) enum Destination {
    Collector { sender: Sender, target: SocketAddr },
    Capture { writer: pcap::Writer<BufWriter<File>>, name: String, target: SocketAddrV4 },
}

impl Destination {
    pub(super) fn open(args: &Simulate) -> Result<Self, Failure> {
        let Some(path) = &args.pcap else {
            return Ok(Self::Collector { sender: Sender::new(args.target), target: args.target });
        };
        if args.rate.0.is_none() {
            return Err(bad("a capture has no `--rate max`: its times follow from the rate"));
        }
        let SocketAddr::V4(target) = args.target else {
            return Err(bad("the packets of a capture are of IPv4, and so must be the target"));
        };
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| unwritable(&name, &error))?;
        let writer = pcap::Writer::new(BufWriter::new(file)).map_err(|error| unwritable(&name, &error))?;
        Ok(Self::Capture { writer, name, target })
    }

    /// Sends a datagram at a time since 1970.
    pub(super) fn send(&mut self, time: Duration, datagram: &Datagram) -> Result<(), Failure> {
        match self {
            Self::Collector { sender, target } => sender.send(datagram).map_err(|error| {
                Failure::new(
                    format!("cannot send to `{target}`: {error}"),
                    "check the address; where 127.0.0.2 and so on are not this machine's, give --exporters 1",
                )
            }),
            Self::Capture { writer, name, target } => {
                let port = pcap::port(datagram.exporter, datagram.life);
                let source = SocketAddrV4::new(loopback(datagram.exporter).into(), port);
                let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                let written = writer.write(time, source, *target, &datagram.bytes);
                written.map_err(|error| unwritable(name, &error))
            }
        }
    }

    /// Ends it; how many datagrams met nobody who listens.
    pub(super) fn finish(self) -> Result<u64, Failure> {
        match self {
            Self::Collector { sender, .. } => Ok(sender.refused()),
            Self::Capture { writer, name, .. } => {
                writer.finish().map(|_| 0).map_err(|error| unwritable(&name, &error))
            }
        }
    }
}

fn unwritable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write `{name}`: {error}"), "check that its directory is there and has room")
}
