//! The routes of the collector that runs in the same process, as in `flowql up`. Its own address has them too.

use axum::extract::{Request, State};
use axum::http::Extensions;
use axum::response::Response;
use tower_service::Service as _;

use crate::app::App;
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
        (status = 404, description = "No collector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn exporters(State(app): State<App>, request: Request) -> Result<Response, Problem> {
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
        (status = 404, description = "No collector runs in this process", body = Problem),
        Always
    )
)]
pub(crate) async fn tail(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    ask(&app, request).await
}

/// What the collector answers.
pub(super) async fn ask(app: &App, request: Request) -> Result<Response, Problem> {
    // The routes of the companion look at the address by themselves: what was found in it here would be found twice.
    let (mut parts, body) = request.into_parts();
    parts.extensions = Extensions::new();
    let request = Request::from_parts(parts, body);
    let mut routes =
        app.companion.as_ref().map(|companion| companion.routes()).ok_or_else(Problem::no_collector)?;
    match routes.call(request).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}
