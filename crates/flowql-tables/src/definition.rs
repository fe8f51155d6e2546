//! Which columns and keys a table has.

use flowql::{ClickhouseType, Column, ScalarType, Schema};
use flowql_client::{Sql, sql};
use flowql_schema::{ColumnStorage, Index, Storage};

use super::Statement;
use super::computed;
use super::layout::{
    ATTACKS_TABLE, Aggregation, FLOWS_TABLE, INGEST_TABLE, Layout, REACH_TABLE, expiry, partition,
};

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
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// The name.
    pub name: String,
    /// The ClickHouse type.
    pub kind: ClickhouseType,
    /// The codec, where it is not the usual one.
    pub codec: Option<&'static str>,
    /// How it is computed, where it is: each time that it is read, or for rows older than the column.
    pub value: Option<Value>,
}

/// A value that the table computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Each time that it is read.
    Alias(Sql),
    /// For the rows that were stored without it.
    Default(Sql),
}

impl TableColumn {
    /// The column as `CREATE TABLE` and `ALTER TABLE` want it.
    pub(crate) fn definition(&self) -> Sql {
        let value = match &self.value {
            Some(Value::Alias(value)) => sql!(" ALIAS {value}", value),
            Some(Value::Default(value)) => sql!(" DEFAULT {value}", value),
            None => Sql::default(),
        };
        let codec = self.codec.map(|codec| sql!(" CODEC({codec})", codec)).unwrap_or_default();
        let (name, kind) = (Sql::name(&self.name), &self.kind);
        sql!("{name} {kind}{value}{codec}", name, kind, value, codec)
    }
}

/// A table as it should be.
pub(crate) struct TableDefinition {
    pub(crate) name: String,
    pub(crate) columns: Vec<TableColumn>,
    /// The sorting key; empty for a table that keeps nothing.
    pub(crate) order: Vec<Sql>,
    pub(crate) ttl: Option<Sql>,
    /// Whether its columns get the data-skipping indexes.
    indexed: bool,
    clauses: Sql,
}

