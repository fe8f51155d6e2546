//! Which protocol a datagram is of.

use crate::element::Cursor;
use crate::legacy::{holds, layout};

/// The protocols that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// NetFlow version 1.
    NetflowV1,
    /// NetFlow version 5.
    NetflowV5,
    /// NetFlow version 7, of Catalyst switches.
    NetflowV7,
    /// NetFlow version 9 (RFC 3954).
    NetflowV9,
    /// IPFIX (RFC 7011).
    Ipfix,
    /// sFlow version 5.
    Sflow,
}

impl Protocol {
    /// The protocol of a datagram, by its first four bytes; `None` for anything else. Versions 1, 5 and 7 of NetFlow have
    /// little to tell them by, so the datagram must hold the records that it says.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let (version, second) = (cursor.u16()?, cursor.u16()?);
        let legacy = |protocol| holds(layout(protocol)?, bytes.len(), second).then_some(protocol);
        match version {
            0 if second == 5 => Some(Self::Sflow),
            1 => legacy(Self::NetflowV1),
            5 => legacy(Self::NetflowV5),
            7 => legacy(Self::NetflowV7),
            9 => Some(Self::NetflowV9),
            10 => Some(Self::Ipfix),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetflowV1 => "NetFlow v1",
            Self::NetflowV5 => "NetFlow v5",
            Self::NetflowV7 => "NetFlow v7",
            Self::NetflowV9 => "NetFlow v9",
            Self::Ipfix => "IPFIX",
            Self::Sflow => "sFlow",
        }
    }
}
