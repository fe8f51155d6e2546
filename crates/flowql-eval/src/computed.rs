//! Columns that the tables compute from others, for flows that only have those others.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::value::Value;

/// How a column is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    /// What it is computed from.
    pub(crate) inputs: &'static [&'static str],
    compute: fn(&[&Value]) -> Value,
}

impl Recipe {
    /// How the column is computed; `None` for a column that exporters send, and for one that needs a dictionary.
    pub(crate) fn of(column: &str) -> Option<Self> {
        let (inputs, compute): (_, fn(&[&Value]) -> Value) = match column {
            "PacketSize" => (&["Bytes", "Packets"][..], packet_size),
            "SrcNetPrefix" => (&["SrcAddr", "SrcNetMask", "EType"], prefix),
            "DstNetPrefix" => (&["DstAddr", "DstNetMask", "EType"], prefix),
            "Dst1stAS" => (&["DstASPath"], |inputs| hop(inputs, 0)),
            "Dst2ndAS" => (&["DstASPath"], |inputs| hop(inputs, 1)),
            "Dst3rdAS" => (&["DstASPath"], |inputs| hop(inputs, 2)),
            "MPLS1stLabel" => (&["MPLSLabels"], |inputs| label(inputs, 0)),
            "MPLS2ndLabel" => (&["MPLSLabels"], |inputs| label(inputs, 1)),
            "MPLS3rdLabel" => (&["MPLSLabels"], |inputs| label(inputs, 2)),
            "MPLS4thLabel" => (&["MPLSLabels"], |inputs| label(inputs, 3)),
            _ => return None,
        };
        Some(Self { inputs, compute })
    }

    /// The value, of those of the inputs.
    pub(crate) fn value(&self, inputs: &[&Value]) -> Value {
        (self.compute)(inputs)
    }
}

fn number(inputs: &[&Value], place: usize) -> u128 {
    inputs.get(place).map_or(0, |value| value.number())
}

fn packet_size(inputs: &[&Value]) -> Value {
    Value::Number(number(inputs, 0).checked_div(number(inputs, 1)).unwrap_or(0))
}

fn label(inputs: &[&Value], place: usize) -> Value {
    let labels = inputs.first().map_or(&[][..], |value| value.numbers());
    Value::Number(labels.get(place).copied().unwrap_or(0))
}

/// An AS of the path, repeats left out.
fn hop(inputs: &[&Value], place: usize) -> Value {
    let mut path = inputs.first().map_or(Vec::new(), |value| value.numbers().to_vec());
    path.dedup();
    Value::Number(path.get(place).copied().unwrap_or(0))
}

/// The prefix as text; empty where the flow is neither IPv4 nor IPv6.
fn prefix(inputs: &[&Value]) -> Value {
    let address = Ipv6Addr::from_bits(number(inputs, 0));
    let length = u8::try_from(number(inputs, 1)).unwrap_or(u8::MAX);
    let net = match number(inputs, 2) {
        0x0800 => address.to_ipv4_mapped().and_then(|v4| Ipv4Net::new(v4, length).ok()).map(IpNet::V4),
        0x86DD => Ipv6Net::new(address, length).ok().map(IpNet::V6),
        _ => None,
    };
    Value::Text(net.map_or_else(String::new, |net| net.trunc().to_string()))
}
