//! The IP protocols of the IANA registry.

/// An IP protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The number, as packets carry it.
    pub number: u8,
    /// The keyword of the registry.
    pub name: &'static str,
    /// What the registry says of it.
    pub description: &'static str,
    aliases: &'static str,
}

impl Protocol {
    fn read(line: &'static str) -> Option<Self> {
        let (number, rest) = line.split_once('\t')?;
        let (name, rest) = rest.split_once('\t')?;
        let (description, aliases) = rest.split_once('\t').unwrap_or((rest, ""));
        Some(Self { number: number.parse().ok()?, name, description, aliases })
    }

    /// Other names that a filter may use.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.aliases.split('\t').filter(|alias| !alias.is_empty())
    }
}

/// The protocols of the IANA registry that have a keyword, one a line: the number, the keyword, what it is and the
/// aliases, with tabulators between them.
#[derive(Debug, Default)]
pub struct Protocols {
    lines: &'static str,
}

impl Protocols {
    pub(super) const fn new(lines: &'static str) -> Self {
        Self { lines }
    }

    /// Every protocol, in order of number.
    pub fn all(&self) -> impl Iterator<Item = Protocol> + use<> {
        self.lines.lines().filter_map(Protocol::read)
    }

    /// The protocol of that keyword or alias, in any case.
    pub fn by_name(&self, name: &str) -> Option<Protocol> {
        let matches = |candidate: &str| candidate.eq_ignore_ascii_case(name);
        self.all().find(|protocol| matches(protocol.name) || protocol.aliases().any(matches))
    }

    /// The protocol of that number; `None` when the registry has no keyword for it.
    pub fn by_number(&self, number: u8) -> Option<Protocol> {
        self.all().find(|protocol| protocol.number == number)
    }
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tables::Registries;

    fn registry() -> &'static Protocols {
        &Registries::built_in().protocols
    }

    #[test]
    fn numbers_are_in_order_and_names_unique() {
        assert!(registry().all().is_sorted_by(|a, b| a.number < b.number));
        assert_eq!(registry().all().count(), registry().lines.lines().count());
        let mut names = BTreeSet::new();
        for protocol in registry().all() {
            for name in std::iter::once(protocol.name).chain(protocol.aliases()) {
                assert!(names.insert(name.to_ascii_lowercase()), "{name} stands twice");
                assert!(!name.is_empty() && name.is_ascii());
            }
            assert!(!protocol.description.is_empty());
        }
    }

    #[test]
    fn every_protocol_is_found_by_each_name_and_by_number() {
        for protocol in registry().all() {
            assert_eq!(registry().by_number(protocol.number), Some(protocol));
            for name in std::iter::once(protocol.name).chain(protocol.aliases()) {
                assert_eq!(registry().by_name(name), Some(protocol));
                assert_eq!(registry().by_name(&name.to_ascii_lowercase()), Some(protocol));
                assert_eq!(registry().by_name(&name.to_ascii_uppercase()), Some(protocol));
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
            ("ospf", 89),
            ("icmpv4", 1),
            ("rdp", 27),
            ("ipip", 94),
            ("ipencap", 4),
            ("sctp", 132),
            ("bit-emu", 147),
        ] {
            assert_eq!(registry().by_name(name).map(|protocol| protocol.number), Some(number), "{name}");
        }
        assert_eq!(registry().by_number(58).map(|protocol| protocol.name), Some("IPv6-ICMP"));
        assert_eq!(registry().by_name("nothing"), None);
        assert_eq!(registry().by_name(""), None);
        assert_eq!(registry().by_number(61), None);
        assert_eq!(registry().by_number(255), None);
    }
}
