//! The flow tables: their statements, made of the schema and the [`Layout`].
//!
//! Writers send flows to `flows_raw`, a table that keeps nothing. A view computes what is computed once and writes
//! to `flows`, which keeps every flow; from there views fill the aggregated tables, and `exporters`. What is to be done
//! is a pure function of the schema, of the layout and of what the database has already, its [`Catalog`].
//!
//! All engines are written by `Layout::engine`, all names by `Layout::table`: replicated and distributed tables
//! come in at these two places.

mod aggregate;
mod apply;
mod backfill;
mod catalog;
mod computed;
mod definition;
mod dictionaries;
mod layout;
mod lock;
mod migrate;
mod section;
mod stored;
mod views;

use flowql_client::Sql;

pub use apply::{apply, make};
pub use backfill::caution;
pub use catalog::{Catalog, CatalogColumn, CatalogTable};
pub use definition::{TableColumn, columns_of, write_columns};
pub use dictionaries::{AsNames, DICTIONARIES, Dictionary, shipped_as_names};
pub use layout::{
    ATTACKS_TABLE, Aggregation, FLOWS_TABLE, INGEST_TABLE, Layout, Login, REACH_TABLE, aggregated_name,
    resolution_of,
};
pub use migrate::{Change, statements};
pub use section::{Aggregate, AggregatedSection, TablesSection};
pub use stored::{Reach, StoredColumn, StoredSchema, StoredTable};

/// The settings that the statements need, sent with each.
///
/// Interface and exporter addresses are few, so that a dictionary of their own pays for them; servers before 23.8
/// change views only when they are told that they may. A column that is to be stored is waited for.
pub const SETTINGS: &[(&str, &str)] = &[
    ("allow_suspicious_low_cardinality_types", "1"),
    ("allow_experimental_alter_materialized_view_structure", "1"),
    ("mutations_sync", "2"),
];

/// A statement that makes, changes or fills something.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it does, as `create the table flows`.
    pub what: String,
    /// The SQL.
    pub sql: Sql,
    /// The rows of an `INSERT … FORMAT CSV`, sent after the SQL.
    pub data: Option<String>,
    /// The SQL counts what is to be waited for: it is asked until it is zero. Its parameter `since` is how many seconds
    /// that has taken.
    pub waits: bool,
}

impl Statement {
    fn new(what: impl Into<String>, sql: impl Into<Sql>) -> Self {
        Self { what: what.into(), sql: sql.into(), data: None, waits: false }
    }
}

/// Makes the table of attacks, where it is missing. The detector makes it when it begins: who detects nothing has none.
pub fn attacks(layout: &Layout) -> Statement {
    definition::attacks(layout).create(layout)
}

#[cfg(test)]
mod tests;
