//! The packet of a flow, as an sFlow agent samples it: Ethernet, IP and the header above.

use super::{Flow, ICMP, ICMPV6, TCP, UDP, v4};

/// How much of a packet is sent.
pub(super) const SNAP: usize = 128;
pub(super) const ETHERNET: usize = 14;

/// The MAC addresses of the routers at both ends, of the range for documentation (RFC 7042); the last byte is that of
/// the interface.
pub(super) fn mac(interface: u32) -> [u8; 6] {
    [0, 0, 0x5E, 0, 0x53, interface as u8]
}

/// The length at layer 3 of a packet of the flow: the mean, within what its headers need and Ethernet carries.
pub(super) fn length(flow: &Flow<'_>) -> u16 {
    const LARGEST: u64 = 1500;
    let ip = if flow.is_v4 { 20 } else { 40 };
    let above = match flow.protocol {
        TCP => 20,
        UDP | ICMP | ICMPV6 => 8,
        _ => 0,
    };
    (flow.bytes / flow.packets.max(1)).clamp(ip + above, LARGEST) as u16
}

/// Appends the first bytes of the packet; how many.
pub(super) fn header(out: &mut Vec<u8>, flow: &Flow<'_>) -> usize {
    let start = out.len();
    let whole = ETHERNET + usize::from(length(flow));
    out.extend(mac(flow.output));
    out.extend(mac(flow.input));
    if flow.is_v4 {
        ipv4(out, flow);
    } else {
        ipv6(out, flow);
    }
    match flow.protocol {
        TCP => tcp(out, flow),
        UDP => udp(out, flow),
        ICMP | ICMPV6 => out.extend([flow.icmp.0, flow.icmp.1, 0, 0, 0, 0, 0, 0]),
        _ => {}
    }
    let end = start + whole.min(SNAP);
    // What it carries is nobody's business; all zeros is a payload, too.
    out.resize(end, 0);
    end - start
}

fn ipv4(out: &mut Vec<u8>, flow: &Flow<'_>) {
    out.extend([0x08, 0x00]);
    let start = out.len();
    out.extend([0x45, flow.tos]);
    out.extend(length(flow).to_be_bytes());
    out.extend([0, 0, 0x40, 0, flow.ttl, flow.protocol, 0, 0]);
    out.extend(v4(flow.source));
    out.extend(v4(flow.destination));
    let sum = checksum(out.get(start..).unwrap_or_default());
    if let Some(place) = out.get_mut(start + 10..start + 12) {
        place.copy_from_slice(&sum.to_be_bytes());
    }
}

fn ipv6(out: &mut Vec<u8>, flow: &Flow<'_>) {
    out.extend([0x86, 0xDD]);
    let first = 6 << 28 | u32::from(flow.tos) << 20;
    out.extend(first.to_be_bytes());
    out.extend(length(flow).saturating_sub(40).to_be_bytes());
    out.extend([flow.protocol, flow.ttl]);
    out.extend(flow.source);
    out.extend(flow.destination);
}

fn tcp(out: &mut Vec<u8>, flow: &Flow<'_>) {
    out.extend(flow.source_port.to_be_bytes());
    out.extend(flow.destination_port.to_be_bytes());
    out.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, flow.tcp_flags, 0xFF, 0xFF, 0, 0, 0, 0]);
}

fn udp(out: &mut Vec<u8>, flow: &Flow<'_>) {
    let ip = if flow.is_v4 { 20 } else { 40 };
    out.extend(flow.source_port.to_be_bytes());
    out.extend(flow.destination_port.to_be_bytes());
    out.extend(length(flow).saturating_sub(ip).to_be_bytes());
    out.extend([0; 2]);
}

/// The checksum of the internet (RFC 1071) of an even number of bytes.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    let (words, _) = bytes.as_chunks::<2>();
    let mut sum: u32 = words.iter().map(|&word| u32::from(u16::from_be_bytes(word))).sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}
