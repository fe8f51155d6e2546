//! A second opinion on the same packets, where Wireshark's `tshark` is installed.

use std::process::{Command, Stdio};

use flowql_decode::frame::TunnelType;

use super::*;

/// The fields that are asked for, in the order of the columns of an answer.
const FIELDS: [&str; 22] = [
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "ip.ttl",
    "ipv6.hlim",
    "ip.dsfield",
    "ipv6.tclass",
    "ip.id",
    "ipv6.flow",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.flags",
    "udp.srcport",
    "udp.dstport",
    "sctp.srcport",
    "sctp.dstport",
    "eth.src",
    "eth.dst",
    "vlan.id",
    "mpls.label",
    "ieee8021ad.id",
];

/// Packets that it reads differently, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("a control word", "what MPLS carries has to be configured"),
    ("IPv6 with a length of 0", "only IPv4 with that is taken for a packet that a network card cuts"),
    ("GTP-U of Ethernet", "what GTP-U carries has to be configured"),
    ("L2TPv3", "the lengths of cookie and sublayer have to be configured"),
    ("L2TPv3 with a cookie", "the same"),
    ("L2TPv3 with all", "the same"),
    ("L2TPv3 in UDP", "the same"),
];

/// What `tshark` says of a packet: for each field the values of all headers, the outermost first.
struct Opinion(Vec<Vec<String>>);

impl Opinion {
    fn values(&self, field: &str) -> &[String] {
        let place = FIELDS.iter().position(|name| *name == field).expect("the field was asked for");
        &self.0[place]
    }

    /// The value in the outermost or the innermost header.
    fn value(&self, field: &str, innermost: bool) -> Option<&str> {
        let values = self.values(field);
        if innermost { values.last() } else { values.first() }.map(String::as_str)
    }

    fn number(&self, field: &str, innermost: bool) -> Option<u64> {
        let value = self.value(field, innermost)?;
        let number = match value.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => value.parse(),
        };
        Some(number.expect("a number"))
    }

    fn mac(&self, field: &str, innermost: bool) -> Option<u64> {
        let digits = self.value(field, innermost)?.replace(':', "");
        Some(u64::from_str_radix(&digits, 16).expect("a MAC address"))
    }
}

/// A capture file of packets.
fn capture(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [0xa1b2_c3d4_u32, 0x0002_0004, 0, 0, 65_535, 1].map(u32::to_be_bytes).concat();
    for packet in packets {
        let length = packet.len() as u32;
        file.extend([0, 0, length, length].map(u32::to_be_bytes).concat());
        file.extend(packet);
    }
    file
}

/// What `tshark` says of each packet. `None` where it is not installed.
fn opinions(packets: &[Vec<u8>]) -> Option<Vec<Opinion>> {
    let file = std::env::temp_dir().join(format!("flowql-frames-{}.pcap", std::process::id()));
    std::fs::write(&file, capture(packets)).expect("the capture is written");
    let mut command = Command::new("tshark");
    command.args(["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]);
    command.args(["-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", "-r"]).arg(&file);
    command.args(FIELDS.iter().flat_map(|field| ["-e", field]));
    let output = command.stderr(Stdio::null()).output();
    std::fs::remove_file(&file).expect("the capture is removed");
    let Ok(output) = output else {
        eprintln!("skipped: no tshark");
        return None;
    };
    let text = String::from_utf8(output.stdout).expect("text");
    let split =
        |column: &str| column.split('|').filter(|value| !value.is_empty()).map(String::from).collect();
    Some(text.lines().map(|line| Opinion(line.split('\t').map(split).collect())).collect())
}

/// An address as text.
fn text(address: [u8; 16]) -> String {
    std::net::Ipv6Addr::from(address).to_canonical().to_string()
}

/// Compares a frame with what `tshark` says of the outermost or innermost headers.
fn compare(name: &str, frame: &Frame, opinion: &Opinion, innermost: bool) {
    if DIFFERENCES.iter().any(|(different, _)| *different == name) {
        return;
    }
    let number = |field| opinion.number(field, innermost).unwrap_or_default();
    let (src, dst, ttl, tos) = match frame.version {
        4 => ("ip.src", "ip.dst", "ip.ttl", "ip.dsfield"),
        6 => ("ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.tclass"),
        _ => {
            assert!(opinion.values("ip.src").is_empty() && opinion.values("ipv6.src").is_empty(), "{name}");
            return;
        }
    };
    let addresses = [src, dst].map(|field| opinion.value(field, innermost).unwrap_or_default().to_string());
    assert_eq!(addresses, [text(frame.src_addr), text(frame.dst_addr)], "{name}");
    assert_eq!((number(ttl), number(tos)), (frame.ttl.into(), frame.tos.into()), "{name}");
    if frame.version == 4 {
        assert_eq!(number("ip.id"), u64::from(frame.fragment_id), "{name}");
    } else {
        assert_eq!(number("ipv6.flow"), u64::from(frame.flow_label), "{name}");
    }
    let (src, dst) = match frame.proto {
        6 => ("tcp.srcport", "tcp.dstport"),
        132 => ("sctp.srcport", "sctp.dstport"),
        _ => ("udp.srcport", "udp.dstport"),
    };
    if frame.src_port != 0 && frame.proto != 33 {
        assert_eq!([number(src), number(dst)], [frame.src_port.into(), frame.dst_port.into()], "{name}");
    }
    if frame.proto == 6 && frame.tcp_flags != 0 {
        assert_eq!(number("tcp.flags"), u64::from(frame.tcp_flags), "{name}");
    }
    let macs = ["eth.src", "eth.dst"].map(|field| opinion.mac(field, innermost).unwrap_or_default());
    // Behind MPLS labels the MAC addresses are those of the first header.
    if frame.labels.as_slice().is_empty() {
        assert_eq!(macs, [frame.src_mac, frame.dst_mac], "{name}");
    }
}

#[test]
fn tshark_sees_the_same() {
    let plain = super::plain::cases();
    let tunnels = [super::tunnels::cases(), super::tunnels::cases_in_ipv6()].concat();
    let packets: Vec<_> = plain.iter().chain(&tunnels).map(|(_, bytes, _)| bytes.clone()).collect();
    let Some(opinions) = opinions(&packets) else { return };
    assert_eq!(opinions.len(), packets.len());
    let (of_plain, of_tunnels) = opinions.split_at(plain.len());
    for ((name, _, frame), opinion) in plain.iter().zip(of_plain) {
        compare(name, frame, opinion, false);
        let labels: Vec<_> =
            opinion.values("mpls.label").iter().map(|label| label.parse().expect("a label")).collect();
        let kept: Vec<u32> = labels.into_iter().filter(|label| ![0, 2].contains(label)).collect();
        assert_eq!(kept, frame.labels.as_slice(), "{name}");
        // The two kinds of tags have fields of their own, which do not say which came first.
        let first =
            |field| opinion.values(field).iter().find(|vlan| *vlan != "0").map_or("0", String::as_str);
        let vlan = frame.vlan.to_string();
        assert!(["vlan.id", "ieee8021ad.id"].into_iter().any(|field| first(field) == vlan), "{name}");
    }
    for ((name, bytes, frame), opinion) in tunnels.iter().zip(of_tunnels) {
        assert_ne!(frame.tunnel_type, TunnelType::Undefined, "{name}");
        compare(name, frame, opinion, true);
        compare(name, &outer(bytes), opinion, false);
    }
}
