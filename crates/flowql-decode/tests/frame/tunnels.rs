//! Packets in tunnels.

use flowql_decode::frame::{MAX_TUNNELS, TunnelType, UdpTunnel};

use super::packets::*;
use super::*;

/// The packet in the tunnels: 40 bytes.
fn packet() -> Vec<u8> {
    Ipv4::new(6).with(&tcp(0x012))
}

/// A frame around it, with addresses of its own.
fn frame() -> Vec<u8> {
    ethernet_between(0x0a, 0x0b, 0x8100, &tag(7, 0x0800, &packet()))
}

fn packet_facts(tunnel_type: TunnelType, tunnel_id: u32) -> Frame {
    Frame {
        tcp_flags: 0x012,
        outer_src_addr: mapped(ENDS[0]),
        outer_dst_addr: mapped(ENDS[1]),
        tunnel_type,
        tunnel_id,
        ..ports(ipv4_facts(6, 40), 443)
    }
}

/// The facts of the packet in `frame`.
fn frame_facts(tunnel_type: TunnelType, tunnel_id: u32) -> Frame {
    Frame { src_mac: 0x0b, dst_mac: 0x0a, vlan: 7, ..packet_facts(tunnel_type, tunnel_id) }
}

fn tunnel(proto: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &Ipv4::tunnel(proto).with(payload))
}

fn tunnel_in_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    tunnel(17, &udp(port, payload))
}

/// Every tunnel, and its inner flow.
pub(crate) fn cases() -> Vec<Case> {
    use TunnelType::{Erspan, Geneve, Gre, GtpU, IpIp, L2tpV3, Mpls, Nvgre, Pptp, SixInFour, Vxlan};
    let (packet, frame) = (packet(), frame());
    let stack = |values: &[u32], facts| Frame { labels: labels(values), ..facts };
    let six = |kind| Frame { tunnel_type: kind, tunnel_id: 0, ..packet_facts(kind, 0) };
    let in_six = ipv6(59, &[]);
    let six_facts = |kind| Frame {
        outer_src_addr: six(kind).outer_src_addr,
        outer_dst_addr: six(kind).outer_dst_addr,
        tunnel_type: kind,
        ..ipv6_facts(59, 40)
    };
    vec![
        ("VXLAN", tunnel_in_udp(4789, &vxlan(&frame)), frame_facts(Vxlan, 0x12_3456)),
        ("GENEVE", tunnel_in_udp(6081, &geneve(0x6558, &frame)), frame_facts(Geneve, 0x12_3456)),
        ("GENEVE of IPv4", tunnel_in_udp(6081, &geneve(0x0800, &packet)), packet_facts(Geneve, 0x12_3456)),
        ("GTP-U", tunnel_in_udp(2152, &gtp_u(&packet)), packet_facts(GtpU, 0x1234_5678)),
        ("GTP-U in 5G", tunnel_in_udp(2152, &gtp_u_extended(&packet)), packet_facts(GtpU, 0x1234_5678)),
        ("GTP-U of Ethernet", tunnel_in_udp(2152, &gtp_u(&frame)), frame_facts(GtpU, 0x1234_5678)),
        (
            "MPLS in UDP",
            tunnel_in_udp(6635, &mpls(&[16, 17], &packet)),
            stack(&[16, 17], packet_facts(Mpls, 16)),
        ),
        ("EoMPLS in UDP", tunnel_in_udp(6635, &mpls(&[16], &frame)), stack(&[16], frame_facts(Mpls, 16))),
        ("MPLS in IP", tunnel(137, &mpls(&[16], &packet)), stack(&[16], packet_facts(Mpls, 16))),
        ("GRE", tunnel(47, &gre(0, 0x0800, &packet)), packet_facts(Gre, 0)),
        ("GRE with all fields", tunnel(47, &gre(0xb000, 0x0800, &packet)), packet_facts(Gre, 0x00ab_cd01)),
        ("IPv6 in GRE", tunnel(47, &gre(0, 0x86dd, &in_six)), six_facts(Gre)),
        (
            "MPLS in GRE",
            tunnel(47, &gre(0, 0x8847, &mpls(&[16], &packet))),
            stack(&[16], packet_facts(Gre, 0)),
        ),
        ("Ethernet in GRE", tunnel(47, &gre(0, 0x6558, &frame)), frame_facts(Gre, 0)),
        ("NVGRE", tunnel(47, &gre(0x2000, 0x6558, &frame)), frame_facts(Nvgre, 0xabcd)),
        ("ERSPAN type I", tunnel(47, &gre(0, 0x88be, &frame)), frame_facts(Erspan, 0)),
        ("ERSPAN type II", tunnel(47, &gre(0x1000, 0x88be, &erspan_2(&frame))), frame_facts(Erspan, 100)),
        ("ERSPAN type III", tunnel(47, &gre(0x1000, 0x22eb, &erspan_3(&frame))), frame_facts(Erspan, 100)),
        ("PPTP", tunnel(47, &pptp(&packet)), packet_facts(Pptp, 0x1234)),
        ("IP in IP", tunnel(4, &packet), packet_facts(IpIp, 0)),
        ("6in4", tunnel(41, &in_six), six_facts(SixInFour)),
        ("L2TPv3", tunnel(115, &l2tpv3(0, &frame)), frame_facts(L2tpV3, 0x0001_0203)),
        ("L2TPv3 with a cookie", tunnel(115, &l2tpv3(8, &frame)), frame_facts(L2tpV3, 0x0001_0203)),
        ("L2TPv3 with all", tunnel(115, &l2tpv3(12, &frame)), frame_facts(L2tpV3, 0x0001_0203)),
        (
            "L2TPv3 in UDP",
            tunnel_in_udp(1701, &join(&[&[0, 3, 0, 0], &l2tpv3(4, &frame)])),
            frame_facts(L2tpV3, 0x0001_0203),
        ),
    ]
}

