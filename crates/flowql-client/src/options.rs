//! How ClickHouse is reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What holds for every call, whatever the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// The database of the tables.
    pub database: String,
    /// The cluster on which the tables are; `None` for a single server. No tables are made on a cluster.
    pub cluster: Option<String>,
    /// How long a call may take that does not say otherwise.
    pub deadline: Duration,
    /// How many calls run at once.
    pub concurrency: usize,
    /// How many calls may wait for their turn; more are refused.
    pub waiting: usize,
    /// Which inserts are compressed.
    pub compression: InsertCompression,
}

/// Which inserts are compressed, by LZ4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InsertCompression {
    /// Those to a server on another machine: on the same one, compressing takes longer than sending.
    #[default]
    Remote,
    /// All.
    Always,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            database: "default".to_owned(),
            cluster: None,
            deadline: Duration::from_secs(60),
            concurrency: 8,
            waiting: 256,
            compression: InsertCompression::default(),
        }
    }
}

/// Servers, each as good as the other.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerOptions {
    /// Their addresses, as `https://clickhouse1.example:8443`, in the order in which they are tried.
    pub servers: Vec<String>,
    /// The user; `None` for the server's default.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Certificates to trust beside those of the system, in a PEM file.
    pub ca_file: Option<PathBuf>,
    /// How long a server may take to accept a connection, before the next one is tried.
    pub connect: Duration,
}

impl ServerOptions {
    /// How long a server may take to accept a connection, by default.
    pub const CONNECT: Duration = Duration::from_secs(3);

    /// One server, with the server's default user.
    pub fn at(server: impl Into<String>) -> Self {
        Self {
            servers: vec![server.into()],
            user: None,
            password: None,
            ca_file: None,
            connect: Self::CONNECT,
        }
    }
}

/// The password is not shown.
impl fmt::Debug for ServerOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerOptions")
            .field("servers", &self.servers)
            .field("user", &self.user)
            .field("ca_file", &self.ca_file)
            .field("connect", &self.connect)
            .finish_non_exhaustive()
    }
}
