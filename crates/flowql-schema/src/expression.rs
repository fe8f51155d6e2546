//! How columns are computed from others.

/// How a column is computed. The names are those of other columns of the default schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// The routed prefix as text, `192.0.2.0/24`; empty where the flow is neither IPv4 nor IPv6.
    Prefix {
        /// The address that the prefix holds.
        address: &'static str,
        /// The length of the prefix in bits, of the family of the flow.
        mask: &'static str,
        /// The Ethernet type of the flow.
        etype: &'static str,
    },
    /// The bytes of an average packet; 0 for a flow without packets.
    PacketSize {
        /// The bytes of the flow.
        bytes: &'static str,
        /// The packets of the flow.
        packets: &'static str,
    },
    /// The range of sizes that the average packet is in, as text: `64-127`, `65536-Inf`.
    PacketSizeBucket {
        /// The bytes of the flow.
        bytes: &'static str,
        /// The packets of the flow.
        packets: &'static str,
    },
    /// The milliseconds between two times; 0 where one of them is not known.
    Duration {
        /// The time of the first packet.
        start: &'static str,
        /// The time of the last packet.
        end: &'static str,
    },
    /// The name of an ICMP message, or its type and code as `3/1` where it has none; empty for other protocols.
    IcmpName {
        /// The protocol whose messages it names: 1 or 58.
        protocol: u8,
        /// The protocol of the flow.
        proto: &'static str,
        /// The type of the message.
        kind: &'static str,
        /// The code of the message.
        code: &'static str,
    },
    /// An AS of a path without consecutive repeats; 0 beyond its end.
    PathHop {
        /// The place of the AS, from 1.
        place: u8,
        /// The path.
        path: &'static str,
    },
    /// An element of an array; 0 beyond its end.
    Element {
        /// The place of the element, from 1.
        place: u8,
        /// The array.
        array: &'static str,
    },
}

impl Expression {
    /// The upper bounds of the ranges of [`Expression::PacketSizeBucket`], each excluded; the last range is open.
    pub const PACKET_SIZE_BOUNDS: [u32; 16] =
        [64, 128, 256, 512, 768, 1024, 1280, 1501, 2048, 3072, 4096, 8192, 10_240, 16_384, 32_768, 65_536];

    /// The columns that it reads.
    pub fn inputs(self) -> Vec<&'static str> {
        match self {
            Self::Prefix { address, mask, etype } => vec![address, mask, etype],
            Self::PacketSize { bytes, packets } | Self::PacketSizeBucket { bytes, packets } => {
                vec![bytes, packets]
            }
            Self::Duration { start, end } => vec![start, end],
            Self::IcmpName { proto, kind, code, .. } => vec![proto, kind, code],
            Self::PathHop { path, .. } => vec![path],
            Self::Element { array, .. } => vec![array],
        }
    }

    /// Whether it computes with counters, so that in an aggregated table it tells of the average of many flows.
    pub const fn is_of_counters(self) -> bool {
        matches!(self, Self::PacketSize { .. } | Self::PacketSizeBucket { .. })
    }
}
