//! Ending the queries of a user who may not change settings.
//!
//! To others' queries goes with them how long they may take, and that they end when nobody waits for the answer any more.
//! Without these the server would go on. But everyone may end his own queries by `KILL QUERY`, so that is said in its place.

use std::time::Duration;

use clickhouse::Client;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long the server may take to hear of it.
const KILL: Duration = Duration::from_millis(300);

/// What such a user is told, once.
pub(crate) const CAUTION: &str = "the database user may not change settings (readonly = 1, or a constraint): no limits of \
     time or size go with its queries, and one goes on at the server if flowql is killed before it ends; a user with \
     readonly = 2 writes as little and lacks nothing";

/// A query to be ended, unless it ends by itself.
pub(crate) struct Ending {
    http: Client,
    id: String,
    is_over: bool,
}

impl Ending {
    /// Of a query with an id at a server, which the client asks.
    pub(crate) fn new(http: Client, id: &str) -> Self {
        Self { http, id: id.to_owned(), is_over: false }
    }

    /// How long before a deadline the query is ended, so that the call ends by it.
    pub(crate) fn early(&self, deadline: Duration) -> Duration {
        KILL.min(deadline / 4)
    }

    /// It has ended by itself.
    pub(crate) fn is_over(&mut self) {
        self.is_over = true;
    }

    /// Ends it, and waits for the server to hear of that.
    pub(crate) async fn end(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            kill(&self.http, &self.id).await;
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let (false, Ok(runtime)) = (self.is_over, Handle::try_current()) {
            let (http, id) = (self.http.clone(), std::mem::take(&mut self.id));
            runtime.spawn(async move { kill(&http, &id).await });
        }
    }
}

async fn kill(http: &Client, id: &str) {
    let asked = http
        .query_raw("KILL QUERY WHERE query_id = {id:String} ASYNC")
        .with_setting("param_id", id)
        .fetch_bytes("Null");
    let Ok(mut answer) = asked else { return };
    // Nobody is left who could do more than this.
    let _ = timeout(KILL, async { while let Ok(Some(_)) = answer.next().await {} }).await;
}
