//! Running the statements.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::Schema;
use tokio::time::{Instant, sleep};

use super::lock::Lock;
use super::migrate::switch;
use super::{
    Aggregate, AsNames, Catalog, Change, FLOWS_TABLE, Layout, REACH_TABLE, SETTINGS, Statement, statements,
};
use flowql_client::{self as clickhouse, Client, Error, Insert, sql};

/// To fill a table with the flows that are there may take long.
const DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// After so long without a flow nobody writes any.
const QUIET: Duration = Duration::from_secs(600);

/// How often it is looked whether what is waited for is over.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes or changes the tables: reads what there is, and runs the [`statements`] that are missing. No other migration can do
/// so at the same time. `progress` is told of each statement before it runs.
///
/// # Errors
///
/// That another migration is at it, that the client is one of a cluster, or why a statement was not done. Another call goes on from there.
pub async fn make(
    client: &Client,
    layout: &Layout,
    schema: &Schema,
    change: Change,
    as_names: Option<&AsNames>,
    progress: impl FnMut(&Statement),
) -> Result<(), Error> {
    if let Some(cluster) = &client.options().cluster {
        return Err(Error::Setup {
            message: format!("tables cannot be made on the cluster `{cluster}` yet"),
            help: Some(
                "make them by hand of what --dry-run prints, with the engines of your cluster; or leave `cluster` empty, \
                 and they are made at one server"
                    .to_owned(),
            ),
        });
    }
    let lock = Lock::take(client, layout).await?;
    let made = make_alone(&lock, client, layout, (schema, change, as_names), progress).await;
    // What went wrong first is what is to be said.
    made.and(lock.release().await)
}

async fn make_alone(
    lock: &Lock<'_>,
    client: &Client,
    layout: &Layout,
    (schema, change, as_names): (&Schema, Change, Option<&AsNames>),
    mut progress: impl FnMut(&Statement),
) -> Result<(), Error> {
    let settle = lock.settle();
    if !is_over(client, &settle, Duration::ZERO).await? {
        progress(&settle);
        wait(client, &settle).await?;
    }
    let found = Catalog::read(client, &layout.database).await?;
    if let Some(aggregate) = switch(layout, schema, &found, change) {
        still(client, layout, &found, aggregate).await?;
    }
    for (number, statement) in statements(layout, schema, &found, change, as_names).iter().enumerate() {
        lock.check().await?;
        progress(statement);
        run(client, statement, number, Some(lock.statement_id(number))).await?;
    }
    Ok(())
}

/// That nobody writes flows: who makes the rows of the aggregated tables cannot change meanwhile.
async fn still(client: &Client, layout: &Layout, found: &Catalog, aggregate: Aggregate) -> Result<(), Error> {
    for (name, time) in [(FLOWS_TABLE, "TimeReceived"), (REACH_TABLE, "Updated")] {
        if !found.has(name) {
            continue;
        }
        let written = Statement::new(
            "look whether flows are written",
            sql!(
                "SELECT count() AS count FROM {table} WHERE {time} > now() - {seconds}",
                table = layout.table(name),
                time,
                seconds = QUIET.as_secs()
            ),
        );
        if !is_over(client, &written, Duration::ZERO).await? {
            let to = match aggregate {
                Aggregate::Collector => "from views to sums of the collector",
                Aggregate::Views => "from sums of the collector to views",
            };
            return Err(Error::Setup {
                message: format!(
                    "the aggregated tables cannot change {to} while flows are written: `{name}` has some of the last {} \
                     minutes",
                    QUIET.as_secs() / 60
                ),
                help: Some(format!(
                    "stop every collector, wait for {} minutes and migrate again; or leave `aggregate` of [tables] as it was",
                    QUIET.as_secs() / 60
                )),
            });
        }
    }
    Ok(())
}

/// Runs the statements, one after the other; `progress` is told of each before it runs. For callers who know that nobody
/// else changes the tables; others call [`make`].
///
/// # Errors
///
/// Why a statement was not done. Those before it are; to run the statements of a new [`Catalog`] goes on from there.
pub async fn apply(
    client: &Client,
    statements: &[Statement],
    mut progress: impl FnMut(&Statement),
) -> Result<(), Error> {
    for (number, statement) in statements.iter().enumerate() {
        progress(statement);
        run(client, statement, number, None).await?;
    }
    Ok(())
}

async fn run(client: &Client, statement: &Statement, number: usize, id: Option<String>) -> Result<(), Error> {
    if let Some(data) = &statement.data {
        return client.insert(&insert(statement, data, number)).await;
    }
    if statement.waits {
        return wait(client, statement).await;
    }
    // The first one makes the database.
    let run = clickhouse::Statement::write(&statement.sql).without_database().deadline(DEADLINE);
    let run = SETTINGS.iter().fold(run, |run, (name, value)| run.setting(name, value));
    client.execute(&id.into_iter().fold(run, clickhouse::Statement::named)).await
}

/// Asks a statement that counts until there is nothing left.
async fn wait(client: &Client, statement: &Statement) -> Result<(), Error> {
    let start = Instant::now();
    while !is_over(client, statement, start.elapsed()).await? {
        if start.elapsed() > DEADLINE {
            return Err(Error::Deadline(start.elapsed()));
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Whether what a statement counts is over, which has been waited for since so long ago.
async fn is_over(client: &Client, statement: &Statement, since: Duration) -> Result<bool, Error> {
    #[derive(serde::Deserialize)]
    struct Row {
        count: u64,
    }
    let asked = clickhouse::Statement::read(&statement.sql).without_database();
    let asked = asked.parameter("since", &since.as_secs_f64().to_string());
    Ok(client.all::<Row>(&asked).await?.iter().all(|row| row.count == 0))
}

fn insert(statement: &Statement, data: &str, number: usize) -> Insert {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Insert {
        sql: statement.sql.clone(),
        data: data.to_owned().into(),
        token: format!("flowql-tables-{}-{number}", now.as_nanos()),
        deadline: None,
    }
}
