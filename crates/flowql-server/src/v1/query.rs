//! `POST /api/v1/query` and `POST /api/v1/plan`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use flowql::{Compiler, tables};
use flowql_backend::{Answer, Backend, FlowFilter, FlowQuery, Kind, RowStream, TimeRange, Unit};
use flowql_client::AnswerColumn;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::gate::Permit;
use crate::problem::Problem;
use crate::responses::{Always, OfBackend, Refused};
use crate::shapes;

/// How many rows there are where the request does not say.
const USUAL: u32 = 100;

/// How many there are at the most.
const MOST: u32 = 10_000;

/// The most columns that are asked for at once.
const MOST_COLUMNS: usize = 32;

/// A question about flows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Query)]
pub(crate) struct Question {
    /// The flows that count.
    #[schema(example = "InIfBoundary = external")]
    filter: String,
    #[serde(default)]
    #[schema(inline)]
    direction: super::compile::Direction,
    #[schema(inline)]
    kind: What,
    /// The columns; of `flows` a usual choice where there are none.
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    #[schema(inline)]
    unit: Measure,
    /// The start, in seconds since 1970.
    #[schema(value_type = u64, maximum = 4_294_967_295_u64)]
    from: u32,
    /// The end, which does not belong to it.
    #[schema(value_type = u64, maximum = 4_294_967_295_u64)]
    to: u32,
    /// How many points a series has at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000, default = 200)]
    points: Option<u32>,
    /// How many rows at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000, default = 100)]
    limit: Option<u32>,
}

/// What is asked of flows.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum What {
    /// The values of the columns with the most traffic.
    Top,
    /// The traffic over time.
    Series,
    /// The flows themselves, the newest first.
    Flows,
}

/// A measure of traffic.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Measure {
    /// Bits per second at layer 3.
    #[default]
    Bits,
    /// Packets per second.
    Packets,
    /// Flow records.
    Flows,
}

/// The first line of the answer.
#[derive(Debug, Serialize)]
struct Head {
    columns: Vec<AnswerColumn>,
    table: String,
    reason: String,
    sql: String,
    interval: Option<u64>,
}

/// Ask for the traffic that a filter selects
///
/// The answer is a stream of lines, each of them JSON. The first is an object: `columns`, each with its `name` and ClickHouse
/// type `kind`, the `table`, the `reason` for it, the `sql` and the `interval` of a series in seconds. Each further line is an
/// array, a row. The last is an object again: `rows`, how many there were, or `error`, why they broke off. Who closes the
/// connection cancels the query.
#[utoipa::path(
    post,
    path = "/api/v1/query",
    tag = "language",
    operation_id = "query",
    request_body = Question,
    responses(
        (status = 200, description = "The rows", body = String, content_type = "application/x-ndjson"),
        Refused,
        OfBackend,
        Always
    )
)]
pub(super) async fn query(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(permit): Extension<Permit>,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let query = question(&app, &caller, body).await?;
    let backend = backend_of_flows(&app)?;
    let Answer { columns, rows, plan } =
        backend.query(&query).await.map_err(|error| Problem::of_backend(&error))?;
    let head = Head {
        columns,
        table: plan.table,
        reason: plan.reason,
        sql: plan.sql.to_string(),
        interval: plan.interval.map(|interval| interval.as_secs()),
    };
    let body = Body::from_stream(lines(line(&head), rows, permit));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// How a question would be answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
pub(super) struct Planned {
    /// The table that is read.
    table: String,
    /// Why that one.
    reason: String,
    /// The SQL, with its parameters as `{name:Type}`; empty where the engine is not asked in SQL.
    sql: String,
    /// The seconds between the points of a series.
    #[schema(required)]
    interval: Option<u64>,
}

/// Say how a question would be answered, without asking it
#[utoipa::path(
    post,
    path = "/api/v1/plan",
    tag = "language",
    operation_id = "plan",
    request_body = Question,
    responses((status = 200, description = "The table, and why; the SQL", body = Planned), Refused, OfBackend, Always)
)]
pub(super) async fn plan(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody,
) -> Result<Json<Planned>, Problem> {
    let query = question(&app, &caller, body).await?;
    let backend = backend_of_flows(&app)?;
    let plan = backend.plan(&query).await.map_err(|error| Problem::of_backend(&error))?;
    let interval = plan.interval.map(|interval| interval.as_secs());
    Ok(Json(Planned { table: plan.table, reason: plan.reason, sql: plan.sql.to_string(), interval }))
}

