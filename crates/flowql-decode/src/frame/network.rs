//! IPv4 and IPv6.

use super::{Frame, IPV4, IPV6, MAX_EXTENSION_HEADERS, transport};

/// What an IP packet carries.
#[derive(Clone, Copy)]
pub(super) struct Payload<'a> {
    /// The protocol of it.
    pub(super) proto: u8,
    /// Its beginning; empty in a fragment that is not the first.
    pub(super) bytes: &'a [u8],
    /// Its whole length, as the IP header has it.
    pub(super) length: u64,
    /// Whether a segment routing header (RFC 8754) is before it.
    pub(super) segments: bool,
}

/// Reads an IP header and the transport header behind it. `length` is that of the packet by the frame around it, for
/// packets that do not say it themselves. `None` where the header is cut or contradicts itself.
#[inline]
pub(super) fn read<'a>(frame: &mut Frame, bytes: &'a [u8], length: u64) -> Option<Payload<'a>> {
    let version = bytes.first()? >> 4;
    let payload = match version {
        4 => ipv4(frame, bytes, length)?,
        6 => ipv6(frame, bytes, length)?,
        _ => return None,
    };
    frame.version = version;
    frame.proto = payload.proto;
    transport::read(frame, payload.bytes);
    Some(payload)
}

/// The IPv6 address by which FlowQL stores an IPv4 address (RFC 4291, 2.5.5.2).
pub(crate) fn mapped(address: [u8; 4]) -> [u8; 16] {
    let [a, b, c, d] = address;
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]
}

/// IPv4 (RFC 791).
fn ipv4<'a>(frame: &mut Frame, bytes: &'a [u8], length: u64) -> Option<Payload<'a>> {
    const FIXED: usize = 20;
    const OFFSET_BITS: u16 = 0x1fff;
    let header = bytes.first_chunk::<FIXED>()?;
    let header_length = usize::from(header[0] & 0x0f) * 4;
    if header_length < FIXED {
        return None;
    }
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    // Network cards that cut packets themselves leave the length at 0.
    let (total, known) = if total < header_length { (length, false) } else { (total as u64, true) };
    frame.ether_type = IPV4;
    frame.bytes = total;
    frame.tos = header[1];
    frame.fragment_id = u16::from_be_bytes([header[4], header[5]]).into();
    frame.fragment_offset = u16::from_be_bytes([header[6], header[7]]) & OFFSET_BITS;
    frame.ttl = header[8];
    frame.src_addr = mapped([header[12], header[13], header[14], header[15]]);
    frame.dst_addr = mapped([header[16], header[17], header[18], header[19]]);
    let length = total.saturating_sub(header_length as u64);
    let first = frame.fragment_offset == 0;
    let rest = bytes.get(header_length..).filter(|_| first).unwrap_or_default();
    Some(Payload { proto: header[9], bytes: within(rest, length, known), length, segments: false })
}

/// The bytes that belong to a packet, without the padding of its frame.
fn within(bytes: &[u8], length: u64, known: bool) -> &[u8] {
    let end = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.get(..end).filter(|_| known).unwrap_or(bytes)
}

/// IPv6 (RFC 8200).
fn ipv6<'a>(frame: &mut Frame, bytes: &'a [u8], length: u64) -> Option<Payload<'a>> {
    const FIXED: u64 = 40;
    let (start, after) = bytes.split_first_chunk::<8>()?;
    let (src_addr, after) = after.split_first_chunk::<16>()?;
    let (dst_addr, rest) = after.split_first_chunk::<16>()?;
    let first_word = u32::from_be_bytes([start[0], start[1], start[2], start[3]]);
    let payload_length = u64::from(u16::from_be_bytes([start[4], start[5]]));
    let next = start[6];
    // A jumbogram (RFC 2675), and a packet that a network card cuts, have 0 here.
    let known = payload_length != 0 || next == NO_NEXT_HEADER;
    let payload_length = if known { payload_length } else { length.saturating_sub(FIXED) };
    frame.ether_type = IPV6;
    frame.bytes = payload_length + FIXED;
    frame.tos = start[0] << 4 | start[1] >> 4;
    frame.flow_label = first_word & 0x000f_ffff;
    frame.ttl = start[7];
    frame.src_addr = *src_addr;
    frame.dst_addr = *dst_addr;
    let bytes = within(rest, payload_length, known);
    Some(extensions(frame, Payload { proto: next, bytes, length: payload_length, segments: false }))
}

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const NO_NEXT_HEADER: u8 = 59;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;

/// Passes the extension headers of an IPv6 packet. Where one is cut, the payload has its number as the protocol.
fn extensions<'a>(frame: &mut Frame, mut payload: Payload<'a>) -> Payload<'a> {
    const SEGMENT_ROUTING: u8 = 4;
    let mut passed = 0;
    while is_extension(payload.proto) {
        let header = payload.bytes.first_chunk::<8>().filter(|_| passed < MAX_EXTENSION_HEADERS);
        let Some(header) = header else { return Payload { bytes: &[], ..payload } };
        passed += 1;
        let units = usize::from(header[1]);
        let length = match payload.proto {
            FRAGMENT => 8,
            AUTHENTICATION => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        payload.segments |= payload.proto == ROUTING && header[2] == SEGMENT_ROUTING;
        let fragment = payload.proto == FRAGMENT;
        if fragment {
            frame.fragment_offset = u16::from_be_bytes([header[2], header[3]]) >> 3;
            frame.fragment_id = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        }
        payload.proto = header[0];
        payload.length = payload.length.saturating_sub(length as u64);
        payload.bytes = payload.bytes.get(length..).unwrap_or_default();
        if fragment && frame.fragment_offset != 0 {
            return Payload { bytes: &[], ..payload };
        }
    }
    payload
}

fn is_extension(proto: u8) -> bool {
    matches!(
        proto,
        HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6
    )
}
