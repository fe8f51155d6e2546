//! `POST /api/v0/console/graph/line`.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use flowql_backend::{Backend, FlowQuery, Kind, TimeRange};
use futures_util::future::try_join;
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::axis::{Axis, Series, Steps, number};
use super::request::{Graph, LineRequest, Units, read_line};
use crate::app::App;
use crate::body::AnyBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, OfBackend, Refused};
use crate::v0::sql_header::with_sql;
use crate::v0::time::rfc_3339;

/// The traffic over time. The lists without `t` have an item for each series; those of all axes are in the same lists.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = V0Line)]
pub(crate) struct Line {
    /// The times, in the form of RFC 3339.
    t: Vec<String>,
    /// The values of each series, one for each dimension; of the period before there are none.
    rows: Vec<Vec<String>>,
    /// The points of each series, one for each time.
    #[schema(value_type = Vec<Vec<f64>>)]
    points: Vec<Vec<Number>>,
    /// The axis of each series: 1 is the direction asked for, 2 its reverse, 3 and 4 the period before of each.
    axis: Vec<u8>,
    /// What the axes are called, by their number.
    axis_names: BTreeMap<u8, String>,
    /// The average of each series.
    #[schema(value_type = Vec<f64>)]
    average: Vec<Number>,
    /// The sum of each series; absent where the unit is a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<f64>>, required = false)]
    total: Option<Vec<Number>>,
    /// The smallest point of each series.
    #[schema(value_type = Vec<f64>)]
    min: Vec<Number>,
    /// The largest point of each series.
    #[schema(value_type = Vec<f64>)]
    max: Vec<Number>,
    /// The last whole point of each series.
    #[schema(value_type = Vec<f64>)]
    last: Vec<Number>,
    /// The 95th percentile of the points of each series, by nearest rank.
    #[serde(rename = "95th")]
    #[schema(value_type = Vec<f64>)]
    p95: Vec<Number>,
}

/// Draw the traffic over time, as the console of Akvorado does
///
/// The answer has the SQL in its header `X-SQL-Query`.
#[utoipa::path(
    post,
    path = "/api/v0/console/graph/line",
    tag = "console",
    operation_id = "v0_graph_line",
    request_body = LineRequest,
    responses((status = 200, description = "The series", body = Line), Refused, OfBackend, Always)
)]
pub(in crate::v0) async fn line(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    AnyBody(body): AnyBody,
) -> Result<Response, Problem> {
    let graph = read_line(&app, &caller, body).await?;
    let backend = app.flows()?;
    let ask = |query| Axis::ask(backend, &app.config.schema, query, graph.units);
    let (forward, reverse) = both(ask(&graph.forward), graph.reverse.as_ref().map(ask)).await?;
    let mut axes = vec![(1, forward.ranked(graph.limit_type))];
    if let (Some(reverse), Some((_, forward))) = (reverse, axes.first()) {
        // Its table may be another one.
        let is_alike = reverse.steps.times == forward.steps.times;
        let reverse = if is_alike { reverse } else { reverse.moved(0, &forward.steps) };
        axes.push((2, reverse.ranked(graph.limit_type)));
    }
    if graph.previous_period {
        axes.extend(previous(backend, &app, &graph, &axes).await?);
    }
    let sql: Vec<_> = axes.iter().map(|(_, axis)| axis.sql.clone()).collect();
    Ok(with_sql(Json(Line::new(axes, &graph)), &sql))
}

/// One axis, and another one where there is one.
pub(super) async fn both(
    first: impl Future<Output = Result<Axis, Problem>>,
    second: Option<impl Future<Output = Result<Axis, Problem>>>,
) -> Result<(Axis, Option<Axis>), Problem> {
    let Some(second) = second else { return Ok((first.await?, None)) };
    let (first, second) = try_join(first, second).await?;
    Ok((first, Some(second)))
}

