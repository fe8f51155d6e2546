//! The routes of the detector.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::announce::AnnouncedNow;
use crate::detector::{Detector, Status};
use crate::incident::{Change, Incident, Refusal, State as IncidentState};
use crate::store::Store;

/// The most incidents of an answer.
const MOST: u64 = 1_000;

/// What the routes ask.
#[derive(Clone, Debug)]
struct Asked {
    detector: Arc<Detector>,
    store: Store,
    announced: Option<AnnouncedNow>,
}

/// Which incidents are wanted.
#[derive(Debug)]
struct ListQuery {
    /// At most so many; `None` where that is wrong.
    limit: Option<u64>,
    /// Only those that are not over.
    open: bool,
}

/// What a person decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decision {
    /// Who.
    pub by: String,
    /// For how many seconds more, of what is extended.
    pub seconds: Option<u32>,
    /// Whether the detector is switched off, of the switch.
    pub off: Option<bool>,
}

/// Incidents, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attacks {
    /// The incidents.
    pub attacks: Vec<Incident>,
}

impl ListQuery {
    fn parse(text: &str) -> Self {
        let mut query = Self { limit: Some(100), open: false };
        for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match key.as_ref() {
                "limit" => query.limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit)),
                "open" => query.open = value != "false",
                _ => {}
            }
        }
        query
    }
}

/// The routes `/api/v1/attacks…`, for a service that has an address; `announced` tells what routers are sent.
pub fn routes(detector: Arc<Detector>, store: Store, announced: Option<AnnouncedNow>) -> Router {
    Router::new()
        .route("/api/v1/attacks", get(list))
        .route("/api/v1/attacks/status", get(status))
        .route("/api/v1/attacks/switch", post(switch))
        .route("/api/v1/attacks/{number}", get(show))
        .route("/api/v1/attacks/{number}/approve", post(approve))
        .route("/api/v1/attacks/{number}/withdraw", post(withdraw))
        .route("/api/v1/attacks/{number}/extend", post(extend))
        .with_state(Asked { detector, store, announced })
}

/// Incidents: those that are not over as they are this moment, the others as they were stored.
async fn list(State(asked): State<Asked>, RawQuery(query): RawQuery) -> Response {
    let query = ListQuery::parse(query.as_deref().unwrap_or_default());
    let Some(most) = query.limit else {
        return refuse(StatusCode::BAD_REQUEST, "bad_query", "`limit` must be an integer from 1 to 1000");
    };
    let mut attacks = asked.detector.incidents();
    if !query.open {
        match asked.store.newest(most).await {
            Ok(stored) => {
                attacks.extend(stored.into_iter().filter(|incident| incident.state == IncidentState::Over));
            }
            // The table is made with the first incident; what is open is known without it.
            Err(error) => tracing::debug!(%error, "the table of attacks cannot be read"),
        }
    }
    attacks.sort_by_key(|incident| std::cmp::Reverse((incident.start, incident.number)));
    attacks.dedup_by_key(|incident| (incident.start, incident.number));
    attacks.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Json(Attacks { attacks }).into_response()
}

async fn status(State(asked): State<Asked>) -> Response {
    let announced = asked.announced.as_ref().map(AnnouncedNow::get);
    Json(Status { announced, ..asked.detector.status() }).into_response()
}

async fn show(State(asked): State<Asked>, Path(number): Path<u32>) -> Response {
    let open = asked.detector.incidents().into_iter().find(|incident| incident.number == number);
    match open {
        Some(incident) => Json(incident).into_response(),
        None => match asked.store.get(number).await {
            Ok(Some(incident)) => Json(incident).into_response(),
            Ok(None) => {
                refuse(StatusCode::NOT_FOUND, "unknown_attack", &format!("there is no incident {number}"))
            }
            Err(error) => refuse(StatusCode::BAD_GATEWAY, "database", &error.to_string()),
        },
    }
}

async fn approve(
    State(asked): State<Asked>,
    Path(number): Path<u32>,
    Json(decision): Json<Decision>,
) -> Response {
    decided(asked.detector.approve(number, &decision.by))
}

async fn withdraw(
    State(asked): State<Asked>,
    Path(number): Path<u32>,
    Json(decision): Json<Decision>,
) -> Response {
    decided(asked.detector.withdraw(number, &decision.by))
}

async fn extend(
    State(asked): State<Asked>,
    Path(number): Path<u32>,
    Json(decision): Json<Decision>,
) -> Response {
    match decision.seconds.filter(|seconds| (1..=30 * 86_400).contains(seconds)) {
        Some(seconds) => decided(asked.detector.extend(number, seconds, &decision.by)),
        None => refuse(StatusCode::BAD_REQUEST, "bad_seconds", "`seconds` must be from 1 to 30 days"),
    }
}

async fn switch(State(asked): State<Asked>, Json(decision): Json<Decision>) -> Response {
    let is_off = decision.off.unwrap_or(true);
    match asked.detector.switch(is_off) {
        Ok(()) => status(State(asked)).await,
        Err(error) => refuse(
            StatusCode::INTERNAL_SERVER_ERROR,
            "not_kept",
            &format!("it holds until the end of the process only: {error}"),
        ),
    }
}

fn decided(decided: Result<Change, Refusal>) -> Response {
    match decided {
        Ok(change) => Json(change.incident).into_response(),
        Err(refusal @ Refusal::Unknown(_)) => {
            refuse(StatusCode::NOT_FOUND, "unknown_attack", &refusal.to_string())
        }
        Err(refusal) => refuse(StatusCode::CONFLICT, "not_possible", &refusal.to_string()),
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(serde_json::json!({"message": message, "code": code}))).into_response()
}
