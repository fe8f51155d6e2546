//! Takes out of a refused message what the parser does not take.

use netgauze_bmp_pkt::PeerHeader;
use netgauze_bmp_pkt::PeerKey as ParserKey;
use netgauze_bmp_pkt::wire::deserializer::BmpParsingContext;
use netgauze_iana::address_family::AddressType;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFrom;

use crate::frame::HEADER;
use crate::message::Cleaned;

/// The header of a peer (RFC 7854, 4.2), the header of a BGP message (RFC 4271, 4.1).
const PEER_HEADER: usize = 42;
const BGP_HEADER: usize = 19;

/// The attributes that routes are made of; the others are left out.
const ORIGIN: u8 = 1;
const AS_PATH: u8 = 2;
const MP_REACH: u8 = 14;
const MP_UNREACH: u8 = 15;
const NEEDED: &[u8] = &[ORIGIN, AS_PATH, 3, 4, 5, 8, MP_REACH, MP_UNREACH, 17, 32];

/// The flag of an attribute whose length has two bytes.
const EXTENDED: u8 = 0x10;

/// What remains of the bytes that are read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn length(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_be_bytes(*self.take(2)?.first_chunk()?)))
    }
}

/// The header of the peer that a message is about.
pub(super) fn peer_header(message: &[u8]) -> Option<PeerHeader> {
    PeerHeader::parse(&mut SliceReader::new(message.get(HEADER..)?)).ok()
}

/// Whether the updates of the peer of a message have ADD-PATH in a family.
pub(super) fn adds_path(context: &BmpParsingContext, message: &[u8], family: AddressType) -> bool {
    let peer = peer_header(message).and_then(|header| context.get(&ParserKey::from_peer_header(&header)));
    peer.and_then(|peer| peer.add_path().get(&family)).copied().unwrap_or(false)
}

/// The same of any family.
pub(super) fn adds_paths(context: &BmpParsingContext, message: &[u8]) -> bool {
    let peer = peer_header(message).and_then(|header| context.get(&ParserKey::from_peer_header(&header)));
    peer.is_some_and(|peer| peer.add_path().values().any(|used| *used))
}

/// A message of route monitoring (of version 3) whose prefixes have no bits beyond their length, without those that are not
/// unicast, without the segments of confederations, without attributes that routes are not made of.
pub(super) fn route_monitoring(
    message: &[u8],
    adds_path: impl Fn(AddressType) -> bool,
) -> Option<(Vec<u8>, Cleaned)> {
    let mut bytes = Bytes(message);
    let head = bytes.take(HEADER + PEER_HEADER)?;
    if head.first() != Some(&3) {
        return None;
    }
    let bgp = bytes.take(BGP_HEADER)?;
    let mut cleaned = Cleaned::default();
    let paths = adds_path(AddressType::Ipv4Unicast);
    let length = bytes.length()?;
    let withdrawn =
        prefixes(bytes.take(length)?, Shape { ipv6: false, labels: false, vpn: false, paths }, &mut cleaned)?;
    let length = bytes.length()?;
    let attributes = attributes(bytes.take(length)?, &adds_path, &mut cleaned)?;
    let announced = prefixes(bytes.0, Shape { ipv6: false, labels: false, vpn: false, paths }, &mut cleaned)?;
    let mut body = Vec::with_capacity(message.len());
    push_with_length(&mut body, &withdrawn)?;
    push_with_length(&mut body, &attributes)?;
    body.extend_from_slice(&announced);
    Some((assemble(head, &[(bgp, &body)], &[])?, cleaned))
}

