//! The section `[embedded]` of `flowql.toml`.

use flowql_config::Section;

/// The ClickHouse that FlowQL includes and starts itself. `flowql engine install` fetches its library.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "embedded", example = "[embedded]\nfolder = \"/var/lib/flowql\"\nidle = 3600\n")]
pub struct EmbeddedSection {
    /// The data folder. When left out, `flowql/store` in the folder of your data (`$XDG_DATA_HOME`).
    #[setting(example = "/var/lib/flowql")]
    pub folder: String,
    /// The library, `libchdb.so`. When left out, that of the variable `FLOWQL_LIBCHDB`, or the installed one.
    #[setting(example = "/usr/lib/libchdb.so")]
    pub library: String,
    /// How long the engine runs without being used; 0 for no limit.
    #[setting(default = 300, range = 0..=31_536_000, unit = "seconds")]
    pub idle: u64,
    /// The database of the flow tables.
    #[setting(default = "flowql")]
    pub database: String,
}
