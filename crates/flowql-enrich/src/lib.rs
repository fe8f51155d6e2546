#![doc = include_str!("../README.md")]

pub mod exporters;
mod facts;
pub mod networks;
pub mod rules;
pub mod snmp;
mod text;

use flowql_config::{KnownSection, Registry};

pub use facts::{Boundary, ExporterFacts, InterfaceFacts};

/// The sections of `flowql.toml` that are read here, in the order of the reference.
pub const SECTIONS: Registry = &[
    KnownSection::list_of::<exporters::ExporterSection>(),
    KnownSection::of::<rules::ClassifySection>(),
    KnownSection::of::<snmp::SnmpSection>(),
    KnownSection::list_of::<networks::NetworkSection>(),
    KnownSection::list_of::<networks::NetworkSourceSection>(),
    KnownSection::of::<networks::GeoipSection>(),
];

#[cfg(test)]
mod tests {
    use flowql_config::{Config, SectionInfo};

    use super::*;

    #[test]
    fn every_section_has_an_example_that_uses_it() {
        let sections = SECTIONS.iter().flat_map(|known| SectionInfo::family(known.info));
        for section in sections {
            let example = section.example;
            Config::parse(example, "f", SECTIONS).unwrap_or_else(|errors| panic!("{errors}\n{example}"));
            assert!(example.contains(&section.title()), "{}", section.name);
        }
    }

    #[test]
    fn a_configuration_is_shown_as_it_is_read() {
        let examples: Vec<&str> = SECTIONS.iter().map(|known| known.info.example).collect();
        let config = Config::parse(&examples.join("\n"), "f", SECTIONS).unwrap();
        let again = Config::parse(&config.to_toml(), "f", SECTIONS).unwrap();
        assert_eq!(again.shown(), config.shown());
        assert_eq!(again.sections::<networks::NetworkSection>()[0].name, "servers");
    }
}
