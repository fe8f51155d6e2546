//! `POST /api/v1/validate`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use flowql::{Compiler, Options};
use serde::Serialize;
use utoipa::ToSchema;

use super::OneFilter;
use crate::app::{App, Shared};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};
use crate::shapes::{self, Diagnostic};

/// What there is to say of a filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Validated)]
pub(crate) struct Answer {
    /// Whether it has no errors.
    valid: bool,
    /// Errors, warnings and hints, in the order of the text.
    diagnostics: Vec<Diagnostic>,
}

/// Say what is wrong, or doubtful, in a filter
#[utoipa::path(
    post,
    path = "/api/v1/validate",
    tag = "language",
    operation_id = "validate",
    request_body = OneFilter,
    responses((status = 200, description = "What there is to say of the filter", body = Answer), Refused, Always)
)]
pub(super) async fn validate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    app.answer(&caller, body, answer).await
}

fn answer(app: &Shared, compiler: Compiler<'_>, OneFilter { filter }: OneFilter) -> Answer {
    tracing::debug!(%filter, "validate");
    let checked = compiler.check(&filter, Options::default());
    app.metrics.diagnosed(&checked.diagnostics);
    Answer { valid: checked.is_valid(), diagnostics: shapes::diagnostics(&filter, &checked.diagnostics) }
}
