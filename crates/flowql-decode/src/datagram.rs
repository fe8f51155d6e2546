//! What comes in: a datagram, with when and from where.

use std::net::{IpAddr, SocketAddr};

/// A datagram as it was received, or a message of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'b> {
    /// When it was received, in nanoseconds since 1970: the only clock of the decoder.
    pub received: u64,
    /// Where it came from.
    pub source: Source,
    /// Where the caller finds it again, if parts of it must wait: the decoder only gives the number back.
    pub position: u64,
    /// Its bytes.
    pub bytes: &'b [u8],
}

/// Who sent a datagram, and where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The address and port that it came from; a mapped IPv4 address counts as IPv4.
    pub address: SocketAddr,
    /// The number of the listener that received it.
    pub listener: u32,
    /// How it came.
    pub transport: Transport,
}

/// How a datagram came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// By UDP: templates expire, and are not withdrawn.
    Udp,
    /// By TCP or TLS, on the connection of this number: templates live as long as it does, or until withdrawn.
    Connection(u64),
}

impl Source {
    /// The same source, with a mapped IPv4 address as IPv4.
    pub(crate) fn canonical(&self) -> Self {
        let address = SocketAddr::new(self.address.ip().to_canonical(), self.address.port());
        Self { address, ..*self }
    }

    /// The sender's address as columns have it: 16 bytes, IPv4 mapped.
    pub fn octets(&self) -> [u8; 16] {
        match self.address.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        }
    }
}
