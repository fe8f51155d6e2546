//! The templates of flows, and the values of their fields.

use super::message::put;
use super::{Flow, Header, Spec, v4};

/// The enterprise number of elements that count the other way (RFC 5103).
pub const REVERSE: u32 = 29_305;

/// The template of flows of a family. One of NetFlow v9 and IPv4 has 60 bytes: 24 flows fill an Ethernet frame.
pub fn flows(is_v9: bool, is_v4: bool) -> Vec<Spec> {
    let ends: [(u16, u16); 5] = match is_v4 {
        true => [(8, 4), (12, 4), (15, 4), (9, 1), (13, 1)],
        false => [(27, 16), (28, 16), (62, 16), (29, 1), (30, 1)],
    };
    let every: [(u16, u16); 11] =
        [(10, 4), (14, 4), (7, 2), (11, 2), (16, 4), (17, 4), (4, 1), (5, 1), (61, 1), (89, 1), (95, 4)];
    let own: &[(u16, u16)] = match is_v9 {
        true => &[(2, 4), (1, 4), (22, 4), (21, 4), (6, 1), (48, 1)],
        false => &[(2, 8), (1, 8), (152, 8), (153, 8), (6, 2), (192, 1), (302, 4)],
    };
    let rest: &[(u16, u16)] = match (is_v9, is_v4) {
        (true, true) => &[],
        (true, false) => &[(234, 4), (235, 4)],
        (false, true) => &[(234, 4), (235, 4), (32, 2)],
        (false, false) => &[(234, 4), (235, 4), (139, 2)],
    };
    let fields = ends.iter().chain(&every).chain(own).chain(rest);
    fields.map(|&(id, length)| Spec::new(id, length)).collect()
}

/// The same template with counters of both ways: of initiator and responder for NetFlow v9, as Cisco and others have
/// them; of a flow and its reverse (RFC 5103) for IPFIX.
pub fn both_ways(is_v9: bool, is_v4: bool) -> Vec<Spec> {
    let mut fields = flows(is_v9, is_v4);
    if is_v9 {
        for field in &mut fields {
            *field = match field.id {
                1 => Spec::new(231, 8),
                2 => Spec::new(298, 8),
                _ => *field,
            };
        }
        fields.extend([Spec::new(232, 8), Spec::new(299, 8)]);
    } else {
        fields.extend([1, 2].map(|id| Spec { enterprise: REVERSE, id, length: 8 }));
    }
    fields
}

/// The same fields in another order, the counters in other lengths: what a router sends once its configuration changed.
pub fn changed(fields: &[Spec]) -> Vec<Spec> {
    let mut fields: Vec<Spec> = fields.to_vec();
    fields.reverse();
    for field in &mut fields {
        if matches!(field.id, 1 | 2) {
            field.length = 12 - field.length;
        }
    }
    fields
}

/// A template whose records say their own rate (element 34).
pub fn with_own_rate(fields: &[Spec]) -> Vec<Spec> {
    let own = fields.iter().copied().filter(|field| !matches!(field.id, 48 | 302));
    own.chain([Spec::new(34, 4)]).collect()
}

/// The bytes of a record.
pub fn size(fields: &[Spec]) -> usize {
    fields.iter().map(|field| usize::from(field.length)).sum()
}

/// Appends a flow as a record of these fields; those that a flow has nothing for are zero.
pub fn record(out: &mut Vec<u8>, header: &Header, fields: &[Spec], flow: &Flow<'_>) {
    for field in fields {
        value(out, header, field, flow);
    }
}

#[inline]
fn value(out: &mut Vec<u8>, header: &Header, field: &Spec, flow: &Flow<'_>) {
    let address = match field.id {
        8 | 27 => Some(&flow.source),
        12 | 28 => Some(&flow.destination),
        15 | 62 => Some(&flow.next_hop),
        _ => None,
    };
    match address {
        Some(address) if field.length == 4 => out.extend_from_slice(&v4(*address)),
        Some(address) => out.extend_from_slice(address),
        None => put(out, number(header, field, flow), field.length),
    }
}

fn number(header: &Header, field: &Spec, flow: &Flow<'_>) -> u64 {
    if field.enterprise == REVERSE {
        return match field.id {
            1 => flow.reverse_bytes,
            2 => flow.reverse_packets,
            _ => 0,
        };
    }
    match field.id {
        1 | 231 => fits(flow.bytes, field.length),
        2 | 298 => fits(flow.packets, field.length),
        4 => flow.protocol.into(),
        5 => flow.tos.into(),
        6 => flow.tcp_flags.into(),
        7 => flow.source_port.into(),
        9 | 29 => flow.source_mask.into(),
        10 => flow.input.into(),
        11 => flow.port_or_icmp().into(),
        13 | 30 => flow.destination_mask.into(),
        14 => flow.output.into(),
        16 => flow.source_as.into(),
        17 => flow.destination_as.into(),
        21 => header.uptime(flow.end).into(),
        22 => header.uptime(flow.start).into(),
        32 | 139 => u16::from_be_bytes([flow.icmp.0, flow.icmp.1]).into(),
        34 => header.sampling.into(),
        48 | 302 => header.sampler.into(),
        61 => flow.is_egress.into(),
        89 => flow.forwarding_status.into(),
        95 => flow.application.into(),
        152 => flow.start,
        153 => flow.end,
        192 => flow.ttl.into(),
        232 => flow.reverse_bytes,
        234 => {
            let [from, _] = flow.vrfs;
            from.into()
        }
        235 => {
            let [_, to] = flow.vrfs;
            to.into()
        }
        299 => flow.reverse_packets,
        _ => 0,
    }
}

/// A counter; the largest one that the field can hold where it is larger.
fn fits(counter: u64, length: u16) -> u64 {
    match length {
        0..8 => counter.min((1 << (length * 8)) - 1),
        _ => counter,
    }
}
