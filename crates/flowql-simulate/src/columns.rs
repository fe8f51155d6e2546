//! The columns of a block: what the writers' table has, filled with flows.

use flowql::Column;

use crate::traffic::{End, Flow};
use crate::world::Interface;
use flowql_client::native::Block;

/// Writes a column; `false` for one that the flows have nothing for.
pub(crate) fn write(block: &mut Block, column: &Column, flows: &[Flow<'_>]) -> bool {
    let mut writer = Writer { block, column, flows };
    let name = column.name.as_ref();
    if let Some(rest) = name.strip_prefix("Src") {
        return writer.end(rest, |flow| &flow.source);
    }
    if let Some(rest) = name.strip_prefix("InIf") {
        return writer.interface(rest, |flow| flow.input);
    }
    if let Some(rest) = name.strip_prefix("OutIf") {
        return writer.interface(rest, |flow| flow.output);
    }
    match name {
        "DstASPath" => writer.arrays(|flow| flow.way.map_or(&[], |way| &way.path), u32::to_le_bytes),
        "DstCommunities" => {
            writer.arrays(|flow| flow.way.map_or(&[], |way| &way.communities), u32::to_le_bytes)
        }
        "DstLargeCommunities" => {
            writer.arrays(|flow| flow.way.map_or(&[], |way| &way.large), u128::to_le_bytes)
        }
        _ => match name.strip_prefix("Dst") {
            Some(rest) => writer.end(rest, |flow| &flow.destination),
            None => writer.flow(name),
        },
    }
}

/// Whether the flows have something for a column.
pub(crate) fn has(column: &Column) -> bool {
    write(&mut Block::new(0, 0), column, &[])
}

struct Writer<'b, 'f, 'w> {
    block: &'b mut Block,
    column: &'b Column,
    flows: &'f [Flow<'w>],
}

