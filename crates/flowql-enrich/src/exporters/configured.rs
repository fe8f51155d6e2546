//! What the configuration says of exporters and interfaces, ready to be looked up.

use std::net::IpAddr;

use ipnet::IpNet;

use super::section::{ExporterInterfaceSection, ExporterSection};
use crate::facts::{ExporterFacts, InterfaceFacts};
use crate::networks::prefix;

/// The exporters of a configuration, the longest prefix first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configured(Vec<Exporter>);

#[derive(Clone, Debug)]
struct Exporter {
    prefix: IpNet,
    facts: ExporterFacts,
    interfaces: Vec<ExporterInterfaceSection>,
}

impl Configured {
    pub(crate) fn new(sections: &[ExporterSection]) -> Self {
        // A configuration with a wrong prefix is refused before.
        let exporters = sections.iter().filter_map(|section| {
            let prefix = prefix(&section.r#match).ok()?;
            Some(Exporter { prefix, facts: section.facts(), interfaces: section.interface.clone() })
        });
        let mut exporters: Vec<Exporter> = exporters.collect();
        // Stable: equal prefixes stay in the order of the file.
        exporters.sort_by_key(|exporter| std::cmp::Reverse(exporter.prefix.prefix_len()));
        Self(exporters)
    }

    fn of(&self, address: IpAddr) -> impl Iterator<Item = &Exporter> {
        self.0.iter().filter(move |exporter| exporter.prefix.contains(&address))
    }

    /// What is said of an exporter.
    pub(crate) fn exporter(&self, address: IpAddr) -> ExporterFacts {
        let mut facts = ExporterFacts::default();
        self.of(address).for_each(|exporter| facts.fill(&exporter.facts));
        facts
    }

    /// What is said of an interface; `known` is what the other sources say of it, for patterns.
    pub(crate) fn interface(&self, address: IpAddr, index: u32, known: &InterfaceFacts) -> InterfaceFacts {
        let mut facts = InterfaceFacts::default();
        let interfaces = self.of(address).flat_map(|exporter| &exporter.interfaces);
        interfaces
            .filter(|interface| interface.is(index, known))
            .for_each(|interface| facts.fill(&interface.facts()));
        facts
    }
}

impl ExporterInterfaceSection {
    fn is(&self, index: u32, known: &InterfaceFacts) -> bool {
        self.index.is_none_or(|own| own == index)
            && has_pattern(&self.match_name, &known.name)
            && has_pattern(&self.match_description, &known.description)
    }
}

/// Whether a text is a pattern in which `*` is any text; an empty pattern is that of any.
fn has_pattern(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern.is_empty() || pattern == text };
    let Some(mut rest) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // Each part at its first place leaves the most for those behind it.
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_any_text_at_a_star() {
        for (pattern, text, has) in [
            ("", "anything", true),
            ("Gi0", "Gi0", true),
            ("Gi0", "Gi0/1", false),
            ("Gi0/*", "Gi0/1", true),
            ("Gi0/*", "xGi0/1", false),
            ("*core*", "to core 1", true),
            ("a*b*c", "a1b2bc", true),
            ("a*b*c", "ac", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("**x", "x", true),
        ] {
            assert_eq!(has_pattern(pattern, text), has, "{pattern} {text}");
        }
    }
}
