//! What a database has already.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flowql_client::{Client, Error, Sql, Statement, sql};
use futures_util::future::try_join4;
use serde::Deserialize;

/// The tables, views and dictionaries of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// By name.
    pub tables: BTreeMap<String, CatalogTable>,
    /// The names of the dictionaries, those of the server's configuration too, which belong to no database.
    pub dictionaries: BTreeSet<String>,
}

/// A table, view or dictionary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogTable {
    /// The engine: `MergeTree`, `MaterializedView`, `Dictionary`.
    pub engine: String,
    /// The engine with its clauses.
    pub clauses: String,
    /// The sorting key, its columns parted by commas.
    pub order: String,
    /// What a view selects; empty for what is none.
    pub query: String,
    /// How many rows it has; `None` where that is not known.
    pub rows: Option<u64>,
    /// Its columns, in their order.
    pub columns: Vec<CatalogColumn>,
    /// The columns that have a data-skipping index.
    pub indexes: Vec<String>,
}

/// A column of a table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CatalogColumn {
    /// The table.
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

/// A row of `system.tables`.
#[derive(Debug, Deserialize)]
pub(crate) struct TableRow {
    name: String,
    engine: String,
    engine_full: String,
    sorting_key: String,
    as_select: String,
    total_rows: Option<u64>,
}

/// A row of `system.data_skipping_indices`.
#[derive(Debug, Deserialize)]
pub(crate) struct IndexRow {
    table: String,
    expr: String,
}

/// A row of `system.dictionaries`.
#[derive(Debug, Deserialize)]
pub(crate) struct DictionaryRow {
    name: String,
}

impl Catalog {
    /// What the database of that name has: nothing where there is no such database.
    ///
    /// # Errors
    ///
    /// Why the server does not answer.
    pub async fn read(client: &Client, database: &str) -> Result<Self, Error> {
        let [tables, columns, indexes, dictionaries] =
            Self::queries(database).map(|sql| Statement::read(sql).without_database());
        let (tables, columns, indexes, dictionaries) = try_join4(
            client.all(&tables),
            client.all(&columns),
            client.all(&indexes),
            client.all(&dictionaries),
        )
        .await?;
        Ok(Self::of(tables, columns, indexes, dictionaries))
    }

    /// What reads the rows that [`Catalog::of`] takes.
    pub(crate) fn queries(database: &str) -> [Sql; 4] {
        let query = |columns: &'static str, table: &'static str, rest: &'static str| {
            let database = Sql::string(database);
            sql!(
                "SELECT {columns} FROM system.{table} WHERE database = {database}{rest}",
                columns,
                table,
                database,
                rest
            )
        };
        [
            query("name, engine, engine_full, sorting_key, as_select, total_rows", "tables", ""),
            query(
                "table, name, type, default_kind, default_expression",
                "columns",
                " ORDER BY table, position",
            ),
            query("table, expr", "data_skipping_indices", ""),
            query("name", "dictionaries", " OR database = ''"),
        ]
    }

    /// What the rows of the system tables say.
    pub(crate) fn of(
        tables: Vec<TableRow>,
        columns: Vec<CatalogColumn>,
        indexes: Vec<IndexRow>,
        dictionaries: Vec<DictionaryRow>,
    ) -> Self {
        let dictionaries = dictionaries.into_iter().map(|row| row.name).collect();
        let mut catalog = Self { dictionaries, ..Self::default() };
        for TableRow { name, engine, engine_full, sorting_key, as_select, total_rows } in tables {
            let table = CatalogTable {
                engine,
                clauses: engine_full,
                order: sorting_key,
                query: as_select,
                rows: total_rows,
                ..CatalogTable::default()
            };
            if table.engine == "Dictionary" {
                catalog.dictionaries.insert(name.clone());
            }
            catalog.tables.insert(name, table);
        }
        for column in columns {
            if let Some(table) = catalog.tables.get_mut(&column.table) {
                table.columns.push(column);
            }
        }
        for IndexRow { table, expr } in indexes {
            if let Some(table) = catalog.tables.get_mut(&table) {
                table.indexes.push(expr);
            }
        }
        catalog
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// Whether a table is there and has rows.
    pub(crate) fn has_rows(&self, name: &str) -> bool {
        self.tables.get(name).is_some_and(|table| table.rows.unwrap_or_default() > 0)
    }
}

impl CatalogTable {
    /// When its rows go, as `TimeReceived + toIntervalSecond(1296000)`; `None` for never.
    pub fn expiry(&self) -> Option<&str> {
        let (_, rest) = self.clauses.split_once(" TTL ")?;
        Some(rest.split(" SETTINGS ").next().unwrap_or(rest))
    }

    /// For how long it keeps its rows, where that is said in the usual way.
    pub fn kept(&self) -> Option<Duration> {
        let kept = self.expiry()?.strip_prefix("TimeReceived + toInterval")?;
        let (unit, number) = kept.strip_suffix(')')?.split_once('(')?;
        let seconds = match unit {
            "Second" => 1,
            "Minute" => 60,
            "Hour" => 3600,
            "Day" => 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
    }

    pub(crate) fn column(&self, name: &str) -> Option<&CatalogColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
