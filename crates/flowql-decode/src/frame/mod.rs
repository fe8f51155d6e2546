//! Packet headers: from the first bytes of a packet to a [`Frame`], the facts of its flow.
//!
//! The bytes are those that a sampled header holds, usually the first 128 of a packet; what is cut is left at 0. Headers
//! are read one after another in a loop with a bound, without recursion and without allocation:
//!
//! | module | headers |
//! |---|---|
//! | `link` | Ethernet, 802.2 with SNAP, VLAN tags, MPLS stacks, PPPoE and PPP |
//! | `network` | IPv4 with options and fragments, IPv6 with extension headers |
//! | `transport` | TCP, UDP, UDP-Lite, SCTP, DCCP, ICMP |
//! | `tunnel` | what an IP packet can carry in place of a transport header |
//!
//! [`Frame::fill`] gives what a frame says to a row.

mod fill;
mod link;
mod network;
mod transport;
mod tunnel;

pub use tunnel::{TunnelMode, TunnelType, Tunnels, UdpTunnel};

pub(crate) use network::mapped;

use link::{Layer, Step};
use network::Payload;

/// Most steps to an IP header: an Ethernet header, a VLAN tag, an MPLS stack are one each, and so is what an EtherType says.
pub const MAX_LINK_HEADERS: usize = 16;

/// Most extension headers of an IPv6 packet that are read.
pub const MAX_EXTENSION_HEADERS: usize = 8;

/// Most tunnels in each other that are entered.
pub const MAX_TUNNELS: usize = 4;

/// Most labels of an MPLS stack that are kept. As many have an element in IPFIX (70 to 79).
pub const MAX_LABELS: usize = 10;

/// The EtherType of IPv4.
pub const IPV4: u16 = 0x0800;

/// The EtherType of IPv6.
pub const IPV6: u16 = 0x86dd;

/// What the bytes of a packet begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// An Ethernet header.
    Ethernet,
    /// A PPP header, with or without address and control bytes.
    Ppp,
    /// An MPLS label stack.
    Mpls,
    /// An IPv4 or IPv6 header; the version says which.
    Ip,
}

/// What the headers of a packet say of its flow. What they do not say is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The source MAC address, in the low 48 bits.
    pub src_mac: u64,
    /// The destination MAC address, in the low 48 bits.
    pub dst_mac: u64,
    /// The outermost VLAN that is not 0.
    pub vlan: u16,
    /// The EtherType: [`IPV4`] or [`IPV6`] where the packet is one, whatever is around it; else that behind the VLAN tags.
    pub ether_type: u16,
    /// The version of the IP header; 0 without one.
    pub version: u8,
    /// The MPLS labels, the outermost first.
    pub labels: Labels,
    /// The source address, IPv4 as IPv4-mapped IPv6.
    pub src_addr: [u8; 16],
    /// The destination address, IPv4 as IPv4-mapped IPv6.
    pub dst_addr: [u8; 16],
    /// The IP protocol; in IPv6 that behind the extension headers.
    pub proto: u8,
    /// The type of service (IPv4) or the traffic class (IPv6), with its ECN bits.
    pub tos: u8,
    /// The time to live, or the hop limit.
    pub ttl: u8,
    /// The flow label of IPv6.
    pub flow_label: u32,
    /// The identification of IPv4, or of the fragment header of IPv6.
    pub fragment_id: u32,
    /// The fragment offset, in units of eight bytes.
    pub fragment_offset: u16,
    /// The source port.
    pub src_port: u16,
    /// The destination port.
    pub dst_port: u16,
    /// The twelve flag bits of TCP.
    pub tcp_flags: u16,
    /// The type of ICMP, or of ICMPv6 where the protocol is that.
    pub icmp_type: u8,
    /// The code of ICMP, or of ICMPv6 where the protocol is that.
    pub icmp_code: u8,
    /// The length at layer 3 in bytes: the total length of an IP packet, else the frame without its Ethernet header and VLAN
    /// tags.
    pub bytes: u64,
    /// The source address of the tunnel that the flow is in, the outermost if there are several.
    pub outer_src_addr: [u8; 16],
    /// The destination address of that tunnel.
    pub outer_dst_addr: [u8; 16],
    /// The kind of that tunnel.
    pub tunnel_type: TunnelType,
    /// The number of that tunnel: a VNI, a TEID, a key, a label, a session, a call.
    pub tunnel_id: u32,
}

