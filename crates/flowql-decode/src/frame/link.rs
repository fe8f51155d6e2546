//! Headers below IP.

use super::{Frame, IPV4, IPV6, Link};

const MPLS_UNICAST: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
const PPPOE_SESSION: u16 = 0x8864;
/// What smaller numbers in place of an EtherType are: the length of an 802.3 frame.
const SMALLEST_ETHER_TYPE: u16 = 0x0600;

/// What comes next in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Ethernet,
    /// What this EtherType says.
    EtherType(u16),
    Mpls,
    Ppp,
    Ip,
}

impl From<Link> for Layer {
    fn from(link: Link) -> Self {
        match link {
            Link::Ethernet => Self::Ethernet,
            Link::Ppp => Self::Ppp,
            Link::Mpls => Self::Mpls,
            Link::Ip => Self::Ip,
        }
    }
}

/// What a header led to, and the bytes behind it.
pub(super) enum Step<'a> {
    /// Another header of the link layer.
    Link(Layer, &'a [u8]),
    /// An IP header.
    Network(&'a [u8]),
}

/// Reads one header. `None` where it is cut, or where what follows cannot be IP.
#[inline]
pub(super) fn step<'a>(frame: &mut Frame, layer: Layer, bytes: &'a [u8]) -> Option<Step<'a>> {
    match layer {
        Layer::Ethernet => ethernet(frame, bytes),
        Layer::EtherType(ether_type) => behind_ether_type(frame, ether_type, bytes),
        Layer::Mpls => mpls(frame, bytes),
        Layer::Ppp => ppp(bytes),
        Layer::Ip => Some(Step::Network(bytes)),
    }
}

/// An Ethernet header. Behind MPLS labels it is a second one: the addresses of the first are kept.
fn ethernet<'a>(frame: &mut Frame, bytes: &'a [u8]) -> Option<Step<'a>> {
    let ([d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1], rest) = bytes.split_first_chunk()?;
    if frame.dst_mac == 0 && frame.src_mac == 0 {
        frame.dst_mac = u64::from_be_bytes([0, 0, *d0, *d1, *d2, *d3, *d4, *d5]);
        frame.src_mac = u64::from_be_bytes([0, 0, *s0, *s1, *s2, *s3, *s4, *s5]);
    }
    Some(Step::Link(Layer::EtherType(u16::from_be_bytes([*t0, *t1])), rest))
}

fn behind_ether_type<'a>(frame: &mut Frame, ether_type: u16, bytes: &'a [u8]) -> Option<Step<'a>> {
    if is_vlan(ether_type) {
        return vlan_tag(frame, bytes);
    }
    if ether_type < SMALLEST_ETHER_TYPE {
        return snap(bytes);
    }
    if frame.ether_type == 0 {
        frame.ether_type = ether_type;
    }
    match ether_type {
        IPV4 | IPV6 => Some(Step::Network(bytes)),
        MPLS_UNICAST | MPLS_MULTICAST => Some(Step::Link(Layer::Mpls, bytes)),
        PPPOE_SESSION => pppoe(bytes),
        _ => None,
    }
}

/// 802.1Q, 802.1ad, and the number that was used for the outer tag before it.
fn is_vlan(ether_type: u16) -> bool {
    matches!(ether_type, 0x8100 | 0x88a8 | 0x9100)
}

/// A VLAN tag. The first one whose VLAN is not 0, which stands for a priority alone, is that of the frame.
fn vlan_tag<'a>(frame: &mut Frame, bytes: &'a [u8]) -> Option<Step<'a>> {
    const VLAN: u16 = 0x0fff;
    let ([v0, v1, t0, t1], rest) = bytes.split_first_chunk()?;
    if frame.vlan == 0 {
        frame.vlan = u16::from_be_bytes([*v0, *v1]) & VLAN;
    }
    Some(Step::Link(Layer::EtherType(u16::from_be_bytes([*t0, *t1])), rest))
}

/// 802.2 with SNAP (RFC 1042), the one kind of 802.3 frame that carries IP.
fn snap(bytes: &[u8]) -> Option<Step<'_>> {
    match bytes.split_first_chunk() {
        Some(([0xaa, 0xaa, 0x03, 0, 0, 0, t0, t1], rest)) => {
            let ether_type = u16::from_be_bytes([*t0, *t1]);
            (ether_type >= SMALLEST_ETHER_TYPE).then_some(Step::Link(Layer::EtherType(ether_type), rest))
        }
        _ => None,
    }
}

/// A session header of PPPoE (RFC 2516).
fn pppoe(bytes: &[u8]) -> Option<Step<'_>> {
    match bytes.split_first_chunk::<6>() {
        Some(([0x11, 0, ..], rest)) => Some(Step::Link(Layer::Ppp, rest)),
        _ => None,
    }
}

/// A PPP header (RFC 1661): address and control bytes may be left out, and the first byte of the protocol compressed away.
fn ppp(bytes: &[u8]) -> Option<Step<'_>> {
    let bytes = bytes.strip_prefix(&[0xff, 0x03]).unwrap_or(bytes);
    let bytes = bytes.strip_prefix(&[0x00]).unwrap_or(bytes);
    match bytes.split_first()? {
        (0x21 | 0x57, rest) => Some(Step::Network(rest)),
        (0x02, rest) => match rest.split_first()? {
            (0x81 | 0x83, rest) => Some(Step::Link(Layer::Mpls, rest)),
            _ => None,
        },
        _ => None,
    }
}

/// An MPLS label stack (RFC 3032). Nothing in it says what it carries: IP by its version, else Ethernet.
fn mpls<'a>(frame: &mut Frame, mut bytes: &'a [u8]) -> Option<Step<'a>> {
    loop {
        let (entry, rest) = bytes.split_first_chunk()?;
        let entry = u32::from_be_bytes(*entry);
        frame.labels.push_entry(entry);
        bytes = rest;
        if entry & 0x100 != 0 {
            break;
        }
    }
    if frame.ether_type == 0 {
        frame.ether_type = MPLS_UNICAST;
    }
    if may_be_ip(bytes) {
        return Some(Step::Network(bytes));
    }
    // Before the frame of a pseudowire there may be a control word (RFC 4385), which begins with four zero bits, as the MAC
    // addresses of many vendors do. A tagged frame without one looks like an untagged frame with one, but not the reverse.
    let behind_word =
        bytes.split_first_chunk::<4>().filter(|(word, _)| word[0] >> 4 == 0).map(|(_, rest)| rest);
    let ethernet = [Some(bytes), behind_word].into_iter().flatten().find(|bytes| may_be_ethernet(bytes))?;
    Some(Step::Link(Layer::Ethernet, ethernet))
}

/// Whether bytes begin like an IP header.
pub(super) fn may_be_ip(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|&first| (0x45..=0x4f).contains(&first) || first >> 4 == 6)
}

/// Whether bytes begin like an Ethernet header with an IP packet behind it.
pub(super) fn may_be_ethernet(bytes: &[u8]) -> bool {
    let Some((header, rest)) = bytes.split_first_chunk::<14>() else { return false };
    match u16::from_be_bytes([header[12], header[13]]) {
        IPV4 | IPV6 => may_be_ip(rest),
        MPLS_UNICAST | MPLS_MULTICAST | PPPOE_SESSION => true,
        ether_type => is_vlan(ether_type),
    }
}
