//! The columns that a decoder can fill.

use flowql::Schema;

/// Gives every field to a macro: the name of the column, of the field of a row, and its kind.
macro_rules! fields {
    ($then:ident) => {
        $then! {
            TimeReceived time_received u32,
            SamplingRate sampling_rate u64,
            ExporterAddress exporter_address address,
            SrcAddr src_addr address,
            DstAddr dst_addr address,
            SrcNetMask src_net_mask u8,
            DstNetMask dst_net_mask u8,
            SrcAS src_as u32,
            DstAS dst_as u32,
            SrcPeerAS src_peer_as u32,
            DstPeerAS dst_peer_as u32,
            SrcVlan src_vlan u16,
            DstVlan dst_vlan u16,
            DstASPath dst_as_path u32s,
            DstCommunities dst_communities u32s,
            InIfName in_if_name text,
            OutIfName out_if_name text,
            InIfDescription in_if_description text,
            OutIfDescription out_if_description text,
            InIfIndex in_if_index u32,
            OutIfIndex out_if_index u32,
            EType etype u32,
            Proto proto u32,
            SrcPort src_port u16,
            DstPort dst_port u16,
            Bytes bytes u64,
            Packets packets u64,
            ForwardingStatus forwarding_status u32,
            FlowDirection flow_direction u8,
            SrcAddrNAT src_addr_nat address,
            DstAddrNAT dst_addr_nat address,
            SrcPortNAT src_port_nat u16,
            DstPortNAT dst_port_nat u16,
            NATEvent nat_event u8,
            FirewallEvent firewall_event u8,
            SrcMAC src_mac u64,
            DstMAC dst_mac u64,
            IPTTL ip_ttl u8,
            IPTos ip_tos u8,
            IPFragmentID ip_fragment_id u32,
            IPFragmentOffset ip_fragment_offset u16,
            IPv6FlowLabel ipv6_flow_label u32,
            TCPFlags tcp_flags u16,
            ICMPv4Type icmpv4_type u8,
            ICMPv4Code icmpv4_code u8,
            ICMPv6Type icmpv6_type u8,
            ICMPv6Code icmpv6_code u8,
            NextHop next_hop address,
            MPLSLabels mpls_labels u32s,
            MPLSVPNRD mpls_vpn_rd text,
            IngressVRFID ingress_vrf_id u32,
            EgressVRFID egress_vrf_id u32,
            InVRF in_vrf text,
            OutVRF out_vrf text,
            AppName app_name text,
            FlowStart flow_start u64,
            FlowEnd flow_end u64,
            FlowEndReason flow_end_reason u8,
            OuterSrcAddr outer_src_addr address,
            OuterDstAddr outer_dst_addr address,
            TunnelType tunnel_type u8,
            TunnelId tunnel_id u32,
        }
    };
}
pub(crate) use fields;

/// How the values of a field are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number of so many bytes, the lowest first.
    Number(usize),
    /// An address of 16 bytes; IPv4 is mapped.
    Address,
    /// A text: the number of a [`TextId`](crate::TextId), of 4 bytes.
    Text,
    /// A list of numbers of 4 bytes.
    Numbers,
}

macro_rules! kind {
    (u8) => {
        Kind::Number(1)
    };
    (u16) => {
        Kind::Number(2)
    };
    (u32) => {
        Kind::Number(4)
    };
    (u64) => {
        Kind::Number(8)
    };
    (address) => {
        Kind::Address
    };
    (text) => {
        Kind::Text
    };
    (u32s) => {
        Kind::Numbers
    };
}

macro_rules! define {
    ($($name:ident $member:ident $kind:ident,)*) => {
        /// A column that a decoder can fill, by its name in the schema.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the schema says what each column holds")]
        pub enum Field {
            $($name,)*
        }

        impl Field {
            /// Every field, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name of the column.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// How its values are kept.
            pub const fn kind(self) -> Kind {
                match self {
                    $(Self::$name => kind!($kind),)*
                }
            }
        }
    };
}
fields!(define);

impl Field {
    /// The field of that name, in the case of the schema.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }

    /// The bytes of one value, of one item where it is a list.
    pub const fn width(self) -> usize {
        match self.kind() {
            Kind::Number(width) => width,
            Kind::Address => 16,
            Kind::Text | Kind::Numbers => 4,
        }
    }

    /// The field of the other side of a flow; itself where it has no side.
    pub(crate) const fn swapped(self) -> Self {
        match self {
            Self::SrcAddr => Self::DstAddr,
            Self::DstAddr => Self::SrcAddr,
            Self::SrcNetMask => Self::DstNetMask,
            Self::DstNetMask => Self::SrcNetMask,
            Self::SrcAS => Self::DstAS,
            Self::DstAS => Self::SrcAS,
            Self::SrcPeerAS => Self::DstPeerAS,
            Self::DstPeerAS => Self::SrcPeerAS,
            Self::SrcVlan => Self::DstVlan,
            Self::DstVlan => Self::SrcVlan,
            Self::InIfIndex => Self::OutIfIndex,
            Self::OutIfIndex => Self::InIfIndex,
            Self::SrcPort => Self::DstPort,
            Self::DstPort => Self::SrcPort,
            Self::SrcAddrNAT => Self::DstAddrNAT,
            Self::DstAddrNAT => Self::SrcAddrNAT,
            Self::SrcPortNAT => Self::DstPortNAT,
            Self::DstPortNAT => Self::SrcPortNAT,
            Self::SrcMAC => Self::DstMAC,
            Self::DstMAC => Self::SrcMAC,
            Self::IngressVRFID => Self::EgressVRFID,
            Self::EgressVRFID => Self::IngressVRFID,
            other => other,
        }
    }

    pub(crate) const fn place(self) -> usize {
        self as usize
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields(u128);

impl Fields {
    /// Every field.
    pub fn all() -> Self {
        Field::ALL.iter().copied().collect()
    }

    /// Those that are enabled columns of a schema.
    pub fn of(schema: &Schema) -> Self {
        let enabled = schema.columns().iter().filter(|column| !column.disabled);
        enabled.filter_map(|column| Field::by_name(&column.name)).collect()
    }

    /// Whether the field is one of them.
    pub const fn has(self, field: Field) -> bool {
        self.0 >> (field as u8) & 1 == 1
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, field: Field) -> Self {
        Self(self.0 | 1 << (field as u8))
    }

    /// The set without one.
    #[must_use]
    pub const fn without(self, field: Field) -> Self {
        Self(self.0 & !(1 << (field as u8)))
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        fields.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use flowql::{ClickhouseType, ScalarType};

    use super::*;

    #[test]
    fn fields_fit_into_a_set() {
        assert!(Field::ALL.len() <= 128);
        let all = Fields::all();
        assert!(Field::ALL.iter().all(|&field| all.has(field) && !all.without(field).has(field)));
    }

    #[test]
    fn fields_are_as_wide_as_their_columns() {
        let schema = Schema::default();
        let mut known = 0;
        for &field in Field::ALL {
            let Some(id) = schema.find(field.name()) else { continue };
            let column = schema.column(id);
            assert_eq!(column.name, field.name());
            known += 1;
            let kind = match column.clickhouse_type {
                ClickhouseType::Array(ScalarType::UInt(32)) => Kind::Numbers,
                other => match other.scalar() {
                    Some(ScalarType::UInt(bits)) => Kind::Number(usize::from(bits) / 8),
                    Some(ScalarType::DateTime) => Kind::Number(4),
                    Some(ScalarType::DateTime64(_)) => Kind::Number(8),
                    Some(ScalarType::Enum8(_)) => Kind::Number(1),
                    Some(ScalarType::Ipv6) => Kind::Address,
                    Some(ScalarType::String) => Kind::Text,
                    other => panic!("no kind for {other:?}"),
                },
            };
            assert_eq!(field.kind(), kind, "{}", field.name());
        }
        assert!(known > 45, "{known}");
    }

    #[test]
    fn the_enabled_columns_are_wanted() {
        let fields = Fields::of(&Schema::default());
        assert!(fields.has(Field::Bytes) && !fields.has(Field::SrcMAC));
        assert!(Fields::of(&Schema::all_columns()).has(Field::SrcMAC));
    }
}
