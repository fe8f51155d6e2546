//! Records of a sample: the packet, and what the device knows of it.

use super::MAX_ITEMS;
use super::reader::Reader;
use crate::frame::{self, Frame, IPV4, IPV6, Labels, Link, Tunnels, mapped};
use crate::{Field, Fields, Row};

/// What the records of a sample say, where another record may say it better: they come in any order.
#[derive(Default)]
pub(super) struct Packet<'a> {
    /// Its first bytes.
    header: Option<&'a [u8]>,
    /// What they begin with, if it is known.
    link: Option<Link>,
    /// The length of all of it.
    length: u64,
    ip: Option<Ip<'a>>,
    ethernet: Option<&'a [u8; 24]>,
    /// Of the outermost tag that the device took off, which was outside of those in the header.
    stripped_vlan: u16,
    /// Whose next hop the row has.
    next_hop: NextHop,
    /// The tunnel in which the packet came.
    ingress: Outer<'a>,
    /// The tunnel in which it left.
    egress: Outer<'a>,
}

/// Who knows a next hop; those that come later go before.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
enum NextHop {
    #[default]
    Nobody,
    Mpls,
    Bgp,
    Router,
}

/// Fields of an IP header, each in a place of its own.
#[derive(Clone, Copy)]
enum Ip<'a> {
    V4(&'a [u8; 32]),
    V6(&'a [u8; 56]),
}

/// What the device knows of a tunnel that is not in the header.
#[derive(Default)]
struct Outer<'a> {
    header: Option<Ip<'a>>,
    number: Option<u32>,
}

impl<'a> Packet<'a> {
    /// Reads a record: what no other record says goes to the row at once. `None` where it is cut; then it says nothing.
    #[inline]
    pub(super) fn read(
        &mut self,
        row: &mut Row,
        wanted: Fields,
        format: u32,
        record: &mut Reader<'a>,
    ) -> Option<()> {
        match format {
            1 => self.header(record)?,
            2 => self.ethernet = Some(record.chunk()?),
            3 => self.ip = Some(Ip::V4(record.chunk()?)),
            4 => self.ip = Some(Ip::V6(record.chunk()?)),
            1001 => switch(row, record)?,
            1002 => router(row, record).map(|hop| self.next_hop(row, NextHop::Router, hop))?,
            1003 => gateway(row, wanted, record).map(|hop| self.next_hop(row, NextHop::Bgp, hop))?,
            1006 => mpls(row, record).map(|hop| self.next_hop(row, NextHop::Mpls, hop))?,
            1007 => nat(row, record)?,
            1012 => self.stripped_vlan = stripped_vlan(record)?,
            1020 => nat_ports(row, record)?,
            1023 => self.egress.header = Some(Ip::V4(record.chunk()?)),
            1024 => self.ingress.header = Some(Ip::V4(record.chunk()?)),
            1025 => self.egress.header = Some(Ip::V6(record.chunk()?)),
            1026 => self.ingress.header = Some(Ip::V6(record.chunk()?)),
            1029 => self.egress.number = Some(record.u32()?),
            1030 => self.ingress.number = Some(record.u32()?),
            _ => {}
        }
        Some(())
    }

    /// The first bytes of the packet. The length counts a frame check sequence, as what was stripped does.
    #[inline]
    fn header(&mut self, record: &mut Reader<'a>) -> Option<()> {
        const ETHERNET: u32 = 1;
        const FRAME_CHECK: u32 = 4;
        let [protocol, length, stripped] = record.words()?;
        self.header = Some(record.opaque()?);
        self.link = match protocol {
            ETHERNET => Some(Link::Ethernet),
            7 | 14 => Some(Link::Ppp),
            11 | 12 => Some(Link::Ip),
            13 => Some(Link::Mpls),
            _ => None,
        };
        let stripped = if protocol == ETHERNET { stripped.max(FRAME_CHECK) } else { stripped };
        self.length = length.saturating_sub(stripped).into();
        Some(())
    }

