//! Telling a server that is silent from one that is slow.

use std::time::Duration;

use clickhouse::error::Error as ClientError;
use tokio::time::{sleep, timeout};

use super::errors::{Failure, FailureKind};
use crate::Error;

/// After how long without an answer a server is asked whether it is there; each time twice as long. Short enough that
/// a completion, which has two seconds, still hears of the next server.
const PATIENCE: Duration = Duration::from_millis(400);
/// The longest pause between two such questions.
const LONGEST: Duration = Duration::from_secs(10);
/// How long that question may take. A server that is busy answers it all the same.
const PROBE: Duration = Duration::from_millis(600);

/// Waits until a server gives no sign of life, beside a call that it does not answer; for ever if it lives.
pub(crate) async fn silence(http: &clickhouse::Client, server: &str) -> Failure {
    let mut pause = PATIENCE;
    loop {
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        if !lives(http, server).await {
            let reason =
                format!("it says nothing, not even within {} ms that it is there", PROBE.as_millis());
            let error = Error::Unreachable { server: server.to_owned(), reason };
            return Failure { error, kind: FailureKind::Server };
        }
    }
}

/// Whether a server answers the simplest question, be it with a refusal.
async fn lives(http: &clickhouse::Client, server: &str) -> bool {
    let asked = http.clone().with_url(server).query_raw("SELECT 1").fetch_bytes("TSV");
    let Ok(mut answer) = asked else { return true };
    matches!(timeout(PROBE, answer.next()).await, Ok(Ok(_) | Err(ClientError::BadResponse(_))))
}
