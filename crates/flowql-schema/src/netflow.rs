//! The records of NetFlow versions 1, 5 and 7, which have no templates, as elements: the table of
//! `grammar/netflow.json`.

mod generated;

use generated::LAYOUTS;

/// The layout of a version: a header, then records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The version, which the datagram begins with.
    pub version: u16,
    /// The length of the header in bytes.
    pub header: u16,
    /// The length of a record in bytes.
    pub record: u16,
    /// The most records that a datagram holds.
    pub most: u16,
    /// The fields of a record that mean something, in its order.
    pub fields: &'static [Field],
}

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The element of IANA that means the same.
    pub element: u16,
    /// Where the field begins in the record, in bytes.
    pub offset: u16,
    /// The length in bytes.
    pub length: u16,
}

/// The layout of version 1, 5 or 7; `None` for any other.
pub fn layout(version: u16) -> Option<&'static Layout> {
    LAYOUTS.iter().find(|layout| layout.version == version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements;

    #[test]
    fn every_field_fills_a_column() {
        for version in [1, 5, 7] {
            for field in layout(version).unwrap().fields {
                assert_ne!(elements::columns(0, field.element).count(), 0, "{field:?}");
            }
        }
        assert_eq!(layout(9), None);
    }

    #[test]
    fn version_1_has_its_tcp_flags_elsewhere() {
        let offset = |version, element| {
            let fields = layout(version).unwrap().fields;
            fields.iter().find(|field| field.element == element).map(|field| field.offset)
        };
        assert_eq!([1, 5, 7].map(|version| offset(version, 6)), [Some(40), Some(37), Some(37)]);
        assert_eq!([1, 5, 7].map(|version| offset(version, 16)), [None, Some(40), Some(40)]);
    }
}
