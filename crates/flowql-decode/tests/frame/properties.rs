//! What holds for any bytes.

use flowql_decode::frame::MAX_LABELS;
use proptest::prelude::*;

use super::packets::*;
use super::*;

/// Bytes that begin like packets do: a header of each kind around any bytes, some layers deep.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..80);
    bytes.prop_recursive(8, 8, 1, |rest| (rest, 0..24_u8).prop_map(|(rest, kind)| wrap(kind, &rest)))
}

fn wrap(kind: u8, rest: &[u8]) -> Vec<u8> {
    match kind {
        0 => ethernet(0x0800, rest),
        1 => ethernet(0x86dd, rest),
        2 => ethernet(0x8100, &tag(5, 0x0800, rest)),
        3 => ethernet(0x8847, &mpls(&[16, 0, 17], rest)),
        4 => ethernet(0x8864, &pppoe(0x0021, rest)),
        5 => Ipv4::new(17).with(rest),
        6 => Ipv4::tunnel(47).with(rest),
        7 => Ipv4::tunnel(4).with(rest),
        8 => Ipv4::tunnel(115).with(rest),
        9 => ipv6(43, &segments(41, rest)),
        10 => ipv6(0, &extension(44, 0, &fragment(17, 0, true, rest))),
        11 => ipv6(17, rest),
        12 => udp(4789, &vxlan(rest)),
        13 => udp(6081, &geneve(0x6558, rest)),
        14 => udp(2152, &gtp_u_extended(rest)),
        15 => udp(6635, &mpls(&[16], rest)),
        16 => gre(0xb000, 0x6558, rest),
        17 => gre(0x1000, 0x88be, &erspan_2(rest)),
        18 => gre(0x1000, 0x22eb, &erspan_3(rest)),
        19 => pptp(rest),
        20 => l2tpv3(4, rest),
        21 => extension(60, 1, rest),
        22 => mpls(&[16], rest),
        _ => join(&[&tcp(0x10), rest]),
    }
}

fn links() -> impl Strategy<Value = Link> {
    prop_oneof![Just(Link::Ethernet), Just(Link::Ppp), Just(Link::Mpls), Just(Link::Ip)]
}

proptest! {
    /// Any bytes have a frame, within bounds.
    #[test]
    fn any_bytes_have_a_frame(
        bytes in prop_oneof![likely(), proptest::collection::vec(any::<u8>(), 0..300)],
        length in prop_oneof![0..2000_u64, any::<u64>()],
        link in links(),
        flip in proptest::option::of((any::<proptest::sample::Index>(), any::<u8>())),
    ) {
        let mut bytes = bytes;
        if let Some((place, value)) = flip && !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        for mode in [TunnelMode::Outer, TunnelMode::Inner] {
            let frame = decode(&bytes, length, link, &Tunnels { mode, ..Tunnels::default() });
            prop_assert!(frame.bytes <= length.max(u64::from(u16::MAX) + 40));
            prop_assert!(frame.vlan < 4096 && frame.tcp_flags < 4096 && frame.fragment_offset < 8192);
            prop_assert!(frame.labels.as_slice().len() <= MAX_LABELS);
            prop_assert!(frame.flow_label < 1 << 20);
        }
    }

    /// A longer piece of a packet never says less: what a shorter piece says of ports, flags and addresses is kept or, where
    /// a tunnel comes into sight, replaced by what it carries.
    #[test]
    fn more_bytes_say_more(bytes in likely(), cut in any::<proptest::sample::Index>()) {
        let length = bytes.len() as u64;
        let cut = cut.index(bytes.len() + 1);
        let whole = outer(&bytes);
        let part = decode(&bytes[..cut], length, Link::Ethernet, &Tunnels::default());
        if part.src_addr != [0; 16] {
            prop_assert_eq!((part.src_addr, part.dst_addr), (whole.src_addr, whole.dst_addr));
            prop_assert_eq!(part.bytes, whole.bytes);
        }
        if part.src_port != 0 {
            prop_assert_eq!((part.src_port, part.dst_port), (whole.src_port, whole.dst_port));
        }
    }
}
