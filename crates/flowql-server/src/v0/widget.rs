//! `/api/v0/console/widget`: what the first page of a console shows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::{Extension, Json};
use flowql::ColumnId;
use flowql_backend::{FlowQuery, Kind, QueryOptions, TimeRange, Unit};
use flowql_client::{AnswerTable, Sql};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::graph::{Labels, check_points};
use super::sql_header::with_sql;
use super::time::rfc_3339;
use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, OfBackend};

/// The time of what is shown as it is now.
const RECENT: Duration = Duration::from_secs(300);

/// The time of the graph, and of the exporters that are listed.
const DAY: Duration = Duration::from_secs(86_400);

/// The most exporters that are listed.
const MOST_EXPORTERS: u32 = 10_000;

/// Top values that can be asked for.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) name: &'static str,
    pub(super) column: &'static str,
    /// Whether the first page has it.
    pub(super) is_usual: bool,
}

/// All of them.
pub(super) const TOPS: &[Top] = &[
    Top { name: "src-as", column: "SrcAS", is_usual: true },
    Top { name: "dst-as", column: "DstAS", is_usual: false },
    Top { name: "src-country", column: "SrcCountry", is_usual: true },
    Top { name: "dst-country", column: "DstCountry", is_usual: false },
    Top { name: "src-port", column: "SrcPort", is_usual: true },
    Top { name: "dst-port", column: "DstPort", is_usual: false },
    Top { name: "exporter", column: "ExporterName", is_usual: true },
    Top { name: "protocol", column: "Proto", is_usual: true },
    Top { name: "etype", column: "EType", is_usual: true },
];

/// Asks for every flow that a caller may see, of a time that ends now.
async fn ask(
    app: &Shared,
    caller: &Caller,
    kind: Kind,
    time: Duration,
    limit: u32,
) -> Result<(AnswerTable, Sql), Problem> {
    let now = SystemTime::now();
    let range = TimeRange { from: now.checked_sub(time).unwrap_or(UNIX_EPOCH), to: now };
    ask_between(app, caller, kind, range, limit).await
}

async fn ask_between(
    app: &Shared,
    caller: &Caller,
    kind: Kind,
    range: TimeRange,
    limit: u32,
) -> Result<(AnswerTable, Sql), Problem> {
    let options = QueryOptions { is_plain: true, ..QueryOptions::default() };
    let query = FlowQuery { filter: caller.every_flow(app)?, range, kind, limit, options, id: None };
    let problem = |error| Problem::of_backend(&error);
    let answer = app.flows()?.query(&query).await.map_err(problem)?;
    let sql = answer.plan.sql.clone();
    Ok((answer.collect().await.map_err(problem)?, sql))
}

/// Show the newest flow, as the console of Akvorado does
#[utoipa::path(
    get,
    path = "/api/v0/console/widget/flow-last",
    tag = "console",
    operation_id = "v0_flow_last",
    responses(
        (status = 200, description = "The columns of the flow", body = Map<String, Value>),
        (status = 404, description = "There is no flow", body = Problem),
        OfBackend,
        Always
    )
)]
pub(super) async fn flow_last(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let columns = stored_columns(&app).await?;
    // Clocks differ: a flow may be of the next minutes.
    let to = SystemTime::now() + Duration::from_secs(3600);
    let range = TimeRange { from: UNIX_EPOCH, to };
    let (table, sql) = ask_between(&app, &caller, Kind::Flows { columns }, range, 1).await?;
    let row = table.rows.into_iter().next().ok_or_else(|| Problem::not_found("flow"))?;
    let schema = &app.config.schema;
    let flow: Map<String, Value> = table
        .columns
        .into_iter()
        .zip(row)
        // What numbers are called is not a column of the flow.
        .filter(|(column, _)| schema.find(&column.name).is_some())
        .map(|(column, value)| {
            let is_time = column.name == "TimeReceived";
            let time = value.as_u64().filter(|_| is_time).map(|seconds| rfc_3339(seconds).into());
            (column.name, time.unwrap_or(value))
        })
        .collect();
    Ok(with_sql(Json(flow), &[sql]))
}

/// The columns that are enabled, and that the table of every flow has.
async fn stored_columns(app: &Shared) -> Result<Vec<String>, Problem> {
    let schema = &app.config.schema;
    let stored = app.flows()?.stored().await.map_err(|error| Problem::of_backend(&error))?;
    let raw = stored.tables.iter().find(|table| table.resolution.is_zero());
    let is_stored =
        |name: &str| raw.is_none_or(|table| table.columns.iter().any(|column| column.name == name));
    let name = |id: ColumnId| schema.column(id).name.to_string();
    Ok(schema
        .ids()
        .filter(|&id| !schema.column(id).disabled)
        .map(name)
        .filter(|name| is_stored(name))
        .collect())
}

/// How many flows come in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0FlowRate)]
pub(crate) struct Rate {
    /// The flows of a period, on average over the last five minutes.
    rate: f64,
    /// `second`.
    period: &'static str,
}

