//! The rules of the program: `data/rules.toml`.

use std::sync::LazyLock;

use flowql_config::{Config, KnownSection, Registry};

use crate::section::{DetectSection, RuleSection};

/// The text of the rules, as a piece of `flowql.toml`.
pub const TEXT: &str = include_str!("../data/rules.toml");

const SECTIONS: Registry = &[KnownSection::of::<DetectSection>()];

/// The rules of the program, in the order of their file.
pub fn rules() -> &'static [RuleSection] {
    static RULES: LazyLock<Vec<RuleSection>> = LazyLock::new(|| {
        let config = Config::parse(TEXT, "rules.toml", SECTIONS);
        // A test reads it: what is shipped has no faults.
        config.map(|config| config.section::<DetectSection>().rule.clone()).unwrap_or_default()
    });
    &RULES
}
