//! `POST /api/v1/query` and `POST /api/v1/plan`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use flowql::{Compiler, tables};
use flowql_backend::{
    Answer, Direction, FlowQuery, Kind, Plan, QueryOptions, RowStream, Statistic, TimeRange, Unit, both,
};
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
use crate::shapes::{self, Diagnostic};

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
    /// Whether the opposite direction is answered as well: the rows then have a first column `direction`, which is
    /// `forward`, then `reverse`; the columns of the latter are the counterparts.
    #[serde(default)]
    both: bool,
    /// The columns; of `flows` a usual choice where there are none. To group by, an address may be cut to a prefix:
    /// `SrcAddr/24` to /24 of IPv4 and /48 of IPv6, `SrcAddr/24/56` says both.
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    #[schema(inline)]
    unit: Measure,
    #[serde(default)]
    #[schema(inline)]
    statistic: Ranking,
    /// The start, in seconds since 1970.
    #[schema(maximum = 4_294_967_295_u64)]
    from: u64,
    /// The end, which does not belong to it.
    #[schema(maximum = 4_294_967_295_u64)]
    to: u64,
    /// How many points a series has at most, or a ranking by points; parts at the ends can make one more.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000, default = 200)]
    points: Option<u32>,
    /// The seconds between the points, in the place of their number. A table whose intervals are longer makes it longer.
    #[serde(default)]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4_294_967_295_u64)]
    step: Option<u32>,
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
    /// Bits per second at layer 2: 38 bytes a packet more.
    L2Bits,
    /// Packets per second.
    Packets,
    /// Flow records.
    Flows,
    /// Bits at layer 2 as a share of the speed of the input interfaces, from 0 to 1.
    InSpeed,
    /// The same of the output interfaces.
    OutSpeed,
}

impl From<Measure> for Unit {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Bits => Self::Bits,
            Measure::L2Bits => Self::L2Bits,
            Measure::Packets => Self::Packets,
            Measure::Flows => Self::Flows,
            Measure::InSpeed => Self::InSpeed,
            Measure::OutSpeed => Self::OutSpeed,
        }
    }
}

/// What the values with the most traffic are found by. Points without traffic count as 0.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Ranking {
    /// The whole time.
    #[default]
    Average,
    /// The largest point.
    Maximum,
    /// The last point that is whole.
    Last,
    /// The 95th percentile of the points, by nearest rank.
    P95,
}

impl From<Ranking> for Statistic {
    fn from(ranking: Ranking) -> Self {
        match ranking {
            Ranking::Average => Self::Average,
            Ranking::Maximum => Self::Maximum,
            Ranking::Last => Self::Last,
            Ranking::P95 => Self::P95,
        }
    }
}

/// The first line of the answer.
#[derive(Debug, Serialize)]
struct Head {
    columns: Vec<AnswerColumn>,
    #[serde(flatten)]
    plan: Planned,
}

/// Ask for the traffic that a filter selects
///
/// The answer is a stream of lines, each of them JSON. The first is an object: `columns`, each with its `name` and ClickHouse
/// type `kind`, and the members that `/api/v1/plan` answers: the `table`, the `reason` for it, the `sql`, the `interval` of a
/// series in seconds, the time that is covered, and the warnings and hints of the filter. Each further line is an array, a row. The last is an object again: `rows`, how many there were, or `error`, why they broke off. Who closes the
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
    let asked = question(&app, &caller, body).await?;
    let backend = app.flows()?;
    let answer = match &asked.reverse {
        Some(reverse) => both(backend, &asked.forward, reverse).await,
        None => backend.query(&asked.forward).await,
    };
    let Answer { columns, rows, plan } = answer.map_err(|error| Problem::of_backend(&error))?;
    let head = Head { columns, plan: Planned::new(plan, asked.diagnostics) };
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
    /// The start of the time that is covered, in seconds since 1970: whole intervals of the table.
    from: u64,
    /// The end of it.
    to: u64,
    /// The warnings and hints of the filter.
    diagnostics: Vec<Diagnostic>,
    /// How the opposite direction is answered, where both are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    reverse: Option<ReversePlan>,
}

/// How the opposite direction of a question would be answered.
#[derive(Debug, Serialize, ToSchema)]
struct ReversePlan {
    /// The table that is read.
    table: String,
    /// Why that one.
    reason: String,
    /// The SQL.
    sql: String,
    /// The seconds between the points of a series.
    #[schema(required)]
    interval: Option<u64>,
    /// The start of the time that is covered.
    from: u64,
    /// The end of it.
    to: u64,
}

