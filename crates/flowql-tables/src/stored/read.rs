//! Asking a database what it holds.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{StoredColumn, StoredSchema, StoredTable};
use crate::{Catalog, CatalogColumn, CatalogTable, resolution_of};
use flowql_client::{Client, Error, Sql, Statement, sql};

/// A float, since integers of 64 bits may come in quotes.
#[derive(Deserialize)]
struct Extent {
    oldest: u64,
    newest: u64,
    rows: f64,
}

impl StoredSchema {
    /// What the database of the client holds.
    ///
    /// # Errors
    ///
    /// Why the server does not answer. A database that is not there holds nothing yet.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let catalog = Catalog::read(client, &client.options().database).await?;
        Self::of(client, &catalog).await
    }

    /// What of the catalogue of the client's database holds flows. How many rows there are, and from when to when, is
    /// known to the server without reading any.
    ///
    /// # Errors
    ///
    /// Why the server does not answer.
    pub async fn of(client: &Client, catalog: &Catalog) -> Result<Self, Error> {
        let tables = catalog.tables.iter().filter_map(|(name, table)| {
            let resolution = resolution_of(name)?;
            let (name, columns) = (name.clone(), columns(table));
            Some(StoredTable { name, resolution, columns, ..StoredTable::default() })
        });
        let mut tables = try_join_all(tables.map(|table| with_extent(client, table))).await?;
        tables.sort_by_key(|table| table.resolution);
        let exporters = catalog.tables.get("exporters").map(columns).unwrap_or_default();
        Ok(Self { tables, exporters, dictionaries: catalog.dictionaries.iter().cloned().collect() })
    }
}

fn columns(table: &CatalogTable) -> Vec<StoredColumn> {
    let column =
        |column: &CatalogColumn| StoredColumn { name: column.name.clone(), kind: column.kind.clone() };
    table.columns.iter().map(column).collect()
}

async fn with_extent(client: &Client, table: StoredTable) -> Result<StoredTable, Error> {
    let statement = Statement::read(sql!(
        "SELECT toUnixTimestamp(min(TimeReceived)) AS oldest, toUnixTimestamp(max(TimeReceived)) AS newest, \
         toFloat64(count()) AS rows FROM {name}",
        name = Sql::name(&table.name)
    ));
    let extents: Vec<Extent> = client.all(&statement).await?;
    let Some(Extent { oldest, newest, rows }) = extents.into_iter().next() else { return Ok(table) };
    let time = |seconds: u64| (seconds > 0).then(|| UNIX_EPOCH + Duration::from_secs(seconds));
    Ok(StoredTable { oldest: time(oldest), newest: time(newest), rows: Some(rows as u64), ..table })
}
