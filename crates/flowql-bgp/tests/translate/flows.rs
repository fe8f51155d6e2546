//! Flows of one packet each, as exporters send them and as routers see them, and filters over their columns.

use std::net::IpAddr;

use flowql::Schema;
use flowql_bgp::{Family, Flowspec, Fragment, Packet};
use flowql_eval::{Evaluator, Value};
use proptest::prelude::*;
use proptest::sample::select;

const V4: [&str; 6] =
    ["203.0.113.68", "203.0.113.1", "203.0.112.9", "192.0.2.7", "0.0.0.0", "255.255.255.255"];
const V6: [&str; 5] = ["2001:db8:1::5", "2001:db8:1::1", "2001:db8:2::9", "::", "fe80::1"];
const NUMBERS: [u16; 16] = [0, 1, 2, 6, 8, 17, 18, 53, 58, 123, 128, 184, 255, 443, 1476, 65_535];

/// A flow of one packet.
#[derive(Clone, Debug)]
pub(crate) struct Flow(Packet, u8);

prop_compose! {
    pub(crate) fn flow()(
        is_v6 in any::<bool>(),
        addresses in (0_usize..30, 0_usize..30),
        protocol in select(vec![6_u8, 6, 17, 17, 1, 58, 47, 132]),
        ports in (select(&NUMBERS), select(&NUMBERS)),
        icmp in (select(&NUMBERS), select(&NUMBERS)),
        flags in prop_oneof![Just(2), Just(18), 0_u16..0x1000],
        length in select(&NUMBERS),
        traffic_class in select(&NUMBERS),
        fragment in select(vec![
            Fragment::Whole, Fragment::Whole, Fragment::DontFragment, Fragment::First, Fragment::Later, Fragment::Last,
        ]),
        flow_label in select(vec![0_u32, 1, 74_565, 0xf_ffff]),
    ) -> Flow {
        let address = |number: usize| -> IpAddr {
            let text = if is_v6 { V6[number % V6.len()] } else { V4[number % V4.len()] };
            text.parse().unwrap()
        };
        let mut packet = Packet::new(address(addresses.0), address(addresses.1), protocol);
        packet.length = length;
        packet.dscp = (traffic_class as u8) >> 2;
        packet.fragment = fragment;
        if is_v6 {
            packet.flow_label = flow_label;
            if fragment == Fragment::DontFragment {
                packet.fragment = Fragment::Whole;
            }
        }
        if packet.fragment.has_header() {
            // Exporters say the ports of SCTP too.
            if matches!(protocol, 6 | 17 | 132) {
                (packet.source_port, packet.destination_port) = ports;
            }
            if protocol == 6 {
                packet.tcp_flags = flags;
            }
            if protocol == if is_v6 { 58 } else { 1 } {
                (packet.icmp_type, packet.icmp_code) = (icmp.0 as u8, icmp.1 as u8);
            }
        }
        Flow(packet, traffic_class as u8 & 3)
    }
}

impl Flow {
    pub(crate) fn packet(&self) -> Packet {
        self.0
    }

    /// The same, to the rule's destination.
    pub(crate) fn towards(&self, rule: &Flowspec) -> Self {
        let mut changed = self.clone();
        if let Some(prefix) = rule.destination().filter(|_| Family::of_address(self.0.source) == rule.family)
        {
            changed.0.destination = prefix.addr();
        }
        changed
    }

    /// The values of the columns that a filter reads.
    pub(crate) fn row(&self, schema: &Schema, evaluator: &Evaluator) -> Vec<Value> {
        evaluator.columns().iter().map(|&id| Value::Number(self.value(&schema.column(id).name))).collect()
    }

