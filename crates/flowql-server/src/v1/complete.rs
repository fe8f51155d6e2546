//! `POST /api/v1/complete`.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use flowql::ide::{Candidate, CandidateKind};
use flowql::{Compiler, Positions};
use flowql_backend::{FilterCompletion, begin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Sight;
use crate::app::{App, Shared};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};
use crate::shapes::{self, Range};

/// How many candidates there are where the request does not say.
const USUAL: usize = 100;

/// How many there are at the most.
const MOST: usize = 1000;

/// A place of a filter that is being typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Complete)]
pub(crate) struct Question {
    /// The text, finished or not.
    #[schema(example = "SrcAS = AS15169 AND dst")]
    filter: String,
    /// The place in bytes; the end of the text where no place is given.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    cursor: Option<u32>,
    /// The place in UTF-16 code units; counts where `cursor` is not given.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    cursor_utf16: Option<u32>,
    /// How many candidates at most.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64, default = 100)]
    limit: Option<u32>,
}

/// What may stand at the place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Completed)]
pub(crate) struct Answer {
    /// The text that a candidate takes the place of.
    replace: Range,
    /// The candidates, the best first.
    candidates: Vec<Offered>,
    /// Why values of the network are missing; absent where none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
}

/// Something to insert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Candidate)]
struct Offered {
    /// What a menu shows.
    label: String,
    /// What it is.
    kind: &'static str,
    /// A few words beside the label.
    detail: String,
    /// A sentence or more about it; may be empty.
    documentation: String,
    /// The exact text to insert.
    insert: String,
}

impl From<Candidate> for Offered {
    fn from(candidate: Candidate) -> Self {
        let Candidate { label, kind, detail, documentation, insert } = candidate;
        let kind = match kind {
            CandidateKind::Column => "column",
            CandidateKind::Operator => "operator",
            CandidateKind::Keyword => "keyword",
            CandidateKind::Value => "value",
            CandidateKind::SavedFilter => "saved-filter",
            CandidateKind::Punctuation => "punctuation",
        };
        Self { label, kind, detail, documentation, insert }
    }
}

/// Say what may stand at a place of a filter
#[utoipa::path(
    post,
    path = "/api/v1/complete",
    tag = "language",
    operation_id = "complete",
    request_body = Question,
    responses((status = 200, description = "The candidates", body = Answer), Refused, Always)
)]
pub(super) async fn complete(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Json<Answer>, Problem> {
    let names = app.saved.names(caller.owner().as_ref()).await?;
    let sight = caller.sight.clone();
    let offer = move |app: &Shared, compiler: Compiler<'_>, question| offer(app, &sight, compiler, question);
    let Offer { mut completion, replace, limit } = app.work(Arc::clone(&names), body, offer).await?;
    if let (Some(query), Some(source)) = (&completion.query, &app.source) {
        let values = source.values(query).await;
        completion.finish(&app.compiler(&names), values);
    }
    let FilterCompletion { completions, incomplete, .. } = completion;
    let candidates = completions.candidates.into_iter().take(limit).map(Offered::from).collect();
    Ok(Json(Answer { replace, candidates, incomplete }))
}

/// What is known without the backend, and what to ask it.
struct Offer {
    completion: FilterCompletion,
    replace: Range,
    limit: usize,
}

fn offer(app: &Shared, sight: &Sight, compiler: Compiler<'_>, question: Question) -> Offer {
    let Question { filter, cursor, cursor_utf16, limit } = question;
    tracing::debug!(%filter, "complete");
    let positions = Positions::new(&filter);
    let place = shapes::place(&filter, &positions, cursor, cursor_utf16);
    let limit = limit.map_or(USUAL, |limit| (limit as usize).min(MOST));
    let mut completion = begin(&compiler, &filter, place, app.source.as_ref().map(|_| limit));
    match sight.forced() {
        Ok(Some(forced)) => completion.within(&compiler, forced),
        Ok(None) => {}
        // Who sees nothing is offered what the language knows.
        Err(_) => completion.query = None,
    }
    Offer { replace: Range::new(completion.completions.replace, &positions), completion, limit }
}