/// A Peer Up (RFC 7854, 4.10) whose messages have no capabilities but those that change how updates are read, and which
/// says nothing else but the name of the VRF.
pub(super) fn peer_up(message: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Bytes(message);
    let head = bytes.take(HEADER + PEER_HEADER + 20)?;
    let mut opens = Vec::new();
    for _ in 0..2 {
        let header = bytes.take(BGP_HEADER)?;
        let length = usize::from(u16::from_be_bytes(*header.get(16..)?.first_chunk()?));
        opens.push((header, open(bytes.take(length.checked_sub(BGP_HEADER)?)?)?));
    }
    let mut information = Vec::new();
    while !bytes.0.is_empty() {
        let kind = bytes.length()?;
        let length = bytes.length()?;
        let value = bytes.take(length)?;
        if kind == 3 && std::str::from_utf8(value).is_ok() {
            information.extend_from_slice(&[0, 3]);
            push_with_length(&mut information, value)?;
        }
    }
    let opens: Vec<_> = opens.iter().map(|(header, body)| (*header, body.as_slice())).collect();
    assemble(head, &opens, &information)
}

/// An OPEN with the capabilities of four-byte AS numbers and ADD-PATH.
fn open(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Bytes(body);
    let fixed = bytes.take(9)?;
    let length = usize::from(bytes.byte()?);
    let mut parameters = Bytes(bytes.take(length)?);
    let mut kept = Vec::new();
    while !parameters.0.is_empty() {
        let kind = parameters.byte()?;
        let length = usize::from(parameters.byte()?);
        let mut capabilities = Bytes(parameters.take(length)?);
        while kind == 2 && !capabilities.0.is_empty() {
            let code = capabilities.byte()?;
            let length = capabilities.byte()?;
            let value = capabilities.take(usize::from(length))?;
            if matches!(code, 65 | 69) {
                kept.extend_from_slice(&[2, length.checked_add(2)?, code, length]);
                kept.extend_from_slice(value);
            }
        }
    }
    let mut open = fixed.to_vec();
    open.push(u8::try_from(kept.len()).ok()?);
    open.extend_from_slice(&kept);
    Some(open)
}

/// Puts a message together, with the lengths that it has now.
fn assemble(head: &[u8], messages: &[(&[u8], &[u8])], rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = head.to_vec();
    for (header, body) in messages {
        let length = u16::try_from(BGP_HEADER + body.len()).ok()?;
        out.extend_from_slice(header.get(..16)?);
        out.extend_from_slice(&length.to_be_bytes());
        out.push(*header.last()?);
        out.extend_from_slice(body);
    }
    out.extend_from_slice(rest);
    let length = u32::try_from(out.len()).ok()?;
    out.get_mut(1..5)?.copy_from_slice(&length.to_be_bytes());
    Some(out)
}

fn push_with_length(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(&u16::try_from(bytes.len()).ok()?.to_be_bytes());
    out.extend_from_slice(bytes);
    Some(())
}

fn attributes(
    bytes: &[u8],
    adds_path: &impl Fn(AddressType) -> bool,
    cleaned: &mut Cleaned,
) -> Option<Vec<u8>> {
    let mut bytes = Bytes(bytes);
    let mut out = Vec::new();
    while !bytes.0.is_empty() {
        let flags = bytes.byte()?;
        let code = bytes.byte()?;
        let length = if flags & EXTENDED != 0 { bytes.length()? } else { usize::from(bytes.byte()?) };
        let value = bytes.take(length)?;
        let kept = match code {
            AS_PATH => Some(as_path(value, cleaned)),
            MP_REACH | MP_UNREACH => multiprotocol(value, code == MP_REACH, adds_path, cleaned),
            _ if NEEDED.contains(&code) => Some(value.to_vec()),
            _ => None,
        };
        match kept {
            Some(value) => {
                out.extend_from_slice(&[flags | EXTENDED, code]);
                push_with_length(&mut out, &value)?;
            }
            None => cleaned.attributes += 1,
        }
    }
    Some(out)
}

