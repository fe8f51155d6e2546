//! The database that a command works on.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flowql_backend::clickhouse::{Client, ClientOptions, ServerOptions};
use flowql_backend::embedded::{self, Embedded, EmbeddedOptions};
use flowql_backend::tables::{Layout, Login};

use crate::args::Target;
use crate::failure::Failure;

/// The database of the embedded ClickHouse.
const EMBEDDED: &str = "flowql";

/// A database that may not be there yet.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) layout: Layout,
    servers: Servers,
}

#[derive(Debug)]
enum Servers {
    /// The embedded ClickHouse of a folder.
    Embedded(PathBuf),
    Remote(ServerOptions),
}

impl Database {
    /// The one that the options name.
    pub(super) fn named(target: &Target) -> Result<Self, Failure> {
        let name = target.database.clone();
        if target.server.is_empty() {
            let folder = target.folder.clone().or_else(embedded::default_folder).ok_or_else(|| {
                Failure::new(
                    "there is no folder for your data: HOME is not set",
                    "name a folder with --folder",
                )
            })?;
            let layout =
                Layout { database: name.unwrap_or_else(|| EMBEDDED.to_owned()), ..Layout::default() };
            return Ok(Self { layout, servers: Servers::Embedded(folder) });
        }
        let password = match &target.password_file {
            Some(path) => Some(password(path)?),
            None => env::var("CLICKHOUSE_PASSWORD").ok().filter(|password| !password.is_empty()),
        };
        let login =
            target.user.clone().map(|user| Login { user, password: password.clone().unwrap_or_default() });
        let layout =
            Layout { login, database: name.unwrap_or_else(|| "default".to_owned()), ..Layout::default() };
        let servers = Servers::Remote(ServerOptions {
            servers: target.server.clone(),
            user: target.user.clone(),
            password,
            ..ServerOptions::at("")
        });
        Ok(Self { layout, servers })
    }

    /// A client of the database itself, which must be there. The embedded ClickHouse is started if need be.
    pub(super) async fn client(&self, deadline: Duration) -> Result<Client, Failure> {
        self.connect(&self.layout.database, deadline).await
    }

    /// A client that does not need the database to be there.
    pub(super) async fn outside(&self, deadline: Duration) -> Result<Client, Failure> {
        self.connect("system", deadline).await
    }

    async fn connect(&self, database: &str, deadline: Duration) -> Result<Client, Failure> {
        let options = ClientOptions { database: database.to_owned(), deadline, ..ClientOptions::default() };
        Ok(match &self.servers {
            Servers::Embedded(folder) => {
                let engine = Embedded::open(EmbeddedOptions::at(folder)).await?;
                Client::embedded(engine, options)?
            }
            Servers::Remote(servers) => Client::remote(servers, options)?,
        })
    }
}

fn password(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::new(
            format!("cannot read `{}`: {error}", path.display()),
            "check that it is there and may be read",
        )
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
