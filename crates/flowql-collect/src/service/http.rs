//! What the collector says over HTTP.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::{Collector, metrics};
use crate::bmp::status::{RoutesQuery, RoutesStatus};

/// Answers, without an end.
pub(crate) async fn serve(listener: TcpListener, collector: Arc<Collector>) {
    if let Err(error) = axum::serve(listener, router(collector)).await {
        tracing::error!(%error, "the metrics are not served any more");
    }
}

fn router(collector: Arc<Collector>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/api/v1/exporters", get(exporters))
        .route("/api/v1/routes", get(routes))
        .with_state(collector)
}

async fn metrics(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::text(&collector))
}

async fn exporters(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    Json(collector.exporter_status())
}

/// The status of routers and their routes or, where an address is given, what is known of it.
async fn routes(State(collector): State<Arc<Collector>>, RawQuery(query): RawQuery) -> Response {
    match RoutesQuery::parse(query.as_deref().unwrap_or_default()) {
        Ok(query) if query.address.is_some() => Json(collector.addresses.explain(&query)).into_response(),
        Ok(_) => Json(RoutesStatus::of(&collector.bmp, &collector.addresses)).into_response(),
        Err(message) => {
            let error = serde_json::json!({"message": message, "code": "bad_query"});
            (StatusCode::BAD_REQUEST, Json(error)).into_response()
        }
    }
}

async fn ready(State(collector): State<Arc<Collector>>) -> (StatusCode, String) {
    let reasons = collector.reasons();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
}
