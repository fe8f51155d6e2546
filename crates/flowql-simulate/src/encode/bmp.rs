//! BMP (RFC 7854, 8671, 9069): what routers say of their routes, in messages of BGP (RFC 4271).

/// The table of a router that a peer's routes are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// As received from the peer.
    PrePolicy,
    /// As received, after the router's policy.
    PostPolicy,
    /// What is sent to the peer.
    OutPostPolicy,
    /// The router's own table, or that of a VRF.
    LocRib,
}

/// Whom routes are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The table.
    pub table: Table,
    /// The route distinguisher of the VRF; 0 for none.
    pub distinguisher: u64,
    /// The address of the peer; IPv4 is mapped. All zero for the router's own table.
    pub address: [u8; 16],
    /// The AS of the peer.
    pub asn: u32,
    /// Its BGP identifier.
    pub identifier: [u8; 4],
    /// Whether prefixes have identifiers of their paths (RFC 7911).
    pub has_paths: bool,
}

/// A prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Whether it is of IPv4.
    pub is_v4: bool,
    /// Its address; IPv4 is mapped.
    pub address: [u8; 16],
    /// Its length: of 32 bits for IPv4, of 128 for IPv6.
    pub length: u8,
    /// The identifier of the path.
    pub path: u32,
}

/// What is said of prefixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// The next hop; IPv4 is mapped.
    pub next_hop: [u8; 16],
    /// The path of AS numbers.
    pub path: &'a [u32],
    /// The local preference; none is sent for 0.
    pub local_preference: u32,
    /// The communities.
    pub communities: &'a [u32],
    /// The large communities: first × 2^64 + second × 2^32 + third.
    pub large: &'a [u128],
}

const MONITORING: u8 = 0;
const STATISTICS: u8 = 1;
const PEER_DOWN: u8 = 2;
const PEER_UP: u8 = 3;
const INITIATION: u8 = 4;
const TERMINATION: u8 = 5;

/// A router names itself.
pub fn initiation(out: &mut Vec<u8>, name: &str, description: &str) {
    message(out, INITIATION, |out| {
        information(out, 1, description.as_bytes());
        information(out, 2, name.as_bytes());
    });
}

/// A router ends its session.
pub fn termination(out: &mut Vec<u8>) {
    const ADMINISTRATIVELY: [u8; 2] = [0, 0];
    message(out, TERMINATION, |out| information(out, 1, &ADMINISTRATIVELY));
}

/// A session with a peer began; the router is of an AS. `name` is that of the table of a VRF, where it is not empty.
pub fn peer_up(out: &mut Vec<u8>, peer: &Peer, asn: u32, name: &str) {
    const NAME: u16 = 3;
    message(out, PEER_UP, |out| {
        header(out, peer);
        // The address and the ports of the router's side.
        out.extend([0; 16]);
        out.extend([0, 179, 0xC0, 0]);
        open(out, asn, peer.has_paths);
        open(out, peer.asn, peer.has_paths);
        if !name.is_empty() {
            information(out, NAME, name.as_bytes());
        }
    });
}

/// A session with a peer ended: the peer closed it.
pub fn peer_down(out: &mut Vec<u8>, peer: &Peer) {
    const CLOSED_BY_PEER: u8 = 4;
    message(out, PEER_DOWN, |out| {
        header(out, peer);
        out.push(CLOSED_BY_PEER);
    });
}

/// How many routes a table has.
pub fn statistics(out: &mut Vec<u8>, peer: &Peer, routes: u64) {
    let kind: u16 = if peer.table == Table::LocRib { 8 } else { 7 };
    message(out, STATISTICS, |out| {
        header(out, peer);
        out.extend(1_u32.to_be_bytes());
        information(out, kind, &routes.to_be_bytes());
    });
}

/// Prefixes of one family are announced.
pub fn announce(out: &mut Vec<u8>, peer: &Peer, prefixes: &[Prefix], attributes: &Attributes<'_>) {
    let is_v4 = prefixes.first().is_some_and(|prefix| prefix.is_v4);
    monitoring(out, peer, |out| {
        out.extend([0, 0]);
        sized(out, |out| {
            attribute(out, 0x40, 1, &[0]);
            attribute(out, 0x40, 2, &path(attributes.path));
            if is_v4 {
                let [.., a, b, c, d] = attributes.next_hop;
                attribute(out, 0x40, 3, &[a, b, c, d]);
            }
            if attributes.local_preference > 0 {
                attribute(out, 0x40, 5, &attributes.local_preference.to_be_bytes());
            }
            if !attributes.communities.is_empty() {
                let bytes: Vec<u8> =
                    attributes.communities.iter().flat_map(|one| one.to_be_bytes()).collect();
                attribute(out, 0xC0, 8, &bytes);
            }
            if !attributes.large.is_empty() {
                // The lower twelve bytes of sixteen.
                let twelve = |one: &u128| one.to_be_bytes().into_iter().skip(4);
                attribute(out, 0xC0, 32, &attributes.large.iter().flat_map(twelve).collect::<Vec<_>>());
            }
            if !is_v4 {
                let mut value = vec![0, 2, 1, 16];
                value.extend(attributes.next_hop);
                value.push(0);
                prefixes.iter().for_each(|prefix| nlri(&mut value, prefix, peer.has_paths));
                attribute(out, 0x80, 14, &value);
            }
        });
        if is_v4 {
            prefixes.iter().for_each(|prefix| nlri(out, prefix, peer.has_paths));
        }
    });
}

