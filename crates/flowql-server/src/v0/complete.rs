//! `POST /api/v0/console/filter/complete`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use flowql::ide::{self, CandidateKind};
use flowql::tables::{OPERATORS, Operator, Type};
use flowql::{Compiler, SavedFilters};
use flowql_backend::{ColumnSuggestions, suggest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Sight;
use crate::app::{App, Shared, parse};
use crate::body::AnyBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, Refused};

/// How many values there are where the request does not say. Columns and operators are then all there: the
/// console keeps its list while a name is typed, and only narrows it.
const USUAL_VALUES: usize = 20;

/// How many there are at the most.
const MOST: usize = 1000;

/// What to complete.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = V0Complete)]
pub(crate) struct Question {
    /// What is being typed.
    what: What,
    /// The column; needed unless a column is being typed.
    #[serde(default)]
    column: Option<String>,
    /// The operator before a value.
    #[serde(default)]
    operator: Option<String>,
    /// What was typed of it.
    #[serde(default)]
    prefix: Option<String>,
    /// How many completions at most; when left out, 20 values, or all columns or operators.
    #[serde(default)]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u64)]
    limit: Option<u32>,
}

/// What is being typed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = V0What)]
enum What {
    /// The name of a column.
    Column,
    /// An operator.
    Operator,
    /// A value.
    Value,
}

/// The completions.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = V0Completions)]
pub(crate) struct Answer {
    /// The completions, the best first.
    completions: Vec<Completion>,
    /// Why some values are missing; absent where none are.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<String>,
}

/// A completion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0Completion)]
struct Completion {
    /// The text.
    label: String,
    /// What it is.
    detail: String,
    /// Whether the client puts the label in double quotes.
    quoted: bool,
}

/// Complete a column, an operator or a value, as the console of Akvorado does
#[utoipa::path(
    post,
    path = "/api/v0/console/filter/complete",
    tag = "console",
    operation_id = "v0_complete",
    request_body = Question,
    responses((status = 200, description = "The completions", body = Answer), Refused, Always)
)]
pub(super) async fn complete(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    AnyBody(body): AnyBody,
) -> Result<Response, Problem> {
    let question: Question = parse(&body)?;
    let usual = if question.what == What::Value { USUAL_VALUES } else { MOST };
    let limit = question.limit.map_or(usual, |limit| (limit as usize).min(MOST));
    let prefix = question.prefix.as_deref().unwrap_or_default();
    let column = || {
        let message = "`column` is needed to complete an operator or a value";
        question.column.as_deref().ok_or_else(|| Problem::bad_request(message))
    };
    let mut answer = match question.what {
        What::Column => Answer { completions: columns(&app, prefix), incomplete: None },
        What::Operator => Answer { completions: operators(&app, column()?, prefix), incomplete: None },
        What::Value => {
            values(&app, &caller.sight, column()?, question.operator.as_deref(), prefix, limit).await
        }
    };
    answer.completions.truncate(limit);
    Ok(Json(answer).into_response())
}

/// The candidates for a text, of one kind, as labels.
fn candidates(app: &Shared, text: &str, kind: CandidateKind) -> impl Iterator<Item = String> + use<> {
    let saved = SavedFilters::default();
    let compiler = Compiler { saved: &saved, ..app.config.compiler() };
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let candidates = ide::complete(&compiler, text, end).candidates;
    candidates.into_iter().filter(move |candidate| candidate.kind == kind).map(|candidate| candidate.label)
}

fn columns(app: &Shared, prefix: &str) -> Vec<Completion> {
    let detail = || "column name".to_owned();
    candidates(app, prefix, CandidateKind::Column)
        // The console knows no name of either end.
        .filter(|label| app.config.schema.find(label).is_some())
        .map(|label| Completion { label, detail: detail(), quoted: false })
        .collect()
}

/// The operators of a column, each once. `HAS` of AS paths is newer than these routes, whose callers know four of them.
fn operators(app: &Shared, column: &str, prefix: &str) -> Vec<Completion> {
    let Some(id) = app.config.schema.find(column) else { return Vec::new() };
    let column = app.config.schema.column(id);
    let is_path = column.filter_type == Some(Type::AsPath);
    let name = &column.name;
    candidates(app, &format!("{name} {prefix}"), CandidateKind::Operator)
        .filter_map(|label| OPERATORS.iter().find(|row| row.symbol == label))
        .filter(|row| !(is_path && matches!(row.operator, Operator::Has | Operator::NotHas)))
        .map(|row| {
            let label = match row.operator {
                Operator::In | Operator::NotIn => format!("{} (", row.symbol),
                _ => row.symbol.to_owned(),
            };
            Completion { label, detail: "comparison operator".to_owned(), quoted: false }
        })
        .collect()
}

/// The values of a column, those of the network included.
async fn values(
    app: &Shared,
    sight: &Sight,
    column: &str,
    operator: Option<&str>,
    prefix: &str,
    limit: usize,
) -> Answer {
    let saved = SavedFilters::default();
    let compiler = Compiler { saved: &saved, ..app.config.compiler() };
    let operator = operator.and_then(operator_of);
    // Who sees nothing is offered what the language knows.
    let (source, forced) = match sight.forced() {
        Ok(forced) => (app.source.as_ref(), forced.map(|filter| &**filter)),
        Err(_) => (None, None),
    };
    let suggested = suggest(&compiler, source, forced, column, operator, prefix, limit).await;
    let Some(ColumnSuggestions { kind, values, incomplete }) = suggested else { return Answer::default() };
    let id = app.config.schema.find(column);
    let column = id.map(|id| app.config.schema.column(id));
    // Of these the console shows what a value means, of all others what it is.
    let meaning = column
        .is_some_and(|column| column.port || matches!(column.filter_type, Some(Type::Asn | Type::AsPath)));
    let detail = |value: &str, detail: String| match column.and_then(|column| column.filter_type) {
        _ if meaning && !detail.is_empty() => detail,
        Some(Type::Community) if value.matches(':').count() == 2 => format!("large {kind}"),
        _ => kind.clone(),
    };
    let completions = values.into_iter().map(|found| Completion {
        detail: detail(&found.value, found.detail),
        label: found.value,
        quoted: found.quoted,
    });
    Answer { completions: completions.collect(), incomplete }
}

/// The operator that a text writes, as a label of a completion may too.
fn operator_of(text: &str) -> Option<Operator> {
    let text = text.trim_end_matches(" (").trim();
    let is = |spelling: &str| spelling.eq_ignore_ascii_case(text);
    let found = OPERATORS.iter().find(|row| is(row.symbol) || row.aliases.iter().any(|alias| is(alias)));
    found.map(|row| row.operator)
}