    /// Gives the row a next hop, where it has none that goes before.
    fn next_hop(&mut self, row: &mut Row, from: NextHop, address: [u8; 16]) {
        if from > self.next_hop && address != [0; 16] {
            row.next_hop = address;
            self.next_hop = from;
        }
    }

    /// Gives the row the rest. Whether anything is said of the packet itself.
    #[inline]
    pub(super) fn fill(&self, row: &mut Row, tunnels: &Tunnels) -> bool {
        if row.src_vlan == 0 {
            row.src_vlan = self.stripped_vlan;
        }
        self.egress.fill(row, tunnels);
        self.ingress.fill(row, tunnels);
        let mut header = Frame { bytes: self.length, ..Frame::default() };
        if let Some((bytes, link)) = self.header.zip(self.link) {
            frame::decode_into(&mut header, bytes, self.length, link, tunnels);
        }
        // Both are of the same packet, but the header says more.
        if let Some(ip) = self.ip.filter(|_| header.version == 0) {
            ip.frame().fill(row);
        }
        if self.header.is_some() {
            header.fill(row);
        }
        if let Some(fields) = self.ethernet {
            ethernet(fields).fill(row);
        }
        self.header.is_some() || self.ip.is_some() || self.ethernet.is_some()
    }
}

impl Outer<'_> {
    /// Gives the row what is known of the tunnel.
    #[inline]
    fn fill(&self, row: &mut Row, tunnels: &Tunnels) {
        if let Some(header) = &self.header {
            let header = header.frame();
            row.outer_src_addr = header.src_addr;
            row.outer_dst_addr = header.dst_addr;
            row.tunnel_type = header.tunnel_by_protocol(tunnels) as u8;
        }
        if let Some(number) = self.number {
            row.tunnel_id = number;
        }
    }
}

impl Ip<'_> {
    /// Length, protocol, addresses, ports, flags and type of service, each padded to four bytes.
    fn frame(self) -> Frame {
        let fields = match self {
            Self::V4(bytes) => &bytes[..],
            Self::V6(bytes) => &bytes[..],
        };
        self.read(&mut Reader::new(fields)).unwrap_or_default()
    }

    fn read(self, fields: &mut Reader<'_>) -> Option<Frame> {
        let bytes = fields.u32()?.into();
        let proto = fields.u8()?;
        let (version, ether_type, src_addr, dst_addr) = match self {
            Self::V4(_) => (4, IPV4, mapped(fields.array()?), mapped(fields.array()?)),
            Self::V6(_) => (6, IPV6, fields.array()?, fields.array()?),
        };
        Some(Frame {
            version,
            ether_type,
            bytes,
            proto,
            src_addr,
            dst_addr,
            src_port: fields.u16()?,
            dst_port: fields.u16()?,
            tcp_flags: fields.u16()?,
            tos: fields.u8()?,
            ..Frame::default()
        })
    }
}

/// Both addresses, padded to eight bytes, and the EtherType.
fn ethernet(fields: &[u8; 24]) -> Frame {
    const HEADER_AND_FRAME_CHECK: u32 = 18;
    let [l0, l1, l2, l3, s0, s1, s2, s3, s4, s5, _, _, d0, d1, d2, d3, d4, d5, _, _, _, _, t0, t1] = *fields;
    let length = u32::from_be_bytes([l0, l1, l2, l3]);
    Frame {
        src_mac: u64::from_be_bytes([0, 0, s0, s1, s2, s3, s4, s5]),
        dst_mac: u64::from_be_bytes([0, 0, d0, d1, d2, d3, d4, d5]),
        ether_type: u16::from_be_bytes([t0, t1]),
        bytes: length.saturating_sub(HEADER_AND_FRAME_CHECK).into(),
        ..Frame::default()
    }
}

fn switch(row: &mut Row, record: &mut Reader<'_>) -> Option<()> {
    let src_vlan = record.u16()?;
    let _priority = record.u32()?;
    let dst_vlan = record.u16()?;
    let _priority = record.u32()?;
    row.src_vlan = vlan(src_vlan);
    row.dst_vlan = vlan(dst_vlan);
    Some(())
}

