//! Flows as the datagrams of exporters: pure functions, which tests and benchmarks of other crates use too.
//!
//! [`legacy`] writes NetFlow v1, v5 and v7, [`Message`] NetFlow v9 and IPFIX, with the templates of [`templates`] and the
//! options of [`options`]; [`sflow`] writes sFlow v5, [`nsel`] the events of firewalls, [`bmp`] what routers say of their
//! routes. All append to a buffer.

pub mod bmp;
pub mod legacy;
mod message;
pub mod nsel;
pub mod options;
mod packet;
pub(crate) use packet::checksum;
pub mod sflow;
pub mod templates;

pub use message::{Message, Spec};

/// A flow, with all that some exporter may say of it.
///
/// Addresses have 16 bytes, those of IPv4 are mapped. Times are milliseconds since 1970, by the clock of the exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow<'w> {
    /// Whether its addresses are of IPv4.
    pub is_v4: bool,
    /// The address that it comes from.
    pub source: [u8; 16],
    /// The address that it goes to.
    pub destination: [u8; 16],
    /// The port that it comes from; 0 for protocols without ports.
    pub source_port: u16,
    /// The port that it goes to.
    pub destination_port: u16,
    /// The protocol above IP.
    pub protocol: u8,
    /// The type of service, or the traffic class.
    pub tos: u8,
    /// The time to live, or the hop limit.
    pub ttl: u8,
    /// All flags of TCP that were seen.
    pub tcp_flags: u8,
    /// Type and code of an ICMP message.
    pub icmp: (u8, u8),
    /// The length of the prefix of the source: of 32 bits for IPv4, of 128 for IPv6.
    pub source_mask: u8,
    /// The length of the prefix of the destination.
    pub destination_mask: u8,
    /// The AS of the source.
    pub source_as: u32,
    /// The AS of the destination.
    pub destination_as: u32,
    /// The interface that it came by.
    pub input: u32,
    /// The interface that it left by.
    pub output: u32,
    /// The next router on the way.
    pub next_hop: [u8; 16],
    /// Whether it was metered when it left, not when it came.
    pub is_egress: bool,
    /// What became of it (RFC 7270, section 4.12).
    pub forwarding_status: u8,
    /// The application, by engine and selector (RFC 6759); 0 for an unknown one.
    pub application: u32,
    /// The VRFs that it came from and went to.
    pub vrfs: [u32; 2],
    /// The path of AS numbers to the destination.
    pub path: &'w [u32],
    /// The communities of the route to the destination.
    pub communities: &'w [u32],
    /// Its bytes at layer 3.
    pub bytes: u64,
    /// Its packets.
    pub packets: u64,
    /// The bytes of the answers, where both ways are one record.
    pub reverse_bytes: u64,
    /// The packets of the answers.
    pub reverse_packets: u64,
    /// When its first packet was seen.
    pub start: u64,
    /// When its last packet was seen.
    pub end: u64,
}

impl Flow<'_> {
    /// The port that a flow goes to, as routers fill it for ICMP: type and code.
    pub fn port_or_icmp(&self) -> u16 {
        match self.protocol {
            ICMP | ICMPV6 => u16::from_be_bytes([self.icmp.0, self.icmp.1]),
            _ => self.destination_port,
        }
    }
}

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;

/// What the header of a datagram says, and what its records are relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// When it is sent, in milliseconds since 1970.
    pub time: u64,
    /// When the exporter started, in milliseconds since 1970.
    pub boot: u64,
    /// The number of the datagram, or of its first record, as the protocol counts.
    pub sequence: u32,
    /// The observation domain; the engine of NetFlow v5, the sub-agent of sFlow.
    pub domain: u32,
    /// The address of the exporter, where the protocol says it.
    pub agent: [u8; 4],
    /// One packet of so many was looked at, as headers and records of NetFlow v5, v9, IPFIX and sFlow say.
    pub sampling: u32,
    /// The sampler that records name.
    pub sampler: u32,
}

impl Header {
    /// The milliseconds since the start of the exporter at a time; zero is passed after 49 days.
    pub fn uptime(&self, time: u64) -> u32 {
        time.wrapping_sub(self.boot) as u32
    }
}

/// The last four bytes of an address: all of one of IPv4.
pub(crate) fn v4(address: [u8; 16]) -> [u8; 4] {
    let [.., a, b, c, d] = address;
    [a, b, c, d]
}

/// A number that becomes the largest one where it is larger.
fn clamp32(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A number of 16 bits; one that is larger becomes `other`.
fn narrow(number: u32, other: u16) -> u16 {
    u16::try_from(number).unwrap_or(other)
}
