//! The sections of `flowql.toml` as they are written.

use std::collections::{BTreeMap, BTreeSet};

use flowql::{ConfigError, Limits, SchemaConfig};
use serde::{Deserialize, Serialize};

use crate::secret;
use crate::{Secret, ServerSection};

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
    /// `[embedded]`: the ClickHouse that FlowQL starts itself.
    pub embedded: EmbeddedSection,
    /// `[clickhouse]`: the ClickHouse servers.
    pub clickhouse: ClickhouseSection,
    /// `[tables]`: how long flows are kept, and which tables of sums there are.
    pub tables: TablesSection,
}

/// The section `[backend]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackendSection {
    /// Which backend.
    pub kind: BackendKind,
    /// The file of values of the backend `static`.
    pub values: Option<String>,
    /// The address of the backend `service`.
    #[serde(serialize_with = "secret::address")]
    pub url: Option<String>,
    /// How many seconds a call of ClickHouse may take.
    pub deadline: u64,
    /// How many calls of ClickHouse run at once.
    pub concurrency: usize,
}

impl Default for BackendSection {
    fn default() -> Self {
        Self { kind: BackendKind::default(), values: None, url: None, deadline: 60, concurrency: 8 }
    }
}

impl BackendKind {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::None, Self::Static, Self::Service, Self::Embedded, Self::Clickhouse];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Static => "static",
            Self::Service => "service",
            Self::Embedded => "embedded",
            Self::Clickhouse => "clickhouse",
        }
    }
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
    /// The ClickHouse that FlowQL starts itself.
    Embedded,
    /// ClickHouse servers.
    Clickhouse,
}

/// The section `[embedded]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddedSection {
    /// The data folder; empty for the user's own.
    pub folder: String,
    /// The library; empty for the installed one.
    pub library: String,
    /// After how many seconds without use the engine ends; zero for never.
    pub idle: u64,
    /// The database.
    pub database: String,
}

impl Default for EmbeddedSection {
    fn default() -> Self {
        Self { folder: String::new(), library: String::new(), idle: 300, database: "flowql".to_owned() }
    }
}

/// The section `[clickhouse]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClickhouseSection {
    /// The addresses of the servers.
    #[serde(serialize_with = "secret::addresses")]
    pub servers: Vec<String>,
    /// The user; empty for the server's default.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The file that holds the password.
    pub password_file: String,
    /// The database.
    pub database: String,
    /// The cluster; empty for a single server.
    pub cluster: String,
    /// Certificates to trust.
    pub ca_file: String,
}

impl Default for ClickhouseSection {
    fn default() -> Self {
        let empty = String::new;
        Self {
            servers: Vec::new(),
            user: empty(),
            password: Secret::default(),
            password_file: empty(),
            database: "default".to_owned(),
            cluster: empty(),
            ca_file: empty(),
        }
    }
}

/// The section `[tables]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TablesSection {
    /// For how many days `flows` keeps its rows; zero is for ever.
    pub keep_days: u64,
    /// The tables of sums.
    pub aggregated: Vec<AggregatedSection>,
}

/// A section `[[tables.aggregated]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregatedSection {
    /// The interval that is summed up, in seconds.
    pub interval: u64,
    /// For how many days rows are kept; zero is for ever.
    pub keep_days: u64,
}

impl Default for TablesSection {
    fn default() -> Self {
        let aggregated = |interval, keep_days| AggregatedSection { interval, keep_days };
        Self {
            keep_days: 15,
            aggregated: vec![aggregated(60, 7), aggregated(300, 90), aggregated(3600, 360)],
        }
    }
}

impl TablesSection {
    /// What the reference cannot check, each with the path of its setting.
    pub(crate) fn check(&self) -> Vec<ConfigError> {
        let mut seen = BTreeSet::new();
        let twice = self.aggregated.iter().enumerate().filter(|(_, table)| !seen.insert(table.interval));
        twice
            .map(|(index, table)| ConfigError {
                path: format!("tables.aggregated[{index}].interval"),
                message: format!("there are two tables of sums over {} seconds", table.interval),
                help: None,
            })
            .collect()
    }
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
