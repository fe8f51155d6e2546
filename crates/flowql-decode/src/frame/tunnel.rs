//! Tunnels: IP packets that carry packets.

use flowql_config::Choice;
use serde::{Deserialize, Serialize};

use super::link::{Layer, may_be_ethernet, may_be_ip};
use super::network::Payload;
use super::{Frame, transport};

/// Which flow a packet in a tunnel belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice, Serialize, Deserialize)]
pub enum TunnelMode {
    /// That of the tunnel.
    #[default]
    Outer,
    /// That of the packet in it, where the bytes reach as far as its addresses.
    Inner,
}

/// How packets in tunnels are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnels {
    /// Which flow they belong to.
    pub mode: TunnelMode,
    /// What is sent to which UDP port. The first entry of a port counts.
    pub ports: Vec<(u16, UdpTunnel)>,
}

impl Tunnels {
    /// The ports that IANA assigned.
    pub const PORTS: [(u16, UdpTunnel); 5] = [
        (4789, UdpTunnel::Vxlan),
        (6081, UdpTunnel::Geneve),
        (2152, UdpTunnel::GtpU),
        (6635, UdpTunnel::Mpls),
        (1701, UdpTunnel::L2tpV3),
    ];

    fn at_port(&self, port: u16) -> Option<UdpTunnel> {
        self.ports.iter().find(|(number, _)| *number == port).map(|(_, tunnel)| *tunnel)
    }
}

impl Default for Tunnels {
    fn default() -> Self {
        Self { mode: TunnelMode::default(), ports: Self::PORTS.to_vec() }
    }
}

/// A tunnel in UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
pub enum UdpTunnel {
    /// VXLAN (RFC 7348).
    Vxlan,
    /// GENEVE (RFC 8926).
    Geneve,
    /// GTP-U (3GPP TS 29.281).
    GtpU,
    /// MPLS in UDP (RFC 7510).
    Mpls,
    /// L2TPv3 (RFC 3931, 4.1.2).
    L2tpV3,
}

/// The kind of a tunnel. The numbers are those of the column `TunnelType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum TunnelType {
    /// None.
    #[default]
    Undefined = 0,
    /// VXLAN (RFC 7348); its number is the VNI.
    Vxlan = 1,
    /// NVGRE (RFC 7637); its number is the VSID.
    Nvgre = 2,
    /// GENEVE (RFC 8926); its number is the VNI.
    Geneve = 3,
    /// GTP-U (3GPP TS 29.281); its number is the TEID.
    GtpU = 4,
    /// MPLS in UDP or IP (RFC 7510, RFC 4023); its number is the first label.
    Mpls = 5,
    /// GRE (RFC 2784); its number is the key, where it has one.
    Gre = 6,
    /// ERSPAN; its number is the session.
    Erspan = 7,
    /// PPTP (RFC 2637); its number is the call.
    Pptp = 8,
    /// IPv4 in IPv4 (RFC 2003), or either in IPv6 (RFC 2473).
    IpIp = 9,
    /// IPv6 in IPv4 (RFC 4213).
    SixInFour = 10,
    /// L2TPv3 (RFC 3931); its number is the session.
    L2tpV3 = 11,
    /// SRv6 (RFC 8986), where the packet has a segment routing header.
    SrV6 = 12,
}

/// A tunnel, and what is in it.
pub(super) struct Tunnel<'a> {
    pub(super) kind: TunnelType,
    pub(super) id: u32,
    pub(super) layer: Layer,
    pub(super) bytes: &'a [u8],
}

const IPV4_IN_IP: u8 = 4;
const IPV6_IN_IP: u8 = 41;
const GRE: u8 = 47;
const L2TP: u8 = 115;
const MPLS_IN_IP: u8 = 137;
const ETHERNET_IN_IP: u8 = 143;

/// The kind of tunnel by protocol and port alone.
pub(super) fn by_protocol(frame: &Frame, tunnels: &Tunnels) -> TunnelType {
    match frame.proto {
        IPV6_IN_IP if frame.version == 4 => TunnelType::SixInFour,
        IPV4_IN_IP | IPV6_IN_IP => TunnelType::IpIp,
        GRE => TunnelType::Gre,
        L2TP => TunnelType::L2tpV3,
        MPLS_IN_IP => TunnelType::Mpls,
        ETHERNET_IN_IP if frame.version == 6 => TunnelType::SrV6,
        transport::UDP => match tunnels.at_port(frame.dst_port) {
            Some(UdpTunnel::Vxlan) => TunnelType::Vxlan,
            Some(UdpTunnel::Geneve) => TunnelType::Geneve,
            Some(UdpTunnel::GtpU) => TunnelType::GtpU,
            Some(UdpTunnel::Mpls) => TunnelType::Mpls,
            Some(UdpTunnel::L2tpV3) => TunnelType::L2tpV3,
            None => TunnelType::Undefined,
        },
        _ => TunnelType::Undefined,
    }
}