    fn value(&self, column: &str) -> u128 {
        let Self(packet, ecn) = self;
        let is_v6 = packet.source.is_ipv6();
        let of_v4 = |number: u8| if is_v6 { 0 } else { u128::from(number) };
        let of_v6 = |number: u8| if is_v6 { u128::from(number) } else { 0 };
        match column {
            "SrcAddr" => bits(packet.source),
            "DstAddr" => bits(packet.destination),
            "EType" => {
                if is_v6 {
                    0x86dd
                } else {
                    0x0800
                }
            }
            "Proto" => packet.protocol.into(),
            "SrcPort" => packet.source_port.into(),
            "DstPort" => packet.destination_port.into(),
            "TCPFlags" => packet.tcp_flags.into(),
            "PacketSize" => packet.length.into(),
            "IPTos" => u128::from(packet.dscp << 2 | ecn),
            "IPFragmentOffset" => match packet.fragment {
                Fragment::Later => 185,
                Fragment::Last => 370,
                _ => 0,
            },
            "IPv6FlowLabel" => packet.flow_label.into(),
            "ICMPv4Type" => of_v4(packet.icmp_type),
            "ICMPv4Code" => of_v4(packet.icmp_code),
            "ICMPv6Type" => of_v6(packet.icmp_type),
            "ICMPv6Code" => of_v6(packet.icmp_code),
            other => panic!("{other}"),
        }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// A filter: conditions joined by AND, some of them groups.
pub(crate) fn filter() -> impl Strategy<Value = String> {
    let destination = prop_oneof![
        4 => select(V4.to_vec()).prop_map(|address| format!("DstAddr = {address}")),
        4 => select(V6.to_vec()).prop_map(|address| format!("DstAddr = {address}")),
        4 => select(vec!["203.0.113.0/24", "203.0.112.0/23", "0.0.0.0/0", "2001:db8:1::/48", "::/0", "::/1"])
            .prop_map(|prefix| format!("DstAddr << {prefix}")),
        2 => select(vec!["EType = IPv4", "EType = IPv6", "EType != IPv4"]).prop_map(str::to_owned),
        1 => Just("DstAddr IN (203.0.112.0/24, 203.0.113.0/24)".to_owned()),
        1 => Just("NOT DstAddr << 128.0.0.0/1 AND EType = IPv4".to_owned()),
    ];
    let protocol = prop_oneof![
        3 => select(vec!["tcp", "udp", "icmp", "ipv6-icmp", "gre"]).prop_map(|name| format!(" AND Proto = \"{name}\"")),
        1 => Just(" AND Proto IN (\"tcp\", \"udp\")".to_owned()),
        1 => Just(" AND Proto != \"tcp\"".to_owned()),
        1 => Just(String::new()),
    ];
    let rest = prop::collection::vec(term(), 0..3);
    (destination, protocol, rest).prop_map(|(destination, protocol, rest)| {
        let rest: String = rest.iter().map(|term| format!(" AND {term}")).collect();
        format!("{destination}{protocol}{rest}")
    })
}

fn term() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => condition(),
        1 => condition().prop_map(|condition| format!("NOT ({condition})")),
        2 => (column(), test(), test(), select(vec!["AND", "OR"]), any::<bool>()).prop_map(
            |(column, one, two, join, negated)| {
                let not = if negated { "NOT " } else { "" };
                format!("{not}({column} {one} {join} {column} {two})")
            }
        ),
        1 => (test(), any::<bool>()).prop_map(|(test, negated)| {
            if negated {
                format!("NOT (SrcPort {test} AND DstPort {test})")
            } else {
                format!("(SrcPort {test} OR DstPort {test})")
            }
        }),
        1 => select(vec![
            "SrcAddr << 192.0.2.0/24", "SrcAddr = 2001:db8:1::5", "IPFragmentOffset = 0", "IPFragmentOffset > 0",
            "IPTos IN (184-187)", "NOT IPTos IN (0-3)", "DstPort != 0 AND DstPort < 1024", "TCPFlags HAS SYN",
            "TCPFlags HAS (SYN, ACK)", "TCPFlags NOT HAS ACK", "(TCPFlags HAS RST OR TCPFlags NOT HAS (SYN, NS))",
            "IPv6FlowLabel > 0",
        ])
        .prop_map(str::to_owned),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    (column(), test()).prop_map(|(column, test)| format!("{column} {test}"))
}

fn column() -> impl Strategy<Value = &'static str> {
    select(vec![
        "SrcPort",
        "DstPort",
        "DstPort",
        "SrcPort",
        "TCPFlags",
        "TCPFlags",
        "PacketSize",
        "ICMPv4Type",
        "ICMPv6Type",
        "ICMPv4Code",
        "ICMPv6Code",
        "IPTos",
        "IPv6FlowLabel",
        "Proto",
    ])
}

fn test() -> impl Strategy<Value = String> {
    let number = || select(NUMBERS.to_vec());
    prop_oneof![
        4 => number().prop_map(|number| format!("= {number}")),
        1 => number().prop_map(|number| format!("!= {number}")),
        2 => (select(vec!["<", "<=", ">", ">="]), number()).prop_map(|(how, number)| format!("{how} {number}")),
        2 => (number(), number()).prop_map(|(one, two)| format!("IN ({one}, {two})")),
        1 => (number(), number()).prop_map(|(one, two)| format!("NOT IN ({}-{})", one.min(two), one.max(two))),
        1 => (number(), number()).prop_map(|(one, two)| format!("BETWEEN {} AND {}", one.min(two), one.max(two))),
    ]
}