/// The axes of the period before.
async fn previous(
    backend: &dyn Backend,
    app: &App,
    graph: &Graph,
    axes: &[(u8, Axis)],
) -> Result<Vec<(u8, Axis)>, Problem> {
    let length = length(&graph.forward);
    let (later, _) = period(length);
    let ask = async |number: u8, query: &FlowQuery| {
        let Some((_, now)) = axes.iter().find(|(other, _)| *other == number) else { return Ok(None) };
        let query = before(query, later, &now.steps);
        let axis = Axis::ask(backend, &app.config.schema, &query, graph.units).await?;
        let moved = axis.moved(later.as_secs(), &now.steps).ranked(graph.limit_type);
        Ok::<_, Problem>(Some((number + 2, moved)))
    };
    let mut found = Vec::new();
    found.extend(ask(1, &graph.forward).await?);
    if let Some(reverse) = &graph.reverse {
        found.extend(ask(2, reverse).await?);
    }
    Ok(found)
}

/// The same query of an earlier time, without its dimensions, at the points of another axis.
fn before(query: &FlowQuery, earlier: Duration, steps: &Steps) -> FlowQuery {
    let mut query = query.clone();
    if let Kind::Series { columns, .. } = &mut query.kind {
        columns.clear();
    }
    let TimeRange { from, to } = query.range;
    let at = |time: std::time::SystemTime| time.checked_sub(earlier).unwrap_or(std::time::UNIX_EPOCH);
    query.range = TimeRange { from: at(from), to: at(to) };
    query.options.step = Some(Duration::from_secs(steps.interval));
    query
}

fn length(query: &FlowQuery) -> Duration {
    query.range.to.duration_since(query.range.from).unwrap_or_default()
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// How much earlier the period before a range is, and what it is called.
fn period(length: Duration) -> (Duration, &'static str) {
    let (seconds, name) = match length.as_secs() {
        length if length < 2 * HOUR => (HOUR, "hour"),
        length if length < 2 * DAY => (DAY, "day"),
        length if length < 2 * WEEK => (WEEK, "week"),
        length if length < 8 * WEEK => (4 * WEEK, "4 weeks"),
        _ => (365 * DAY, "year"),
    };
    (Duration::from_secs(seconds), name)
}

/// What an axis is called.
pub(super) fn axis_name(axis: u8, length: Duration) -> String {
    let (_, period) = period(length);
    match axis {
        1 => "Direct".to_owned(),
        2 => "Reverse".to_owned(),
        3 => format!("Previous {period}"),
        _ => format!("Previous {period} (reverse)"),
    }
}

impl Line {
    fn new(axes: Vec<(u8, Axis)>, graph: &Graph) -> Self {
        let mut line = Self { total: (!graph.units.is_share()).then(Vec::new), ..Self::default() };
        if let Some((_, axis)) = axes.first() {
            line.t = axis.steps.times.iter().map(|&time| rfc_3339(time)).collect();
        }
        for (number, axis) in axes {
            line.axis_names.insert(number, axis_name(number, length(&graph.forward)));
            for series in axis.series {
                line.add(number, series, graph.units);
            }
        }
        line
    }

    fn add(&mut self, axis: u8, series: Series, units: Units) {
        let Series { row, values, statistics, .. } = series;
        self.rows.push(row);
        self.points.push(values.into_iter().map(|value| number(value, units)).collect());
        self.axis.push(axis);
        self.average.push(number(statistics.average, units));
        if let Some(total) = &mut self.total {
            total.push(number(statistics.total, units));
        }
        self.min.push(number(statistics.min, units));
        self.max.push(number(statistics.max, units));
        self.last.push(number(statistics.last, units));
        self.p95.push(number(statistics.p95, units));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_before_depends_on_the_length() {
        let name = |seconds: u64| axis_name(3, Duration::from_secs(seconds));
        assert_eq!((name(60).as_str(), name(2 * HOUR - 1).as_str()), ("Previous hour", "Previous hour"));
        assert_eq!((name(2 * HOUR).as_str(), name(2 * DAY).as_str()), ("Previous day", "Previous week"));
        assert_eq!((name(2 * WEEK).as_str(), name(8 * WEEK).as_str()), ("Previous 4 weeks", "Previous year"));
        assert_eq!(axis_name(4, Duration::from_secs(60)), "Previous hour (reverse)");
    }
}
