//! The well-known BGP communities of the IANA registry.

pub use super::generated::communities::COMMUNITIES;
pub use super::well_known::WellKnown;

/// The well-known community of that name, in any case.
pub fn by_name(name: &str) -> Option<&'static WellKnown> {
    COMMUNITIES.iter().find(|community| community.name.eq_ignore_ascii_case(name))
}

/// The well-known community of that value.
pub fn by_value(value: (u16, u16)) -> Option<&'static WellKnown> {
    COMMUNITIES.iter().find(|community| community.value == value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn values_are_in_order_and_names_unique() {
        assert!(COMMUNITIES.is_sorted_by(|a, b| a.value < b.value));
        let names: BTreeSet<_> = COMMUNITIES.iter().map(|community| community.name).collect();
        assert_eq!(names.len(), COMMUNITIES.len());
        for community in COMMUNITIES {
            assert!(community.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            assert!(!community.source.is_empty() && community.description.ends_with('.'));
        }
    }

    #[test]
    fn every_community_is_found_by_name_and_by_value() {
        for community in COMMUNITIES {
            assert_eq!(by_name(community.name), Some(community));
            assert_eq!(by_name(&community.name.to_ascii_uppercase()), Some(community));
            assert_eq!(by_value(community.value), Some(community));
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
            assert_eq!(by_name(name).map(|community| community.value), Some(value), "{name}");
        }
        assert_eq!(by_value((65535, 666)).map(|community| community.source), Some("RFC 7999"));
        assert_eq!(by_name("no_export"), None);
        assert_eq!(by_value((65000, 100)), None);
    }
}
