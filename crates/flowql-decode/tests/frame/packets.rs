//! Builds packets: each function puts a header before what it is given.

#![allow(dead_code, reason = "each test uses those that it needs")]
#![expect(clippy::indexing_slicing, reason = "headers have known lengths")]

/// The client of the packets.
pub(crate) const CLIENT: [u8; 4] = [192, 0, 2, 1];
/// The server of the packets.
pub(crate) const SERVER: [u8; 4] = [198, 51, 100, 2];
/// The ends of tunnels.
pub(crate) const ENDS: [[u8; 4]; 2] = [[203, 0, 113, 1], [203, 0, 113, 2]];
/// The MAC address that frames come from.
pub(crate) const SRC_MAC: u64 = 0x0200_0000_0001;
/// The MAC address that frames go to.
pub(crate) const DST_MAC: u64 = 0x0200_0000_0002;

/// An address of the documentation prefix.
pub(crate) fn v6(host: u8) -> [u8; 16] {
    let mut address = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    address[15] = host;
    address
}

/// An IPv4 address as columns have it.
pub(crate) fn mapped(address: [u8; 4]) -> [u8; 16] {
    std::net::Ipv4Addr::from(address).to_ipv6_mapped().octets()
}

/// Bytes after bytes.
pub(crate) fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// An Ethernet header with other MAC addresses.
pub(crate) fn ethernet_between(dst: u64, src: u64, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&dst.to_be_bytes()[2..], &src.to_be_bytes()[2..], &ether_type.to_be_bytes(), payload])
}

/// An Ethernet header.
pub(crate) fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    ethernet_between(DST_MAC, SRC_MAC, ether_type, payload)
}

/// What is behind the EtherType of a tag: priority 5, the VLAN, the next EtherType.
pub(crate) fn tag(vlan: u16, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&(0xa000 | vlan).to_be_bytes(), &ether_type.to_be_bytes(), payload])
}

/// An MPLS label stack, traffic class 3 and time to live 64.
pub(crate) fn mpls(labels: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        let bottom = u32::from(place + 1 == labels.len());
        bytes.extend((label << 12 | 3 << 9 | bottom << 8 | 64).to_be_bytes());
    }
    join(&[&bytes, payload])
}

/// A session header of PPPoE, and the number of a PPP protocol.
pub(crate) fn pppoe(protocol: u16, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16 + 2;
    join(&[&[0x11, 0, 0x12, 0x34], &length.to_be_bytes(), &protocol.to_be_bytes(), payload])
}

/// What an IPv4 header says.
pub(crate) struct Ipv4 {
    /// Source and destination.
    pub(crate) addresses: [[u8; 4]; 2],
    /// The protocol.
    pub(crate) proto: u8,
    /// Flags and offset.
    pub(crate) fragment: u16,
    /// Options, a multiple of four bytes.
    pub(crate) options: &'static [u8],
}

impl Ipv4 {
    /// From the client to the server.
    pub(crate) fn new(proto: u8) -> Self {
        Self { addresses: [CLIENT, SERVER], proto, fragment: 0, options: &[] }
    }

    /// Between the ends of a tunnel.
    pub(crate) fn tunnel(proto: u8) -> Self {
        Self { addresses: ENDS, ..Self::new(proto) }
    }

    /// The packet: type of service 0x2e, identification 0xbeef, time to live 61.
    pub(crate) fn with(&self, payload: &[u8]) -> Vec<u8> {
        let header = 20 + self.options.len();
        let total = (header + payload.len()) as u16;
        let mut bytes = vec![0x40 | (header / 4) as u8, 0x2e];
        bytes.extend(total.to_be_bytes());
        bytes.extend([0xbe, 0xef]);
        bytes.extend(self.fragment.to_be_bytes());
        bytes.extend([61, self.proto, 0, 0]);
        bytes.extend(self.addresses.concat());
        bytes.extend(self.options);
        let sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes.extend(payload);
        bytes
    }
}

/// An IPv6 packet from host 1 to host 2: traffic class 0x2e, flow label 0xabcde, hop limit 61.
pub(crate) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    ipv6_between(v6(1), v6(2), next, payload)
}

/// An IPv6 packet between other hosts.
pub(crate) fn ipv6_between(src: [u8; 16], dst: [u8; 16], next: u8, payload: &[u8]) -> Vec<u8> {
    let start = (6_u32 << 28 | 0x2e << 20 | 0xabcde).to_be_bytes();
    join(&[&start, &(payload.len() as u16).to_be_bytes(), &[next, 61], &src, &dst, payload])
}

