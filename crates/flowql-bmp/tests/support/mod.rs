//! Messages of BMP made by hand, byte by byte (RFC 7854, RFC 4271).
#![allow(dead_code, reason = "each test file uses some")]

/// The flags of a peer's header.
pub(crate) const POST_POLICY: u8 = 0x40;
pub(crate) const AS2: u8 = 0x20;
pub(crate) const ADJ_RIB_OUT: u8 = 0x10;

/// The peer that messages are about.
#[derive(Clone, Copy)]
pub(crate) struct From {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) distinguisher: u64,
    /// The last byte of the address 192.0.2.0.
    pub(crate) address: u8,
}

pub(crate) const PEER: From = From { kind: 0, flags: POST_POLICY, distinguisher: 0, address: 1 };

pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![3];
    out.extend((body.len() as u32 + 6).to_be_bytes());
    out.push(kind);
    out.extend(body);
    out
}

fn header(from: From) -> Vec<u8> {
    let mut out = vec![from.kind, from.flags];
    out.extend(from.distinguisher.to_be_bytes());
    out.extend([0; 12]);
    out.extend(if from.address == 0 { [0; 4] } else { [192, 0, 2, from.address] });
    out.extend(64500_u32.to_be_bytes());
    out.extend([10, 0, 0, from.address]);
    out.extend([0; 8]);
    out
}

pub(crate) fn bgp(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0xff; 16];
    out.extend((body.len() as u16 + 19).to_be_bytes());
    out.push(kind);
    out.extend(body);
    out
}

pub(crate) fn initiation(name: &str) -> Vec<u8> {
    let mut body = tlv(1, b"a router");
    body.extend(tlv(2, name.as_bytes()));
    message(4, &body)
}

pub(crate) fn termination() -> Vec<u8> {
    message(5, &tlv(1, &[0, 0]))
}

pub(crate) fn tlv(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut out = kind.to_be_bytes().to_vec();
    out.extend((value.len() as u16).to_be_bytes());
    out.extend(value);
    out
}

/// An OPEN with a capability of four-byte AS numbers, and of ADD-PATH with these (family, direction).
pub(crate) fn open(add_path: &[([u8; 3], u8)], others: &[u8]) -> Vec<u8> {
    let mut capabilities = vec![65, 4, 0, 0, 0xfb, 0xf4];
    if !add_path.is_empty() {
        capabilities.extend([69, add_path.len() as u8 * 4]);
        add_path.iter().for_each(|(family, direction)| {
            capabilities.extend(family);
            capabilities.push(*direction);
        });
    }
    capabilities.extend(others);
    let mut body = vec![4, 0xfb, 0xf4, 0, 90, 10, 0, 0, 1];
    body.extend([capabilities.len() as u8 + 2, 2, capabilities.len() as u8]);
    body.extend(capabilities);
    bgp(1, &body)
}

pub(crate) fn peer_up_with(from: From, sent: &[u8], received: &[u8], information: &[u8]) -> Vec<u8> {
    let mut body = header(from);
    body.extend([0; 16]);
    body.extend([0, 179, 0xc0, 0]);
    body.extend(sent);
    body.extend(received);
    body.extend(information);
    message(3, &body)
}

pub(crate) fn peer_up(from: From) -> Vec<u8> {
    peer_up_with(from, &open(&[], &[]), &open(&[], &[]), &[])
}

pub(crate) fn peer_down(from: From) -> Vec<u8> {
    let mut body = header(from);
    body.push(4);
    message(2, &body)
}

pub(crate) fn attribute(code: u8, value: &[u8]) -> Vec<u8> {
    let flags = if matches!(code, 1 | 2 | 3 | 5) {
        0x40
    } else if matches!(code, 4 | 14 | 15) {
        0x80
    } else {
        0xc0
    };
    let mut out = vec![flags | 0x10, code];
    out.extend((value.len() as u16).to_be_bytes());
    out.extend(value);
    out
}

/// ORIGIN, an AS path of these numbers, and the next hop 198.51.100.`hop`.
pub(crate) fn attributes(path: &[u32], hop: u8) -> Vec<u8> {
    let mut out = attribute(1, &[0]);
    let mut segment = vec![2, path.len() as u8];
    path.iter().for_each(|number| segment.extend(number.to_be_bytes()));
    out.extend(attribute(2, &segment));
    out.extend(attribute(3, &[198, 51, 100, hop]));
    out
}

pub(crate) fn update(from: From, withdrawn: &[u8], attributes: &[u8], announced: &[u8]) -> Vec<u8> {
    let mut body = (withdrawn.len() as u16).to_be_bytes().to_vec();
    body.extend(withdrawn);
    body.extend((attributes.len() as u16).to_be_bytes());
    body.extend(attributes);
    body.extend(announced);
    let mut out = header(from);
    out.extend(bgp(2, &body));
    message(0, &out)
}

pub(crate) fn end_of_rib(from: From) -> Vec<u8> {
    update(from, &[], &[], &[])
}

/// MP_REACH_NLRI of a family with a next hop.
pub(crate) fn reach(family: [u8; 3], next_hop: &[u8], prefixes: &[u8]) -> Vec<u8> {
    let mut value = family.to_vec();
    value.push(next_hop.len() as u8);
    value.extend(next_hop);
    value.push(0);
    value.extend(prefixes);
    attribute(14, &value)
}