#[test]
fn inner_flows() {
    check(&cases(), inner);
    check(&cases_in_ipv6(), inner);
}

#[test]
fn outer_flows() {
    for (name, bytes, _) in cases() {
        let read = outer(&bytes);
        let addresses = (read.src_addr, read.dst_addr);
        assert_eq!(addresses, (mapped(ENDS[0]), mapped(ENDS[1])), "{name}");
        assert_eq!((read.tunnel_type, read.tunnel_id), (TunnelType::Undefined, 0), "{name}");
        assert_eq!((read.bytes, read.vlan), (bytes.len() as u64 - 14, 0), "{name}");
    }
}

#[test]
fn a_cut_inner_header_leaves_the_outer_flow() {
    for (name, bytes, inner_facts) in cases() {
        let outer_facts = outer(&bytes);
        let tunnels = Tunnels { mode: TunnelMode::Inner, ..Tunnels::default() };
        let read = |cut: usize| decode(&bytes[..cut], bytes.len() as u64, Link::Ethernet, &tunnels);
        // In an IPv6 packet without a payload, its header is the last; else a TCP header of 20 bytes is.
        let end = bytes.len() - if inner_facts.proto == 59 { 0 } else { 20 };
        for cut in 42..end {
            assert_eq!(read(cut), outer_facts, "{name} {cut}");
        }
        let addresses = (read(end).src_addr, read(end).dst_addr);
        assert_eq!(addresses, (inner_facts.src_addr, inner_facts.dst_addr), "{name}");
        assert_eq!(read(end).bytes, 40, "{name}");
    }
}

/// Tunnels in IPv6.
pub(crate) fn cases_in_ipv6() -> Vec<Case> {
    let expected = |kind| Frame { outer_src_addr: v6(1), outer_dst_addr: v6(2), ..packet_facts(kind, 0) };
    let customer = |kind| Frame { src_mac: 0x0b, dst_mac: 0x0a, vlan: 7, ..expected(kind) };
    let six = Frame {
        outer_src_addr: v6(3),
        outer_dst_addr: v6(4),
        tunnel_type: TunnelType::IpIp,
        ..ipv6_facts(59, 40)
    };
    vec![
        ("SRv6 of IPv4", ethernet(0x86dd, &ipv6(43, &segments(4, &packet()))), expected(TunnelType::SrV6)),
        (
            "SRv6 of Ethernet",
            ethernet(0x86dd, &ipv6(43, &segments(143, &frame()))),
            customer(TunnelType::SrV6),
        ),
        (
            "SRv6 of Ethernet in one segment",
            ethernet(0x86dd, &ipv6(143, &frame())),
            customer(TunnelType::SrV6),
        ),
        ("IPv4 in IPv6", ethernet(0x86dd, &ipv6(4, &packet())), expected(TunnelType::IpIp)),
        ("IPv6 in IPv6", ethernet(0x86dd, &ipv6_between(v6(3), v6(4), 41, &ipv6(59, &[]))), six),
    ]
}

