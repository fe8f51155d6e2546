//! What the collector says over HTTP.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use super::classification::Classification;
use super::{Collector, metrics};

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
        .route("/api/v1/classification", get(classification))
        .with_state(collector)
}

async fn metrics(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::text(&collector))
}

async fn exporters(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    Json(collector.exporter_status())
}

async fn classification(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    Json(Classification::of(&collector.directory, &collector.classify))
}

async fn ready(State(collector): State<Arc<Collector>>) -> (StatusCode, String) {
    let reasons = collector.reasons();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
}
