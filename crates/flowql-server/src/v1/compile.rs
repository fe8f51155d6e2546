//! `POST /api/v1/compile`.

use std::collections::BTreeMap;

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
use crate::responses::{Always, Refused};
use crate::shapes::{self, Diagnostic};

/// A filter to compile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Compile)]
pub(crate) struct Question {
    /// The text.
    #[schema(example = "SrcAS = AS15169 AND DstPort IN (80, 443)")]
    filter: String,
    #[serde(default)]
    #[schema(inline)]
    direction: Direction,
    #[serde(default)]
    #[schema(inline)]
    form: Form,
    /// The database that qualifies the dictionaries.
    #[serde(default)]
    database: Option<String>,
}

/// For which flows a filter is compiled.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    /// Those that it selects.
    #[default]
    Forward,
    /// Those of the opposite direction.
    Reverse,
}

impl From<Direction> for flowql_backend::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Forward => Self::Forward,
            Direction::Reverse => Self::Reverse,
        }
    }
}

/// Where the values stand.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// In the SQL.
    #[default]
    Inline,
    /// Beside it, as parameters.
    Bound,
}

/// A compiled filter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Compiled)]
pub(crate) struct Answer {
    /// The SQL: empty for a blank filter, `null` for a bad one.
    #[schema(required)]
    sql: Option<String>,
    /// The values that a bound SQL refers to as `{name:Type}`, by name, not escaped; integers above 2^53 are strings.
    parameters: BTreeMap<String, serde_json::Value>,
    /// The columns that the SQL reads.
    columns: Vec<String>,
    /// Whether some column is in the raw table only.
    main_table_required: bool,
    /// Everything to say of the filter.
    diagnostics: Vec<Diagnostic>,
}

/// Compile a filter to SQL
#[utoipa::path(
    post,
    path = "/api/v1/compile",
    tag = "language",
    operation_id = "compile",
    request_body = Question,
    responses((status = 200, description = "The SQL, or what is wrong with the filter", body = Answer), Refused, Always)
)]
pub(super) async fn compile(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    app.answer(&caller, body, answer).await
}

fn answer(app: &Shared, compiler: Compiler<'_>, question: Question) -> Answer {
    let Question { filter, direction, form, database } = question;
    tracing::debug!(%filter, "compile");
    let options = Options {
        reverse: direction == Direction::Reverse,
        bound: form == Form::Bound,
        database: database.as_deref(),
    };
    let compilation = compiler.compile(&filter, options);
    app.metrics.diagnosed(&compilation.diagnostics);
    let name = |&id: &flowql::ColumnId| compiler.schema.column(id).name.to_string();
    Answer {
        sql: compilation.sql,
        parameters: shapes::parameters(&compilation.parameters),
        columns: compilation.columns.iter().map(name).collect(),
        main_table_required: compilation.main_table_required,
        diagnostics: shapes::diagnostics(&filter, &compilation.diagnostics),
    }
}
