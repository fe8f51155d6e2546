//! What a database has already.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::layout::{Layout, literal};

/// The tables, views and dictionaries of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// By name.
    pub tables: BTreeMap<String, FoundTable>,
}

/// A table, view or dictionary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundTable {
    /// The engine: `MergeTree`, `MaterializedView`, `Dictionary`.
    pub engine: String,
    /// The engine with its clauses.
    pub clauses: String,
    /// The sorting key, its columns parted by commas.
    pub order: String,
    /// How many rows it has; `None` where that is not known.
    pub rows: Option<u64>,
    /// Its columns, in their order.
    pub columns: Vec<FoundColumn>,
    /// The columns that have a data-skipping index.
    pub indexes: Vec<String>,
}

/// A column of a table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct FoundColumn {
    /// The table.
    #[serde(skip_serializing)]
    pub table: String,
    /// The name.
    pub name: String,
    /// The ClickHouse type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `ALIAS`, `DEFAULT` or `MATERIALIZED` for a column that is computed.
    pub default_kind: String,
    /// How it is computed.
    pub default_expression: String,
}

#[derive(Deserialize)]
struct TableRow {
    name: String,
    engine: String,
    engine_full: String,
    sorting_key: String,
    rows: Option<String>,
}

#[derive(Deserialize)]
struct IndexRow {
    table: String,
    expr: String,
}

impl Found {
    /// The queries whose answers, as lines of JSON, [`Found::read`] reads. `EXISTS` is asked of a database that may
    /// not be there by asking the system tables.
    pub fn queries(layout: &Layout) -> [String; 3] {
        let database = literal(&layout.database);
        [
            format!(
                "SELECT name, engine, engine_full, sorting_key, toString(total_rows) AS rows FROM system.tables \
                 WHERE database = {database} FORMAT JSONEachRow"
            ),
            format!(
                "SELECT table, name, type, default_kind, default_expression FROM system.columns \
                 WHERE database = {database} ORDER BY table, position FORMAT JSONEachRow"
            ),
            format!(
                "SELECT table, expr FROM system.data_skipping_indices WHERE database = {database} FORMAT JSONEachRow"
            ),
        ]
    }

    /// Reads the answers to the queries.
    ///
    /// # Errors
    ///
    /// The line that is not as it should be.
    pub fn read(answers: &[String; 3]) -> Result<Self, serde_json::Error> {
        let [tables, columns, indexes] = answers;
        let mut found = Self::default();
        for row in lines::<TableRow>(tables) {
            let TableRow { name, engine, engine_full, sorting_key, rows } = row?;
            let rows = rows.and_then(|rows| rows.parse().ok());
            let table = FoundTable {
                engine,
                clauses: engine_full,
                order: sorting_key,
                rows,
                ..FoundTable::default()
            };
            found.tables.insert(name, table);
        }
        for column in lines::<FoundColumn>(columns) {
            let column = column?;
            if let Some(table) = found.tables.get_mut(&column.table) {
                table.columns.push(column);
            }
        }
        for index in lines::<IndexRow>(indexes) {
            let index = index?;
            if let Some(table) = found.tables.get_mut(&index.table) {
                table.indexes.push(index.expr);
            }
        }
        Ok(found)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// Whether a table is there and has rows.
    pub(super) fn has_rows(&self, name: &str) -> bool {
        self.tables.get(name).is_some_and(|table| table.rows.unwrap_or_default() > 0)
    }
}

impl FoundTable {
    pub(super) fn column(&self, name: &str) -> Option<&FoundColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn lines<'a, T: Deserialize<'a>>(text: &'a str) -> impl Iterator<Item = Result<T, serde_json::Error>> {
    text.lines().filter(|line| !line.is_empty()).map(serde_json::from_str)
}
