//! The section `[backend]` of `flowql.toml`.

use flowql_config::{Choice, Section};

/// Where editors get the values that occur in a network.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "backend", example = "[backend]\nkind = \"service\"\nurl = \"http://127.0.0.1:8080\"\n")]
pub struct BackendSection {
    /// Which one: none, a file of values, a running `flowql serve`, a file of flows, the ClickHouse of `[embedded]`, or
    /// the servers of `[clickhouse]`. With none, commands that need flows use the embedded one.
    pub kind: BackendKind,
    /// The file of values of the backend `static`, relative to the configuration; `flowql complete --help` shows its
    /// format.
    #[setting(example = "values.toml")]
    pub values: Option<String>,
    /// The file of flows of the backend `file`, relative to the configuration: JSON lines, as `flowql grep` reads them.
    #[setting(example = "flows.jsonl")]
    pub flows: Option<String>,
    /// The address of the backend `service`.
    #[setting(example = "http://127.0.0.1:8080", hide_login)]
    pub url: Option<String>,
    /// How long a call may take.
    #[setting(default = 60, range = 1..=86_400, unit = "seconds")]
    pub deadline: u64,
    /// How many calls run at once; others wait for their turn.
    #[setting(default = 8, range = 1..=1000)]
    pub concurrency: usize,
}

/// A backend that a configuration can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum BackendKind {
    /// None: completion offers what the language knows.
    #[default]
    None,
    /// Values from a file.
    Static,
    /// A running `flowql serve`.
    Service,
    /// Flows from a file.
    File,
    /// The ClickHouse that FlowQL starts itself.
    Embedded,
    /// ClickHouse servers.
    Clickhouse,
}
