//! The columns of the default schema, and a look-up by name in any case.

/// A filter type, with what its conditions need to know of the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Ip,
    /// Computed from an address and a mask column.
    Prefix {
        address: &'static str,
        mask: &'static str,
    },
    Mac,
    /// `fixed` bytes long, when the ClickHouse type says so.
    String {
        fixed: Option<usize>,
    },
    /// `port` takes service names, `bits` has named bits.
    Uint {
        port: bool,
        bits: bool,
    },
    Asn,
    AsPath,
    /// Large communities are in a column of their own.
    Community {
        large: &'static str,
    },
    /// An array of integers.
    Array,
    Boundary,
    Direction,
    /// An Ethernet type.
    Ethernet,
    Proto,
    /// Not for filters.
    Other,
}

impl Type {
    /// Whether columns of the two types can be compared.
    pub(super) fn compares_with(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    /// Whether the default schema enables it.
    pub(super) enabled: bool,
}

const IP: Type = Type::Ip;
const MAC: Type = Type::Mac;
const STRING: Type = Type::String { fixed: None };
const COUNTRY: Type = Type::String { fixed: Some(2) };
const UINT: Type = Type::Uint { port: false, bits: false };
const PORT: Type = Type::Uint { port: true, bits: false };
const FLAGS: Type = Type::Uint { port: false, bits: true };
const ASN: Type = Type::Asn;
const ASPATH: Type = Type::AsPath;
const ARRAY: Type = Type::Array;
const BOUNDARY: Type = Type::Boundary;
const DIRECTION: Type = Type::Direction;
const ETYPE: Type = Type::Ethernet;
const PROTO: Type = Type::Proto;
const OTHER: Type = Type::Other;

const fn prefix(address: &'static str, mask: &'static str) -> Type {
    Type::Prefix { address, mask }
}

const fn community(large: &'static str) -> Type {
    Type::Community { large }
}

const fn on(name: &'static str, kind: Type) -> Column {
    Column { name, kind, enabled: true }
}

const fn off(name: &'static str, kind: Type) -> Column {
    Column { name, kind, enabled: false }
}

/// Every column, in the schema's order.
#[rustfmt::skip]
static COLUMNS: [Column; COUNT] = [
    on("TimeReceived", OTHER),
    on("SamplingRate", OTHER),
    on("ExporterAddress", IP),
    on("ExporterName", STRING),
    on("ExporterGroup", STRING),
    on("ExporterRole", STRING),
    on("ExporterSite", STRING),
    on("ExporterRegion", STRING),
    on("ExporterTenant", STRING),
    on("SrcAddr", IP),
    on("DstAddr", IP),
    on("SrcNetMask", OTHER),
    on("DstNetMask", OTHER),
    on("SrcNetPrefix", prefix("SrcAddr", "SrcNetMask")),
    on("DstNetPrefix", prefix("DstAddr", "DstNetMask")),
    on("SrcAS", ASN),
    on("DstAS", ASN),
    on("SrcNetName", STRING),
    on("DstNetName", STRING),
    on("SrcNetRole", STRING),
    on("DstNetRole", STRING),
    on("SrcNetSite", STRING),
    on("DstNetSite", STRING),
    on("SrcNetRegion", STRING),
    on("DstNetRegion", STRING),
    on("SrcNetTenant", STRING),
    on("DstNetTenant", STRING),
    off("SrcVlan", UINT),
    off("DstVlan", UINT),
    on("SrcCountry", COUNTRY),
    on("DstCountry", COUNTRY),
    on("SrcGeoCity", STRING),
    on("DstGeoCity", STRING),
    on("SrcGeoState", STRING),
    on("DstGeoState", STRING),
    on("DstASPath", ASPATH),
    on("Dst1stAS", ASN),
    on("Dst2ndAS", ASN),
    on("Dst3rdAS", ASN),
    off("SrcCommunities", community("SrcLargeCommunities")),
    on("DstCommunities", community("DstLargeCommunities")),
    off("SrcLargeCommunities", OTHER),
    on("DstLargeCommunities", OTHER),
    on("InIfName", STRING),
    on("OutIfName", STRING),
    on("InIfDescription", STRING),
    on("OutIfDescription", STRING),
    on("InIfSpeed", UINT),
    on("OutIfSpeed", UINT),
    on("InIfConnectivity", STRING),
    on("OutIfConnectivity", STRING),
    on("InIfProvider", STRING),
    on("OutIfProvider", STRING),
    on("InIfBoundary", BOUNDARY),
    on("OutIfBoundary", BOUNDARY),
    on("EType", ETYPE),
    on("Proto", PROTO),
    on("SrcPort", PORT),
    on("DstPort", PORT),
    on("Bytes", OTHER),
    on("Packets", OTHER),
    on("PacketSize", UINT),
    on("PacketSizeBucket", OTHER),
    on("ForwardingStatus", UINT),
    on("FlowDirection", DIRECTION),
    off("SrcAddrNAT", IP),
    off("DstAddrNAT", IP),
    off("SrcPortNAT", PORT),
    off("DstPortNAT", PORT),
    off("SrcMAC", MAC),
    off("DstMAC", MAC),
    off("IPTTL", UINT),
    off("IPTos", UINT),
    off("IPFragmentID", UINT),
    off("IPFragmentOffset", UINT),
    off("IPv6FlowLabel", UINT),
    off("TCPFlags", FLAGS),
    off("ICMPv4Type", UINT),
    off("ICMPv4Code", UINT),
    off("ICMPv6Type", UINT),
    off("ICMPv6Code", UINT),
    off("ICMPv4", STRING),
    off("ICMPv6", STRING),
    off("NextHop", IP),
    off("MPLSLabels", ARRAY),
    off("MPLS1stLabel", UINT),
    off("MPLS2ndLabel", UINT),
    off("MPLS3rdLabel", UINT),
    off("MPLS4thLabel", UINT),
    off("IngressVRFID", UINT),
    off("EgressVRFID", UINT),
];

/// How many columns there are.
const COUNT: usize = 91;

/// Slots of the hash table: a power of two, sparse.
const SLOTS: usize = 512;

/// An empty slot.
const EMPTY: u8 = u8::MAX;

/// Open addressing from a name's hash to its column, made at compile time.
static INDEX: [u8; SLOTS] = {
    let mut index = [EMPTY; SLOTS];
    let mut i = 0;
    while i < COUNT {
        let mut slot = hash(COLUMNS[i].name.as_bytes());
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = i as u8;
        i += 1;
    }
    index
};

/// The first slot of a name, the same in any case.
const fn hash(name: &[u8]) -> usize {
    let mut hash = name.len() as u32;
    let mut i = 0;
    while i < name.len() {
        hash = (hash ^ (name[i] | 0x20) as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    (hash >> 16) as usize % SLOTS
}

/// The column of a name in any case.
pub(super) fn find(name: &str) -> Option<&'static Column> {
    let mut slot = hash(name.as_bytes());
    while INDEX[slot] != EMPTY {
        let column = &COLUMNS[usize::from(INDEX[slot])];
        if column.name.eq_ignore_ascii_case(name) {
            return Some(column);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_found_in_any_case() {
        for column in &COLUMNS {
            for name in [column.name.to_owned(), column.name.to_uppercase(), column.name.to_lowercase()] {
                assert_eq!(find(&name).map(|found| found.name), Some(column.name));
            }
            assert!(find(&column.name[1..]).is_none());
        }
        assert!(find("").is_none());
    }
}