impl<'f, 'w> Writer<'_, 'f, 'w> {
    fn fixed<const N: usize>(&mut self, value: impl Fn(&'f Flow<'w>) -> [u8; N]) -> bool {
        let (name, kind) = (self.column.name.as_ref(), &self.column.clickhouse_type.to_string());
        self.block.fixed(name, kind, self.flows.iter().map(value));
        true
    }

    fn text(&mut self, value: impl Fn(&'f Flow<'w>) -> &'f str) -> bool {
        self.block.few_texts(&self.column.name, self.flows.iter().map(value));
        true
    }

    fn arrays<const N: usize, T: Copy + 'f>(
        &mut self,
        value: impl Fn(&'f Flow<'w>) -> &'f [T] + Clone,
        bytes: impl Fn(T) -> [u8; N],
    ) -> bool {
        let (name, kind) = (self.column.name.as_ref(), &self.column.clickhouse_type.to_string());
        self.block.arrays(name, kind, self.flows.iter().map(value), bytes);
        true
    }

    fn end(&mut self, rest: &str, end: impl Fn(&'f Flow<'w>) -> &'f End<'w>) -> bool {
        let home = |flow: &'f Flow<'w>| end(flow).home;
        match rest {
            "Addr" => self.fixed(|flow| end(flow).address),
            "NetMask" => self.fixed(|flow| [end(flow).mask]),
            "AS" => self.fixed(|flow| end(flow).number.to_le_bytes()),
            "Port" => self.fixed(|flow| end(flow).port.to_le_bytes()),
            "Country" => self.fixed::<2>(|flow| end(flow).country.as_bytes().try_into().unwrap_or_default()),
            "GeoCity" => self.text(|flow| end(flow).city),
            "GeoState" => self.text(|flow| end(flow).state),
            "NetName" => self.text(|flow| home(flow).map_or("", |home| home.name)),
            "NetRole" => self.text(|flow| home(flow).map_or("", |home| home.role)),
            "NetSite" => self.text(|flow| home(flow).map_or("", |home| home.site)),
            "NetRegion" => self.text(|flow| home(flow).map_or("", |home| home.region)),
            "NetTenant" => self.text(|flow| home(flow).map_or("", |home| home.tenant)),
            "Vlan" => self.fixed(|flow| vlan(home(flow).map_or(0, |home| home.name.len())).to_le_bytes()),
            // A card of the router that the flow came by or went to, of the range for documentation.
            "MAC" => self.fixed(|flow| (0x0000_5e00_5300 | u64::from(end(flow).number & 0xFF)).to_le_bytes()),
            "AddrNAT" => self.fixed(|flow| end(flow).address),
            "PortNAT" => self.fixed(|flow| end(flow).port.to_le_bytes()),
            _ => false,
        }
    }

    fn interface(&mut self, rest: &str, interface: impl Fn(&'f Flow<'w>) -> &'w Interface) -> bool {
        match rest {
            "Name" => self.text(|flow| interface(flow).name),
            "Description" => self.text(|flow| interface(flow).description),
            "Speed" => self.fixed(|flow| interface(flow).speed.to_le_bytes()),
            "Connectivity" => self.text(|flow| interface(flow).connectivity),
            "Provider" => self.text(|flow| interface(flow).provider),
            "Boundary" => self.fixed(|flow| [if interface(flow).is_external() { 1 } else { 2 }]),
            _ => false,
        }
    }

    fn flow(&mut self, name: &str) -> bool {
        match name {
            "TimeReceived" => self.fixed(|flow| flow.time.to_le_bytes()),
            "SamplingRate" => self.fixed(|flow| flow.exporter.sampling.to_le_bytes()),
            "ExporterAddress" => {
                let addresses = self.flows.iter().map(|flow| flow.exporter.address);
                self.block.few_addresses(name, addresses);
                true
            }
            "ExporterName" => self.text(|flow| flow.exporter.name),
            "ExporterGroup" => self.text(|_| "edge"),
            "ExporterRole" => self.text(|_| "edge"),
            "ExporterSite" => self.text(|flow| flow.exporter.site),
            "ExporterRegion" => self.text(|flow| flow.exporter.region),
            "ExporterTenant" => self.text(|_| "backbone"),
            "EType" => self.fixed(|flow| flow.etype.to_le_bytes()),
            "Proto" => self.fixed(|flow| flow.proto.to_le_bytes()),
            "Bytes" => self.fixed(|flow| flow.bytes.to_le_bytes()),
            "Packets" => self.fixed(|flow| flow.packets.to_le_bytes()),
            // Forwarded, or dropped by a filter, as RFC 7270 numbers it.
            "ForwardingStatus" => {
                self.fixed(|flow| (if flow.is_dropped { 129_u32 } else { 64 }).to_le_bytes())
            }
            "FlowDirection" => self.fixed(|_| [1]),
            "IPTTL" => self.fixed(|flow| [flow.hops]),
            "IPTos" => self.fixed(|flow| [flow.tos]),
            "TCPFlags" => self.fixed(|flow| flow.flags.to_le_bytes()),
            "ICMPv4Type" => self.fixed(|flow| [if flow.proto == 1 { flow.icmp.0 } else { 0 }]),
            "ICMPv4Code" => self.fixed(|flow| [if flow.proto == 1 { flow.icmp.1 } else { 0 }]),
            "ICMPv6Type" => self.fixed(|flow| [if flow.proto == 58 { flow.icmp.0 } else { 0 }]),
            "ICMPv6Code" => self.fixed(|flow| [if flow.proto == 58 { flow.icmp.1 } else { 0 }]),
            "IPv6FlowLabel" => self.fixed(|flow| {
                let label =
                    if flow.etype == crate::traffic::IPV6 { (flow.bytes as u32) & 0xF_FFFF } else { 0 };
                label.to_le_bytes()
            }),
            _ => false,
        }
    }
}

/// A tag for each part of the network; 0 outside.
fn vlan(name: usize) -> u16 {
    if name == 0 { 0 } else { 100 + name as u16 }
}