/// The backend, which must run queries.
fn backend_of_flows(app: &App) -> Result<&dyn Backend, Problem> {
    app.backend().filter(|backend| backend.capabilities().queries).ok_or_else(Problem::no_flows)
}

/// The question of a body, with the saved filters of the caller.
async fn question(app: &App, caller: &Caller, body: Bytes) -> Result<FlowQuery, Problem> {
    let names = app.saved.names(caller.user.as_ref()).await?;
    app.work(names, body, read).await?
}

fn read(app: &Shared, compiler: Compiler<'_>, question: Question) -> Result<FlowQuery, Problem> {
    let Question { filter, direction, kind, columns, unit, from, to, points, limit } = question;
    tracing::debug!(%filter, "query");
    let limit = within(limit.unwrap_or(USUAL), "limit")?;
    let points = within(points.unwrap_or(200), "points")?;
    if from >= to {
        return Err(Problem::bad_request("`from` must be before `to`"));
    }
    if columns.len() > MOST_COLUMNS {
        return Err(Problem::bad_request(format!("more than {MOST_COLUMNS} columns")));
    }
    let columns = columns.iter().map(|name| column(app, name)).collect::<Result<Vec<_>, _>>()?;
    let unit = match unit {
        Measure::Bits => Unit::Bits,
        Measure::Packets => Unit::Packets,
        Measure::Flows => Unit::Flows,
    };
    let kind = match kind {
        What::Top if columns.is_empty() => return Err(Problem::bad_request("`top` needs a column")),
        What::Top => Kind::Top { columns, unit },
        What::Series => Kind::Series { columns, unit, points },
        What::Flows => Kind::Flows { columns },
    };
    let filter = FlowFilter::compile(&compiler, &filter, direction.into(), None).map_err(|found| {
        app.metrics.diagnosed(&found);
        Problem::bad_filter(shapes::diagnostics(&filter, &found))
    })?;
    let time = |seconds: u32| -> SystemTime { UNIX_EPOCH + Duration::from_secs(seconds.into()) };
    Ok(FlowQuery { filter, range: TimeRange { from: time(from), to: time(to) }, kind, limit, id: None })
}

fn within(number: u32, name: &str) -> Result<u32, Problem> {
    if (1..=MOST).contains(&number) {
        return Ok(number);
    }
    Err(Problem::bad_request(format!("`{name}` must be from 1 to {MOST}")))
}

/// The column of that name, in the schema's case.
fn column(app: &Shared, name: &str) -> Result<String, Problem> {
    let schema = &app.config.schema;
    match schema.find(name) {
        Some(id) => Ok(schema.column(id).name.to_string()),
        None => {
            let near = tables::closest(name, schema.columns().iter().map(|column| column.name.as_ref()));
            let help = near.first().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
            Err(Problem::bad_request(format!("there is no such column{help}")))
        }
    }
}

/// The lines of the answer. Dropping them cancels the query.
fn lines(
    head: Bytes,
    rows: RowStream,
    permit: Permit,
) -> impl futures_util::Stream<Item = Result<Bytes, std::convert::Infallible>> {
    let state = Some((rows, 0_u64, permit));
    let tail = stream::unfold(state, |state| async move {
        let (mut rows, count, permit) = state?;
        Some(match rows.next().await {
            Some(Ok(row)) => (line(&row), Some((rows, count + 1, permit))),
            Some(Err(error)) => (line(&serde_json::json!({"error": error.to_string()})), None),
            None => (line(&serde_json::json!({"rows": count})), None),
        })
    });
    stream::once(async move { head }).chain(tail).map(Ok)
}

fn line(value: &impl Serialize) -> Bytes {
    // Plain data, which JSON has forms for.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line.into()
}
