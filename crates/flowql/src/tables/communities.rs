//! The well-known BGP communities of the IANA registry.

/// A well-known community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WellKnown {
    /// The name, as a filter writes it.
    pub name: &'static str,
    /// The two parts of the value.
    pub value: (u16, u16),
    /// The document that defines it.
    pub source: &'static str,
    /// What it asks of the router that receives it.
    pub description: &'static str,
}

impl WellKnown {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (first, second) = fields.next()?.split_once(':')?;
        let value = (first.parse().ok()?, second.parse().ok()?);
        Some(Self { value, name: fields.next()?, source: fields.next()?, description: fields.next()? })
    }
}

/// The well-known communities, one a line, in order of value: the value, the name, the document and what it asks,
/// with tabulators between them.
#[derive(Debug, Default)]
pub struct Communities {
    lines: &'static str,
}

impl Communities {
    pub(super) const fn new(lines: &'static str) -> Self {
        Self { lines }
    }

    /// Every well-known community, in order of value.
    pub fn all(&self) -> impl Iterator<Item = WellKnown> + use<> {
        self.lines.lines().filter_map(WellKnown::read)
    }

    /// The well-known community of that name, in any case.
    pub fn by_name(&self, name: &str) -> Option<WellKnown> {
        self.all().find(|community| community.name.eq_ignore_ascii_case(name))
    }

    /// The well-known community of that value.
    pub fn by_value(&self, value: (u16, u16)) -> Option<WellKnown> {
        self.all().find(|community| community.value == value)
    }
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tables::Registries;

    fn registry() -> &'static Communities {
        &Registries::built_in().communities
    }

    #[test]
    fn values_are_in_order_and_names_unique() {
        assert!(registry().all().is_sorted_by(|a, b| a.value < b.value));
        let names: BTreeSet<_> = registry().all().map(|community| community.name).collect();
        assert_eq!(names.len(), registry().lines.lines().count());
        for community in registry().all() {
            assert!(community.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            assert!(!community.source.is_empty() && community.description.ends_with('.'));
        }
    }

    #[test]
    fn every_community_is_found_by_name_and_by_value() {
        for community in registry().all() {
            assert_eq!(registry().by_name(community.name), Some(community));
            assert_eq!(registry().by_name(&community.name.to_ascii_uppercase()), Some(community));
            assert_eq!(registry().by_value(community.value), Some(community));
        }
    }

    #[test]
    fn known_communities() {
        for (name, value) in [
            ("graceful-shutdown", (65535, 0)),
            ("accept-own", (65535, 1)),
            ("blackhole", (65535, 666)),
            ("no-export", (65535, 65281)),
            ("no-advertise", (65535, 65282)),
            ("no-export-subconfed", (65535, 65283)),
            ("nopeer", (65535, 65284)),
        ] {
            assert_eq!(registry().by_name(name).map(|community| community.value), Some(value), "{name}");
        }
        assert_eq!(registry().by_value((65535, 666)).map(|community| community.source), Some("RFC 7999"));
        assert_eq!(registry().by_name("no_export"), None);
        assert_eq!(registry().by_value((65000, 100)), None);
    }
}
