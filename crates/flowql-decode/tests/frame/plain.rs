//! Packets without tunnels.

use flowql_decode::frame::{Frame, MAX_EXTENSION_HEADERS, MAX_LABELS, MAX_LINK_HEADERS};

use super::packets::*;
use super::*;

/// An IPv4 packet with a TCP header, 40 bytes.
fn packet() -> Vec<u8> {
    Ipv4::new(6).with(&tcp(0x012))
}

fn packet_facts() -> Frame {
    Frame { tcp_flags: 0x012, ..ports(ipv4_facts(6, 40), 443) }
}

/// Every header, with its frame.
pub(crate) fn cases() -> Vec<Case> {
    [transport_protocols(), link_headers(), frames_without_ip(), ipv4_packets(), ipv6_packets()].concat()
}

fn transport_protocols() -> Vec<Case> {
    let icmp = |kind, code| Frame { icmp_type: kind, icmp_code: code, ..ipv4_facts(1, 28) };
    vec![
        ("TCP", ethernet(0x0800, &packet()), packet_facts()),
        (
            "TCP with all twelve flag bits",
            ethernet(0x0800, &Ipv4::new(6).with(&tcp(0xfff))),
            Frame { tcp_flags: 0xfff, ..packet_facts() },
        ),
        ("UDP", ethernet(0x0800, &Ipv4::new(17).with(&udp(53, &[1, 2]))), ports(ipv4_facts(17, 30), 53)),
        ("UDP-Lite", ethernet(0x0800, &Ipv4::new(136).with(&udp(53, &[]))), ports(ipv4_facts(136, 28), 53)),
        ("SCTP", ethernet(0x0800, &Ipv4::new(132).with(&udp(53, &[0; 4]))), ports(ipv4_facts(132, 32), 53)),
        ("DCCP", ethernet(0x0800, &Ipv4::new(33).with(&udp(53, &[]))), ports(ipv4_facts(33, 28), 53)),
        ("ICMP", ethernet(0x0800, &Ipv4::new(1).with(&[3, 4, 0, 0, 0, 0, 0, 0])), icmp(3, 4)),
        ("no ports known", ethernet(0x0800, &Ipv4::new(50).with(&[1; 8])), ipv4_facts(50, 28)),
        (
            "ICMPv6",
            ethernet(0x86dd, &ipv6(58, &[135, 1, 0, 0])),
            Frame { icmp_type: 135, icmp_code: 1, ..ipv6_facts(58, 44) },
        ),
    ]
}

fn link_headers() -> Vec<Case> {
    let packet = packet();
    let tagged = |vlan| Frame { vlan, ..packet_facts() };
    let stack = |values: &[u32]| Frame { labels: labels(values), ..packet_facts() };
    let customer = ethernet_between(0x0a, 0x0b, 0x0800, &packet);
    let vendor = ethernet_between(0x0050_5600_000a, 0x0050_5600_000b, 0x8100, &tag(7, 0x0800, &packet));
    vec![
        ("802.1Q", ethernet(0x8100, &tag(100, 0x0800, &packet)), tagged(100)),
        ("802.1ad", ethernet(0x88a8, &tag(100, 0x8100, &tag(7, 0x0800, &packet))), tagged(100)),
        ("0x9100", ethernet(0x9100, &tag(100, 0x8100, &tag(7, 0x0800, &packet))), tagged(100)),
        (
            "tags the other way round",
            ethernet(0x8100, &tag(7, 0x88a8, &tag(100, 0x0800, &packet))),
            tagged(7),
        ),
        ("a priority alone", ethernet(0x8100, &tag(0, 0x8100, &tag(7, 0x0800, &packet))), tagged(7)),
        ("MPLS", ethernet(0x8847, &mpls(&[16, 1_048_575], &packet)), stack(&[16, 1_048_575])),
        ("multicast MPLS", ethernet(0x8848, &mpls(&[16], &packet)), stack(&[16])),
        ("explicit null", ethernet(0x8847, &mpls(&[16, 0], &packet)), stack(&[16])),
        (
            "IPv6 in MPLS",
            ethernet(0x8847, &mpls(&[16, 2], &ipv6(59, &[]))),
            Frame { labels: labels(&[16]), ..ipv6_facts(59, 40) },
        ),
        ("Ethernet in MPLS", ethernet(0x8847, &mpls(&[16], &customer)), stack(&[16])),
        ("a control word", ethernet(0x8847, &mpls(&[16], &join(&[&[0; 4], &customer]))), stack(&[16])),
        ("a tag in MPLS", ethernet(0x8847, &mpls(&[16], &vendor)), Frame { vlan: 7, ..stack(&[16]) }),
        ("PPPoE", ethernet(0x8864, &pppoe(0x0021, &packet)), packet_facts()),
        ("PPPoE behind a tag", ethernet(0x8100, &tag(7, 0x8864, &pppoe(0x0021, &packet))), tagged(7)),
        ("IPv6 in PPPoE", ethernet(0x8864, &pppoe(0x0057, &ipv6(59, &[]))), ipv6_facts(59, 40)),
        ("MPLS in PPPoE", ethernet(0x8864, &pppoe(0x0281, &mpls(&[16], &packet))), stack(&[16])),
        ("SNAP", ethernet(48, &join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &packet])), packet_facts()),
    ]
}

