//! The routes of the collector that runs in the same process, as in `flowql up`. Its own address has them too.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Extensions;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tower_service::Service as _;
use utoipa::ToSchema;

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::Always;

/// Who sends flows to the collector of this process, and what is wrong with it
///
/// The exporters, those with the worst problems first, each with its protocols, sessions, flows a second, templates, losses
/// and problems, and each problem with what to do about it; then the problems of what comes in that is of no exporter.
#[utoipa::path(
    get,
    path = "/api/v1/exporters",
    tag = "collector",
    operation_id = "exporters",
    responses(
        (status = 200, description = "The exporters", body = Object),
        (status = 403, description = "The user may not see it", body = Problem),
        (status = 404, description = "No collector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn exporters(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    caller.sight.whole("who sends them")?;
    ask(&app, request).await
}

/// The flows that a filter selects, as the collector of this process writes them
///
/// Server-sent events: each message is a flow as a JSON object, without what is zero or empty, of which at most `rate` a
/// second are given; an event `counts` says every second, as JSON, how many flows were `written`, how many of them the filter
/// `selected`, how many of these were `shown` and `left_out`, and how many flows were `unseen`: not looked at, so that the
/// writing does not wait. Columns that a dictionary fills when a flow is in the database are not known.
#[utoipa::path(
    get,
    path = "/api/v1/tail",
    tag = "collector",
    operation_id = "tail",
    params(
        ("filter" = Option<String>, Query, description = "The filter; all flows where there is none"),
        ("columns" = Option<String>, Query, description = "The columns, with commas between them; those of the collector where none are named"),
        ("rate" = Option<u32>, Query, description = "At most so many flows a second, 1 to 1000", example = 20),
    ),
    responses(
        (status = 200, description = "The flows", body = String, content_type = "text/event-stream"),
        (status = 400, description = "The filter has errors, or names a column that only the database knows", body = Problem),
        (status = 403, description = "The user may not see it", body = Problem),
        (status = 404, description = "No collector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn tail(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    let mut request = bare(request);
    if let Some(forced) = caller.sight.forced()? {
        request.extensions_mut().insert(Arc::clone(forced));
    }
    answer(&app, request).await
}

/// A request without what was found in it here: the routes of the companion look at the address by themselves, and would find
/// it twice.
fn bare(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    parts.extensions = Extensions::new();
    Request::from_parts(parts, body)
}

/// What the collector answers.
pub(super) async fn ask(app: &App, request: Request) -> Result<Response, Problem> {
    answer(app, bare(request)).await
}

async fn answer(app: &App, request: Request) -> Result<Response, Problem> {
    let mut routes =
        app.companion.as_ref().map(|companion| companion.routes()).ok_or_else(Problem::no_collector)?;
    match routes.call(request).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}

/// How it is with the collector of this process, in short: why a page that shows nothing shows nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SchemaCollector)]
pub(super) struct CollectorShape {
    /// How many exporters send to it; `null` for a user who sees only a part of the flows.
    #[schema(required)]
    exporters: Option<usize>,
    /// How many flows were received since it began; `null` likewise.
    #[schema(required)]
    flows: Option<u64>,
    /// Why it is not ready, as that the database takes nothing; empty where it is.
    reasons: Vec<String>,
    /// The worst of what is wrong with who sends, and with what comes from nobody known.
    problems: Vec<ProblemShape>,
}

/// Something that is wrong with what comes in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SchemaCollectorProblem)]
pub(super) struct ProblemShape {
    /// The name of the exporter; absent where it is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exporter: Option<String>,
    /// `error` or `warning`.
    severity: String,
    /// What is wrong.
    message: String,
    /// What to do about it.
    advice: String,
}

/// What the collector says of those who send, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Said {
    exporters: Vec<SaidExporter>,
    problems: Vec<ProblemShape>,
}

#[derive(Debug, Deserialize)]
struct SaidExporter {
    name: String,
    flows: u64,
    problems: Vec<ProblemShape>,
}

/// So many problems are said in short.
const MOST_PROBLEMS: usize = 5;

impl CollectorShape {
    /// What a caller may know of it; `None` where no collector runs in this process.
    pub(super) async fn of(app: &App, caller: &Caller) -> Option<Self> {
        let companion = app.companion.as_ref()?;
        if caller.sight.is_limited() {
            return Some(Self { exporters: None, flows: None, reasons: Vec::new(), problems: Vec::new() });
        }
        let reasons = companion.reasons();
        let Some(said) = said(app).await else {
            return Some(Self { exporters: None, flows: None, reasons, problems: Vec::new() });
        };
        let exporters = Some(said.exporters.len());
        let flows = Some(said.exporters.iter().map(|exporter| exporter.flows).sum());
        let named = said.exporters.into_iter().flat_map(|SaidExporter { name, problems, .. }| {
            problems.into_iter().map(move |problem| ProblemShape { exporter: Some(name.clone()), ..problem })
        });
        let mut problems: Vec<ProblemShape> = said.problems.into_iter().chain(named).collect();
        problems.retain(|problem| problem.severity != "note");
        problems.sort_by_key(|problem| problem.severity != "error");
        problems.truncate(MOST_PROBLEMS);
        Some(Self { exporters, flows, reasons, problems })
    }
}

async fn said(app: &App) -> Option<Said> {
    let request = Request::builder().uri("/api/v1/exporters").body(Body::empty()).ok()?;
    let body = ask(app, request).await.ok()?.into_body();
    let bytes = to_bytes(body, MOST_BYTES).await.ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The status of ten thousand exporters is a few megabytes.
const MOST_BYTES: usize = 64 << 20;
