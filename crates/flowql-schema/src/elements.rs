//! The information elements of IPFIX and NetFlow v9, and what they fill: the tables of `grammar/elements.json` and
//! `grammar/element-columns.json`.
//!
//! The elements are those of the IANA registry (RFC 7012), a few of enterprises, and NetFlow v9's own fields. NetFlow
//! v9 has no enterprises, and its numbers reach 65535; those of IPFIX without an enterprise end at 32767 (RFC 7011,
//! section 3.2). So the fields that v9 alone has, such as 40001 of Cisco's firewalls, are elements of enterprise 0 too.
//!
//! ```
//! use flowql_schema::elements::{self, Semantics};
//!
//! let bytes = elements::element(0, 1).expect("octetDeltaCount");
//! assert_eq!(bytes.semantics, Semantics::DeltaCounter);
//! assert_eq!(elements::element(elements::REVERSE, 1), Some(bytes));
//! assert_eq!(elements::columns(0, 1).collect::<Vec<_>>(), ["Bytes"]);
//! ```

mod generated;
mod generated_uses;
mod uses;

pub use uses::{Counter, Part, Rule, TimeForm, Use, columns, sources, uses};

/// The enterprise number of reverse elements: the element of IANA with the same number, for the other direction of a
/// biflow (RFC 5103, section 6.1).
pub const REVERSE: u32 = 29305;

/// An information element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The enterprise that defined it; 0 for IANA and for the fields that NetFlow v9 alone has.
    pub enterprise: u32,
    /// Its number.
    pub number: u16,
    /// Its name, as IANA or the enterprise writes it.
    pub name: &'static str,
    /// The type of its values.
    pub kind: DataType,
    /// What its values mean.
    pub semantics: Semantics,
    /// Whether the reverse enterprise may carry it: elements about the exporter, its processes and the flow record
    /// itself have no direction (RFC 5103, section 6.1).
    pub reversible: bool,
}

impl Element {
    const fn new(enterprise: u32, number: u16, name: &'static str, kind: DataType) -> Self {
        let semantics = Semantics::Default;
        Self { enterprise, number, name, kind, semantics, reversible: enterprise == 0 && number <= 32767 }
    }

    const fn with(self, semantics: Semantics) -> Self {
        Self { semantics, ..self }
    }

    const fn one_way(self) -> Self {
        Self { reversible: false, ..self }
    }

    /// Every element, in order of enterprise and number.
    pub const fn all() -> &'static [Self] {
        generated::ELEMENTS
    }
}

/// The abstract data types of IPFIX (RFC 7012, section 3.1). A number may be sent in fewer bytes than its type has
/// (RFC 7011, section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// Bytes.
    OctetArray,
    /// An unsigned number of at most 1 byte.
    Unsigned8,
    /// An unsigned number of at most 2 bytes.
    Unsigned16,
    /// An unsigned number of at most 4 bytes.
    Unsigned32,
    /// An unsigned number of at most 8 bytes.
    Unsigned64,
    /// An unsigned number of at most 32 bytes.
    Unsigned256,
    /// A signed number of at most 4 bytes.
    Signed32,
    /// A floating-point number of 8 or 4 bytes.
    Float64,
    /// 1 for true, 2 for false.
    Boolean,
    /// A MAC address of 6 bytes.
    MacAddress,
    /// A text in UTF-8.
    String,
    /// Seconds since 1970.
    DateTimeSeconds,
    /// Milliseconds since 1970.
    DateTimeMilliseconds,
    /// An NTP timestamp of 8 bytes, whose last 11 bits count for nothing.
    DateTimeMicroseconds,
    /// An NTP timestamp of 8 bytes.
    DateTimeNanoseconds,
    /// An IPv4 address of 4 bytes.
    Ipv4Address,
    /// An IPv6 address of 16 bytes.
    Ipv6Address,
    /// A list of values of one element (RFC 6313).
    BasicList,
    /// A list of records of one template (RFC 6313).
    SubTemplateList,
    /// A list of records of several templates (RFC 6313).
    SubTemplateMultiList,
}