/// A VLAN; what cannot be one, as 65535 for an unknown one, is 0.
fn vlan(number: u16) -> u16 {
    const LARGEST: u16 = 4_095;
    if number > LARGEST { 0 } else { number }
}

/// The prefixes of both addresses, and the next hop.
fn router(row: &mut Row, record: &mut Reader<'_>) -> Option<[u8; 16]> {
    let next_hop = record.address()?;
    let src_net_mask = record.u8()?;
    row.dst_net_mask = record.u8()?;
    row.src_net_mask = src_net_mask;
    Some(next_hop)
}

/// What BGP says, and its next hop. A source or destination without an AS is in that of the router.
fn gateway(row: &mut Row, wanted: Fields, record: &mut Reader<'_>) -> Option<[u8; 16]> {
    let next_hop = record.address()?;
    let own = as_number(record.u32()?);
    let src = as_number(record.u32()?);
    let src_peer = as_number(record.u32()?);
    let path = *record;
    let (first, last) = as_path(record, |_| {})?;
    let communities = record.numbers()?;
    row.src_as = if src == 0 { own } else { src };
    row.src_peer_as = src_peer;
    row.dst_as = last.map_or(own, as_number);
    row.dst_peer_as = first.map_or(0, as_number);
    if wanted.has(Field::DstASPath) {
        row.dst_as_path.clear();
        as_path(&mut { path }, |number| {
            if row.dst_as_path.len() < MAX_ITEMS {
                row.dst_as_path.push(number);
            }
        });
    }
    if wanted.has(Field::DstCommunities) {
        row.dst_communities.clear();
        row.dst_communities.extend(communities.take(MAX_ITEMS));
    }
    Some(next_hop)
}

/// Reads the segments of a path, sets and sequences. Gives its first and its last AS.
fn as_path(record: &mut Reader<'_>, mut take: impl FnMut(u32)) -> Option<(Option<u32>, Option<u32>)> {
    let (mut first, mut last) = (None, None);
    for _ in 0..record.u32()? {
        let _kind = record.u32()?;
        for number in record.numbers()? {
            first = first.or(Some(number));
            last = Some(number);
            take(number);
        }
    }
    Some((first, last))
}

/// An AS; all bits set is none.
fn as_number(number: u32) -> u32 {
    if number == u32::MAX { 0 } else { number }
}

/// The labels with which the packet came, else those with which it left, and the next hop.
fn mpls(row: &mut Row, record: &mut Reader<'_>) -> Option<[u8; 16]> {
    let next_hop = record.address()?;
    let incoming = labels(record)?;
    let outgoing = labels(record)?;
    let labels = if incoming.as_slice().is_empty() { outgoing } else { incoming };
    row.mpls_labels.clear();
    row.mpls_labels.extend_from_slice(labels.as_slice());
    Some(next_hop)
}

fn labels(record: &mut Reader<'_>) -> Option<Labels> {
    let mut labels = Labels::default();
    record.numbers()?.for_each(|entry| labels.push_entry(entry));
    Some(labels)
}

fn nat(row: &mut Row, record: &mut Reader<'_>) -> Option<()> {
    let src = record.address()?;
    row.dst_addr_nat = record.address()?;
    row.src_addr_nat = src;
    Some(())
}

fn nat_ports(row: &mut Row, record: &mut Reader<'_>) -> Option<()> {
    let src = record.u16()?;
    row.dst_port_nat = record.u16()?;
    row.src_port_nat = src;
    Some(())
}

/// The VLAN of the outermost tag that was taken off: tags are four bytes, the last two with the VLAN.
fn stripped_vlan(record: &mut Reader<'_>) -> Option<u16> {
    const VLAN: u32 = 0x0fff;
    let vlan = record.numbers()?.map(|tag| tag & VLAN).find(|&vlan| vlan != 0);
    vlan.unwrap_or_default().try_into().ok()
}
