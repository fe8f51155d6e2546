//! `POST /api/v1/hover`.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use flowql::{Compiler, Positions, ide};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};
use crate::shapes::{self, Range};

/// A place of a filter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HoverAt)]
pub(crate) struct Question {
    /// The text, valid or not.
    #[schema(example = "SrcAS = AS15169")]
    filter: String,
    /// The place in bytes; the end of the text where no place is given.
    #[serde(default)]
    #[schema(example = 2, value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    cursor: Option<u32>,
    /// The place in UTF-16 code units; counts where `cursor` is not given.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    cursor_utf16: Option<u32>,
}

/// What there is to say of a place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hover)]
pub(crate) struct Answer {
    /// Markdown; `null` where there is nothing to say.
    #[schema(required)]
    markdown: Option<String>,
    /// The text that it is about; `null` where there is nothing to say.
    #[schema(required)]
    range: Option<Range>,
}

/// Say what the word at a place of a filter means
#[utoipa::path(
    post,
    path = "/api/v1/hover",
    tag = "language",
    operation_id = "hover",
    request_body = Question,
    responses((status = 200, description = "What there is to say", body = Answer), Refused, Always)
)]
pub(super) async fn hover(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    app.answer(&caller, body, answer).await
}

fn answer(_: &Shared, compiler: Compiler<'_>, question: Question) -> Answer {
    let Question { filter, cursor, cursor_utf16 } = question;
    tracing::debug!(%filter, "hover");
    let positions = Positions::new(&filter);
    let place = shapes::place(&filter, &positions, cursor, cursor_utf16);
    match ide::hover(&compiler, &filter, place) {
        Some(ide::Hover { span, markdown }) => {
            Answer { markdown: Some(markdown), range: Some(Range::new(span, &positions)) }
        }
        None => Answer { markdown: None, range: None },
    }
}