/// What the values of an element mean (RFC 7012, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Semantics {
    /// Nothing that its type does not say.
    Default,
    /// A measured amount of the time of the record.
    Quantity,
    /// A counter since the flow, or the process, began.
    TotalCounter,
    /// A counter since the last record of the flow.
    DeltaCounter,
    /// A name in the form of a number: sums of it mean nothing.
    Identifier,
    /// A set of bits.
    Flags,
    /// A list.
    List,
    /// A counter of SNMP, which begins again at 0 after its greatest value.
    SnmpCounter,
    /// A gauge of SNMP.
    SnmpGauge,
}

impl Semantics {
    /// Whether the values count something, so that they can be added up or subtracted.
    pub const fn is_counter(self) -> bool {
        matches!(self, Self::TotalCounter | Self::DeltaCounter | Self::SnmpCounter)
    }
}

/// The element of an enterprise, 0 for IANA and NetFlow v9, with a number without the enterprise bit. For [`REVERSE`]
/// it is the element whose other direction is meant, if it has one. `None` for an unknown element.
pub fn element(enterprise: u32, number: u16) -> Option<&'static Element> {
    if enterprise == REVERSE {
        return element(0, number).filter(|element| element.reversible);
    }
    let elements = Element::all();
    let key = |element: &Element| (element.enterprise, element.number);
    let place = elements.binary_search_by_key(&(enterprise, number), key).ok()?;
    elements.get(place)
}

/// The name of an enterprise, for those that make routers, switches, firewalls and probes; `None` for all others.
pub fn enterprise(number: u32) -> Option<&'static str> {
    let place = generated::ENTERPRISES.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    generated::ENTERPRISES.get(place).map(|(_, name)| *name)
}

/// The day of the IANA registry that the elements are from, as in `2026-07-22`.
pub const fn updated() -> &'static str {
    generated::UPDATED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_number() {
        for element in Element::all() {
            assert_eq!(super::element(element.enterprise, element.number), Some(element));
        }
        let named = |enterprise, number| element(enterprise, number).map(|element| element.name);
        assert_eq!(named(0, 225), Some("postNATSourceIPv4Address"));
        assert_eq!(named(0, 40001), Some("translatedSourceIPv4Address"));
        assert_eq!(named(2636, 137), Some("forwardingExceptionCode"));
        assert_eq!(named(0, 0), None);
        assert_eq!(named(1, 1), None);
    }

    #[test]
    fn names_of_an_enterprise_differ() {
        let mut names: Vec<_> = Element::all()
            .iter()
            .filter(|element| element.number <= 32767)
            .map(|element| (element.enterprise, element.name))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn reverse_elements_are_those_with_a_direction() {
        assert_eq!(element(REVERSE, 2), element(0, 2));
        // The identifier of a flow, an address of the exporter, a counter of the process, and a field of v9.
        for number in [148, 130, 40, 40005] {
            assert!(element(0, number).is_some());
            assert_eq!(element(REVERSE, number), None, "{number}");
        }
        assert!(!element(2636, 137).unwrap().reversible);
    }

    #[test]
    fn counters_are_told_from_other_numbers() {
        let counts = |number| element(0, number).unwrap().semantics.is_counter();
        assert!([1, 2, 85, 231, 298].into_iter().all(counts));
        assert!(![4, 7, 34, 61, 90].into_iter().any(counts));
    }

    #[test]
    fn enterprises_have_names() {
        assert_eq!(enterprise(2636), Some("Juniper Networks"));
        assert_eq!(enterprise(REVERSE), Some("reverse elements (RFC 5103)"));
        assert_eq!(enterprise(3), None);
        for element in Element::all().iter().filter(|element| element.enterprise > 0) {
            assert!(enterprise(element.enterprise).is_some(), "{element:?}");
        }
    }
}