/// Prefixes of one family are withdrawn. Without any, the table of the family is complete (RFC 4724).
pub fn withdraw(out: &mut Vec<u8>, peer: &Peer, is_v4: bool, prefixes: &[Prefix]) {
    monitoring(out, peer, |out| {
        if is_v4 {
            sized(out, |out| prefixes.iter().for_each(|prefix| nlri(out, prefix, peer.has_paths)));
            out.extend([0, 0]);
            return;
        }
        out.extend([0, 0]);
        sized(out, |out| {
            let mut value = vec![0, 2, 1];
            prefixes.iter().for_each(|prefix| nlri(&mut value, prefix, peer.has_paths));
            attribute(out, 0x80, 15, &value);
        });
    });
}

fn monitoring(out: &mut Vec<u8>, peer: &Peer, body: impl FnOnce(&mut Vec<u8>)) {
    const UPDATE: u8 = 2;
    message(out, MONITORING, |out| {
        header(out, peer);
        bgp(out, UPDATE, body);
    });
}

/// A message of BMP.
fn message(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    const VERSION: u8 = 3;
    let start = out.len();
    out.push(VERSION);
    out.extend([0; 4]);
    out.push(kind);
    body(out);
    let length = (out.len() - start) as u32;
    fill(out, start + 1, &length.to_be_bytes());
}

/// A message of BGP.
fn bgp(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0xFF; 16]);
    out.extend([0; 2]);
    out.push(kind);
    body(out);
    let length = (out.len() - start) as u16;
    fill(out, start + 16, &length.to_be_bytes());
}

/// Bytes with their length in two bytes before them.
fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 2]);
    body(out);
    let length = (out.len() - start - 2) as u16;
    fill(out, start, &length.to_be_bytes());
}

/// Writes bytes over those at a place.
fn fill(out: &mut [u8], place: usize, bytes: &[u8]) {
    let places = out.get_mut(place..).unwrap_or_default();
    places.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}

/// The header of a peer (RFC 7854, 4.2).
fn header(out: &mut Vec<u8>, peer: &Peer) {
    const IPV6: u8 = 0x80;
    let (kind, flags) = match (peer.table, peer.distinguisher) {
        (Table::LocRib, _) => (3, 0),
        (table, distinguisher) => {
            let flags = match table {
                Table::PostPolicy => 0x40,
                Table::OutPostPolicy => 0x50,
                Table::PrePolicy | Table::LocRib => 0,
            };
            (u8::from(distinguisher != 0), flags)
        }
    };
    let v4 = std::net::Ipv6Addr::from(peer.address).to_ipv4_mapped();
    let is_v6 = v4.is_none() && peer.address != [0; 16];
    out.extend([kind, if is_v6 { flags | IPV6 } else { flags }]);
    out.extend(peer.distinguisher.to_be_bytes());
    match v4 {
        Some(v4) => {
            out.extend([0; 12]);
            out.extend(v4.octets());
        }
        None => out.extend(peer.address),
    }
    out.extend(peer.asn.to_be_bytes());
    out.extend(peer.identifier);
    // No time.
    out.extend([0; 8]);
}

/// The message with which a side began the session: both families, AS numbers of four bytes, and paths both ways.
fn open(out: &mut Vec<u8>, asn: u32, has_paths: bool) {
    const OPEN: u8 = 1;
    const AS_TRANS: u16 = 23_456;
    let mut capabilities = vec![1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 65, 4];
    capabilities.extend(asn.to_be_bytes());
    if has_paths {
        capabilities.extend([69, 8, 0, 1, 1, 3, 0, 2, 1, 3]);
    }
    bgp(out, OPEN, |out| {
        out.push(4);
        out.extend(u16::try_from(asn).unwrap_or(AS_TRANS).to_be_bytes());
        out.extend([0, 90, 192, 0, 2, 1]);
        out.extend([capabilities.len() as u8 + 2, 2, capabilities.len() as u8]);
        out.extend(&capabilities);
    });
}

fn information(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend(kind.to_be_bytes());
    sized(out, |out| out.extend(value));
}

fn attribute(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    const EXTENDED_LENGTH: u8 = 0x10;
    out.extend([flags | EXTENDED_LENGTH, code]);
    sized(out, |out| out.extend(value));
}

fn path(numbers: &[u32]) -> Vec<u8> {
    const SEQUENCE: u8 = 2;
    let mut value = Vec::new();
    for part in numbers.chunks(255) {
        value.extend([SEQUENCE, part.len() as u8]);
        value.extend(part.iter().flat_map(|number| number.to_be_bytes()));
    }
    value
}

fn nlri(out: &mut Vec<u8>, prefix: &Prefix, has_paths: bool) {
    if has_paths {
        out.extend(prefix.path.to_be_bytes());
    }
    out.push(prefix.length);
    let octets = if prefix.is_v4 { prefix.address.get(12..) } else { prefix.address.get(..) };
    let length = usize::from(prefix.length.div_ceil(8));
    out.extend(octets.unwrap_or_default().iter().take(length));
}
