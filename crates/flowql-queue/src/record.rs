//! What a queue holds.

use std::net::SocketAddr;

/// The longest datagram, in bytes; a message of IPFIX over TCP cannot be longer either (RFC 7011, section 3.1).
pub const LONGEST: usize = 65_535;

/// One entry of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When it was received, in nanoseconds since 1970. Clocks jump: the next record's may be smaller.
    pub time: u64,
    /// Who sent it. An IPv4 address is never written as an IPv6 one.
    pub source: SocketAddr,
    /// The number of the listener that received it.
    pub listener: u16,
    /// What it came by.
    pub transport: Transport,
    /// The connection that it came by, a number that no other connection of the queue has; 0 for UDP.
    pub connection: u64,
    /// What came.
    pub content: Content<'a>,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A datagram as received, or a message of a connection.
    Datagram(&'a [u8]),
    /// The connection was closed, and its templates with it.
    Closed,
}

/// What datagrams come by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// UDP.
    #[default]
    Udp,
    /// TCP, with messages framed by their length.
    Tcp,
    /// The same within TLS.
    Tls,
}

impl Transport {
    /// The number by which a frame has it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Udp => 0,
            Self::Tcp => 1,
            Self::Tls => 2,
        }
    }

    /// The transport of a number.
    pub(crate) fn numbered(number: u8) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls].into_iter().find(|transport| transport.number() == number)
    }
}
