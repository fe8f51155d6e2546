//! The database that a command works on.

use std::time::Duration;

use flowql_client::{Client, ClientOptions};
use flowql_config::Config;
use flowql_connect::{BackendArgs, BackendKind, BackendOptions};
use flowql_tables::{Layout, Login};

use crate::args::Global;
use crate::console;
use crate::failure::Failure;

/// A database that may not be there yet.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) layout: Layout,
    backend: BackendOptions,
}

impl Database {
    /// The one that the configuration and the options name.
    pub(super) fn named(config: &Config, args: &BackendArgs) -> Result<Self, Failure> {
        let backend = BackendOptions::new(config, args)?;
        let servers = &backend.servers;
        // The dictionaries of a server ask it under the same name.
        let login = servers.user.clone().filter(|_| backend.kind == BackendKind::Clickhouse);
        let password = servers.password.clone().unwrap_or_default();
        let login = login.map(|user| Login { user, password });
        let database = backend.client.database.clone();
        let layout = Layout { login, database, ..Layout::configured(&config.section()) };
        Ok(Self { layout, backend })
    }

    /// A client of the database itself, which must be there. The embedded ClickHouse is started if need be.
    pub(super) fn client(&self, deadline: Duration) -> Result<Client, Failure> {
        self.connect(&self.layout.database, deadline)
    }

    /// A client that does not need the database to be there.
    pub(super) fn outside(&self, deadline: Duration) -> Result<Client, Failure> {
        self.connect("system", deadline)
    }

    fn connect(&self, database: &str, deadline: Duration) -> Result<Client, Failure> {
        let client = ClientOptions { database: database.to_owned(), deadline, ..self.backend.client.clone() };
        Ok(BackendOptions { client, ..self.backend.clone() }.client()?)
    }
}

/// Says what there is to say of the database's user, after the first answer.
pub(super) fn caution(global: &Global, caution: Option<&str>) {
    if let Some(caution) = caution.filter(|_| !global.quiet) {
        console::warning(caution, None);
    }
}
