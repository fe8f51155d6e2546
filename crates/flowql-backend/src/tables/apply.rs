//! Running the statements.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use super::{Found, Layout, SETTINGS, Statement};
use crate::Error;
use crate::clickhouse::{self, Client, Insert};

/// To fill a table with the flows that are there may take long.
const DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is looked whether what is waited for is over.
const PAUSE: Duration = Duration::from_millis(50);

/// What the database has.
///
/// # Errors
///
/// Why it does not answer.
pub async fn find(client: &Client, layout: &Layout) -> Result<Found, Error> {
    let [tables, columns, indexes] =
        Found::queries(layout).map(|sql| clickhouse::Statement::read(sql).without_database());
    Ok(Found::of(client.all(&tables).await?, client.all(&columns).await?, client.all(&indexes).await?))
}

/// Runs the statements, one after the other; `progress` is told of each before it runs.
///
/// # Errors
///
/// Why a statement was not done. Those before it are; to run the statements of a new [`find`] goes on from there.
pub async fn apply(
    client: &Client,
    statements: &[Statement],
    mut progress: impl FnMut(&Statement),
) -> Result<(), Error> {
    for (number, statement) in statements.iter().enumerate() {
        progress(statement);
        if let Some(data) = &statement.data {
            client.insert(&insert(statement, data, number)).await?;
            continue;
        }
        if statement.waits {
            wait(client, statement).await?;
            continue;
        }
        // The first one makes the database.
        let run = clickhouse::Statement::write(&statement.sql).without_database().deadline(DEADLINE);
        let run = SETTINGS.iter().fold(run, |run, (name, value)| run.setting(name, value));
        client.execute(&run).await?;
    }
    Ok(())
}

/// Asks a statement that counts until there is nothing left.
async fn wait(client: &Client, statement: &Statement) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Row {
        count: u64,
    }
    let start = Instant::now();
    loop {
        let since = start.elapsed();
        let asked = clickhouse::Statement::read(&statement.sql).without_database();
        let asked = asked.parameter("since", &since.as_secs_f64().to_string());
        if client.all::<Row>(&asked).await?.iter().all(|row| row.count == 0) {
            return Ok(());
        }
        if since > DEADLINE {
            return Err(Error::Deadline(since));
        }
        sleep(PAUSE).await;
    }
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
