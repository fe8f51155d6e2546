//! `POST /api/v0/console/graph/table-interval`.

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use flowql_backend::{FlowQuery, Kind, QueryOptions, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{check_points, range};
use crate::app::{App, parse};
use crate::body::AnyBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, OfBackend, Refused};
use crate::v0::sql_header::with_sql;

/// A time, and how many points it has.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = V0TableInterval)]
pub(crate) struct Question {
    /// The start, in the form of RFC 3339.
    #[schema(example = "2026-01-31T06:00:00Z")]
    start: String,
    /// The end.
    #[schema(example = "2026-01-31T12:00:00Z")]
    end: String,
    /// How many points there are, about.
    #[schema(minimum = 5, maximum = 2000)]
    points: u32,
}

/// The table, and how far apart the points are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0TableIntervalAnswer)]
pub(crate) struct Answer {
    /// The coarsest table that fits.
    table: String,
    /// The seconds between the points: a multiple of the table's interval.
    interval: u64,
}

/// Say which table a graph reads, as the console of Akvorado asks it
#[utoipa::path(
    post,
    path = "/api/v0/console/graph/table-interval",
    tag = "console",
    operation_id = "v0_graph_table_interval",
    request_body = Question,
    responses((status = 200, description = "The table and the interval", body = Answer), Refused, OfBackend, Always)
)]
pub(in crate::v0) async fn table_interval(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    AnyBody(body): AnyBody,
) -> Result<Response, Problem> {
    let Question { start, end, points }: Question = parse(&body)?;
    check_points(points)?;
    let range = range(&start, &end)?;
    let kind = Kind::Series { columns: Vec::new(), unit: Unit::Bits, points };
    let options = QueryOptions { is_plain: true, ..QueryOptions::default() };
    let query = FlowQuery { filter: caller.every_flow(&app)?, range, kind, limit: 1, options, id: None };
    let plan = app.flows()?.plan(&query).await.map_err(|error| Problem::of_backend(&error))?;
    let interval = plan.interval.unwrap_or_default().as_secs().max(1);
    Ok(with_sql(Json(Answer { table: plan.table, interval }), &[plan.sql]))
}
