//! What the requests share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use flowql::Compiler;
use flowql_backend::{Backend, ValueSource};
use flowql_config::Config;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use crate::access::{Access, ConsoleSection};
use crate::caller::{Caller, Callers, Uncompiled};
use crate::companion::Companion;
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::rate::Rates;
use crate::saved::{Names, Saved};
use crate::section::{ServerLimits, ServerSection};

/// What the requests share, behind a pointer that is cheap to copy.
pub(crate) type App = Arc<Shared>;

/// What the requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) section: Arc<ServerSection>,
    pub(crate) saved: Saved,
    /// The values for completion; `None` where there is no backend.
    pub(crate) source: Option<ValueSource>,
    pub(crate) metrics: Arc<Metrics>,
    /// What runs in the same process.
    pub(crate) companion: Option<Arc<dyn Companion>>,
    pub(crate) callers: Callers,
    pub(crate) access: Access,
    pub(crate) rates: Rates,
    /// A permit for each request that may be worked on at once.
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) lane: Lane,
    /// Before the request ids of this process.
    pub(crate) id_prefix: String,
}

impl Shared {
    /// The backend.
    pub(crate) fn backend(&self) -> Option<&dyn Backend> {
        self.source.as_ref().map(|source| source.backend().as_ref())
    }

    /// The backend, which must run queries.
    pub(crate) fn flows(&self) -> Result<&dyn Backend, Problem> {
        self.backend().filter(|backend| backend.capabilities().queries).ok_or_else(Problem::no_flows)
    }

    fn limits(&self) -> &ServerLimits {
        &self.section.limits
    }

    /// The folder of dashboards and views, where one is configured: a relative path is one from the configuration's.
    pub(crate) fn boards_folder(&self) -> Option<PathBuf> {
        let section = self.config.section::<ConsoleSection>();
        if section.folder.is_empty() {
            return None;
        }
        let base = self.config.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        Some(base.join(&section.folder))
    }

    /// The bytes of a body.
    pub(crate) fn body_limit(&self) -> usize {
        self.limits().body
    }

    /// The time for a body to arrive.
    pub(crate) fn body_time(&self) -> Duration {
        Duration::from_millis(self.limits().body_ms)
    }

    /// The time for an answer.
    pub(crate) fn request_time(&self) -> Duration {
        Duration::from_millis(self.limits().request_ms)
    }

    /// Answers a body by a function of its filter alone, with the saved filters of the caller.
    pub(crate) async fn answer<Q, A>(
        self: &Arc<Self>,
        caller: &Caller,
        body: Bytes,
        answer: impl FnOnce(&Self, Compiler<'_>, Q) -> A + Send + 'static,
    ) -> Result<Response, Problem>
    where
        Q: DeserializeOwned,
        A: Serialize,
    {
        let names = self.saved.names(caller.owner().as_ref()).await?;
        let answer = |app: &Self, compiler: Compiler<'_>, question| {
            Json(answer(app, compiler, question)).into_response()
        };
        self.work(names, body, answer).await
    }

    /// Works on the question of a body, in the lane where its filter may cost much.
    pub(crate) async fn work<Q: DeserializeOwned, A: Send + 'static>(
        self: &Arc<Self>,
        names: Arc<Names>,
        body: Bytes,
        work: impl FnOnce(&Self, Compiler<'_>, Q) -> A + Send + 'static,
    ) -> Result<A, Problem> {
        let app = Arc::clone(self);
        // A reference in a short text may stand for a long filter.
        let cost = if body.contains(&b'@') { body.len() + names.bytes } else { body.len() };
        let work = move || Ok(work(&app, app.compiler(&names), parse(&body)?));
        self.lane.run(cost, work).await?
    }

    /// The refusal of a filter that is not compiled, counted.
    pub(crate) fn refused(&self, error: Uncompiled, text: &str) -> Problem {
        if let Uncompiled::Bad(found) = &error {
            self.metrics.diagnosed(found);
        }
        error.of_text(text)
    }

    /// A compiler with these saved filters.
    pub(crate) fn compiler<'a>(&'a self, names: &'a Names) -> Compiler<'a> {
        Compiler { saved: &names.filters, ..self.config.compiler() }
    }
}

/// Reads a body as the JSON that a route takes.
pub(crate) fn parse<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, Problem> {
    // A list would be read as the members in their order, which nobody is told.
    if body.trim_ascii_start().first().is_some_and(|&first| first != b'{') {
        return Err(Problem::bad_request("the body is not as expected: it must be a JSON object"));
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the body is not as expected: {error}")))
}
