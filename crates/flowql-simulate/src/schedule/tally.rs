//! What was sent, and what a collector should have of it.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use flowql_decode::Protocol;

/// What a collector should store: the sums of its columns, without the sampling rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Rows.
    pub flows: u64,
    /// The sum of `Bytes`.
    pub bytes: u64,
    /// The sum of `Packets`.
    pub packets: u64,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Datagrams.
    pub datagrams: u64,
    /// Their bytes, without the headers of UDP and IP.
    pub octets: u64,
    /// Records of flows, samples of packets and events of firewalls.
    pub flows: u64,
    /// Datagrams that were made, and lost on purpose.
    pub lost: u64,
    /// What a collector should store of it.
    pub stored: Stored,
}

/// What all exporters have sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By protocol.
    pub protocols: BTreeMap<Protocol, Sent>,
    /// Datagrams of no protocol.
    pub noise: Sent,
}

impl Stored {
    /// One row.
    pub(super) const fn row(bytes: u64, packets: u64) -> Self {
        Self { flows: 1, bytes, packets }
    }

    /// A row, unless it would count nothing.
    pub(super) const fn unless_empty(bytes: u64, packets: u64) -> Self {
        if bytes == 0 && packets == 0 {
            return Self { flows: 0, bytes, packets };
        }
        Self::row(bytes, packets)
    }
}

impl AddAssign for Stored {
    fn add_assign(&mut self, other: Self) {
        self.flows += other.flows;
        self.bytes += other.bytes;
        self.packets += other.packets;
    }
}

impl AddAssign for Sent {
    fn add_assign(&mut self, other: Self) {
        self.datagrams += other.datagrams;
        self.octets += other.octets;
        self.flows += other.flows;
        self.lost += other.lost;
        self.stored += other.stored;
    }
}

impl Summary {
    /// The sum over all protocols and the noise.
    pub fn total(&self) -> Sent {
        let mut total = self.noise;
        self.protocols.values().for_each(|&sent| total += sent);
        total
    }

    /// Adds to what a protocol has sent; to the noise where it is of none.
    pub(super) fn add(&mut self, protocol: Option<Protocol>, sent: Sent) {
        match protocol {
            Some(protocol) => *self.protocols.entry(protocol).or_default() += sent,
            None => self.noise += sent,
        }
    }
}