/// Show how many flows come in, as the console of Akvorado does
#[utoipa::path(
    get,
    path = "/api/v0/console/widget/flow-rate",
    tag = "console",
    operation_id = "v0_flow_rate",
    responses((status = 200, description = "The rate", body = Rate), OfBackend, Always)
)]
pub(super) async fn flow_rate(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let kind = Kind::Series { columns: Vec::new(), unit: Unit::Flows, points: 1 };
    let (table, sql) = ask(&app, &caller, kind, RECENT, 1).await?;
    let flows: f64 = table.rows.iter().filter_map(|row| row.last().and_then(Value::as_f64)).sum();
    let rate = Rate { rate: flows / RECENT.as_secs_f64(), period: "second" };
    Ok(with_sql(Json(rate), &[sql]))
}

/// Who sends flows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0Exporters)]
pub(crate) struct Exporters {
    /// The names, in their order.
    exporters: Vec<String>,
}

/// List who sends flows, as the console of Akvorado does
///
/// They are those of the last day.
#[utoipa::path(
    get,
    path = "/api/v0/console/widget/exporters",
    tag = "console",
    operation_id = "v0_exporters",
    responses((status = 200, description = "The names", body = Exporters), OfBackend, Always)
)]
pub(super) async fn exporters(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    caller.sight.whole("the list of exporters")?;
    let kind = Kind::Top { columns: vec!["ExporterName".to_owned()], unit: Unit::Bits };
    let (table, sql) = ask(&app, &caller, kind, DAY, MOST_EXPORTERS).await?;
    let names = table.rows.iter().filter_map(|row| row.first().and_then(Value::as_str));
    let mut exporters: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    exporters.sort_unstable();
    Ok(with_sql(Json(Exporters { exporters }), &[sql]))
}

/// The values with the most traffic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0Top)]
pub(crate) struct TopValues {
    /// Five at most, of the last five minutes.
    top: Vec<TopValue>,
}

/// A value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0TopValue)]
struct TopValue {
    /// What it is called.
    name: String,
    /// Its share of all traffic, in percent.
    percent: f64,
}

/// Show the values with the most traffic, as the console of Akvorado does
#[utoipa::path(
    get,
    path = "/api/v0/console/widget/top/{name}",
    tag = "console",
    operation_id = "v0_top",
    params(("name" = String, Path, description = "`src-as`, `dst-as`, `src-country`, `dst-country`, `src-port`, `dst-port`, `exporter`, `protocol` or `etype`")),
    responses(
        (status = 200, description = "The values", body = TopValues),
        (status = 404, description = "There is no such widget, or no backend that knows flows", body = Problem),
        OfBackend,
        Always
    )
)]
pub(super) async fn top(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let found = TOPS.iter().find(|top| top.name == name).ok_or_else(|| Problem::not_found("widget"))?;
    let columns = vec![found.column.to_owned()];
    let (table, sql) =
        ask(&app, &caller, Kind::Top { columns: columns.clone(), unit: Unit::Bits }, RECENT, 5).await?;
    let labels = Labels::new(&app.config.schema, &columns, &table.columns);
    let share = table.columns.iter().position(|column| column.name == "share");
    let percent = |row: &[Value]| {
        let share = share.and_then(|place| row.get(place)).and_then(Value::as_f64).unwrap_or_default();
        (share * 1e4).round() / 100.0
    };
    let value = |row: &Vec<Value>| TopValue { name: labels.of(row).join(""), percent: percent(row) };
    let top = table.rows.iter().map(value).collect();
    Ok(with_sql(Json(TopValues { top }), &[sql]))
}

/// The traffic of the last day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0WidgetGraph)]
pub(crate) struct Traffic {
    /// The points.
    data: Vec<Point>,
}

/// A point.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0WidgetPoint)]
struct Point {
    /// Its time, in the form of RFC 3339.
    t: String,
    /// The traffic in Gbit/s.
    gbps: f64,
}

/// Show the traffic of the last day, as the console of Akvorado does
#[utoipa::path(
    get,
    path = "/api/v0/console/widget/graph",
    tag = "console",
    operation_id = "v0_widget_graph",
    params(("points" = Option<u32>, Query, description = "How many points there are, about: from 5 to 2000, 200 when left out")),
    responses(
        (status = 200, description = "The points", body = Traffic),
        (status = 400, description = "`points` is not as expected", body = Problem),
        OfBackend,
        Always
    )
)]
pub(super) async fn graph(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let points = points(query.as_deref().unwrap_or_default())?;
    let kind = Kind::Series { columns: Vec::new(), unit: Unit::Bits, points };
    let (table, sql) = ask(&app, &caller, kind, DAY, 1).await?;
    let point = |row: &Vec<Value>| {
        let bits = row.last().and_then(Value::as_f64).unwrap_or_default();
        Some(Point { t: rfc_3339(row.first()?.as_u64()?), gbps: bits / 1e9 })
    };
    let data = table.rows.iter().filter_map(point).collect();
    Ok(with_sql(Json(Traffic { data }), &[sql]))
}

/// The points that the query of an address asks for.
fn points(query: &str) -> Result<u32, Problem> {
    let given = query.split('&').find_map(|part| part.strip_prefix("points="));
    let Some(text) = given else { return Ok(200) };
    let points = text.parse().map_err(|_| Problem::bad_request("`points` must be a number"))?;
    check_points(points)?;
    Ok(points)
}
