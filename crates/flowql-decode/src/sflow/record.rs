//! Records of a sample: the packet, and what the device knows of it.

use super::MAX_ITEMS;
use super::reader::Reader;
use crate::frame::{self, Frame, IPV4, IPV6, Labels, Link, Tunnels, mapped};
use crate::{Field, Fields, Row};

/// What the records of a sample say, where another record may say it better: they come in any order.
#[derive(Default)]
pub(super) struct Packet<'a> {
    header: Option<Header<'a>>,
    ip: Option<Frame>,
    ethernet: Option<Frame>,
    /// Of the outermost tag that the device took off, which was outside of those in the header.
    stripped_vlan: u16,
    /// The router's, BGP's, that of MPLS: the first that is known serves.
    next_hops: [[u8; 16]; 3],
    /// The tunnel in which the packet came.
    ingress: Outer,
    /// The tunnel in which it left.
    egress: Outer,
}

/// The first bytes of the packet.
struct Header<'a> {
    link: Option<Link>,
    length: u64,
    bytes: &'a [u8],
}

/// What the device knows of a tunnel that is not in the header.
#[derive(Default)]
struct Outer {
    header: Option<Frame>,
    number: Option<u32>,
}

impl<'a> Packet<'a> {
    /// Reads a record: what no other record says goes to the row at once. `None` where it is cut; then it says nothing.
    pub(super) fn read(
        &mut self,
        row: &mut Row,
        wanted: Fields,
        format: u32,
        record: &mut Reader<'a>,
    ) -> Option<()> {
        let [router_hop, bgp_hop, mpls_hop] = &mut self.next_hops;
        match format {
            1 => self.header = Some(header(record)?),
            2 => self.ethernet = Some(ethernet(record)?),
            3 => self.ip = Some(ipv4(record)?),
            4 => self.ip = Some(ipv6(record)?),
            1001 => switch(row, record)?,
            1002 => *router_hop = router(row, record)?,
            1003 => *bgp_hop = gateway(row, wanted, record)?,
            1006 => *mpls_hop = mpls(row, record)?,
            1007 => nat(row, record)?,
            1012 => self.stripped_vlan = stripped_vlan(record)?,
            1020 => nat_ports(row, record)?,
            1023 => self.egress.header = Some(ipv4(record)?),
            1024 => self.ingress.header = Some(ipv4(record)?),
            1025 => self.egress.header = Some(ipv6(record)?),
            1026 => self.ingress.header = Some(ipv6(record)?),
            1029 => self.egress.number = Some(record.u32()?),
            1030 => self.ingress.number = Some(record.u32()?),
            _ => {}
        }
        Some(())
    }

    /// Gives the row the rest. Whether anything is said of the packet itself.
    pub(super) fn fill(&self, row: &mut Row, tunnels: &Tunnels) -> bool {
        if row.src_vlan == 0 {
            row.src_vlan = self.stripped_vlan;
        }
        row.next_hop = self.next_hops.into_iter().find(|hop| *hop != [0; 16]).unwrap_or_default();
        self.egress.fill(row, tunnels);
        self.ingress.fill(row, tunnels);
        let header = self.header.as_ref().map(|header| header.frame(tunnels));
        // Both are of the same packet, but the header says more.
        let ip = self.ip.as_ref().filter(|_| !header.as_ref().is_some_and(Frame::is_ip));
        let frames = [ip, header.as_ref(), self.ethernet.as_ref()];
        frames.iter().flatten().for_each(|frame| frame.fill(row));
        frames.iter().any(Option::is_some)
    }
}

impl Outer {
    /// Gives the row what is known of the tunnel.
    fn fill(&self, row: &mut Row, tunnels: &Tunnels) {
        if let Some(header) = &self.header {
            row.outer_src_addr = header.src_addr;
            row.outer_dst_addr = header.dst_addr;
            row.tunnel_type = header.tunnel_by_protocol(tunnels) as u8;
        }
        if let Some(number) = self.number {
            row.tunnel_id = number;
        }
    }
}

impl Header<'_> {
    fn frame(&self, tunnels: &Tunnels) -> Frame {
        match self.link {
            Some(link) => frame::decode(self.bytes, self.length, link, tunnels),
            None => Frame { bytes: self.length, ..Frame::default() },
        }
    }
}

/// The first bytes of a packet. The length counts a frame check sequence, as what was stripped does.
fn header<'a>(record: &mut Reader<'a>) -> Option<Header<'a>> {
    const ETHERNET: u32 = 1;
    const FRAME_CHECK: u32 = 4;
    let protocol = record.u32()?;
    let length = record.u32()?;
    let stripped = record.u32()?;
    let bytes = record.opaque()?;
    let (link, stripped) = match protocol {
        ETHERNET => (Some(Link::Ethernet), stripped.max(FRAME_CHECK)),
        7 | 14 => (Some(Link::Ppp), stripped),
        11 | 12 => (Some(Link::Ip), stripped),
        13 => (Some(Link::Mpls), stripped),
        _ => (None, stripped),
    };
    Some(Header { link, length: length.saturating_sub(stripped).into(), bytes })
}

fn ethernet(record: &mut Reader<'_>) -> Option<Frame> {
    const HEADER_AND_FRAME_CHECK: u32 = 18;
    let length = record.u32()?;
    Some(Frame {
        src_mac: record.mac()?,
        dst_mac: record.mac()?,
        ether_type: record.u16()?,
        bytes: length.saturating_sub(HEADER_AND_FRAME_CHECK).into(),
        ..Frame::default()
    })
}

fn ipv4(record: &mut Reader<'_>) -> Option<Frame> {
    let bytes = record.u32()?.into();
    let proto = record.u8()?;
    let src_addr = mapped(record.array()?);
    let dst_addr = mapped(record.array()?);
    ports(record, Frame { ether_type: IPV4, bytes, proto, src_addr, dst_addr, ..Frame::default() })
}

fn ipv6(record: &mut Reader<'_>) -> Option<Frame> {
    let bytes = record.u32()?.into();
    let proto = record.u8()?;
    let src_addr = record.array()?;
    let dst_addr = record.array()?;
    ports(record, Frame { ether_type: IPV6, bytes, proto, src_addr, dst_addr, ..Frame::default() })
}

/// What sampled IPv4 and IPv6 end with.
fn ports(record: &mut Reader<'_>, frame: Frame) -> Option<Frame> {
    Some(Frame {
        src_port: record.u16()?,
        dst_port: record.u16()?,
        tcp_flags: record.u16()?,
        tos: record.u8()?,
        ..frame
    })
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
