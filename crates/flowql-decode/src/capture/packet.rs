//! From the bytes on a link to a UDP datagram.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::fragments::{Fragments, Key, Piece};

/// A UDP datagram of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it was captured, in nanoseconds since 1970.
    pub time: u64,
    /// Who sent it.
    pub source: SocketAddr,
    /// Where it was sent.
    pub destination: SocketAddr,
    /// What it holds.
    pub payload: Vec<u8>,
}

/// What a packet is.
pub(super) enum Found {
    Packet(Packet),
    /// A fragment whose others are still missing.
    Fragment,
}

/// How a packet begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkType {
    Ethernet,
    /// Linux cooked mode: the EtherType lies at this place, and the packet after so many bytes.
    Cooked(usize, usize),
    /// Four bytes that say the family.
    Loopback,
    Ip,
}

impl LinkType {
    /// The link type of a number of the registry (tcpdump.org/linktypes.html).
    pub(super) const fn of(number: u32) -> Option<Self> {
        Some(match number {
            0 | 108 => Self::Loopback,
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::Ip,
            113 => Self::Cooked(14, 16),
            276 => Self::Cooked(0, 20),
            _ => return None,
        })
    }
}

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86DD;
const UDP: u8 = 17;
/// The most VLAN tags in front of a packet.
const TAGS: usize = 4;

fn short(bytes: &[u8], place: usize) -> Option<u16> {
    bytes.get(place..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn byte(bytes: &[u8], place: usize) -> Option<u8> {
    bytes.get(place).copied()
}

/// The datagram of a packet; `None` where it is not UDP, or cut.
pub(super) fn datagram(bytes: &[u8], link: LinkType, time: u64, fragments: &mut Fragments) -> Option<Found> {
    let packet = match link {
        LinkType::Ip => bytes,
        LinkType::Loopback => bytes.get(4..)?,
        LinkType::Ethernet => tagged(bytes, 12)?,
        LinkType::Cooked(at, after) => {
            let kind = short(bytes, at)?;
            let rest = bytes.get(after..)?;
            match kind {
                0x8100 | 0x88A8 | 0x9100 => tagged(rest, 2)?,
                _ => rest,
            }
        }
    };
    match byte(packet, 0)? >> 4 {
        4 => ipv4(packet, time, fragments),
        6 => ipv6(packet, time, fragments),
        _ => None,
    }
}

/// The IP packet behind an EtherType at a place, and VLAN tags.
fn tagged(bytes: &[u8], place: usize) -> Option<&[u8]> {
    let mut place = place;
    for _ in 0..=TAGS {
        match short(bytes, place)? {
            0x8100 | 0x88A8 | 0x9100 => place += 4,
            IPV4 | IPV6 => return bytes.get(place + 2..),
            _ => return None,
        }
    }
    None
}

fn ipv4(bytes: &[u8], time: u64, fragments: &mut Fragments) -> Option<Found> {
    const MORE: u16 = 0x2000;
    let header = usize::from(byte(bytes, 0)? & 0x0F) * 4;
    let total = usize::from(short(bytes, 2)?);
    let (id, place) = (short(bytes, 4)?, short(bytes, 6)?);
    let protocol = byte(bytes, 9)?;
    let address = |place: usize| {
        let octets: [u8; 4] = bytes.get(place..)?.first_chunk().copied()?;
        Some(IpAddr::V4(Ipv4Addr::from(octets)))
    };
    let ends = (address(12)?, address(16)?);
    // Network cards that cut packets themselves leave the length at 0.
    let end = if total == 0 { bytes.len() } else { total };
    let payload = bytes.get(header..end).filter(|_| header >= 20)?;
    if protocol != UDP {
        return None;
    }
    let offset = usize::from(place & 0x1FFF) * 8;
    let piece = Piece { offset, is_last: place & MORE == 0, bytes: payload };
    whole(Key { ends, id: id.into() }, piece, time, fragments)
}

fn ipv6(bytes: &[u8], time: u64, fragments: &mut Fragments) -> Option<Found> {
    const HEADERS: usize = 8;
    let length = usize::from(short(bytes, 4)?);
    let mut next = byte(bytes, 6)?;
    let address = |place: usize| {
        let octets: [u8; 16] = bytes.get(place..)?.first_chunk().copied()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    let ends = (address(8)?, address(24)?);
    let mut rest = bytes.get(40..40 + length)?;
    let mut fragment = None;
    for _ in 0..HEADERS {
        match next {
            UDP => {
                let (offset, is_last, id) = fragment.unwrap_or((0, true, 0));
                return whole(Key { ends, id }, Piece { offset, is_last, bytes: rest }, time, fragments);
            }
            0 | 43 | 60 => {
                next = byte(rest, 0)?;
                rest = rest.get((usize::from(byte(rest, 1)?) + 1) * 8..)?;
            }
            44 => {
                let place = short(rest, 2)?;
                let id = rest.get(4..)?.first_chunk().copied().map(u32::from_be_bytes)?;
                fragment = Some((usize::from(place & 0xFFF8), place & 1 == 0, id));
                next = byte(rest, 0)?;
                rest = rest.get(8..)?;
            }
            _ => return None,
        }
    }
    None
}

/// A datagram of UDP from all its pieces.
fn whole(key: Key, piece: Piece<'_>, time: u64, fragments: &mut Fragments) -> Option<Found> {
    let (from, to) = key.ends;
    if piece.offset == 0 && piece.is_last {
        return udp(piece.bytes, from, to, time).map(Found::Packet);
    }
    match fragments.add(key, piece) {
        None => Some(Found::Fragment),
        Some(bytes) => udp(&bytes, from, to, time).map(Found::Packet),
    }
}

fn udp(bytes: &[u8], from: IpAddr, to: IpAddr, time: u64) -> Option<Packet> {
    let (source, destination) = (short(bytes, 0)?, short(bytes, 2)?);
    let length = usize::from(short(bytes, 4)?);
    // A jumbogram says 0.
    let end = if length == 0 { bytes.len() } else { length };
    let payload = bytes.get(8..end)?.to_vec();
    Some(Packet {
        time,
        source: SocketAddr::new(from, source),
        destination: SocketAddr::new(to, destination),
        payload,
    })
}