/// The tunnel that an IP packet with these headers and this payload is, if it is one.
pub(super) fn find<'a>(frame: &Frame, payload: &Payload<'a>, tunnels: &Tunnels) -> Option<Tunnel<'a>> {
    let bytes = payload.bytes;
    let plain = |kind, layer| Some(Tunnel { kind, id: 0, layer, bytes });
    match payload.proto {
        IPV4_IN_IP | IPV6_IN_IP if payload.segments => plain(TunnelType::SrV6, Layer::Ip),
        IPV6_IN_IP if frame.version == 4 => plain(TunnelType::SixInFour, Layer::Ip),
        IPV4_IN_IP | IPV6_IN_IP => plain(TunnelType::IpIp, Layer::Ip),
        ETHERNET_IN_IP if frame.version == 6 => plain(TunnelType::SrV6, Layer::Ethernet),
        GRE => gre(bytes),
        L2TP => l2tpv3(bytes),
        MPLS_IN_IP => mpls(bytes),
        transport::UDP => udp(bytes, tunnels),
        _ => None,
    }
}

fn udp<'a>(bytes: &'a [u8], tunnels: &Tunnels) -> Option<Tunnel<'a>> {
    let ([_, _, d0, d1, _, _, _, _], rest) = bytes.split_first_chunk()?;
    match tunnels.at_port(u16::from_be_bytes([*d0, *d1]))? {
        UdpTunnel::Vxlan => vxlan(rest),
        UdpTunnel::Geneve => geneve(rest),
        UdpTunnel::GtpU => gtp_u(rest),
        UdpTunnel::Mpls => mpls(rest),
        UdpTunnel::L2tpV3 => l2tpv3_in_udp(rest),
    }
}

fn vxlan(bytes: &[u8]) -> Option<Tunnel<'_>> {
    const HAS_VNI: u8 = 0x08;
    let ([flags, _, _, _, v0, v1, v2, _], rest) = bytes.split_first_chunk()?;
    let id = u32::from_be_bytes([0, *v0, *v1, *v2]);
    (flags & HAS_VNI != 0).then_some(Tunnel {
        kind: TunnelType::Vxlan,
        id,
        layer: Layer::Ethernet,
        bytes: rest,
    })
}

fn geneve(bytes: &[u8]) -> Option<Tunnel<'_>> {
    const VERSION: u8 = 0xc0;
    let ([start, _, t0, t1, v0, v1, v2, _], rest) = bytes.split_first_chunk()?;
    if start & VERSION != 0 {
        return None;
    }
    let bytes = rest.get(usize::from(start & !VERSION) * 4..)?;
    let layer = protocol_type(u16::from_be_bytes([*t0, *t1]));
    Some(Tunnel { kind: TunnelType::Geneve, id: u32::from_be_bytes([0, *v0, *v1, *v2]), layer, bytes })
}

/// The EtherType of GRE and GENEVE, one of whose numbers is a whole Ethernet frame.
fn protocol_type(number: u16) -> Layer {
    match number {
        TRANSPARENT_ETHERNET => Layer::Ethernet,
        _ => Layer::EtherType(number),
    }
}

const TRANSPARENT_ETHERNET: u16 = 0x6558;

fn gtp_u(bytes: &[u8]) -> Option<Tunnel<'_>> {
    const VERSION_AND_TYPE: u8 = 0xf0;
    const OPTIONAL: u8 = 0x07;
    const EXTENSION: u8 = 0x04;
    const USER_DATA: u8 = 255;
    /// Most extension headers that are passed.
    const MAX_EXTENSIONS: usize = 8;
    let ([flags, kind, _, _, t0, t1, t2, t3], mut rest) = bytes.split_first_chunk()?;
    if flags & VERSION_AND_TYPE != 0x30 || *kind != USER_DATA {
        return None;
    }
    if flags & OPTIONAL != 0 {
        let ([_, _, _, next], after) = rest.split_first_chunk()?;
        let mut next = *next;
        rest = after;
        for _ in 0..MAX_EXTENSIONS {
            if flags & EXTENSION == 0 || next == 0 {
                break;
            }
            let length = usize::from(*rest.first()?) * 4;
            next = *rest.get(length.checked_sub(1)?)?;
            rest = rest.get(length..)?;
        }
    }
    let layer = if may_be_ip(rest) { Layer::Ip } else { Layer::Ethernet };
    Some(Tunnel { kind: TunnelType::GtpU, id: u32::from_be_bytes([*t0, *t1, *t2, *t3]), layer, bytes: rest })
}

