//! What a database really holds.

mod read;

use std::time::{Duration, SystemTime};

/// The flow tables of a database, and what stands beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StoredSchema {
    /// The tables, the raw one first, then by resolution.
    pub tables: Vec<StoredTable>,
    /// The columns of the table `exporters`; none where there is no such table.
    pub exporters: Vec<StoredColumn>,
    /// The names of the dictionaries: `asns`, `protocols`, `icmp`, `tcp`, `udp`, those of custom columns.
    pub dictionaries: Vec<String>,
    /// How far collectors have filled the aggregated tables; `None` where views fill them with each flow.
    pub reach: Option<Reach>,
}

/// How far collectors have filled the aggregated tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reach {
    /// All flows before it that are in `flows` are in the aggregated tables; `None` where no collector says how far it is,
    /// and all are.
    pub time: Option<SystemTime>,
    /// The partitions that have been silent for long and are left out, each in words.
    pub silent: Vec<String>,
}

/// A table of flows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StoredTable {
    /// Its name: `flows`, `flows_1m0s`, …
    pub name: String,
    /// The interval that its rows are rounded to; zero for the raw table.
    pub resolution: Duration,
    /// The time of the oldest row; `None` where there is none.
    pub oldest: Option<SystemTime>,
    /// The time of the newest row.
    pub newest: Option<SystemTime>,
    /// How many rows there are; `None` where that is not known.
    pub rows: Option<u64>,
    /// Its columns, in their order.
    pub columns: Vec<StoredColumn>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredColumn {
    /// Its name.
    pub name: String,
    /// Its ClickHouse type.
    pub kind: String,
}
