//! The section `[clickhouse]` of `flowql.toml`.

use flowql_config::{Secret, Section};

/// ClickHouse servers, reached over HTTP or HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "clickhouse",
    example = "[clickhouse]\nservers = [\"https://clickhouse1.example:8443\", \"https://clickhouse2.example:8443\"]\nuser = \"flowql\"\npassword_file = \"/run/secrets/clickhouse\"\n"
)]
pub struct ClickhouseSection {
    /// The addresses, as `https://HOST:8443`. All are equivalent: when one does not answer, the next one is asked.
    #[setting(example = ["https://clickhouse1.example:8443"], hide_login)]
    pub servers: Vec<String>,
    /// The user. When left out, that of the variable `FLOWQL_CLICKHOUSE_USER`, or the server's default. For a user who
    /// only reads, `readonly = 2` is best: with 1 its queries have no time limits.
    #[setting(example = "flowql")]
    pub user: String,
    /// The password. Better in a file, or in the variable `FLOWQL_CLICKHOUSE_PASSWORD`.
    #[setting(example = "secret")]
    pub password: Secret,
    /// A file whose first line is the password. It takes precedence over `password`.
    #[setting(example = "/run/secrets/clickhouse")]
    pub password_file: String,
    /// The database of the flow tables.
    #[setting(default = "default")]
    pub database: String,
    /// The cluster that the tables are on. `flowql tables create` and `migrate` refuse to create any there.
    #[setting(example = "main")]
    pub cluster: String,
    /// Certificates to trust in addition to those of the system, in a PEM file.
    #[setting(example = "/etc/ssl/our-ca.pem")]
    pub ca_file: String,
}