fn mpls(bytes: &[u8]) -> Option<Tunnel<'_>> {
    let label = u32::from_be_bytes(*bytes.first_chunk()?) >> 12;
    Some(Tunnel { kind: TunnelType::Mpls, id: label, layer: Layer::Mpls, bytes })
}

const GRE_CHECKSUM: u16 = 0x8000;
const GRE_ROUTING: u16 = 0x4000;
const GRE_KEY: u16 = 0x2000;
const GRE_SEQUENCE: u16 = 0x1000;
const GRE_ACKNOWLEDGEMENT: u16 = 0x0080;
const GRE_VERSION: u16 = 0x0007;

/// GRE (RFC 2784, RFC 2890), and what builds on it.
fn gre(bytes: &[u8]) -> Option<Tunnel<'_>> {
    let ([f0, f1, p0, p1], rest) = bytes.split_first_chunk()?;
    let flags = u16::from_be_bytes([*f0, *f1]);
    let protocol = u16::from_be_bytes([*p0, *p1]);
    match flags & GRE_VERSION {
        0 if flags & GRE_ROUTING == 0 => gre_0(flags, protocol, rest),
        1 => pptp(flags, protocol, rest),
        _ => None,
    }
}

fn gre_0(flags: u16, protocol: u16, bytes: &[u8]) -> Option<Tunnel<'_>> {
    const ERSPAN_2: u16 = 0x88be;
    const ERSPAN_3: u16 = 0x22eb;
    let word = |flag: u16| if flags & flag != 0 { 4 } else { 0 };
    let bytes = bytes.get(word(GRE_CHECKSUM)..)?;
    let key = if flags & GRE_KEY != 0 { u32::from_be_bytes(*bytes.first_chunk()?) } else { 0 };
    let bytes = bytes.get(word(GRE_KEY) + word(GRE_SEQUENCE)..)?;
    let key_only = flags & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE) == GRE_KEY;
    let ethernet = |kind, id, bytes| Some(Tunnel { kind, id, layer: Layer::Ethernet, bytes });
    match protocol {
        TRANSPARENT_ETHERNET if key_only => ethernet(TunnelType::Nvgre, key >> 8, bytes),
        // Type I has neither a sequence number nor a header.
        ERSPAN_2 if flags & GRE_SEQUENCE == 0 => ethernet(TunnelType::Erspan, 0, bytes),
        ERSPAN_2 => ethernet(TunnelType::Erspan, erspan_session(bytes)?, bytes.get(8..)?),
        ERSPAN_3 => {
            const HAS_SUBHEADER: u8 = 1;
            let subheader = usize::from(bytes.get(11)? & HAS_SUBHEADER) * 8;
            ethernet(TunnelType::Erspan, erspan_session(bytes)?, bytes.get(12 + subheader..)?)
        }
        _ => Some(Tunnel { kind: TunnelType::Gre, id: key, layer: protocol_type(protocol), bytes }),
    }
}

fn erspan_session(bytes: &[u8]) -> Option<u32> {
    const SESSION: u16 = 0x03ff;
    let [_, _, s0, s1] = bytes.first_chunk()?;
    Some((u16::from_be_bytes([*s0, *s1]) & SESSION).into())
}

/// The GRE of PPTP (RFC 2637): the key is a length and the number of the call.
fn pptp(flags: u16, protocol: u16, bytes: &[u8]) -> Option<Tunnel<'_>> {
    const PPP: u16 = 0x880b;
    let ([_, _, c0, c1], rest) = bytes.split_first_chunk()?;
    let word = |flag: u16| if flags & flag != 0 { 4 } else { 0 };
    let bytes = rest.get(word(GRE_SEQUENCE) + word(GRE_ACKNOWLEDGEMENT)..)?;
    let id = u16::from_be_bytes([*c0, *c1]).into();
    (protocol == PPP && flags & GRE_KEY != 0).then_some(Tunnel {
        kind: TunnelType::Pptp,
        id,
        layer: Layer::Ppp,
        bytes,
    })
}

/// L2TPv3 on IP. Session 0 is that of control messages.
fn l2tpv3(bytes: &[u8]) -> Option<Tunnel<'_>> {
    let (session, rest) = bytes.split_first_chunk()?;
    let id = u32::from_be_bytes(*session);
    // The two ends agree on a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4; the packet does not say.
    let frame =
        [0, 4, 8, 12].iter().filter_map(|&skip| rest.get(skip..)).find(|bytes| may_be_ethernet(bytes))?;
    (id != 0).then_some(Tunnel { kind: TunnelType::L2tpV3, id, layer: Layer::Ethernet, bytes: frame })
}

fn l2tpv3_in_udp(bytes: &[u8]) -> Option<Tunnel<'_>> {
    match bytes.split_first_chunk() {
        // A data message of version 3; version 2 is another protocol.
        Some(([0x00, 0x03, _, _], rest)) => l2tpv3(rest),
        _ => None,
    }
}
