//! The embedded engine for tests, of this crate and of others.
//!
//! ```no_run
//! # async fn example() {
//! let client = flowql_client::testing::client().await;
//! println!("{}", client.health().await.unwrap().version);
//! # }
//! ```
#![expect(clippy::panic, reason = "a test fails by it")]

pub mod proxy;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::Error;
use crate::{Client, ClientOptions, Sql, Statement, sql};
use flowql_embedded::process::Folder;
use flowql_embedded::{Embedded, EmbeddedOptions};

/// An engine of the test's own in a temporary folder. It ends with the test, also when that fails or is killed.
///
/// # Panics
///
/// When there is no library, or the engine does not start.
pub async fn engine() -> Embedded {
    open(options()).await
}

/// An engine with a data folder.
///
/// # Panics
///
/// As [`engine`].
pub async fn engine_at(folder: &Path) -> Embedded {
    open(EmbeddedOptions { folder: Some(folder.to_path_buf()), ..options() }).await
}

/// A user of an engine, with the settings of its profile.
pub type User<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// Users who may only read: the first may change no setting, the second all but `readonly`. As with servers before 25.8,
/// large numbers come in quotes unless another form is asked for.
pub const READERS: [User<'static>; 2] = [
    ("reader1", &[("readonly", "1"), ("output_format_json_quote_64bit_integers", "1")]),
    ("reader2", &[("readonly", "2"), ("output_format_json_quote_64bit_integers", "1")]),
];

/// An engine with a data folder and with users in addition to its own, none with a password. With each go the settings of
/// its profile: with `readonly = 1` it may change none. The engine ends when the folder is removed.
///
/// # Panics
///
/// As [`engine`], and when the folder cannot be written to.
pub async fn engine_with_users(folder: &Path, users: &[User<'_>]) -> Embedded {
    let element = |name: &str, text: &str| format!("<{name}>{text}</{name}>");
    let user = |name: &str| {
        let networks = element("networks", &element("ip", "::/0"));
        element(name, &["<password/>", &networks, &element("profile", name)].concat())
    };
    let profile = |(name, settings): &User<'_>| {
        let settings: String = settings.iter().map(|(name, value)| element(name, value)).collect();
        element(name, &settings)
    };
    let profiles: String = users.iter().map(profile).collect();
    let users: String = users.iter().map(|(name, _)| user(name)).collect();
    let profiles = element("profiles", &["<default/>", &profiles].concat());
    let users = element("users", &[user("default"), users].concat());
    let file = Folder::new(folder).users();
    if let Err(error) = std::fs::write(&file, element("clickhouse", &[profiles, users].concat())) {
        panic!("{}: {error}", file.display());
    }
    engine_at(folder).await
}

/// A client of an engine of the test's own, with a database `flows` in it.
///
/// # Panics
///
/// As [`engine`].
pub async fn client() -> Client {
    client_with(options(), ClientOptions { database: "flows".to_owned(), ..ClientOptions::default() }).await
}

/// A client of an engine, with its database made.
///
/// # Panics
///
/// When that does not work.
pub async fn client_with(engine: EmbeddedOptions, options: ClientOptions) -> Client {
    let create =
        sql!("CREATE DATABASE IF NOT EXISTS {name} ENGINE = Atomic", name = Sql::name(&options.database));
    let made = async {
        let client = Client::embedded(engine, options)?;
        client.execute(&Statement::write(create).without_database()).await?;
        Ok::<_, Error>(client)
    };
    made.await.unwrap_or_else(|error| panic!("{error}"))
}

/// How a test opens an engine: with the helper of this workspace.
pub fn options() -> EmbeddedOptions {
    EmbeddedOptions { helper: Some(helper()), ..EmbeddedOptions::temporary() }
}

async fn open(options: EmbeddedOptions) -> Embedded {
    match Embedded::open(options).await {
        Ok(engine) => engine,
        Err(error) => panic!("{error}: {}", error.help()),
    }
}

/// The helper program, built as it is now. Cargo builds it for the tests of its own package only.
///
/// # Panics
///
/// When it does not build.
pub fn helper() -> PathBuf {
    static HELPER: OnceLock<PathBuf> = OnceLock::new();
    HELPER.get_or_init(|| build("flowql-embedded", "flowql-embedded")).clone()
}

/// The command `flowql`, built as it is now, for the tests of what it runs.
///
/// # Panics
///
/// When it does not build.
pub fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("flowql-cli", "flowql")).clone()
}

/// Builds a program of a package of this workspace.
fn build(package: &str, program: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = format!("{}/../{package}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--message-format=json", "--bin", program, "--manifest-path", &manifest])
        .output();
    let output = match output {
        Ok(output) if output.status.success() => output,
        Ok(output) => panic!("`{program}` does not build: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("cannot run cargo: {error}"),
    };
    let messages = output.stdout.split(|&byte| byte == b'\n');
    let messages = messages.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    let mut programs =
        messages.filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)));
    programs.next().unwrap_or_else(|| panic!("cargo built no `{program}`"))
}