impl Frame {
    /// The kind of tunnel that a packet of this protocol and port is, for headers that are known without what they carry.
    #[must_use]
    pub fn tunnel_by_protocol(&self, tunnels: &Tunnels) -> TunnelType {
        tunnel::by_protocol(self, tunnels)
    }
}

/// The labels of an MPLS stack, at most [`MAX_LABELS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    count: u32,
    values: [u32; MAX_LABELS],
}

impl Labels {
    /// Adds the label of an entry of a label stack (RFC 3032): its top 20 bits. An explicit null is left out, as are
    /// labels beyond the bound.
    pub fn push_entry(&mut self, entry: u32) {
        const EXPLICIT_NULL: [u32; 2] = [0, 2];
        let label = entry >> 12;
        if let Some(place) = self.values.get_mut(self.count as usize)
            && !EXPLICIT_NULL.contains(&label)
        {
            *place = label;
            self.count += 1;
        }
    }

    /// The labels, the outermost first.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        self.values.get(..self.count as usize).unwrap_or_default()
    }
}

/// Reads the headers of a packet.
///
/// `header` is its beginning, `length` its whole length in bytes, without a frame check sequence. It cannot fail: a packet
/// that begins with nothing known has its length only.
#[must_use]
pub fn decode(header: &[u8], length: u64, link: Link, tunnels: &Tunnels) -> Frame {
    let mut frame = Frame::default();
    decode_into(&mut frame, header, length, link, tunnels);
    frame
}

/// The same into an empty frame, which is large enough for a copy of it to take time.
pub(crate) fn decode_into(frame: &mut Frame, header: &[u8], length: u64, link: Link, tunnels: &Tunnels) {
    let payload = read_flow(frame, header, length, link.into());
    if tunnels.mode == TunnelMode::Inner
        && let Some(payload) = payload
    {
        enter_tunnels(frame, payload, tunnels);
    }
}

/// Replaces the flow by the innermost one that can be read.
fn enter_tunnels(frame: &mut Frame, mut payload: Payload<'_>, tunnels: &Tunnels) {
    for _ in 0..MAX_TUNNELS {
        let Some(tunnel) = tunnel::find(frame, &payload, tunnels) else { return };
        let before = payload.bytes.len().saturating_sub(tunnel.bytes.len());
        let length = payload.length.saturating_sub(before as u64);
        let mut inner = Frame::default();
        let Some(next) = read_flow(&mut inner, tunnel.bytes, length, tunnel.layer) else { return };
        if frame.tunnel_type == TunnelType::Undefined {
            inner.outer_src_addr = frame.src_addr;
            inner.outer_dst_addr = frame.dst_addr;
            inner.tunnel_type = tunnel.kind;
            inner.tunnel_id = tunnel.id;
        } else {
            inner.outer_src_addr = frame.outer_src_addr;
            inner.outer_dst_addr = frame.outer_dst_addr;
            inner.tunnel_type = frame.tunnel_type;
            inner.tunnel_id = frame.tunnel_id;
        }
        inherit_link(&mut inner, frame);
        *frame = inner;
        payload = next;
    }
}

/// An inner flow without link headers of its own crossed the interface in those of the outer one.
fn inherit_link(inner: &mut Frame, outer: &Frame) {
    if inner.src_mac == 0 && inner.dst_mac == 0 {
        inner.src_mac = outer.src_mac;
        inner.dst_mac = outer.dst_mac;
    }
    if inner.vlan == 0 {
        inner.vlan = outer.vlan;
    }
    if inner.labels.as_slice().is_empty() {
        inner.labels = outer.labels;
    }
}

/// Reads one flow, from its link headers to its transport header. Gives what its IP header carries, if it has one that is
/// whole.
fn read_flow<'a>(frame: &mut Frame, header: &'a [u8], length: u64, link: Layer) -> Option<Payload<'a>> {
    let mut layer = link;
    let mut rest = header;
    frame.bytes = length;
    for _ in 0..MAX_LINK_HEADERS {
        let step = link::step(frame, layer, rest)?;
        let (Step::Link(_, after) | Step::Network(after)) = step;
        let left = length.saturating_sub(header.len().saturating_sub(after.len()) as u64);
        match step {
            Step::Link(next, _) => layer = next,
            Step::Network(_) => return network::read(frame, after, left),
        }
        // The Ethernet header and its tags do not count; what the EtherType says does.
        if frame.ether_type == 0 {
            frame.bytes = left;
        }
        rest = after;
    }
    None
}
