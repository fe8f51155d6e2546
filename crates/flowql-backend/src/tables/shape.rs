//! Which columns and keys a table has.

use flowql::{Column, Schema};

use super::Statement;
use super::computed;
use super::layout::{Aggregation, Layout, RAW_TABLE, WRITE_TABLE, expiry, identifier, partition};

/// The primary key of the aggregated tables.
const AGGREGATED_KEY: [&str; 10] = [
    "TimeReceived",
    "ExporterAddress",
    "EType",
    "Proto",
    "InIfName",
    "SrcAS",
    "ForwardingStatus",
    "OutIfName",
    "DstAS",
    "SamplingRate",
];
/// What follows the time in the sorting key of `flows`.
const RAW_ORDER: [&str; 3] = ["ExporterAddress", "InIfName", "OutIfName"];
const RAW_TIME: &str = "toStartOfFiveMinutes(TimeReceived)";

/// The data-skipping indexes that pay: on columns that few of a granule's rows share with the others.
pub(super) const INDEXES: [(&str, &str); 15] = [
    ("ExporterName", "minmax"),
    ("SrcAddr", BLOOM),
    ("DstAddr", BLOOM),
    ("SrcAS", BLOOM),
    ("DstAS", BLOOM),
    ("SrcCountry", BLOOM),
    ("DstCountry", BLOOM),
    ("SrcPort", BLOOM),
    ("DstPort", BLOOM),
    ("InIfConnectivity", SET),
    ("OutIfConnectivity", SET),
    ("InIfProvider", SET),
    ("OutIfProvider", SET),
    ("InIfBoundary", SET),
    ("OutIfBoundary", SET),
];
const BLOOM: &str = "bloom_filter(0.025)";
const SET: &str = "set(16)";

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
    pub(super) fn definition(&self) -> String {
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
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) columns: Vec<TableColumn>,
    /// The sorting key; empty for a table that keeps nothing.
    pub(super) order: Vec<String>,
    pub(super) ttl: Option<String>,
    /// Whether its columns get the data-skipping indexes.
    indexed: bool,
    clauses: String,
}

impl Shape {
    pub(super) fn create(&self, layout: &Layout) -> Statement {
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
    pub(super) fn indexes(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let holds = |name: &str| {
            self.columns
                .iter()
                .any(|column| column.name == name && !matches!(column.value, Some(Value::Alias(_))))
        };
        INDEXES.into_iter().filter(move |(name, _)| self.indexed && holds(name))
    }
}

fn enabled(schema: &Schema) -> impl Iterator<Item = &Column> {
    schema.columns().iter().filter(|column| !column.disabled)
}

/// Whether writers send the column.
fn is_sent(column: &Column) -> bool {
    column.computed.is_none() && column.lookup.is_none()
}

/// The columns of the table that writers write to, with the types that they send.
pub fn write_columns(schema: &Schema) -> impl Iterator<Item = &Column> {
    enabled(schema).filter(|column| is_sent(column))
}

/// The columns of `flows`, or of an aggregated table.
pub fn columns_of(layout: &Layout, schema: &Schema, aggregated: bool) -> Vec<TableColumn> {
    let wanted = enabled(schema).filter(|column| !(aggregated && column.main_only));
    let columns = wanted.map(|column| {
        let value = computed::expression(layout, schema, column).and_then(|value| {
            match column.is_computed_at_query() {
                true => Some(Value::Alias(value)),
                // A key cannot have a default, and the sums of old rows are of what was known then.
                false if aggregated || column.lookup.is_some() => None,
                false => Some(Value::Default(value)),
            }
        });
        let codec = column.codec.filter(|_| !matches!(value, Some(Value::Alias(_))));
        TableColumn { name: column.name.to_string(), kind: column.stored_type().to_owned(), codec, value }
    });
    columns.collect()
}

/// The table that writers write to.
pub(super) fn write(layout: &Layout, schema: &Schema) -> Shape {
    let columns = write_columns(schema).map(|column| TableColumn {
        name: column.name.to_string(),
        kind: column.stored_type().to_owned(),
        codec: None,
        value: None,
    });
    Shape {
        name: WRITE_TABLE.to_owned(),
        columns: columns.collect(),
        order: Vec::new(),
        ttl: None,
        indexed: false,
        clauses: format!("ENGINE = {}", layout.engine("Null", "")),
    }
}

/// The table of every flow.
pub(super) fn raw(layout: &Layout, schema: &Schema) -> Shape {
    let has = |name: &&str| enabled(schema).any(|column| column.name == **name);
    let rest = RAW_ORDER.iter().filter(|name| has(name)).map(|name| (*name).to_owned());
    let order: Vec<String> = std::iter::once(RAW_TIME.to_owned()).chain(rest).collect();
    let engine = layout.engine("MergeTree", "");
    Shape {
        name: RAW_TABLE.to_owned(),
        columns: columns_of(layout, schema, false),
        clauses: clauses(&engine, layout.ttl, RAW_TIME, &order),
        ttl: expiry(layout.ttl),
        indexed: true,
        order,
    }
}

/// A table of sums.
pub(super) fn aggregated(layout: &Layout, schema: &Schema, aggregation: &Aggregation) -> Shape {
    let columns = columns_of(layout, schema, true);
    let primary: Vec<&str> =
        AGGREGATED_KEY.into_iter().filter(|name| columns.iter().any(|column| column.name == *name)).collect();
    let sorts =
        |column: &&Column| !column.main_only && !column.not_in_sorting_key && !column.is_computed_at_query();
    let rest = enabled(schema)
        .filter(sorts)
        .map(|column| column.name.as_ref())
        .filter(|name| !primary.contains(name));
    let order: Vec<String> = primary.iter().copied().chain(rest).map(str::to_owned).collect();
    let engine = layout.engine("SummingMergeTree", "(Bytes, Packets)");
    Shape {
        name: aggregation.name(),
        columns,
        clauses: clauses(&engine, aggregation.ttl, &primary.join(", "), &order),
        ttl: expiry(aggregation.ttl),
        indexed: true,
        order,
    }
}

/// The interfaces of the exporters, as they were seen last.
pub(super) fn exporters(layout: &Layout) -> Shape {
    let text = "LowCardinality(String)";
    let boundary = "Enum8('undefined' = 0, 'external' = 1, 'internal' = 2)";
    let columns = [
        ("TimeReceived", "DateTime"),
        ("ExporterAddress", "LowCardinality(IPv6)"),
        ("ExporterName", text),
        ("ExporterGroup", text),
        ("ExporterRole", text),
        ("ExporterSite", text),
        ("ExporterRegion", text),
        ("ExporterTenant", text),
        ("IfName", text),
        ("IfDescription", text),
        ("IfSpeed", "UInt32"),
        ("IfConnectivity", text),
        ("IfProvider", text),
        ("IfBoundary", boundary),
    ];
    let columns = columns.map(|(name, kind)| TableColumn {
        name: name.to_owned(),
        kind: kind.to_owned(),
        codec: None,
        value: None,
    });
    let engine = layout.engine("ReplacingMergeTree", "TimeReceived");
    let ttl = "TimeReceived + toIntervalDay(1)";
    Shape {
        name: "exporters".to_owned(),
        columns: columns.to_vec(),
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
