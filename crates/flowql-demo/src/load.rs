//! Filling a database, batch by batch.

use std::time::{Duration, Instant};

use flowql::Schema;
use flowql_client::Error;
use flowql_client::{Client, Insert};
use flowql_tables::{INGEST_TABLE, Layout};
use futures_util::stream::{self, StreamExt as _};

use crate::{Demo, World};

/// How many batches are under way at once: one is made and sent while the engine stores the other.
const UNDER_WAY: usize = 2;
/// How long to wait for an engine that does not answer, before the next attempt.
const PAUSE: Duration = Duration::from_millis(200);

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
/// twice, in the tables of sums too. `patience` is how long a batch may go without; `progress` is told of what is
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
    let sql = format!(
        // To sum up within a batch would take twice as long as all else; the engine does it when it merges.
        "INSERT INTO {} ({}) SETTINGS optimize_on_insert = 0 FORMAT Native",
        layout.table(INGEST_TABLE),
        demo.columns(schema).map(|column| column.name.as_ref()).collect::<Vec<_>>().join(", ")
    );
    let mut loaded = Loaded::default();
    let batches = (0..demo.batches()).map(|number| {
        let insert = Insert {
            sql: sql.clone(),
            data: demo.batch(&world, schema, number).into(),
            token: demo.token(number),
            deadline: None,
        };
        async move { (demo.rows_of(number), store(client, insert, patience).await) }
    });
    let mut running = stream::iter(batches).buffered(UNDER_WAY);
    while let Some((rows, stored)) = running.next().await {
        loaded.retries += stored?;
        loaded.rows += rows;
        loaded.batches += 1;
        progress(loaded);
    }
    Ok(loaded)
}

/// Sends a batch until it is acknowledged; gives how many attempts failed.
async fn store(client: &Client, insert: Insert, patience: Duration) -> Result<u64, Error> {
    let start = Instant::now();
    let mut failed = 0;
    loop {
        match client.insert(&insert).await {
            Ok(()) => return Ok(failed),
            Err(error) if !is_passing(&error) || start.elapsed() >= patience => return Err(error),
            Err(_) => failed += 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether another attempt may go better.
fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Unreachable { .. } | Error::Deadline(_) | Error::Interrupted { .. } | Error::Busy)
}
