//! The sections of `flowql.toml` as they are written.

use std::collections::BTreeMap;

use flowql::{Limits, SchemaConfig};
use serde::{Deserialize, Serialize};

use crate::ServerSection;

/// Every section, with the defaults for what the file leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sections {
    /// `[limits]`: what a filter may cost.
    pub limits: LimitsSection,
    /// `[server]`: the HTTP service.
    pub server: ServerSection,
    /// `[schema]`: the columns.
    pub schema: SchemaConfig,
    /// `[communities]`: names for BGP communities, by the community.
    pub communities: BTreeMap<String, String>,
    /// `[filters]`: the saved filters, by name.
    pub filters: BTreeMap<String, String>,
    /// `[backend]`: where values and flows come from.
    pub backend: BackendSection,
}

/// The section `[backend]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackendSection {
    /// Which backend.
    pub kind: BackendKind,
    /// The file of values of the backend `static`.
    pub values: Option<String>,
    /// The address of the backend `service`.
    pub url: Option<String>,
}

/// A backend that a configuration can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendKind {
    /// None: completion offers what the language knows.
    #[default]
    None,
    /// Values from a file.
    Static,
    /// A running `flowql serve`.
    Service,
}

/// The section `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// The bytes of a filter, saved filters expanded.
    pub length: usize,
    /// The levels of nesting.
    pub nesting: usize,
    /// The diagnostics of one filter.
    pub diagnostics: usize,
    /// The bytes of a file of several filters.
    pub file_length: usize,
}

impl Default for LimitsSection {
    fn default() -> Self {
        let Limits { length, nesting, diagnostics, file_length } = Limits::DEFAULT;
        Self { length, nesting, diagnostics, file_length }
    }
}

impl From<&LimitsSection> for Limits {
    fn from(section: &LimitsSection) -> Self {
        let &LimitsSection { length, nesting, diagnostics, file_length } = section;
        Self { length, nesting, diagnostics, file_length }
    }
}