/// Their length is that at layer 3.
fn frames_without_ip() -> Vec<Case> {
    let ether_type = |ether_type, bytes| Frame { ether_type, bytes, ..ethernet_facts() };
    vec![
        ("ARP", ethernet(0x0806, &[1; 28]), ether_type(0x0806, 28)),
        (
            "ARP behind two tags",
            ethernet(0x88a8, &tag(3, 0x8100, &tag(4, 0x0806, &[1; 28]))),
            Frame { vlan: 3, ..ether_type(0x0806, 28) },
        ),
        ("spanning tree", ethernet(38, &[0x42, 0x42, 3, 0, 0, 0, 0, 0]), ether_type(0, 8)),
        ("another SNAP", ethernet(38, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0]), ether_type(0, 8)),
        ("PPPoE discovery", ethernet(0x8863, &[0x11, 9, 0, 0, 0, 0]), ether_type(0x8863, 6)),
        ("LCP", ethernet(0x8864, &pppoe(0xc021, &[9; 8])), ether_type(0x8864, 16)),
        ("not a PPPoE session", ethernet(0x8864, &[0x21; 40]), ether_type(0x8864, 40)),
        (
            "neither IP nor Ethernet in MPLS",
            ethernet(0x8847, &mpls(&[16], &[0x10; 20])),
            Frame { labels: labels(&[16]), ..ether_type(0x8847, 24) },
        ),
        ("IPv4 of an impossible header length", ethernet(0x0800, &[0x44; 40]), ether_type(0x0800, 40)),
        ("an unknown version of IP", ethernet(0x0800, &[0x75; 40]), ether_type(0x0800, 40)),
    ]
}

fn ipv4_packets() -> Vec<Case> {
    let datagram = udp(53, &[9; 8]);
    let options = Ipv4 { options: &[0x94, 4, 0, 0, 1, 1, 1, 0], ..Ipv4::new(17) };
    let first = Ipv4 { fragment: 0x2000, ..Ipv4::new(17) };
    let later = Ipv4 { fragment: 0x2000 | 185, ..Ipv4::new(17) };
    let mut offloaded = packet();
    offloaded[2..4].fill(0);
    let mut padded = ethernet(0x0800, &Ipv4 { fragment: 0x2000, ..Ipv4::new(6) }.with(&tcp(0x012)[..8]));
    padded.extend([0xff; 18]);
    vec![
        ("options", ethernet(0x0800, &options.with(&datagram)), ports(ipv4_facts(17, 44), 53)),
        ("the first fragment", ethernet(0x0800, &first.with(&datagram)), ports(ipv4_facts(17, 36), 53)),
        (
            "a later fragment",
            ethernet(0x0800, &later.with(&datagram)),
            Frame { fragment_offset: 185, ..ipv4_facts(17, 36) },
        ),
        ("a length of 0", ethernet(0x0800, &offloaded), packet_facts()),
        ("padding is not read", padded, ports(ipv4_facts(6, 28), 443)),
    ]
}

fn ipv6_packets() -> Vec<Case> {
    let datagram = udp(53, &[9; 8]);
    let udp_facts = |bytes| ports(ipv6_facts(17, bytes), 53);
    let authentication = join(&[&[17, 4], &[0; 22], &datagram]);
    let chain = extension(60, 1, &extension(43, 0, &extension(17, 2, &datagram)));
    let fragmented =
        |offset, next| Frame { fragment_offset: offset, fragment_id: 0xdead_beef, ..ipv6_facts(next, 64) };
    let mut jumbo = ipv6(17, &datagram);
    jumbo[4..6].fill(0);
    vec![
        ("none", ethernet(0x86dd, &ipv6(17, &datagram)), udp_facts(56)),
        ("three", ethernet(0x86dd, &ipv6(0, &chain)), udp_facts(56 + 48)),
        ("authentication", ethernet(0x86dd, &ipv6(51, &authentication)), udp_facts(80)),
        ("no next header", ethernet(0x86dd, &ipv6(59, &[])), ipv6_facts(59, 40)),
        ("encrypted", ethernet(0x86dd, &ipv6(50, &datagram)), ipv6_facts(50, 56)),
        (
            "the first fragment",
            ethernet(0x86dd, &ipv6(44, &fragment(17, 0, true, &datagram))),
            ports(fragmented(0, 17), 53),
        ),
        (
            "a later fragment",
            ethernet(0x86dd, &ipv6(44, &fragment(17, 181, false, &datagram))),
            fragmented(181, 17),
        ),
        (
            "a later fragment whose next header would be an extension",
            ethernet(0x86dd, &ipv6(44, &fragment(60, 181, false, &datagram))),
            fragmented(181, 60),
        ),
        ("IPv6 with a length of 0", ethernet(0x86dd, &jumbo), udp_facts(56)),
    ]
}

