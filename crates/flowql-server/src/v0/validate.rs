//! `POST /api/v0/console/filter/validate`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use flowql::{Compiler, Options};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::body::AnyBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};
use crate::shapes::{self, Diagnostic, Fix};

/// A filter to validate.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = V0Validate)]
pub(crate) struct Question {
    /// The text.
    #[schema(example = "InIfBoundary = external AND SrcAS = AS15169")]
    filter: String,
}

/// What there is to say of a filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0Validated)]
pub(crate) struct Answer {
    /// `ok`, or the first error with its place.
    message: String,
    /// The SQL; absent for a blank filter and for a bad one.
    #[serde(skip_serializing_if = "Option::is_none")]
    parsed: Option<String>,
    /// The errors; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Finding>,
    /// Warnings and hints, which do not make the filter bad; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<Finding>,
}

/// An error, warning or hint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0Finding)]
struct Finding {
    /// The line, from 1.
    line: u32,
    /// The column in characters, from 1.
    column: u32,
    /// The first byte, from 0.
    offset: u32,
    /// What is wrong.
    message: String,
    /// The byte after the range.
    end: u32,
    /// The first UTF-16 code unit.
    offset_utf16: u32,
    /// The UTF-16 code unit after the range.
    end_utf16: u32,
    /// The stable code.
    code: &'static str,
    /// `error`, `warning` or `hint`.
    #[schema(value_type = shapes::Severity)]
    severity: &'static str,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Ready-made changes of the text that make it go away.
    fixes: Vec<Fix>,
}

impl From<Diagnostic> for Finding {
    fn from(found: Diagnostic) -> Self {
        Self {
            line: found.line,
            column: found.column,
            offset: found.start,
            message: found.message,
            end: found.end,
            offset_utf16: found.start_utf16,
            end_utf16: found.end_utf16,
            code: found.code,
            severity: found.severity,
            help: found.help,
            fixes: found.fixes,
        }
    }
}

/// Validate a filter, as the console of Akvorado does
#[utoipa::path(
    post,
    path = "/api/v0/console/filter/validate",
    tag = "console",
    operation_id = "v0_validate",
    request_body = Question,
    responses((status = 200, description = "What there is to say of the filter", body = Answer), Refused, Always)
)]
pub(super) async fn validate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    AnyBody(body): AnyBody,
) -> Result<Response, Problem> {
    app.answer(&caller, body, answer).await
}

fn answer(app: &Shared, compiler: Compiler<'_>, Question { filter }: Question) -> Answer {
    tracing::debug!(%filter, "validate");
    let compilation = compiler.compile(&filter, Options::default());
    app.metrics.diagnosed(&compilation.diagnostics);
    let found = shapes::diagnostics(&filter, &compilation.diagnostics);
    let (errors, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
    let message = errors.first().map_or_else(|| "ok".to_owned(), Diagnostic::placed);
    Answer {
        message,
        parsed: compilation.sql.filter(|sql| !sql.is_empty()),
        errors: errors.into_iter().map(Finding::from).collect(),
        warnings: warnings.into_iter().map(Finding::from).collect(),
    }
}
