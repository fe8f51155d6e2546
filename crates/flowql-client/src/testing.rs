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