#[test]
fn packets_have_their_facts() {
    check(&cases(), outer);
}

#[test]
fn chains_are_bounded() {
    let facts = |proto, count: usize| ipv6_facts(proto, 40 + 8 + 8 * count as u64);
    let chain = |count: usize| {
        let last = extension(17, 0, &udp(53, &[]));
        (1..count).fold(last, |rest, _| extension(60, 0, &rest))
    };
    let read = |count| outer(&ethernet(0x86dd, &ipv6(60, &chain(count))));
    assert_eq!(read(MAX_EXTENSION_HEADERS), ports(facts(17, MAX_EXTENSION_HEADERS), 53));
    assert_eq!(read(MAX_EXTENSION_HEADERS + 1), facts(60, MAX_EXTENSION_HEADERS + 1));

    let tags = |count: usize| (1..count).fold(tag(1, 0x0800, &packet()), |rest, _| tag(1, 0x8100, &rest));
    let read = |count| outer(&ethernet(0x8100, &tags(count)));
    assert_eq!(read(MAX_LINK_HEADERS - 2).proto, 6);
    assert_eq!(read(MAX_LINK_HEADERS - 1).proto, 0);

    let stack: Vec<u32> = (16..48).collect();
    let read = outer(&ethernet(0x8847, &mpls(&stack, &packet())));
    assert_eq!((read.labels.as_slice(), read.proto), (&stack[..MAX_LABELS], 6));
}

#[test]
fn what_is_cut_is_zero() {
    let frame = ethernet(0x8100, &tag(7, 0x0800, &packet()));
    let whole = Frame { vlan: 7, ..packet_facts() };
    let length = frame.len() as u64;
    for cut in 0..frame.len() {
        let read = decode(&frame[..cut], length, Link::Ethernet, &Tunnels::default());
        let expected = match cut {
            0..14 => Frame { bytes: length, ..Frame::default() },
            14..18 => Frame { bytes: length - 14, ..ethernet_facts() },
            18..38 => Frame { vlan: 7, ether_type: 0x0800, bytes: length - 18, ..ethernet_facts() },
            38..42 => Frame { vlan: 7, ..ipv4_facts(6, 40) },
            42..52 => Frame { tcp_flags: 0, ..whole },
            _ => whole,
        };
        assert_eq!(read, expected, "{cut}");
    }
}

#[test]
fn a_cut_extension_header_keeps_its_number() {
    let frame = ethernet(0x86dd, &ipv6(0, &extension(17, 1, &udp(53, &[]))));
    let read = |end| decode(&frame[..end], frame.len() as u64, Link::Ethernet, &Tunnels::default());
    assert_eq!(read(14 + 40 + 7), ipv6_facts(0, 64));
    // What follows is said in its first byte.
    assert_eq!(read(14 + 40 + 8), ipv6_facts(17, 64));
    assert_eq!(read(frame.len()), ports(ipv6_facts(17, 64), 53));
}

#[test]
fn other_links() {
    let packet = packet();
    let read = |bytes: &[u8], link| decode(bytes, bytes.len() as u64, link, &Tunnels::default());
    let expected = Frame { src_mac: 0, dst_mac: 0, ..packet_facts() };
    assert_eq!(read(&packet, Link::Ip), expected);
    assert_eq!(read(&join(&[&[0xff, 0x03, 0x00, 0x21], &packet]), Link::Ppp), expected);
    assert_eq!(read(&join(&[&[0x21], &packet]), Link::Ppp), expected);
    let stack = Frame { labels: labels(&[16]), ..expected };
    assert_eq!(read(&mpls(&[16], &packet), Link::Mpls), stack);
    let arp = mpls(&[16], &ethernet(0x8100, &tag(9, 0x0806, &[1; 28])));
    assert_eq!(
        read(&arp, Link::Mpls),
        Frame { vlan: 9, ether_type: 0x8847, labels: labels(&[16]), bytes: 50, ..ethernet_facts() }
    );
    assert_eq!(read(&[], Link::Ip), Frame::default());
}
