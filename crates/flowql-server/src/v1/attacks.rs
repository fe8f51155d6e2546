//! The routes of the detector of attacks that runs in the same process, as in `flowql up`. The collector's own address has
//! them too.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;

use super::collector::ask;
use crate::access::Role;
use crate::app::App;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};

/// Attacks, the newest first
///
/// Each incident with its rule, target, state, peak, evidence, signature, collateral, and everything that was decided. Those
/// that are not over are as they are this moment.
#[utoipa::path(
    get,
    path = "/api/v1/attacks",
    tag = "attacks",
    operation_id = "attacks",
    params(
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 1000", example = 100),
        ("open" = Option<bool>, Query, description = "Only those that are not over"),
    ),
    responses(
        (status = 200, description = "The incidents, as `attacks`", body = Object),
        (status = 400, description = "The limit is wrong", body = Problem),
        (status = 403, description = "The user may not", body = Problem),
        (status = 404, description = "No detector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    look(&app, &caller, request).await
}

/// What the detector watches
///
/// The mode, the flows and targets, the rules with how many flows each selected, those that are left out and why, the targets
/// near a threshold, the incidents that are not over, and what should be changed.
#[utoipa::path(
    get,
    path = "/api/v1/attacks/status",
    tag = "attacks",
    operation_id = "attacksStatus",
    responses(
        (status = 200, description = "The status", body = Object),
        (status = 403, description = "The user may not", body = Problem),
        (status = 404, description = "No detector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn status(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    look(&app, &caller, request).await
}

/// Switch all mitigation off, or on again
///
/// Off, everything that is done about attacks is taken back, and nothing is done any more, over a restart too.
#[utoipa::path(
    post,
    path = "/api/v1/attacks/switch",
    tag = "attacks",
    operation_id = "switchAttacks",
    request_body(content = Object, description = "`off`: whether it is off; true when left out"),
    responses(
        (status = 200, description = "The status", body = Object),
        (status = 404, description = "No detector runs in this process", body = Problem),
        Refused,
        Always
    )
)]
pub(crate) async fn switch(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    decide(&app, &caller, request).await
}

/// One attack
#[utoipa::path(
    get,
    path = "/api/v1/attacks/{number}",
    tag = "attacks",
    operation_id = "attack",
    params(("number" = u32, Path, description = "The number of the incident")),
    responses(
        (status = 200, description = "The incident", body = Object),
        (status = 403, description = "The user may not", body = Problem),
        (status = 404, description = "There is none of that number, or no detector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    look(&app, &caller, request).await
}

/// Approve what is planned about an attack
#[utoipa::path(
    post,
    path = "/api/v1/attacks/{number}/approve",
    tag = "attacks",
    operation_id = "approveAttack",
    params(("number" = u32, Path, description = "The number of the incident")),
    request_body(content = Object, description = "`by`: who approves"),
    responses(
        (status = 200, description = "The incident", body = Object),
        (status = 404, description = "There is none of that number, or no detector runs in this process", body = Problem),
        (status = 409, description = "Nothing may be done about it", body = Problem),
        Refused,
        Always
    )
)]
pub(crate) async fn approve(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    decide(&app, &caller, request).await
}

/// Take back what is done about an attack
#[utoipa::path(
    post,
    path = "/api/v1/attacks/{number}/withdraw",
    tag = "attacks",
    operation_id = "withdrawAttack",
    params(("number" = u32, Path, description = "The number of the incident")),
    request_body(content = Object, description = "`by`: who takes it back"),
    responses(
        (status = 200, description = "The incident", body = Object),
        (status = 404, description = "There is none of that number, or no detector runs in this process", body = Problem),
        (status = 409, description = "Nothing is done about it", body = Problem),
        Refused,
        Always
    )
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    decide(&app, &caller, request).await
}

/// Let what is done about an attack last longer
#[utoipa::path(
    post,
    path = "/api/v1/attacks/{number}/extend",
    tag = "attacks",
    operation_id = "extendAttack",
    params(("number" = u32, Path, description = "The number of the incident")),
    request_body(content = Object, description = "`by`: who extends it; `seconds`: by how many seconds"),
    responses(
        (status = 200, description = "The incident", body = Object),
        (status = 404, description = "There is none of that number, or no detector runs in this process", body = Problem),
        (status = 409, description = "Nothing is done about it", body = Problem),
        Refused,
        Always
    )
)]
pub(crate) async fn extend(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Problem> {
    decide(&app, &caller, request).await
}

/// The longest decision, in bytes.
const LONGEST: usize = 64 << 10;

/// What those who see all flows may see.
async fn look(app: &App, caller: &Caller, request: Request) -> Result<Response, Problem> {
    caller.sight.whole("attacks")?;
    ask(app, request).await
}

/// What those who operate may decide. Who a trusted proxy names decides in that name.
async fn decide(app: &App, caller: &Caller, request: Request) -> Result<Response, Problem> {
    caller.sight.whole("attacks")?;
    if caller.role < Role::Operate {
        return Err(Problem::may_not_operate());
    }
    let Some(user) = caller.user.as_deref().filter(|_| caller.is_named) else {
        return ask(app, request).await;
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.map_err(|_| Problem::bad_request("the decision is too long"))?;
    let mut decision: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(if body.is_empty() { b"{}" } else { &body })
            .map_err(|error| Problem::bad_request(error.to_string()))?;
    decision.insert("by".to_owned(), user.into());
    let body = serde_json::Value::from(decision).to_string();
    parts.headers.remove(header::CONTENT_LENGTH);
    ask(app, Request::from_parts(parts, Body::from(body))).await
}
