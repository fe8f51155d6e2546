//! The sections of `flowql.toml`, each by the crate that reads it.

use flowql_bgp::AnnounceSection;
use flowql_client::ClickhouseSection;
use flowql_collect::{BmpSection, CollectSection, RpkiSection};
use flowql_config::{KnownSection, Registry};
use flowql_connect::BackendSection;
use flowql_detect::DetectSection;
use flowql_embedded::EmbeddedSection;
use flowql_enrich::exporters::ExporterSection;
use flowql_enrich::networks::{GeoipSection, NetworkSection, NetworkSourceSection};
use flowql_enrich::rules::ClassifySection;
use flowql_enrich::snmp::SnmpSection;
use flowql_server::{ConsoleSection, ServerSection};
use flowql_tables::TablesSection;

/// Those that follow the ones of the language, in the order of the reference.
pub(crate) const SECTIONS: Registry = &[
    KnownSection::of::<ServerSection>(),
    KnownSection::of::<ConsoleSection>(),
    KnownSection::of::<BackendSection>(),
    KnownSection::of::<EmbeddedSection>(),
    KnownSection::of::<ClickhouseSection>(),
    KnownSection::of::<TablesSection>(),
    KnownSection::of::<CollectSection>(),
    KnownSection::list_of::<ExporterSection>(),
    KnownSection::of::<ClassifySection>(),
    KnownSection::list_of::<NetworkSection>(),
    KnownSection::list_of::<NetworkSourceSection>(),
    KnownSection::of::<GeoipSection>(),
    KnownSection::of::<BmpSection>(),
    KnownSection::of::<RpkiSection>(),
    KnownSection::of::<SnmpSection>(),
    KnownSection::of::<DetectSection>(),
    KnownSection::of::<AnnounceSection>(),
];

#[cfg(test)]
mod tests;
