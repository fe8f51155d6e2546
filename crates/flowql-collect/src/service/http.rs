//! What the collector says over HTTP.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use flowql::typed::Filter;
use flowql_enrich::rules::ClassifySection;
use tokio::net::TcpListener;

use super::classification::Classification;
use super::{Collector, metrics};
use crate::bmp::status::{RoutesQuery, RoutesStatus};
use crate::tail;

/// Answers, without an end.
pub(crate) async fn serve(listener: TcpListener, collector: Arc<Collector>, others: Router) {
    if let Err(error) = axum::serve(listener, router(collector).merge(others)).await {
        tracing::error!(%error, "the metrics are not served any more");
    }
}

fn router(collector: Arc<Collector>) -> Router {
    let own = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(Arc::clone(&collector));
    own.merge(routes(collector))
}

/// What only the collector can say.
pub(crate) fn routes(collector: Arc<Collector>) -> Router {
    Router::new()
        .route("/api/v1/exporters", get(exporters))
        .route("/api/v1/tail", get(watch))
        .route("/api/v1/routes", get(bmp_routes))
        .route("/api/v1/classification", get(classification))
        .with_state(collector)
}

/// `forced` selects what the caller may see, where the service in the same process says so.
async fn watch(
    State(collector): State<Arc<Collector>>,
    forced: Option<Extension<Arc<Filter>>>,
    RawQuery(query): RawQuery,
) -> Response {
    let config = Arc::clone(&collector.config);
    // A long filter takes its time.
    let parsed = tokio::task::spawn_blocking(move || {
        let request = tail::Request::parse(&query.unwrap_or_default(), &config)?;
        match forced {
            Some(Extension(forced)) => request.within(&forced, &config),
            None => Ok(request),
        }
    });
    match parsed.await {
        Ok(Ok(request)) => match collector.tails.watch(request) {
            Some(watch) => tail::events(watch).into_response(),
            None => tail::Refusal::too_many().into_response(),
        },
        Ok(Err(refusal)) => refusal.into_response(),
        // It is on standard error, by the hook of the process.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn metrics(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::text(&collector))
}

async fn exporters(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    Json(collector.exporter_status())
}

/// The status of routers and their routes or, where an address is given, what is known of it.
async fn bmp_routes(State(collector): State<Arc<Collector>>, RawQuery(query): RawQuery) -> Response {
    match RoutesQuery::parse(query.as_deref().unwrap_or_default()) {
        Ok(query) if query.address.is_some() => Json(collector.addresses.explain(&query)).into_response(),
        Ok(_) => Json(RoutesStatus::of(&collector.bmp, &collector.addresses)).into_response(),
        Err(message) => {
            let error = serde_json::json!({"message": message, "code": "bad_query"});
            (StatusCode::BAD_REQUEST, Json(error)).into_response()
        }
    }
}

async fn classification(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    Json(Classification::of(&collector.directory, &collector.current.load().section::<ClassifySection>()))
}

async fn ready(State(collector): State<Arc<Collector>>) -> (StatusCode, String) {
    let reasons = collector.reasons();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
}
