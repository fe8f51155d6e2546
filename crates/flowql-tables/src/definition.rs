//! Which columns and keys a table has.

use flowql::{Column, Schema};
use flowql_schema::{ColumnStorage, Index, Storage};

use super::Statement;
use super::computed;
use super::layout::{Aggregation, FLOWS_TABLE, INGEST_TABLE, Layout, expiry, identifier, partition};

const RAW_TIME: &str = "toStartOfFiveMinutes(TimeReceived)";

/// A data-skipping index, as ClickHouse writes it.
pub(crate) const fn index_type(index: Index) -> &'static str {
    match index {
        Index::Bloom => "bloom_filter(0.025)",
        Index::Set => "set(16)",
        Index::MinMax => "minmax",
    }
}

/// The names of the columns that have a place, in its order.
fn in_order(place: impl Fn(&ColumnStorage) -> Option<u8>) -> Vec<&'static str> {
    let mut placed: Vec<(u8, &str)> =
        ColumnStorage::all().iter().filter_map(|column| Some((place(column)?, column.name))).collect();
    placed.sort_unstable();
    placed.into_iter().map(|(_, name)| name).collect()
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// The name.
    pub name: String,
    /// The ClickHouse type.
    pub kind: String,
    /// The codec, where it is not the usual one.
    pub codec: Option<&'static str>,
    /// How it is computed, where it is: each time that it is read, or for rows older than the column.
    pub value: Option<Value>,
}

/// A value that the table computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Each time that it is read.
    Alias(String),
    /// For the rows that were stored without it.
    Default(String),
}

impl TableColumn {
    /// The column as `CREATE TABLE` and `ALTER TABLE` want it.
    pub(crate) fn definition(&self) -> String {
        let mut text = format!("{} {}", identifier(&self.name), self.kind);
        match &self.value {
            Some(Value::Alias(value)) => text.push_str(&format!(" ALIAS {value}")),
            Some(Value::Default(value)) => text.push_str(&format!(" DEFAULT {value}")),
            None => {}
        }
        self.codec.iter().for_each(|codec| text.push_str(&format!(" CODEC({codec})")));
        text
    }
}

/// A table as it should be.
pub(crate) struct TableDefinition {
    pub(crate) name: String,
    pub(crate) columns: Vec<TableColumn>,
    /// The sorting key; empty for a table that keeps nothing.
    pub(crate) order: Vec<String>,
    pub(crate) ttl: Option<String>,
    /// Whether its columns get the data-skipping indexes.
    indexed: bool,
    clauses: String,
}

impl TableDefinition {
    pub(crate) fn create(&self, layout: &Layout) -> Statement {
        let indexes = self
            .indexes()
            .map(|(column, kind)| format!("INDEX {column}_index {column} TYPE {kind} GRANULARITY 4"));
        let lines: Vec<String> = self
            .columns
            .iter()
            .map(TableColumn::definition)
            .chain(indexes)
            .map(|line| format!("  {line}"))
            .collect();
        let (table, clauses) = (layout.table(&self.name), &self.clauses);
        Statement::new(
            format!("create the table {}", self.name),
            format!("CREATE TABLE IF NOT EXISTS {table} (\n{}\n)\n{clauses}", lines.join(",\n")),
        )
    }

    /// The indexes of the columns that the table holds.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let holds = |name: &str| {
            self.columns
                .iter()
                .any(|column| column.name == name && !matches!(column.value, Some(Value::Alias(_))))
        };
        let indexes = ColumnStorage::all().iter().filter_map(|column| Some((column.name, column.index?)));
        indexes
            .filter(move |(name, _)| self.indexed && holds(name))
            .map(|(name, index)| (name, index_type(index)))
    }
}

fn enabled(schema: &Schema) -> impl Iterator<Item = &Column> {
    schema.columns().iter().filter(|column| !column.disabled)
}

/// The columns of the table that writers write to, with the types that they send.
pub fn write_columns(schema: &Schema) -> impl Iterator<Item = &Column> {
    enabled(schema).filter(|column| column.is_sent())
}

/// The columns of `flows`, or of an aggregated table.
pub fn columns_of(layout: &Layout, schema: &Schema, aggregated: bool) -> Vec<TableColumn> {
    let wanted = enabled(schema).filter(|column| !(aggregated && column.main_only));
    let columns = wanted.map(|column| {
        let value = computed::expression(layout, column).and_then(|value| {
            match column.is_computed_at_query() {
                true => Some(Value::Alias(value)),
                // A key cannot have a default, and the sums of old rows are of what was known then.
                false if aggregated || column.lookup.is_some() => None,
                false => Some(Value::Default(value)),
            }
        });
        let codec = column.storage().codec.filter(|_| !matches!(value, Some(Value::Alias(_))));
        TableColumn { name: column.name.to_string(), kind: column.clickhouse_type.to_string(), codec, value }
    });
    columns.collect()
}