/// A path without the segments of confederations, which do not count (RFC 5065, 5.3). Whether its numbers have two or four
/// bytes is known by which of them fills it.
fn as_path(value: &[u8], cleaned: &mut Cleaned) -> Vec<u8> {
    let without = |width: usize| {
        let (mut bytes, mut out, mut taken) = (Bytes(value), Vec::new(), 0);
        while !bytes.0.is_empty() {
            let kind = bytes.byte()?;
            let count = bytes.byte()?;
            let numbers = bytes.take(usize::from(count) * width)?;
            match kind {
                1 | 2 => {
                    out.extend_from_slice(&[kind, count]);
                    out.extend_from_slice(numbers);
                }
                3 | 4 => taken += 1,
                _ => return None,
            }
        }
        Some((out, taken))
    };
    let Some((path, taken)) = without(4).or_else(|| without(2)) else { return value.to_vec() };
    cleaned.attributes += taken;
    path
}

/// How the prefixes of a family are written.
#[derive(Clone, Copy)]
struct Shape {
    ipv6: bool,
    labels: bool,
    vpn: bool,
    paths: bool,
}

/// The announced or withdrawn prefixes of a family that flows are looked up in; none of others.
fn multiprotocol(
    value: &[u8],
    reach: bool,
    adds_path: &impl Fn(AddressType) -> bool,
    cleaned: &mut Cleaned,
) -> Option<Vec<u8>> {
    let mut bytes = Bytes(value);
    let afi = bytes.length()?;
    let safi = bytes.byte()?;
    let family = match (afi, safi) {
        (1, 1) => AddressType::Ipv4Unicast,
        (2, 1) => AddressType::Ipv6Unicast,
        (1, 4) => AddressType::Ipv4NlriMplsLabels,
        (2, 4) => AddressType::Ipv6NlriMplsLabels,
        (1, 128) => AddressType::Ipv4MplsLabeledVpn,
        (2, 128) => AddressType::Ipv6MplsLabeledVpn,
        _ => return None,
    };
    if reach {
        let length = usize::from(bytes.byte()?);
        bytes.take(length + 1)?;
    }
    let head = value.get(..value.len() - bytes.0.len())?;
    let shape = Shape { ipv6: afi == 2, labels: safi != 1, vpn: safi == 128, paths: adds_path(family) };
    let prefixes = prefixes(bytes.0, shape, cleaned)?;
    Some([head, &prefixes].concat())
}

/// Prefixes without bits beyond their length, without multicast ones, without ones that are too long.
fn prefixes(bytes: &[u8], shape: Shape, cleaned: &mut Cleaned) -> Option<Vec<u8>> {
    let mut bytes = Bytes(bytes);
    let mut out = Vec::with_capacity(bytes.0.len());
    while !bytes.0.is_empty() {
        let path = bytes.take(if shape.paths { 4 } else { 0 })?;
        let length = bytes.byte()?;
        let mut body = bytes.take(usize::from(length).div_ceil(8))?.to_vec();
        let before = if shape.labels { label_bytes(&body)? } else { 0 } + if shape.vpn { 8 } else { 0 };
        let bits = usize::from(length).checked_sub(before * 8);
        let Some(bits) = bits.filter(|bits| *bits <= if shape.ipv6 { 128 } else { 32 }) else {
            cleaned.prefixes += 1;
            continue;
        };
        let address = body.get_mut(before..)?;
        let first = address.first().copied().unwrap_or(0);
        if bits >= 4 && if shape.ipv6 { first == 0xff } else { first & 0xf0 == 0xe0 } {
            cleaned.prefixes += 1;
            continue;
        }
        if let (Some(last), 1..) = (address.last_mut(), bits % 8) {
            let masked = *last & !(0xff >> (bits % 8));
            cleaned.masked += u32::from(masked != *last);
            *last = masked;
        }
        out.extend_from_slice(path);
        out.push(length);
        out.extend_from_slice(&body);
    }
    Some(out)
}

/// The bytes of the labels of a prefix: to the one at the bottom, or the one that withdrawals have (RFC 8277, 2.4).
fn label_bytes(body: &[u8]) -> Option<usize> {
    let last = body.chunks_exact(3).position(|label| {
        label.last().is_some_and(|last| last & 1 == 1) || label == [0x80, 0, 0] || label == [0, 0, 0]
    })?;
    Some((last + 1) * 3)
}