#[test]
fn what_is_no_tunnel_stays_a_flow() {
    let frame = frame();
    let control = [0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0];
    let layer_2 = [0x00, 0x02, 0x00, 0x01, 0x00, 0x01, 0xff, 0x03, 0x00, 0x21];
    for (name, bytes) in [
        ("VXLAN without a VNI", tunnel_in_udp(4789, &join(&[&[0; 8], &frame]))),
        ("ARP in VXLAN", tunnel_in_udp(4789, &vxlan(&ethernet(0x0806, &[1; 28])))),
        (
            "another version of GENEVE",
            tunnel_in_udp(6081, &join(&[&[0x40, 0, 0x65, 0x58, 0, 0, 0, 0], &frame])),
        ),
        ("GENEVE with cut options", tunnel_in_udp(6081, &[0x3f, 0, 0x65, 0x58, 0, 0, 0, 0])),
        ("an echo request of GTP-U", tunnel_in_udp(2152, &control)),
        (
            "GTP-U with an extension of no length",
            tunnel_in_udp(2152, &[0x34, 255, 0, 8, 0, 0, 0, 1, 0, 0, 0, 5, 0]),
        ),
        ("L2TPv2", tunnel_in_udp(1701, &layer_2)),
        ("a control message of L2TPv3", tunnel(115, &join(&[&[0; 4], &frame]))),
        ("GRE with routing", tunnel(47, &gre(0x4000, 0x0800, &packet()))),
        ("GRE of version 2", tunnel(47, &gre(0x0002, 0x0800, &packet()))),
        ("a keepalive of GRE", tunnel(47, &gre(0, 0, &[]))),
        ("PPTP without a call", tunnel(47, &[0x10, 0x01, 0x88, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0])),
        ("another port", tunnel_in_udp(4790, &vxlan(&frame))),
        ("a later fragment", {
            let later = Ipv4 { fragment: 100, ..Ipv4::tunnel(4) };
            ethernet(0x0800, &later.with(&packet()))
        }),
    ] {
        assert_eq!(inner(&bytes), outer(&bytes), "{name}");
    }
}

#[test]
fn ports_by_configuration() {
    let tunnels =
        Tunnels { mode: TunnelMode::Inner, ports: vec![(8472, UdpTunnel::Vxlan), (4789, UdpTunnel::GtpU)] };
    let read = |bytes: &[u8]| decode(bytes, bytes.len() as u64, Link::Ethernet, &tunnels);
    assert_eq!(read(&tunnel_in_udp(8472, &vxlan(&frame()))), frame_facts(TunnelType::Vxlan, 0x12_3456));
    assert_eq!(read(&tunnel_in_udp(4789, &gtp_u(&packet()))), packet_facts(TunnelType::GtpU, 0x1234_5678));
    assert_eq!(read(&tunnel_in_udp(6081, &geneve(0x6558, &frame()))).tunnel_type, TunnelType::Undefined);
}

#[test]
fn an_inner_packet_without_a_length_has_that_of_the_tunnel() {
    let mut offloaded = packet();
    offloaded[2..4].fill(0);
    assert_eq!(inner(&tunnel(4, &offloaded)), packet_facts(TunnelType::IpIp, 0));
}

#[test]
fn tunnels_in_tunnels() {
    // The innermost flow, in the outermost tunnel.
    let both =
        tunnel_in_udp(4789, &vxlan(&ethernet(0x0800, &Ipv4::new(47).with(&gre(0, 0x0800, &packet())))));
    let expected = packet_facts(TunnelType::Vxlan, 0x12_3456);
    assert_eq!(inner(&both), expected);
    let nested = |count: usize| (1..count).fold(packet(), |rest, _| Ipv4::new(4).with(&rest));
    let read = |count| inner(&tunnel(4, &nested(count))).proto;
    assert_eq!((read(MAX_TUNNELS), read(MAX_TUNNELS + 1)), (6, 4));
}

#[test]
fn kinds_have_the_numbers_of_their_column() {
    use TunnelType::{
        Erspan, Geneve, Gre, GtpU, IpIp, L2tpV3, Mpls, Nvgre, Pptp, SixInFour, SrV6, Undefined, Vxlan,
    };
    let schema = flowql::Schema::all_columns();
    let column = schema.column(schema.find("TunnelType").expect("the column is there"));
    let Some(flowql::ScalarType::Enum8(words)) = column.clickhouse_type.scalar() else {
        panic!("{:?}", column.clickhouse_type)
    };
    let kinds = [
        ("none", Undefined),
        ("vxlan", Vxlan),
        ("nvgre", Nvgre),
        ("geneve", Geneve),
        ("gtp-u", GtpU),
        ("mpls-in-udp", Mpls),
        ("gre", Gre),
        ("erspan", Erspan),
        ("pptp", Pptp),
        ("ipip", IpIp),
        ("6in4", SixInFour),
        ("l2tpv3", L2tpV3),
        ("srv6", SrV6),
    ];
    assert_eq!(words, kinds.map(|(word, kind)| (word, kind as i8)));
}
