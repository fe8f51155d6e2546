//! `POST /api/v1/format`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use flowql::Compiler;
use serde::Serialize;
use utoipa::ToSchema;

use super::OneFilter;
use crate::app::{App, Shared};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};
use crate::shapes::{self, Diagnostic};

/// A filter in the canonical layout.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Formatted)]
pub(crate) struct Answer {
    /// The text; `null` for a filter with errors, which is to be left as it is.
    #[schema(required)]
    formatted: Option<String>,
    /// What is wrong with it; empty for a filter without errors.
    diagnostics: Vec<Diagnostic>,
}

/// Put a filter in the canonical layout
#[utoipa::path(
    post,
    path = "/api/v1/format",
    tag = "language",
    operation_id = "format",
    request_body = OneFilter,
    responses((status = 200, description = "The formatted text, or what is wrong", body = Answer), Refused, Always)
)]
pub(super) async fn format(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    app.answer(&caller, body, answer).await
}

fn answer(app: &Shared, compiler: Compiler<'_>, OneFilter { filter }: OneFilter) -> Answer {
    tracing::debug!(%filter, "format");
    match compiler.format(&filter) {
        Ok(formatted) => Answer { formatted: Some(formatted), diagnostics: Vec::new() },
        Err(found) => {
            app.metrics.diagnosed(&found);
            Answer { formatted: None, diagnostics: shapes::diagnostics(&filter, &found) }
        }
    }
}
