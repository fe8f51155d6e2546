//! The types of the language.

/// The type of a column, which says what a filter may ask of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(into = "&'static str"))]
pub enum Type {
    /// An IPv4 or IPv6 address; IPv4 is stored IPv4-mapped.
    Ip,
    /// The routed prefix of an address.
    Prefix,
    /// An Ethernet address.
    Mac,
    /// A text.
    String,
    /// An unsigned integer.
    Uint,
    /// An autonomous system number (RFC 6793).
    Asn,
    /// The AS path of a route.
    AsPath,
    /// The BGP communities of a route: standard (RFC 1997) and large (RFC 8092).
    Community,
    /// A list of unsigned integers.
    UintArray,
    /// The boundary of an interface: `external`, `internal`, `undefined`.
    Boundary,
    /// The direction in which the exporter saw the flow: `ingress`, `egress`, `undefined`.
    Direction,
    /// The EtherType of the network layer: `IPv4`, `IPv6`.
    EType,
    /// The IP protocol.
    Proto,
}

impl Type {
    /// Every type, in the order of the reference.
    pub const ALL: [Self; 13] = [
        Self::Ip,
        Self::Prefix,
        Self::Mac,
        Self::String,
        Self::Uint,
        Self::Asn,
        Self::AsPath,
        Self::Community,
        Self::UintArray,
        Self::Boundary,
        Self::Direction,
        Self::EType,
        Self::Proto,
    ];

    /// The name that `grammar/schema.json` and the reference use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Prefix => "prefix",
            Self::Mac => "mac",
            Self::String => "string",
            Self::Uint => "uint",
            Self::Asn => "asn",
            Self::AsPath => "aspath",
            Self::Community => "community",
            Self::UintArray => "array(uint)",
            Self::Boundary => "boundary",
            Self::Direction => "direction",
            Self::EType => "etype",
            Self::Proto => "proto",
        }
    }

    /// The type of that name; `None` when there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl From<Type> for &'static str {
    fn from(kind: Type) -> Self {
        kind.name()
    }
}