/// The table that writers write to.
pub(crate) fn write(layout: &Layout, schema: &Schema) -> TableDefinition {
    let columns = write_columns(schema).map(|column| TableColumn {
        name: column.name.to_string(),
        kind: column.clickhouse_type.to_string(),
        codec: None,
        value: None,
    });
    TableDefinition {
        name: INGEST_TABLE.to_owned(),
        columns: columns.collect(),
        order: Vec::new(),
        ttl: None,
        indexed: false,
        clauses: format!("ENGINE = {}", layout.engine("Null", "")),
    }
}

/// The table of every flow.
pub(crate) fn raw(layout: &Layout, schema: &Schema) -> TableDefinition {
    let has = |name: &&str| enabled(schema).any(|column| column.name == **name);
    let rest = in_order(|column| column.raw_key).into_iter().filter(has).map(str::to_owned);
    let order: Vec<String> = std::iter::once(RAW_TIME.to_owned()).chain(rest).collect();
    let engine = layout.engine("MergeTree", "");
    TableDefinition {
        name: FLOWS_TABLE.to_owned(),
        columns: columns_of(layout, schema, false),
        clauses: clauses(&engine, layout.ttl, RAW_TIME, &order),
        ttl: expiry(layout.ttl),
        indexed: true,
        order,
    }
}

/// An aggregated table.
pub(crate) fn aggregated(layout: &Layout, schema: &Schema, aggregation: &Aggregation) -> TableDefinition {
    let columns = columns_of(layout, schema, true);
    let mut primary = in_order(|column| column.aggregated_key);
    primary.retain(|name| columns.iter().any(|column| column.name == *name));
    let sorts =
        |column: &&Column| !column.main_only && !column.not_in_sorting_key && !column.is_computed_at_query();
    let rest = enabled(schema)
        .filter(sorts)
        .map(|column| column.name.as_ref())
        .filter(|name| !primary.contains(name));
    let order: Vec<String> = primary.iter().copied().chain(rest).map(str::to_owned).collect();
    let engine = layout.engine("SummingMergeTree", "(Bytes, Packets)");
    TableDefinition {
        name: aggregation.name(),
        columns,
        clauses: clauses(&engine, aggregation.ttl, &primary.join(", "), &order),
        ttl: expiry(aggregation.ttl),
        indexed: true,
        order,
    }
}

/// The interfaces of the exporters, as they were seen last.
pub(crate) fn exporters(layout: &Layout) -> TableDefinition {
    let mut columns: Vec<TableColumn> = Vec::new();
    let of_schema = Schema::default();
    let sources = of_schema.columns().iter().filter_map(|column| match column.storage().exporters {
        Some(name) => Some((name, column)),
        None => (column.name == "TimeReceived").then_some(("TimeReceived", column)),
    });
    for (name, source) in sources {
        // The input and the output interface have one column.
        if columns.iter().all(|column| column.name != name) {
            let kind = source.clickhouse_type.to_string();
            columns.push(TableColumn { name: name.to_owned(), kind, codec: None, value: None });
        }
    }
    let engine = layout.engine("ReplacingMergeTree", "TimeReceived");
    let ttl = "TimeReceived + toIntervalDay(1)";
    TableDefinition {
        name: "exporters".to_owned(),
        columns,
        order: vec!["ExporterAddress".to_owned(), "IfName".to_owned()],
        ttl: Some(ttl.to_owned()),
        indexed: false,
        clauses: format!("ENGINE = {engine}\nORDER BY (ExporterAddress, IfName)\nTTL {ttl}"),
    }
}

/// What follows the columns of a table of flows. The window remembers the batches that were written last, so that one
/// sent once more is not written twice.
fn clauses(engine: &str, ttl: std::time::Duration, primary: &str, order: &[String]) -> String {
    let ttl_clause = expiry(ttl).map(|ttl| format!("TTL {ttl}\n")).unwrap_or_default();
    format!(
        "ENGINE = {engine}\nPARTITION BY {}\nPRIMARY KEY ({primary})\nORDER BY ({})\n{ttl_clause}\
         SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000",
        partition(ttl),
        order.join(", "),
    )
}
