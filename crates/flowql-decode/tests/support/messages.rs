//! Messages with random templates of elements that others know too, for second opinions.

use flowql_decode::Field;

use super::{Message, NOW, Random, SECOND, plain, values};

/// What is sent under a number, the lengths that both take, the column, and what nfdump calls it.
pub(crate) type Known = (u16, &'static [u16], Field, &'static str);

/// Fields of flows of any family.
pub(crate) const COMMON: [Known; 24] = [
    (1, &[4, 8], Field::Bytes, "in bytes"),
    (2, &[4, 8], Field::Packets, "in packets"),
    (4, &[1], Field::Proto, "proto"),
    (5, &[1], Field::IPTos, "src tos"),
    (6, &[1], Field::TCPFlags, "tcp flags"),
    (7, &[2], Field::SrcPort, "src port"),
    (11, &[2], Field::DstPort, "dst port"),
    (10, &[2, 4], Field::InIfIndex, "input"),
    (14, &[2, 4], Field::OutIfIndex, "output"),
    (16, &[2, 4], Field::SrcAS, "src as"),
    (17, &[2, 4], Field::DstAS, "dst as"),
    (56, &[6], Field::SrcMAC, "in src mac"),
    (57, &[6], Field::DstMAC, "out dst mac"),
    (58, &[2], Field::SrcVlan, "src vlan"),
    (59, &[2], Field::DstVlan, "dst vlan"),
    (61, &[1], Field::FlowDirection, "direction"),
    (70, &[3], Field::MPLSLabels, "MPLS Lbl  1"),
    (71, &[3], Field::MPLSLabels, "MPLS Lbl  2"),
    (89, &[1], Field::ForwardingStatus, "fwd status"),
    (128, &[4], Field::DstPeerAS, "bgp next as"),
    (129, &[4], Field::SrcPeerAS, "bgp prev as"),
    (227, &[2], Field::SrcPortNAT, "src xlt port"),
    (228, &[2], Field::DstPortNAT, "dst xlt port"),
    (234, &[4], Field::IngressVRFID, "ingress VRF"),
];

/// Fields of flows of a family.
pub(crate) const IPV4: [Known; 7] = [
    (8, &[4], Field::SrcAddr, "src addr"),
    (12, &[4], Field::DstAddr, "dst addr"),
    (9, &[1], Field::SrcNetMask, "src mask"),
    (13, &[1], Field::DstNetMask, "dst mask"),
    (15, &[4], Field::NextHop, "ip next hop"),
    (225, &[4], Field::SrcAddrNAT, "src xlt ip"),
    (226, &[4], Field::DstAddrNAT, "dst xlt ip"),
];
pub(crate) const IPV6: [Known; 7] = [
    (27, &[16], Field::SrcAddr, "src addr"),
    (28, &[16], Field::DstAddr, "dst addr"),
    (29, &[1], Field::SrcNetMask, "src mask"),
    (30, &[1], Field::DstNetMask, "dst mask"),
    (62, &[16], Field::NextHop, "ip next hop"),
    (281, &[16], Field::SrcAddrNAT, "src xlt ip"),
    (282, &[16], Field::DstAddrNAT, "dst xlt ip"),
];

/// A value of a field; numbers are small or large.
fn value(random: &mut Random, id: u16, length: u16) -> Vec<u8> {
    let any = |random: &mut Random| (0..length).map(|_| random.below(256) as u8).collect::<Vec<_>>();
    match id {
        // Protocols with ports: for ICMP nfdump shows types and codes in their place.
        4 => vec![[6, 17, 132][random.below(3)]],
        // A prefix has its mask.
        9 | 13 => vec![random.below(33) as u8],
        29 | 30 => vec![random.below(129) as u8],
        61 => vec![random.below(2) as u8],
        // nfdump adds counters up in sums that do not reach further.
        1 | 2 => values(&[(random.below(1 << 31) as u64, length.into())]),
        27 | 28 | 62 | 281 | 282 => [&[0x20, 1, 0x0d, 0xb8][..], &any(random)[4..]].concat(),
        _ => any(random),
    }
}

