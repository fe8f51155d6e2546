//! Packet headers: every kind, whole and cut, alone and in tunnels.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod packets;
mod plain;
mod properties;
mod tshark;
mod tunnels;

use flowql_decode::frame::{Frame, IPV4, IPV6, Labels, Link, TunnelMode, Tunnels, decode};

use packets::{CLIENT, DST_MAC, SERVER, SRC_MAC, mapped, v6};

/// Reads an Ethernet frame, whose length is that of the bytes.
fn outer(bytes: &[u8]) -> Frame {
    decode(bytes, bytes.len() as u64, Link::Ethernet, &Tunnels::default())
}

/// The same, with the flow in tunnels.
fn inner(bytes: &[u8]) -> Frame {
    let tunnels = Tunnels { mode: TunnelMode::Inner, ..Tunnels::default() };
    decode(bytes, bytes.len() as u64, Link::Ethernet, &tunnels)
}

fn labels(values: &[u32]) -> Labels {
    let mut labels = Labels::default();
    values.iter().for_each(|label| labels.push_entry(label << 12));
    labels
}

/// The frame of an Ethernet header.
fn ethernet_facts() -> Frame {
    Frame { src_mac: SRC_MAC, dst_mac: DST_MAC, ..Frame::default() }
}

/// The frame of `Ipv4::new` behind an Ethernet header.
fn ipv4_facts(proto: u8, bytes: u64) -> Frame {
    Frame {
        version: 4,
        ether_type: IPV4,
        src_addr: mapped(CLIENT),
        dst_addr: mapped(SERVER),
        proto,
        tos: 0x2e,
        ttl: 61,
        fragment_id: 0xbeef,
        bytes,
        ..ethernet_facts()
    }
}

/// The frame of `ipv6` behind an Ethernet header.
fn ipv6_facts(proto: u8, bytes: u64) -> Frame {
    Frame {
        version: 6,
        ether_type: IPV6,
        src_addr: v6(1),
        dst_addr: v6(2),
        proto,
        tos: 0x2e,
        ttl: 61,
        flow_label: 0xabcde,
        bytes,
        ..ethernet_facts()
    }
}

/// The same with the ports of `tcp` and `udp`.
fn ports(frame: Frame, dst_port: u16) -> Frame {
    Frame { src_port: 40000, dst_port, ..frame }
}

/// A name, a packet, and the frame that it must give.
type Case = (&'static str, Vec<u8>, Frame);

/// Asserts that each packet gives its frame.
fn check(cases: &[Case], read: impl Fn(&[u8]) -> Frame) {
    for (name, bytes, expected) in cases {
        assert_eq!(read(bytes), *expected, "{name}");
    }
}
