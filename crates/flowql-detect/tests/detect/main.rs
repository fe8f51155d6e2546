//! Attacks found in flows: settings, rules, the engine and incidents.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails by a panic says enough"
)]

mod amounts;
mod engine;
mod flows;
mod incidents;
mod kinds;
mod rules;

use flowql_config::{Config, KnownSection, Registry};
use flowql_detect::DetectSection;

const SECTIONS: Registry = &[KnownSection::of::<DetectSection>()];

/// A configuration of a text.
fn config(text: &str) -> Config {
    Config::parse(text, "f", SECTIONS).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}