/// An extension header with so many units of eight bytes after the first.
pub(crate) fn extension(next: u8, units: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 8 + usize::from(units) * 8];
    bytes[0] = next;
    bytes[1] = units;
    // A PadN option over all of the rest.
    bytes[2] = 1;
    bytes[3] = 4 + units * 8;
    join(&[&bytes, payload])
}

/// A fragment header with identification 0xdeadbeef.
pub(crate) fn fragment(next: u8, offset: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let offset = offset << 3 | u16::from(more);
    join(&[&[next, 0], &offset.to_be_bytes(), &0xdead_beef_u32.to_be_bytes(), payload])
}

/// A segment routing header with one segment.
pub(crate) fn segments(next: u8, payload: &[u8]) -> Vec<u8> {
    join(&[&[next, 2, 4, 0, 0, 0, 0, 0], &v6(2), payload])
}

/// A TCP header, from port 40000 to 443, with twelve flag bits.
pub(crate) fn tcp(flags: u16) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[..4].copy_from_slice(&[0x9c, 0x40, 0x01, 0xbb]);
    bytes[12..14].copy_from_slice(&(0x5000 | flags).to_be_bytes());
    bytes
}

/// A UDP header to a port, from port 40000.
pub(crate) fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16 + 8;
    join(&[&40000_u16.to_be_bytes(), &port.to_be_bytes(), &length.to_be_bytes(), &[0, 0], payload])
}

/// A VXLAN header with VNI 0x123456.
pub(crate) fn vxlan(payload: &[u8]) -> Vec<u8> {
    join(&[&[8, 0, 0, 0, 0x12, 0x34, 0x56, 0], payload])
}

/// A GENEVE header with VNI 0x123456 and an option of eight bytes.
pub(crate) fn geneve(protocol: u16, payload: &[u8]) -> Vec<u8> {
    let option = [0x01, 0x02, 0x80, 1, 0xaa, 0xbb, 0xcc, 0xdd];
    join(&[&[2, 0], &protocol.to_be_bytes(), &[0x12, 0x34, 0x56, 0], &option, payload])
}

/// A GTP-U header with TEID 0x12345678.
pub(crate) fn gtp_u(payload: &[u8]) -> Vec<u8> {
    join(&[&[0x30, 255], &(payload.len() as u16).to_be_bytes(), &0x1234_5678_u32.to_be_bytes(), payload])
}

/// The same with a sequence number and the container of a PDU session, as in 5G.
pub(crate) fn gtp_u_extended(payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16 + 8;
    let teid = 0x1234_5678_u32.to_be_bytes();
    let extension = [0x00, 0x01, 0x00, 0x85, 0x01, 0x10, 0x01, 0x00];
    join(&[&[0x36, 255], &length.to_be_bytes(), &teid, &extension, payload])
}

/// A GRE header of version 0, with what its flags say: checksum, key 0x00abcd01, sequence number.
pub(crate) fn gre(flags: u16, protocol: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = join(&[&flags.to_be_bytes(), &protocol.to_be_bytes()]);
    if flags & 0x8000 != 0 {
        bytes.extend([0xff, 0xff, 0, 0]);
    }
    if flags & 0x2000 != 0 {
        bytes.extend(0x00ab_cd01_u32.to_be_bytes());
    }
    if flags & 0x1000 != 0 {
        bytes.extend(7_u32.to_be_bytes());
    }
    join(&[&bytes, payload])
}

/// The header of ERSPAN type II, session 100.
pub(crate) fn erspan_2(payload: &[u8]) -> Vec<u8> {
    join(&[&[0x10, 0x01, 0x00, 100, 0, 0, 0, 0], payload])
}

/// The header of ERSPAN type III, session 100, with a subheader.
pub(crate) fn erspan_3(payload: &[u8]) -> Vec<u8> {
    join(&[&[0x20, 0x01, 0x00, 100, 0, 0, 0, 1, 0, 0, 0, 0x01], &[0; 8], payload])
}

/// The GRE header of PPTP, call 0x1234, with sequence and acknowledgement numbers, and IPv4 in PPP.
pub(crate) fn pptp(payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u16 + 4;
    let numbers = [0, 0, 0, 1, 0, 0, 0, 2];
    let ppp = [0xff, 0x03, 0x00, 0x21];
    join(&[&[0x30, 0x81, 0x88, 0x0b], &length.to_be_bytes(), &[0x12, 0x34], &numbers, &ppp, payload])
}

/// A data header of L2TPv3, session 0x00010203, with a cookie and a sublayer of so many bytes in all.
pub(crate) fn l2tpv3(skip: usize, payload: &[u8]) -> Vec<u8> {
    join(&[&0x0001_0203_u32.to_be_bytes(), &vec![0; skip], payload])
}
