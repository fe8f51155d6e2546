//! The core and the evaluator against the database itself: the embedded ClickHouse.

mod differential;
mod file_backend;
mod parameters;
mod prefixes;
mod regexps;
mod series;
mod syntax_trees;
mod tables;

use std::sync::LazyLock;

use flowql::Schema;
use flowql_tests::differential::{self as compared, Engine};

/// Every column, as in the differential test.
static SCHEMA: LazyLock<Schema> = LazyLock::new(compared::schema);

/// One engine for all tests. It ends with the process.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::start(&SCHEMA));

/// A text as a filter writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