impl Planned {
    fn new(plan: Plan, diagnostics: Vec<Diagnostic>) -> Self {
        let reverse = plan.reverse.map(|plan| {
            let plan = Self::new(*plan, Vec::new());
            let Self { table, reason, sql, interval, from, to, .. } = plan;
            ReversePlan { table, reason, sql, interval, from, to }
        });
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            table: plan.table,
            reason: plan.reason,
            sql: plan.sql.to_string(),
            interval: plan.interval.map(|interval| interval.as_secs()),
            from: seconds(plan.range.from),
            to: seconds(plan.range.to),
            diagnostics,
            reverse,
        }
    }
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
    let asked = question(&app, &caller, body).await?;
    let backend = app.flows()?;
    let planned = async {
        let mut plan = backend.plan(&asked.forward).await?;
        if let Some(reverse) = &asked.reverse {
            plan.reverse = Some(Box::new(backend.plan(reverse).await?));
        }
        Ok(plan)
    };
    let plan = planned.await.map_err(|error| Problem::of_backend(&error))?;
    Ok(Json(Planned::new(plan, asked.diagnostics)))
}

/// A question that was read: in one direction or both, with the warnings and hints of its filter.
struct Asked {
    forward: FlowQuery,
    reverse: Option<FlowQuery>,
    diagnostics: Vec<Diagnostic>,
}

/// The question of a body, with the saved filters of the caller.
async fn question(app: &App, caller: &Caller, body: Bytes) -> Result<Asked, Problem> {
    let names = app.saved.names(caller.owner().as_ref()).await?;
    let caller = caller.clone();
    app.work(names, body, move |app, compiler, question| read(app, &caller, compiler, question)).await?
}

fn read(app: &Shared, caller: &Caller, compiler: Compiler<'_>, question: Question) -> Result<Asked, Problem> {
    let Question { filter, direction, kind, both, columns, unit, statistic, from, to, points, step, limit } =
        question;
    tracing::debug!(%filter, "query");
    let limit = within(limit.unwrap_or(USUAL), "limit")?;
    let points = within(points.unwrap_or(200), "points")?;
    let range = TimeRange { from: time(from, "from")?, to: time(to, "to")? };
    if range.from >= range.to {
        return Err(Problem::bad_request("`from` must be before `to`"));
    }
    if columns.len() > MOST_COLUMNS {
        return Err(Problem::bad_request(format!("more than {MOST_COLUMNS} columns")));
    }
    let columns = columns.iter().map(|name| column(app, name)).collect::<Result<Vec<_>, _>>()?;
    let unit = Unit::from(unit);
    let kind = match kind {
        What::Top if columns.is_empty() => return Err(Problem::bad_request("`top` needs a column")),
        What::Top => Kind::Top { columns, unit },
        What::Series => Kind::Series { columns, unit, points },
        What::Flows => Kind::Flows { columns },
    };
    let options = QueryOptions {
        statistic: statistic.into(),
        step: step.map(|seconds| Duration::from_secs(seconds.into())),
        points: Some(points),
        is_plain: false,
    };
    let compile = |direction| {
        caller.compile(&compiler, &filter, direction).map_err(|error| app.refused(error, &filter))
    };
    let direction = Direction::from(direction);
    let forward = compile(direction)?;
    let mut found = forward.compiled.diagnostics.clone();
    let forward = FlowQuery { filter: forward, range, kind, limit, options, id: None };
    let mut reverse = None;
    if both {
        let filter = compile(direction.opposite())?;
        let new = filter.compiled.diagnostics.iter().filter(|new| !found.contains(new));
        found.extend(new.cloned().collect::<Vec<_>>());
        let query = forward.reversed(&app.config.schema, filter);
        reverse = Some(query.map_err(|error| Problem::of_backend(&error))?);
    }
    app.metrics.diagnosed(&found);
    Ok(Asked { forward, reverse, diagnostics: shapes::diagnostics(&filter, &found) })
}

/// A time that flows can have.
fn time(seconds: u64, name: &str) -> Result<SystemTime, Problem> {
    let seconds = u32::try_from(seconds).map_err(|_| {
        let message = "is too late for flows: it is the seconds since 1970, not the milliseconds";
        Problem::bad_request(format!("`{name}` {message}"))
    })?;
    Ok(UNIX_EPOCH + Duration::from_secs(seconds.into()))
}

fn within(number: u32, name: &str) -> Result<u32, Problem> {
    if (1..=MOST).contains(&number) {
        return Ok(number);
    }
    Err(Problem::bad_request(format!("`{name}` must be from 1 to {MOST}")))
}

/// The column of that name, in the schema's case; the cut of an address is checked with the question.
fn column(app: &Shared, written: &str) -> Result<String, Problem> {
    let schema = &app.config.schema;
    let (name, cut) = written.find('/').and_then(|at| written.split_at_checked(at)).unwrap_or((written, ""));
    match schema.find(name) {
        Some(id) => Ok(format!("{}{cut}", schema.column(id).name)),
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