impl TableDefinition {
    pub(crate) fn create(&self, layout: &Layout) -> Statement {
        let indexes = self.indexes().map(|(column, kind)| sql!("INDEX {index}", index = index(column, kind)));
        let lines = Sql::list(self.columns.iter().map(TableColumn::definition).chain(indexes), ",\n  ");
        let (table, clauses) = (layout.table(&self.name), &self.clauses);
        Statement::new(
            format!("create the table {}", self.name),
            sql!("CREATE TABLE IF NOT EXISTS {table} (\n  {lines}\n)\n{clauses}", table, lines, clauses),
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

/// The index of a column, as `CREATE TABLE` and `ALTER TABLE` want it.
pub(crate) fn index(column: &'static str, kind: &'static str) -> Sql {
    sql!("{column}_index {column} TYPE {kind} GRANULARITY 4", column, kind)
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
        TableColumn { name: column.name.to_string(), kind: column.clickhouse_type, codec, value }
    });
    columns.collect()
}

/// The table that writers write to.
pub(crate) fn write(layout: &Layout, schema: &Schema) -> TableDefinition {
    let columns = write_columns(schema).map(|column| TableColumn {
        name: column.name.to_string(),
        kind: column.clickhouse_type,
        codec: None,
        value: None,
    });
    TableDefinition {
        name: INGEST_TABLE.to_owned(),
        columns: columns.collect(),
        order: Vec::new(),
        ttl: None,
        indexed: false,
        clauses: sql!("ENGINE = {engine}", engine = layout.engine("Null", "")),
    }
}

/// The table of every flow.
pub(crate) fn raw(layout: &Layout, schema: &Schema) -> TableDefinition {
    let has = |name: &&str| enabled(schema).any(|column| column.name == **name);
    let rest = in_order(|column| column.raw_key).into_iter().filter(has);
    let order: Vec<Sql> = std::iter::once(RAW_TIME).chain(rest).map(Sql::from).collect();
    let engine = layout.engine("MergeTree", "");
    TableDefinition {
        name: FLOWS_TABLE.to_owned(),
        columns: columns_of(layout, schema, false),
        clauses: clauses(&engine, layout.ttl, &RAW_TIME.into(), &order),
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
    let order: Vec<Sql> = primary.iter().copied().chain(rest).map(Sql::name).collect();
    let engine = layout.engine("SummingMergeTree", "(Bytes, Packets)");
    TableDefinition {
        name: aggregation.name(),
        columns,
        clauses: clauses(&engine, aggregation.ttl, &Sql::names(primary.iter().copied()), &order),
        ttl: expiry(aggregation.ttl),
        indexed: true,
        order,
    }
}

/// Up to when the aggregated tables have the flows of each partition of a queue. The row that was written last counts.
pub(crate) fn reach(layout: &Layout) -> TableDefinition {
    let time = || ClickhouseType::Scalar(ScalarType::DateTime);
    let column = |name: &str, kind: ClickhouseType, value: Option<Value>| TableColumn {
        name: name.to_owned(),
        kind,
        codec: None,
        value,
    };
    let engine = layout.engine("ReplacingMergeTree", "");
    let ttl = Sql::from("Updated + toIntervalDay(1)");
    TableDefinition {
        name: REACH_TABLE.to_owned(),
        columns: vec![
            column("Queue", ClickhouseType::Scalar(ScalarType::String), None),
            column("Partition", ClickhouseType::Scalar(ScalarType::UInt(16)), None),
            column("Reach", time(), None),
            column("Updated", time(), Some(Value::Default("now()".into()))),
        ],
        order: vec!["Queue".into(), "Partition".into()],
        clauses: sql!("ENGINE = {engine}\nORDER BY (Queue, Partition)\nTTL {ttl}", engine, ttl = &ttl),
        ttl: Some(ttl),
        indexed: false,
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
            let kind = source.clickhouse_type;
            columns.push(TableColumn { name: name.to_owned(), kind, codec: None, value: None });
        }
    }
    let engine = layout.engine("ReplacingMergeTree", "TimeReceived");
    let ttl = Sql::from("TimeReceived + toIntervalDay(1)");
    TableDefinition {
        name: "exporters".to_owned(),
        columns,
        order: vec!["ExporterAddress".into(), "IfName".into()],
        clauses: sql!("ENGINE = {engine}\nORDER BY (ExporterAddress, IfName)\nTTL {ttl}", engine, ttl = &ttl),
        ttl: Some(ttl),
        indexed: false,
    }
}

/// What follows the columns of a table of flows. The window remembers the batches that were written last, so that one
/// sent once more is not written twice.
fn clauses(engine: &Sql, ttl: std::time::Duration, primary: &Sql, order: &[Sql]) -> Sql {
    sql!(
        "ENGINE = {engine}\nPARTITION BY {partition}\nPRIMARY KEY ({primary})\nORDER BY ({order})\n{expiry}\
         SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000",
        engine,
        partition = partition(ttl),
        primary,
        order = Sql::list(order, ", "),
        expiry = expiry(ttl).map(|ttl| sql!("TTL {ttl}\n", ttl)).unwrap_or_default()
    )
}

/// The incidents of the detector of attacks, each as it was last.
pub(crate) fn attacks(layout: &Layout) -> TableDefinition {
    let column = |name: &str, kind: ClickhouseType| TableColumn {
        name: name.to_owned(),
        kind,
        codec: None,
        value: None,
    };
    let number = |name: &str| column(name, ClickhouseType::Scalar(ScalarType::UInt(64)));
    let time = |name: &str| column(name, ClickhouseType::Scalar(ScalarType::DateTime));
    let text = |name: &str| column(name, ClickhouseType::Scalar(ScalarType::String));
    let word = |name: &str| column(name, ClickhouseType::LowCardinality(ScalarType::String));
    let engine = layout.engine("ReplacingMergeTree", "Version");
    TableDefinition {
        name: ATTACKS_TABLE.to_owned(),
        columns: vec![
            number("Number"),
            time("Start"),
            time("End"),
            word("State"),
            word("Rule"),
            text("Target"),
            number("Bits"),
            number("Packets"),
            number("Sources"),
            number("Samples"),
            number("SeverityPercent"),
            text("Signature"),
            text("Evidence"),
            text("Actions"),
            text("Answers"),
            word("ApprovedBy"),
            text("Incident"),
            number("Version"),
        ],
        order: vec!["Start".into(), "Number".into()],
        clauses: sql!("ENGINE = {engine}\nORDER BY (Start, Number)", engine),
        ttl: None,
        indexed: false,
    }
}
