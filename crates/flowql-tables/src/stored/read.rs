//! Asking a database what it holds.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{StoredColumn, StoredSchema, StoredTable};
use crate::resolution_of;
use flowql_client::{Client, Error, Statement, UNKNOWN_DATABASE};

#[derive(Deserialize)]
struct Column {
    table: String,
    name: String,
    kind: String,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// A float, since integers of 64 bits may come in quotes.
#[derive(Deserialize)]
struct Extent {
    oldest: u64,
    newest: u64,
    rows: f64,
}

impl StoredSchema {
    /// What the database of the client holds. How many rows there are, and from when to when, is
    /// known to the server without reading any.
    ///
    /// # Errors
    ///
    /// Why the server does not answer. A database that is not there holds nothing yet.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        match Self::read_tables(client).await {
            Err(Error::Database { code: UNKNOWN_DATABASE, .. }) => Ok(Self::default()),
            other => other,
        }
    }

    async fn read_tables(client: &Client) -> Result<Self, Error> {
        let columns = Statement::read(
            "SELECT table, name, type AS kind FROM system.columns WHERE database = currentDatabase() \
             AND (table = 'exporters' OR table LIKE 'flows%') ORDER BY table, position",
        );
        // A dictionary of the server's configuration belongs to no database.
        let dictionaries = Statement::read(
            "SELECT DISTINCT name FROM (SELECT name FROM system.dictionaries WHERE database IN ('', currentDatabase()) \
             UNION ALL SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'Dictionary') \
             ORDER BY name",
        );
        let mut by_table: BTreeMap<String, Vec<StoredColumn>> = BTreeMap::new();
        for Column { table, name, kind } in client.all(&columns).await? {
            by_table.entry(table).or_default().push(StoredColumn { name, kind });
        }
        let exporters = by_table.remove("exporters").unwrap_or_default();
        let tables = by_table.into_iter().filter_map(|(name, columns)| {
            let resolution = resolution_of(&name)?;
            Some(StoredTable { name, resolution, columns, ..StoredTable::default() })
        });
        let mut tables = try_join_all(tables.map(|table| with_extent(client, table))).await?;
        tables.sort_by_key(|table| table.resolution);
        let dictionaries = client.all::<Name>(&dictionaries).await?.into_iter().map(|row| row.name);
        Ok(Self { tables, exporters, dictionaries: dictionaries.collect() })
    }
}

async fn with_extent(client: &Client, table: StoredTable) -> Result<StoredTable, Error> {
    // The name is one that `resolution_of` reads.
    let statement = Statement::read(format!(
        "SELECT toUnixTimestamp(min(TimeReceived)) AS oldest, toUnixTimestamp(max(TimeReceived)) AS newest, \
         toFloat64(count()) AS rows FROM {}",
        table.name
    ));
    let extents: Vec<Extent> = client.all(&statement).await?;
    let Some(Extent { oldest, newest, rows }) = extents.into_iter().next() else { return Ok(table) };
    let time = |seconds: u64| (seconds > 0).then(|| UNIX_EPOCH + Duration::from_secs(seconds));
    Ok(StoredTable { oldest: time(oldest), newest: time(newest), rows: Some(rows as u64), ..table })
}
