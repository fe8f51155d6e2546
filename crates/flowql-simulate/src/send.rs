//! Sending datagrams by UDP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::schedule::{Datagram, loopback};

/// Sends datagrams: those of each exporter from a socket of its own.
///
/// To a loopback address of IPv4 each exporter has an address of its own; elsewhere the exporters have this machine's and
/// differ by their ports. An exporter that restarts gets another port.
#[derive(Debug)]
pub struct Sender {
    target: SocketAddr,
    /// The socket of each exporter, and the life that it is of.
    sockets: Vec<Option<(u32, UdpSocket)>>,
    refused: u64,
}

impl Sender {
    /// A sender to an address.
    pub const fn new(target: SocketAddr) -> Self {
        Self { target, sockets: Vec::new(), refused: 0 }
    }

    /// How many datagrams met a port on which nobody listens: the answer of one comes with the next.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Sends a datagram. Nobody who listens is not an error; it is counted.
    ///
    /// # Errors
    ///
    /// That there can be no such socket, or that the machine does not send.
    pub fn send(&mut self, datagram: &Datagram) -> io::Result<()> {
        let place = usize::from(datagram.exporter);
        if self.sockets.len() <= place {
            self.sockets.resize_with(place + 1, || None);
        }
        let Some(slot) = self.sockets.get_mut(place) else { return Ok(()) };
        let is_current = slot.as_ref().is_some_and(|(life, _)| *life == datagram.life);
        if !is_current {
            // The new socket is bound while the old one is there, so that its port is another one.
            *slot = Some((datagram.life, open(datagram.exporter, self.target)?));
        }
        let Some((_, socket)) = slot else { return Ok(()) };
        match socket.send(&datagram.bytes) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                self.refused += 1;
                // The answer was to an earlier datagram: this one was not sent yet.
                socket.send(&datagram.bytes).map(drop).or_else(|error| match error.kind() {
                    io::ErrorKind::ConnectionRefused => Ok(()),
                    _ => Err(error),
                })
            }
            Err(error) => Err(error),
        }
    }
}

fn open(exporter: u16, target: SocketAddr) -> io::Result<UdpSocket> {
    let source: IpAddr = match target {
        SocketAddr::V4(target) if target.ip().is_loopback() => loopback(exporter).into(),
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((source, 0))?;
    socket.connect(target)?;
    Ok(socket)
}
