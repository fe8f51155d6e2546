//! What a rule says of a packet: the routers' side of it, for tests and for dry runs.

use std::net::IpAddr;

use crate::rule::{Component, Family, Field, Flags, Flowspec, Matcher, Range, fragment};

/// What a rule can see of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its source.
    pub source: IpAddr,
    /// Its destination, of the same version.
    pub destination: IpAddr,
    /// The protocol.
    pub protocol: u8,
    /// The source port of TCP and UDP.
    pub source_port: u16,
    /// The destination port of TCP and UDP.
    pub destination_port: u16,
    /// The type of an ICMP message.
    pub icmp_type: u8,
    /// The code of an ICMP message.
    pub icmp_code: u8,
    /// The flags of TCP.
    pub tcp_flags: u16,
    /// The length of the whole packet, in bytes.
    pub length: u16,
    /// The DSCP.
    pub dscp: u8,
    /// Which fragment it is.
    pub fragment: Fragment,
    /// The flow label of IPv6.
    pub flow_label: u32,
}

/// Which part of a datagram a packet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fragment {
    /// All of it.
    #[default]
    Whole,
    /// All of it, and it must not be fragmented.
    DontFragment,
    /// The first.
    First,
    /// A later one.
    Later,
    /// The last.
    Last,
}

impl Fragment {
    /// The bits of the component (RFC 8955, 4.2.2.12).
    pub const fn bits(self) -> u16 {
        match self {
            Self::Whole => 0,
            Self::DontFragment => fragment::DONT_FRAGMENT,
            Self::First => fragment::FIRST,
            Self::Later => fragment::LATER,
            Self::Last => fragment::LATER | fragment::LAST,
        }
    }

    /// Whether the header of the transport layer is in it.
    pub const fn has_header(self) -> bool {
        !matches!(self, Self::Later | Self::Last)
    }
}

impl Packet {
    /// A packet of a protocol without ports from one address to another.
    pub const fn new(source: IpAddr, destination: IpAddr, protocol: u8) -> Self {
        Self {
            source,
            destination,
            protocol,
            source_port: 0,
            destination_port: 0,
            icmp_type: 0,
            icmp_code: 0,
            tcp_flags: 0,
            length: 0,
            dscp: 0,
            fragment: Fragment::Whole,
            flow_label: 0,
        }
    }
}

impl Matcher {
    /// Whether it is meant by this.
    pub fn matches(&self, packet: &Packet) -> bool {
        match self {
            Self::Flowspec(rule) => rule.matches(packet),
            Self::Blackhole(prefix) => prefix.contains(&packet.destination),
        }
    }
}

impl Flowspec {
    /// Whether a router that has the rule applies its action to the packet.
    pub fn matches(&self, packet: &Packet) -> bool {
        self.family == Family::of_address(packet.destination)
            && self.components.iter().all(|component| self.component_matches(component, packet))
    }

    fn component_matches(&self, component: &Component, packet: &Packet) -> bool {
        match component {
            Component::Destination(prefix) => prefix.contains(&packet.destination),
            Component::Source(prefix) => prefix.contains(&packet.source),
            Component::Number(field, ranges) => self.number_matches(*field, ranges, packet),
            Component::TcpFlags(groups) => {
                packet.protocol == 6 && packet.fragment.has_header() && any_group(groups, packet.tcp_flags)
            }
            Component::Fragment(groups) => any_group(groups, packet.fragment.bits()),
        }
    }

    /// Ports, types and codes are only where their header is (RFC 8955, 4.2.2.4 to 4.2.2.8).
    fn number_matches(&self, field: Field, ranges: &[Range], packet: &Packet) -> bool {
        let has_ports = matches!(packet.protocol, 6 | 17) && packet.fragment.has_header();
        let is_icmp = u32::from(packet.protocol) == self.family.icmp() && packet.fragment.has_header();
        let among = |number: u32| ranges.iter().any(|range| range.contains(number));
        let (source, destination) = (packet.source_port.into(), packet.destination_port.into());
        match field {
            Field::Protocol => among(packet.protocol.into()),
            Field::Port => has_ports && (among(source) || among(destination)),
            Field::DestinationPort => has_ports && among(destination),
            Field::SourcePort => has_ports && among(source),
            Field::IcmpType => is_icmp && among(packet.icmp_type.into()),
            Field::IcmpCode => is_icmp && among(packet.icmp_code.into()),
            Field::Length => among(packet.length.into()),
            Field::Dscp => among(packet.dscp.into()),
            Field::FlowLabel => among(packet.flow_label),
        }
    }
}

fn any_group(groups: &Flags, bits: u16) -> bool {
    groups.iter().any(|group| group.iter().all(|test| test.holds(bits)))
}
