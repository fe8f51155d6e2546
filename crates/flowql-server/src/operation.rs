//! The routes for those who run the service.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use flowql_backend::ValueSource;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Sight;
use crate::app::App;
use crate::caller::Caller;
use crate::metrics::prometheus_text;
use crate::problem::Problem;
use crate::responses::{Always, Watched};

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(version))
}

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether what the service needs answers.
#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    /// Whether requests are answered in full.
    ready: bool,
    /// The backend; `null` where none is configured.
    #[schema(required)]
    backend: Option<BackendState>,
    /// Whether the saved filters can be read.
    saved_filters: bool,
    /// Why the collector that runs in the same process is not ready; `null` where none runs.
    #[schema(required)]
    collector: Option<Vec<String>>,
}

/// The state of a backend.
#[derive(Debug, Serialize, ToSchema)]
struct BackendState {
    /// Which one.
    name: &'static str,
    /// Its version; `null` where it does not answer.
    #[schema(required)]
    version: Option<String>,
    /// Why it does not answer; `null` where it does.
    #[schema(required)]
    error: Option<String>,
    /// What is to be mended although it answers, such as a database user who may not set limits; `null` where nothing is.
    #[schema(required)]
    caution: Option<&'static str>,
}

/// What runs.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    /// `flowql`.
    name: &'static str,
    /// The version.
    version: &'static str,
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    operation_id = "healthz",
    responses((status = 200, description = "It lives", body = Health), Watched)
)]
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the backend, the saved filters and a collector of the same process are ready
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    operation_id = "readyz",
    responses(
        (status = 200, description = "They are", body = Readiness),
        (status = 503, description = "They are not", body = Readiness),
        Watched
    )
)]
async fn readyz(State(app): State<App>) -> Response {
    let saved_filters = app.saved.works().await;
    let backend = match app.backend() {
        None => None,
        Some(backend) => {
            let name = backend.name();
            let (version, error) = match backend.health().await {
                Ok(health) => (Some(health.version), None),
                Err(error) => (None, Some(error.to_string())),
            };
            Some(BackendState { name, version, error, caution: backend.caution() })
        }
    };
    let collector = app.companion.as_ref().map(|companion| companion.reasons());
    let ready = saved_filters
        && backend.as_ref().is_none_or(|backend| backend.error.is_none())
        && collector.as_ref().is_none_or(Vec::is_empty);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready, backend, saved_filters, collector })).into_response()
}

/// What the service counts, and a collector of the same process, for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    operation_id = "metrics",
    responses(
        (status = 200, description = "The counts", body = String, content_type = "text/plain"),
        (status = 403, description = "The user sees only a part of the flows", body = Problem),
        Watched
    )
)]
async fn metrics(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    // Prometheus is not a user, and sees no flows by it; a user who sees a part of the flows must not count all of them.
    if caller.is_named || matches!(caller.sight, Sight::Some(_)) {
        caller.sight.whole("the metrics")?;
    }
    let cache = app.source.as_ref().map(ValueSource::cache_counts);
    let text = app.metrics.print(cache);
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let companion = app.companion.as_ref().map(|companion| companion.metrics());
    // What runs in the same process counts in the plain format.
    let (kind, text) = if companion.is_none() && accepted.contains("application/openmetrics-text") {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    } else {
        let own = prometheus_text(&text);
        ("text/plain; version=0.0.4; charset=utf-8", own + &companion.unwrap_or_default())
    };
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

/// What runs
#[utoipa::path(
    get,
    path = "/version",
    tag = "operation",
    operation_id = "version",
    responses((status = 200, description = "The version", body = Version), Always)
)]
async fn version() -> Json<Version> {
    Json(Version { name: "flowql", version: env!("CARGO_PKG_VERSION") })
}
