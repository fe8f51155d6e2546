//! The words that stand for the values of enumerated columns.

use super::Type;

/// A word, such as `external`, and what the database stores for it.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Word {
    /// The word in its canonical case.
    pub name: &'static str,
    /// The number that stands for it: of the enumeration, or the EtherType itself.
    pub number: u16,
    /// One sentence that says what it means.
    pub doc: &'static str,
}

/// The words of `boundary` columns.
pub static BOUNDARIES: &[Word] = &[
    word("external", 1, "The interface leads out of the own network: transit, peering, customers."),
    word("internal", 2, "The interface leads to another part of the own network."),
    word("undefined", 0, "No classification rule matched the interface."),
];

/// The words of `direction` columns.
pub static DIRECTIONS: &[Word] = &[
    word("ingress", 1, "The exporter saw the flow when it came in."),
    word("egress", 2, "The exporter saw the flow when it went out."),
    word("undefined", 0, "The exporter did not say."),
];

/// The words of `etype` columns: EtherTypes (IEEE 802 numbers, IANA).
pub static ETHER_TYPES: &[Word] = &[
    word("IPv4", 0x0800, "Internet Protocol version 4, EtherType 0x0800."),
    word("IPv6", 0x86DD, "Internet Protocol version 6, EtherType 0x86DD."),
];

const fn word(name: &'static str, number: u16, doc: &'static str) -> Word {
    Word { name, number, doc }
}

/// The words of a type; none for a type that has no words.
pub const fn words(kind: Type) -> &'static [Word] {
    match kind {
        Type::Boundary => BOUNDARIES,
        Type::Direction => DIRECTIONS,
        Type::EType => ETHER_TYPES,
        _ => &[],
    }
}
