//! `POST /api/v1/validate`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use flowql::{Compiler, Options};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::Refused;
use crate::shapes::{self, Diagnostic};

/// A filter to validate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Validate)]
pub(crate) struct Question {
    /// The text.
    #[schema(example = "SrcASN = 15169")]
    filter: String,
}

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
    request_body = Question,
    responses((status = 200, description = "What there is to say of the filter", body = Answer), Refused)
)]
pub(super) async fn validate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    app.answer(&caller, body, answer).await
}

fn answer(app: &Shared, compiler: Compiler<'_>, Question { filter }: Question) -> Answer {
    tracing::debug!(%filter, "validate");
    let checked = compiler.check(&filter, Options::default());
    app.metrics.diagnosed(&checked.diagnostics);
    Answer { valid: checked.is_valid(), diagnostics: shapes::diagnostics(&filter, &checked.diagnostics) }
}
