//! The IP protocols of the IANA registry.

pub use super::generated::protocols::PROTOCOLS;

/// An IP protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Protocol {
    /// The number, as packets carry it.
    pub number: u8,
    /// The keyword of the registry.
    pub name: &'static str,
    /// What the registry says of it.
    pub description: &'static str,
    /// Other names that a filter may use.
    pub aliases: &'static [&'static str],
}

/// The protocol of that keyword or alias, in any case.
pub fn by_name(name: &str) -> Option<&'static Protocol> {
    let matches = |candidate: &&str| candidate.eq_ignore_ascii_case(name);
    PROTOCOLS.iter().find(|protocol| matches(&protocol.name) || protocol.aliases.iter().any(matches))
}

/// The protocol of that number; `None` when the registry has no keyword for it.
pub fn by_number(number: u8) -> Option<&'static Protocol> {
    let place = PROTOCOLS.binary_search_by_key(&number, |protocol| protocol.number).ok()?;
    PROTOCOLS.get(place)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_are_in_order_and_names_unique() {
        assert!(PROTOCOLS.is_sorted_by(|a, b| a.number < b.number));
        let mut names = BTreeSet::new();
        for protocol in PROTOCOLS {
            for name in [protocol.name].iter().chain(protocol.aliases) {
                assert!(names.insert(name.to_ascii_lowercase()), "{name} stands twice");
                assert!(!name.is_empty() && name.is_ascii());
            }
            assert!(!protocol.description.is_empty());
        }
    }

    #[test]
    fn every_protocol_is_found_by_each_name_and_by_number() {
        for protocol in PROTOCOLS {
            assert_eq!(by_number(protocol.number), Some(protocol));
            for name in [protocol.name].iter().chain(protocol.aliases) {
                assert_eq!(by_name(name), Some(protocol));
                assert_eq!(by_name(&name.to_ascii_lowercase()), Some(protocol));
                assert_eq!(by_name(&name.to_ascii_uppercase()), Some(protocol));
            }
        }
    }

    #[test]
    fn known_protocols() {
        for (name, number) in [
            ("HOPOPT", 0),
            ("icmp", 1),
            ("Tcp", 6),
            ("UDP", 17),
            ("gre", 47),
            ("esp", 50),
            ("ipv6-icmp", 58),
            ("ICMPv6", 58),
            ("icmp6", 58),
            ("ospfigp", 89),
            ("sctp", 132),
            ("bit-emu", 147),
        ] {
            assert_eq!(by_name(name).map(|protocol| protocol.number), Some(number), "{name}");
        }
        assert_eq!(by_number(58).map(|protocol| protocol.name), Some("IPv6-ICMP"));
        assert_eq!(by_name("nothing"), None);
        assert_eq!(by_name(""), None);
        assert_eq!(by_number(61), None);
        assert_eq!(by_number(255), None);
    }
}
