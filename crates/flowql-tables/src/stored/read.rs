//! Asking a database what it holds.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{Reach, StoredColumn, StoredSchema, StoredTable};
use crate::{Aggregate, Catalog, CatalogColumn, CatalogTable, REACH_TABLE, resolution_of};
use flowql_client::{Client, Error, Sql, Statement, sql};

/// A partition that said nothing for so many seconds is left out: its collector has ended.
const SILENCE: u64 = 600;

/// A row of the table of the reach.
#[derive(Deserialize)]
struct PartitionRow {
    queue: String,
    partition: u16,
    reach: u64,
    /// For how many seconds; a float, as below.
    silent: f64,
}

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
        let reach = match catalog.aggregate() {
            Some(Aggregate::Collector) => Some(Reach::read(client).await?),
            _ => None,
        };
        Ok(Self { tables, exporters, dictionaries: catalog.dictionaries.iter().cloned().collect(), reach })
    }
}

impl Reach {
    /// How far collectors are by now.
    ///
    /// # Errors
    ///
    /// Why the server does not answer.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let statement = Statement::read(sql!(
            "SELECT Queue AS queue, Partition AS partition, toUnixTimestamp(Reach) AS reach, \
             toFloat64(greatest(toInt64(toUnixTimestamp(now())) - toInt64(toUnixTimestamp(Updated)), 0)) AS silent \
             FROM {table} FINAL ORDER BY queue, partition",
            table = Sql::name(REACH_TABLE)
        ));
        let rows: Vec<PartitionRow> = client.all(&statement).await?;
        Ok(Self::of(rows))
    }

    fn of(rows: Vec<PartitionRow>) -> Self {
        let mut reach = Self::default();
        for PartitionRow { queue, partition, reach: time, silent } in rows {
            let silent = silent as u64;
            if silent < SILENCE {
                let time = UNIX_EPOCH + Duration::from_secs(time);
                reach.time = Some(reach.time.map_or(time, |least| least.min(time)));
            } else {
                let queue = queue.get(..8).unwrap_or(&queue);
                let minutes = silent / 60;
                reach
                    .silent
                    .push(format!("partition {partition} of queue {queue}, silent for {minutes} min"));
            }
        }
        reach
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_is_that_of_the_partition_that_is_least_far() {
        let row = |partition, reach, silent| PartitionRow {
            queue: "0123456789abcdef".to_owned(),
            partition,
            reach,
            silent,
        };
        let reach = Reach::of(vec![row(0, 660, 3.0), row(1, 600, 599.0), row(2, 60, 600.0)]);
        assert_eq!(reach.time, Some(UNIX_EPOCH + Duration::from_secs(600)));
        assert_eq!(reach.silent, ["partition 2 of queue 01234567, silent for 10 min"]);
        assert_eq!(Reach::of(Vec::new()), Reach::default());
    }
}
