//! Flows for tests, column by column.

use std::net::IpAddr;

use flowql::Column;
use flowql_detect::Engine;
use flowql_eval::columns::{Flows, Numbers, Values};

/// A flow, as a router tells of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) time: u32,
    pub(crate) rate: u64,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) proto: u32,
    pub(crate) flags: u16,
    pub(crate) fragment: u16,
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
    /// The milliseconds that it took.
    pub(crate) took: u64,
    pub(crate) country: &'static str,
    pub(crate) network: &'static str,
    pub(crate) direction: u8,
    pub(crate) exporter: u8,
}

/// A second within an even day.
pub(crate) const START: u32 = 1_780_000_000;

impl Flow {
    /// A packet of NTP to an address.
    pub(crate) fn ntp(time: u32, source: u32, destination: &str) -> Self {
        Self {
            time,
            rate: 1,
            source: IpAddr::from(0xC612_0000_u32.wrapping_add(source).to_be_bytes()),
            destination: destination.parse().unwrap(),
            source_port: 123,
            destination_port: 40_000,
            proto: 17,
            flags: 0,
            fragment: 0,
            bytes: 468,
            packets: 1,
            took: 0,
            country: "DE",
            network: "",
            direction: 0,
            exporter: 1,
        }
    }
}

/// A batch.
#[derive(Debug)]
pub(crate) struct Batch(pub(crate) Vec<Flow>);

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

impl Batch {
    fn numbers<const N: usize>(&self, value: impl Fn(&Flow) -> [u8; N]) -> Option<Values<'_>> {
        let bytes: Vec<u8> = self.0.iter().flat_map(value).collect();
        Some(Values::Numbers(Numbers::new(N, bytes)))
    }

    fn addresses(&self, value: impl Fn(&Flow) -> IpAddr) -> Option<Values<'_>> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|flow| octets(value(flow))).collect();
        Some(Values::Numbers(Numbers::addresses(bytes)))
    }

    fn texts(&self, value: impl Fn(&Flow) -> &'static str) -> Option<Values<'_>> {
        let numbers: Vec<u8> = (0..self.0.len() as u32).flat_map(u32::to_le_bytes).collect();
        let texts: Vec<&str> = self.0.iter().map(value).collect();
        Some(Values::Texts(Numbers::new(4, numbers), Box::new(texts)))
    }
}

impl Flows for Batch {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        match column.name.as_ref() {
            "TimeReceived" => self.numbers(|flow| flow.time.to_le_bytes()),
            "SamplingRate" => self.numbers(|flow| flow.rate.to_le_bytes()),
            "SrcAddr" => self.addresses(|flow| flow.source),
            "DstAddr" => self.addresses(|flow| flow.destination),
            "ExporterAddress" => self.addresses(|flow| IpAddr::from([192, 0, 2, flow.exporter])),
            "SrcPort" => self.numbers(|flow| flow.source_port.to_le_bytes()),
            "DstPort" => self.numbers(|flow| flow.destination_port.to_le_bytes()),
            "Proto" => self.numbers(|flow| flow.proto.to_le_bytes()),
            "TCPFlags" => self.numbers(|flow| flow.flags.to_le_bytes()),
            "IPFragmentOffset" => self.numbers(|flow| flow.fragment.to_le_bytes()),
            "Bytes" => self.numbers(|flow| flow.bytes.to_le_bytes()),
            "Packets" => self.numbers(|flow| flow.packets.to_le_bytes()),
            "FlowEnd" => self.numbers(|flow| (u64::from(flow.time) * 1000).to_le_bytes()),
            "FlowStart" => self.numbers(|flow| (u64::from(flow.time) * 1000 - flow.took).to_le_bytes()),
            "SrcCountry" => self.texts(|flow| flow.country),
            "DstNetName" => self.texts(|flow| flow.network),
            "FlowDirection" => {
                self.texts(|flow| ["undefined", "ingress", "egress"][usize::from(flow.direction)])
            }
            "InIfIndex" | "OutIfIndex" => self.numbers(|_| 7_u32.to_le_bytes()),
            _ => None,
        }
    }
}

/// Gives the flows of each second to an engine, in their order, and looks at it after each.
pub(crate) fn play(
    engine: &mut Engine,
    seconds: std::ops::Range<u32>,
    mut flows: impl FnMut(u32) -> Vec<Flow>,
    mut look: impl FnMut(u32, Vec<flowql_detect::Observation>),
) {
    for second in seconds {
        engine.add(&Batch(flows(second)));
        look(second, engine.pass(START + second + 1));
    }
}