/// A message of NetFlow v9 or IPFIX, with a template and records of it, and its version. Elements that are left out, by
/// version, are not in it.
pub(crate) fn message(
    random: &mut Random,
    number: u32,
    is_left_out: impl Fn(u8, u16) -> bool,
) -> (u8, Vec<u8>) {
    let is_v9 = random.below(2) == 0;
    let mut message = if is_v9 { Message::v9() } else { Message::ipfix() };
    message.sequence = number;
    let family = if random.below(3) == 0 { &IPV6 } else { &IPV4 };
    // The addresses, the protocol and the ports are always there, and an interface, without which nfdump shows no forwarding
    // status.
    let needed = |id: u16| matches!(id, 1 | 2 | 4 | 7 | 8 | 10 | 11 | 12 | 27 | 28);
    let version = if is_v9 { 9 } else { 10 };
    let all = family.iter().chain(&COMMON).filter(|(id, ..)| !is_left_out(version, *id));
    let mut chosen: Vec<&Known> = all.filter(|(id, ..)| needed(*id) || random.below(2) == 0).collect();
    // The second label comes after a first one.
    let has_first = chosen.iter().any(|(id, ..)| *id == 70);
    chosen.retain(|(id, ..)| *id != 71 || has_first);
    let lengths = chosen.iter().map(|(_, lengths, ..)| lengths[random.below(lengths.len())]);
    let mut fields: Vec<(u16, u16)> = chosen.iter().map(|(id, ..)| *id).zip(lengths).collect();
    let times = if is_v9 { [(22, 4), (21, 4)] } else { [(152, 8), (153, 8)] };
    fields.extend(times);
    let mut records = Vec::new();
    for _ in 0..=random.below(3) {
        for &(id, length) in &fields[..chosen.len()] {
            records.extend(value(random, id, length));
        }
        let begun = random.below(60_000) as u64;
        let end = begun - random.below(begun as usize + 1) as u64;
        let base = if is_v9 { message.uptime.into() } else { u64::from(message.time) * 1_000 };
        records.extend(values(&[(base - begun, times[0].1.into()), (base - end, times[1].1.into())]));
    }
    (version, message.template(300, &plain(&fields)).set(300, &records).bytes())
}

/// A datagram of NetFlow v1, v5 or v7, and its version.
pub(crate) fn legacy(random: &mut Random, number: u32) -> (u8, Vec<u8>) {
    let (version, header, record) = [(1_u8, 16, 48), (5, 24, 48), (7, 24, 52)][random.below(3)];
    let count = 1 + random.below(20);
    let now = NOW / SECOND;
    let head = [(version.into(), 2), (count as u64, 2), (100_000, 4), (now, 4), (0, 4), (number.into(), 4)];
    let mut bytes = values(&head);
    bytes.truncate(header);
    // The engine and, for version 5, a sampling rate: nfdump takes an engine's first for all, and takes 2 for 1.
    let rate = 3 + random.below(9) as u8;
    bytes.extend(if version == 5 { vec![0, rate, 0x40, rate] } else { vec![0; 4] });
    bytes.truncate(header);
    for _ in 0..count {
        let mut fields: Vec<u8> = (0..record).map(|_| random.below(256) as u8).collect();
        fields[16..24].copy_from_slice(&values(&[(1 + random.below(1 << 20) as u64, 4), (1_500, 4)]));
        let start = random.below(90_000) as u64;
        fields[24..32].copy_from_slice(&values(&[(start, 4), (start + random.below(9_000) as u64, 4)]));
        fields[38] = [6, 17, 132][random.below(3)];
        if version == 1 {
            // The protocol, the type of service, the flags.
            fields[41..].fill(0);
        }
        bytes.extend(fields);
    }
    (version, bytes)
}
