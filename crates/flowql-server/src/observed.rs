//! The backend, its calls counted and its errors logged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use flowql_backend::{
    Answer, Backend, Capabilities, Error, Explanation, FlowQuery, Plan, ValueQuery, Values,
};
use flowql_client::{Health, Progress};
use flowql_tables::StoredSchema;

use crate::metrics::Metrics;

/// A backend that counts.
#[derive(Debug)]
pub(crate) struct Observed {
    backend: Arc<dyn Backend>,
    metrics: Arc<Metrics>,
    /// Whether its caution is in the log.
    is_cautioned: AtomicBool,
}

impl Observed {
    pub(crate) fn new(backend: Arc<dyn Backend>, metrics: Arc<Metrics>) -> Self {
        Self { backend, metrics, is_cautioned: AtomicBool::new(false) }
    }

    async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let mut counted =
            Counted { metrics: &self.metrics, call: name, start: Instant::now(), end: "cancelled" };
        let result = call.await;
        if let Some(caution) = self.backend.caution()
            && !self.is_cautioned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!("{caution}");
        }
        counted.end = result.as_ref().err().map_or("ok", end);
        if let Err(error) = &result {
            tracing::warn!(call = name, error = %without_filter(error), "the backend");
            tracing::debug!(call = name, %error, "the backend in full");
        }
        result
    }
}

/// Counts a call when it ends, also where its future is dropped.
struct Counted<'a> {
    metrics: &'a Metrics,
    call: &'static str,
    start: Instant,
    end: &'static str,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.metrics.called(self.call, self.end, self.start.elapsed());
    }
}

fn end(error: &Error) -> &'static str {
    use flowql_client::Error as Client;
    match error {
        Error::Client(Client::Unreachable { .. }) => "unreachable",
        Error::Client(Client::Deadline(_)) => "deadline",
        Error::Client(Client::Credentials { .. }) => "credentials",
        Error::Client(Client::Database { .. }) => "database",
        Error::Client(Client::Interrupted { .. }) => "interrupted",
        Error::Client(Client::Busy) => "busy",
        Error::Unsupported { .. } => "unsupported",
        Error::NoTable(_) => "no_table",
        _ => "other",
    }
}

/// What may stand in the log of an error: not what quotes the statement, and with it the filter.
fn without_filter(error: &Error) -> String {
    use flowql_client::Error as Client;
    match error {
        Error::Client(Client::Database { code, .. }) => format!("the database reports error {code}"),
        Error::BadQuery(_) | Error::NoTable(_) => "the query cannot be asked".to_owned(),
        Error::Client(Client::Setup { message, help: Some(help) }) => format!("{message}: {help}"),
        other => other.to_string(),
    }
}

#[async_trait]
impl Backend for Observed {
    fn name(&self) -> &'static str {
        self.backend.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    async fn values(&self, request: &ValueQuery) -> Result<Values, Error> {
        self.call("values", self.backend.values(request)).await
    }

    async fn as_names(&self, numbers: &[u32]) -> Result<BTreeMap<u32, String>, Error> {
        self.call("as_names", self.backend.as_names(numbers)).await
    }

    async fn plan(&self, query: &FlowQuery) -> Result<Plan, Error> {
        self.call("plan", self.backend.plan(query)).await
    }

    async fn query(&self, query: &FlowQuery) -> Result<Answer, Error> {
        self.call("query", self.backend.query(query)).await
    }

    async fn explain(&self, query: &FlowQuery) -> Result<Explanation, Error> {
        self.call("explain", self.backend.explain(query)).await
    }

    async fn progress(&self, id: &str) -> Result<Option<Progress>, Error> {
        self.call("progress", self.backend.progress(id)).await
    }

    async fn stored(&self) -> Result<StoredSchema, Error> {
        self.call("stored", self.backend.stored()).await
    }

    async fn health(&self) -> Result<Health, Error> {
        self.call("health", self.backend.health()).await
    }

    fn caution(&self) -> Option<&'static str> {
        self.backend.caution()
    }
}
