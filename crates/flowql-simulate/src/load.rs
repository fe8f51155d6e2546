//! Filling a database, batch by batch.

use std::time::Duration;

use flowql::Schema;
use flowql_client::{BlockWriter, BlockWriterOptions, Client, Error, Insert, RowBlock, Sql, sql};
use flowql_tables::{INGEST_TABLE, Layout};
use futures_util::stream::{self, StreamExt as _};

use crate::{Demo, World};

/// How many batches are made at once: one is made and sent while the engine stores the other.
const UNDER_WAY: usize = 2;

/// What was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The rows that are acknowledged.
    pub rows: u64,
    /// The batches.
    pub batches: u64,
    /// The attempts beyond the first of each batch.
    pub retries: u64,
}

/// Stores the flows of a demonstration. A batch is sent until it is acknowledged: its token keeps it from being stored
/// twice, in the aggregated tables too. `patience` is how long a batch may go without; `progress` is told of what is
/// loaded after each batch.
///
/// # Errors
///
/// That the database refuses a batch, or did not acknowledge it in time.
pub async fn load(
    client: &Client,
    layout: &Layout,
    schema: &Schema,
    demo: &Demo,
    patience: Duration,
    mut progress: impl FnMut(Loaded),
) -> Result<Loaded, Error> {
    let world = World::of(demo);
    let sql = sql!(
        // To sum up within a batch would take twice as long as all else; the engine does it when it merges.
        "INSERT INTO {table} ({columns}) SETTINGS optimize_on_insert = 0 FORMAT Native",
        table = layout.table(INGEST_TABLE),
        columns = Sql::names(demo.columns(schema).map(|column| column.name.as_ref()))
    );
    let options = BlockWriterOptions { concurrency: UNDER_WAY, patience, ..BlockWriterOptions::default() };
    let writer = BlockWriter::new(client.clone(), options);
    let batches = (0..demo.batches()).map(|number| {
        let insert = Insert {
            sql: sql.clone(),
            data: demo.batch(&world, schema, number).into(),
            token: demo.token(number),
            deadline: None,
        };
        let block = RowBlock { insert, rows: demo.rows_of(number) };
        let writer = &writer;
        async move { writer.write(&block).await.map(|()| block.rows) }
    });
    let mut running = stream::iter(batches).buffered(UNDER_WAY);
    let mut loaded = Loaded::default();
    while let Some(stored) = running.next().await {
        loaded.rows += stored?;
        loaded.batches += 1;
        loaded.retries = writer.counts().retries;
        progress(loaded);
    }
    Ok(loaded)
}
