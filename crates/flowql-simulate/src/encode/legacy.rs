//! NetFlow v1, v5 and v7: records of one layout, of IPv4 alone.

use super::{Flow, Header, clamp32, narrow, v4};

/// AS_TRANS (RFC 6793), in the place of an AS number that has more than 16 bits.
pub const AS_TRANS: u16 = 23_456;
/// How many flows a datagram of version 1 has at most.
pub const MOST_V1: usize = 24;
/// How many flows a datagram of version 5 has at most.
pub const MOST_V5: usize = 30;
/// How many flows a datagram of version 7 has at most: 28 fill an Ethernet frame.
pub const MOST_V7: usize = 28;

/// The largest sampling rate that version 5 can say: 14 bits.
pub const LARGEST_SAMPLING: u32 = 0x3FFF;

/// Appends a datagram of version 1. Flows must be of IPv4, and at most [`MOST_V1`].
pub fn v1(out: &mut Vec<u8>, header: &Header, flows: &[Flow<'_>]) {
    head(out, 1, header, flows.len());
    for flow in flows {
        first_half(out, header, flow);
        out.extend([0, 0, flow.protocol, flow.tos, flow.tcp_flags]);
        out.extend([0; 7]);
    }
}

/// Appends a datagram of version 5. Flows must be of IPv4, and at most [`MOST_V5`]. The rate goes to the header, with the
/// mode "deterministic", unless it is 0.
pub fn v5(out: &mut Vec<u8>, header: &Header, flows: &[Flow<'_>]) {
    head(out, 5, header, flows.len());
    out.extend(header.sequence.to_be_bytes());
    out.extend((header.domain as u16).to_be_bytes());
    let mode = if header.sampling == 0 { 0 } else { 1 << 14 };
    out.extend((mode | header.sampling.min(LARGEST_SAMPLING) as u16).to_be_bytes());
    for flow in flows {
        first_half(out, header, flow);
        out.extend([0, flow.tcp_flags, flow.protocol, flow.tos]);
        networks(out, flow);
        out.extend([0; 2]);
    }
}

/// Appends a datagram of version 7. Flows must be of IPv4, and at most [`MOST_V7`].
pub fn v7(out: &mut Vec<u8>, header: &Header, flows: &[Flow<'_>]) {
    head(out, 7, header, flows.len());
    out.extend(header.sequence.to_be_bytes());
    out.extend([0; 4]);
    for flow in flows {
        first_half(out, header, flow);
        out.extend([0, flow.tcp_flags, flow.protocol, flow.tos]);
        networks(out, flow);
        out.extend([0; 2]);
        // The router whose shortcut the switch used.
        out.extend(v4(flow.next_hop));
    }
}

/// The part of the header that all versions have.
fn head(out: &mut Vec<u8>, version: u16, header: &Header, count: usize) {
    out.extend(version.to_be_bytes());
    out.extend((count as u16).to_be_bytes());
    out.extend(header.uptime(header.time).to_be_bytes());
    out.extend(((header.time / 1000) as u32).to_be_bytes());
    out.extend(((header.time % 1000) as u32 * 1_000_000).to_be_bytes());
}

/// The part of a record that all versions have: addresses, interfaces, counters, times and ports.
fn first_half(out: &mut Vec<u8>, header: &Header, flow: &Flow<'_>) {
    out.extend(v4(flow.source));
    out.extend(v4(flow.destination));
    out.extend(v4(flow.next_hop));
    out.extend(narrow(flow.input, u16::MAX).to_be_bytes());
    out.extend(narrow(flow.output, u16::MAX).to_be_bytes());
    out.extend(clamp32(flow.packets).to_be_bytes());
    out.extend(clamp32(flow.bytes).to_be_bytes());
    out.extend(header.uptime(flow.start).to_be_bytes());
    out.extend(header.uptime(flow.end).to_be_bytes());
    out.extend(flow.source_port.to_be_bytes());
    out.extend(flow.port_or_icmp().to_be_bytes());
}

fn networks(out: &mut Vec<u8>, flow: &Flow<'_>) {
    out.extend(narrow(flow.source_as, AS_TRANS).to_be_bytes());
    out.extend(narrow(flow.destination_as, AS_TRANS).to_be_bytes());
    out.extend([flow.source_mask, flow.destination_mask]);
}
