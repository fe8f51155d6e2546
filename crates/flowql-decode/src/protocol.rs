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

/// The bytes of the header of NetFlow v9 (RFC 3954, section 5.1), and of IPFIX (RFC 7011, section 3.1).
pub(crate) const V9_HEADER: usize = 20;
pub(crate) const IPFIX_HEADER: usize = 16;
/// The bytes of the header of sFlow v5 with an IPv4 address of the agent.
const SFLOW_HEADER: usize = 28;

impl Protocol {
    /// The protocol of a datagram, by its first four bytes; `None` for what no known protocol begins with, or for less than
    /// its header. Versions 1, 5 and 7 of NetFlow have little to tell them by, so the datagram must hold the records that it
    /// says.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(bytes);
        let (version, second) = (cursor.u16()?, cursor.u16()?);
        let after = |header, protocol| (bytes.len() >= header).then_some(protocol);
        let legacy = |protocol| holds(layout(protocol)?, bytes.len(), second).then_some(protocol);
        match version {
            0 if second == 5 => after(SFLOW_HEADER, Self::Sflow),
            1 => legacy(Self::NetflowV1),
            5 => legacy(Self::NetflowV5),
            7 => legacy(Self::NetflowV7),
            9 => after(V9_HEADER, Self::NetflowV9),
            10 => after(IPFIX_HEADER, Self::Ipfix),
            _ => None,
        }
    }

    /// Whether its datagrams can be read without what was sent before. Those of other protocols need templates.
    pub const fn is_stateless(self) -> bool {
        !matches!(self, Self::NetflowV9 | Self::Ipfix)
    }

    /// The observation domain that a datagram of the protocol is of: the source id of NetFlow v9. 0 where it has none.
    pub fn domain(self, datagram: &[u8]) -> u32 {
        let at = match self {
            Self::NetflowV9 => V9_HEADER - 4,
            Self::Ipfix => IPFIX_HEADER - 4,
            _ => return 0,
        };
        datagram.get(at..).and_then(|rest| Cursor(rest).u32()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(version: u16, count: u16, length: usize) -> Option<Protocol> {
        let mut datagram = [version.to_be_bytes(), count.to_be_bytes()].concat();
        datagram.resize(length, 0xff);
        Protocol::of(&datagram)
    }

    #[test]
    fn versions_are_told_apart() {
        use Protocol::*;
        assert_eq!(of(1, 1, 16 + 48), Some(NetflowV1));
        assert_eq!(of(5, 1, 24 + 48), Some(NetflowV5));
        assert_eq!(of(7, 1, 24 + 52), Some(NetflowV7));
        assert_eq!(of(9, 0, 20), Some(NetflowV9));
        assert_eq!(of(10, 16, 16), Some(Ipfix));
        assert_eq!(of(0, 5, 28), Some(Sflow));
        for version in [2, 3, 4, 6, 8, 11, 256, 0x4500, u16::MAX] {
            assert_eq!(of(version, 1, 1500), None, "version {version}");
        }
        assert_eq!((of(0, 2, 1500), of(0, 4, 1500)), (None, None), "older sFlow");
        assert_eq!(Protocol::of(&[]), None);
    }

    #[test]
    fn a_count_must_be_possible_and_fit() {
        for (version, header, record, most) in [(1, 16, 48, 24), (5, 24, 48, 30), (7, 24, 52, 30)] {
            for count in 0..=60_u16 {
                let whole = header + usize::from(count) * record;
                let possible = (1..=most).contains(&count);
                assert_eq!(of(version, count, whole).is_some(), possible, "version {version}, count {count}");
                assert_eq!(of(version, count, whole + 7).is_some(), possible);
                assert_eq!(of(version, count, whole - 1), None, "version {version}, count {count}, cut");
            }
        }
        for (version, count, header) in [(9, 1, 20), (10, 16, 16), (0, 5, 28)] {
            assert_eq!(of(version, count, header - 1), None, "version {version} without its header");
        }
    }

    #[test]
    fn the_domain_is_where_each_protocol_has_it() {
        let datagram: Vec<u8> = (0..20).collect();
        assert_eq!(Protocol::NetflowV9.domain(&datagram), 0x1011_1213);
        assert_eq!(Protocol::Ipfix.domain(&datagram), 0x0c0d_0e0f);
        assert_eq!(Protocol::NetflowV5.domain(&datagram), 0);
        assert_eq!(Protocol::NetflowV9.domain(&datagram[..19]), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(datagram in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Some(protocol) = Protocol::of(&datagram) {
                prop_assert!(!protocol.is_stateless() || protocol.domain(&datagram) == 0);
            }
        }
    }
}
