//! What a graph is asked with.

use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use flowql::{Compiler, tables};
use flowql_backend::{
    Direction, FlowQuery, Kind, QueryOptions, Statistic, TimeRange, Unit, columns_to_group_by,
};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::v0::MOST_SERIES;

/// The flows of a graph.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = V0Graph)]
pub(crate) struct Request {
    /// The start, in the form of RFC 3339.
    #[schema(example = "2026-01-31T06:00:00Z")]
    start: String,
    /// The end, which does not belong to it.
    #[schema(example = "2026-01-31T12:00:00Z")]
    end: String,
    /// The columns: each combination of their values is a series.
    #[serde(default)]
    #[schema(example = json!(["SrcAS", "DstAS"]))]
    dimensions: Vec<String>,
    /// How many series there are, in addition to that of all others.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 50, default = 10)]
    limit: u32,
    /// By what the series are ranked.
    #[serde(default, rename = "limitType")]
    #[schema(inline)]
    limit_type: LimitType,
    /// The flows that count.
    #[serde(default)]
    #[schema(example = "InIfBoundary = external")]
    filter: String,
    /// How many bits are left of IPv4 addresses; all where it is 0.
    #[serde(default, rename = "truncate-v4")]
    #[schema(maximum = 32)]
    truncate_v4: u8,
    /// How many bits are left of IPv6 addresses; all where it is 0.
    #[serde(default, rename = "truncate-v6")]
    #[schema(maximum = 128)]
    truncate_v6: u8,
    #[serde(default)]
    #[schema(inline)]
    units: Units,
    /// Whether the opposite direction is answered as well.
    #[serde(default)]
    bidirectional: bool,
}

/// What only a graph over time is asked with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = V0LineGraph)]
pub(crate) struct LineRequest {
    #[serde(flatten)]
    request: Request,
    /// How many points there are, about.
    #[serde(default = "two_hundred")]
    #[schema(minimum = 5, maximum = 2000, default = 200)]
    points: u32,
    /// Whether the period before is answered as well.
    #[serde(default)]
    previous_period: bool,
}

/// What the series are ranked by.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum LimitType {
    #[default]
    Avg,
    Max,
    Last,
}

/// What traffic is measured in.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
pub(super) enum Units {
    /// Bits per second at layer 3.
    #[default]
    #[serde(rename = "l3bps")]
    L3bps,
    /// Bits per second at layer 2.
    #[serde(rename = "l2bps")]
    L2bps,
    /// Packets per second.
    #[serde(rename = "pps")]
    Pps,
    /// Flows per second, not multiplied by the sampling rate.
    #[serde(rename = "fps")]
    Fps,
    /// The share of the speed of the input interfaces, in percent.
    #[serde(rename = "inl2%")]
    InShare,
    /// The same of the output interfaces.
    #[serde(rename = "outl2%")]
    OutShare,
}

impl Units {
    const fn unit(self) -> Unit {
        match self {
            Self::L3bps => Unit::Bits,
            Self::L2bps => Unit::L2Bits,
            Self::Pps => Unit::Packets,
            Self::Fps => Unit::Flows,
            Self::InShare => Unit::InSpeed,
            Self::OutShare => Unit::OutSpeed,
        }
    }

    /// Whether it is a share, of which there is no total.
    pub(super) const fn is_share(self) -> bool {
        matches!(self, Self::InShare | Self::OutShare)
    }
}

impl From<LimitType> for Statistic {
    fn from(limit: LimitType) -> Self {
        match limit {
            LimitType::Avg => Self::Average,
            LimitType::Max => Self::Maximum,
            LimitType::Last => Self::Last,
        }
    }
}

const fn ten() -> u32 {
    10
}

const fn two_hundred() -> u32 {
    200
}

/// A graph that was read.
#[derive(Debug)]
pub(super) struct Graph {
    /// The direction asked for.
    pub(super) forward: FlowQuery,
    /// The opposite one, where it is asked for too.
    pub(super) reverse: Option<FlowQuery>,
    pub(super) units: Units,
    pub(super) limit_type: LimitType,
    pub(super) previous_period: bool,
}

/// How many points the averages of a graph without time are made of: the ends of its range are off by a hundredth.
const POINTS_OF_SANKEY: u32 = 100;

/// Reads the body of a graph over time, with the saved filters of the caller.
pub(super) async fn read_line(app: &App, caller: &Caller, body: Bytes) -> Result<Graph, Problem> {
    let names = app.saved.names(caller.owner().as_ref()).await?;
    let caller = caller.clone();
    let read = move |app: &Shared, compiler: Compiler<'_>, line: LineRequest| {
        let LineRequest { request, points, previous_period } = line;
        check_points(points)?;
        let graph = read(app, &caller, &compiler, &request, points)?;
        Ok(Graph { previous_period, ..graph })
    };
    app.work(names, body, read).await?
}

/// Reads the body of a graph from value to value.
pub(super) async fn read_sankey(app: &App, caller: &Caller, body: Bytes) -> Result<Graph, Problem> {
    let names = app.saved.names(caller.owner().as_ref()).await?;
    let caller = caller.clone();
    let read = move |app: &Shared, compiler: Compiler<'_>, request: Request| {
        if request.dimensions.len() < 2 {
            return Err(Problem::bad_request("`dimensions` must have at least two columns"));
        }
        read(app, &caller, &compiler, &request, POINTS_OF_SANKEY)
    };
    app.work(names, body, read).await?
}

fn read(
    app: &Shared,
    caller: &Caller,
    compiler: &Compiler<'_>,
    request: &Request,
    points: u32,
) -> Result<Graph, Problem> {
    tracing::debug!(filter = %request.filter, "graph");
    if !(1..=MOST_SERIES).contains(&request.limit) {
        return Err(Problem::bad_request(format!("`limit` must be from 1 to {MOST_SERIES}")));
    }
    let range = range(&request.start, &request.end)?;
    let columns = dimensions(app, request)?;
    let compile = |direction| {
        caller
            .compile(compiler, &request.filter, direction)
            .map_err(|error| app.refused(error, &request.filter))
    };
    let options = QueryOptions {
        statistic: request.limit_type.into(),
        points: Some(points),
        is_plain: true,
        ..QueryOptions::default()
    };
    let kind = Kind::Series { columns, unit: request.units.unit(), points };
    let filter = compile(Direction::Forward)?;
    app.metrics.diagnosed(&filter.compiled.diagnostics);
    let forward = FlowQuery { filter, range, kind, limit: request.limit, options, id: None };
    let reverse = request.bidirectional.then(|| {
        let reversed = forward.reversed(&app.config.schema, compile(Direction::Reverse)?);
        reversed.map_err(|error| Problem::of_backend(&error))
    });
    let (units, limit_type) = (request.units, request.limit_type);
    Ok(Graph { forward, reverse: reverse.transpose()?, units, limit_type, previous_period: false })
}

/// That there are so many points as there may be.
pub(in crate::v0) fn check_points(points: u32) -> Result<(), Problem> {
    if (5..=2000).contains(&points) {
        return Ok(());
    }
    Err(Problem::bad_request("`points` must be from 5 to 2000"))
}

/// The time between two texts in the form of RFC 3339.
pub(super) fn range(start: &str, end: &str) -> Result<TimeRange, Problem> {
    let range = TimeRange { from: time(start, "start")?, to: time(end, "end")? };
    if range.from >= range.to {
        return Err(Problem::bad_request("`start` must be before `end`"));
    }
    Ok(range)
}

fn time(text: &str, name: &str) -> Result<SystemTime, Problem> {
    let parsed: Option<Timestamp> = text.parse().ok();
    let seconds = parsed.map(Timestamp::as_duration);
    // The database keeps times in 32 bits.
    let time = seconds.filter(|time| (0..=i64::from(u32::MAX)).contains(&time.as_secs()));
    let time = time.and_then(|time| Duration::try_from(time).ok()).map(|time| SystemTime::UNIX_EPOCH + time);
    time.ok_or_else(|| {
        Problem::bad_request(format!("`{name}` must be a time such as `2026-01-31T12:00:00Z`"))
    })
}

/// The columns to group by, addresses cut as it is asked for.
fn dimensions(app: &Shared, request: &Request) -> Result<Vec<String>, Problem> {
    let Request { truncate_v4, truncate_v6, .. } = *request;
    if truncate_v4 > 32 {
        return Err(Problem::bad_request("`truncate-v4` must be from 0 to 32"));
    }
    if truncate_v6 > 128 {
        return Err(Problem::bad_request("`truncate-v6` must be from 0 to 128"));
    }
    let v4 = if truncate_v4 == 0 { 32 } else { truncate_v4 };
    let v6 = if truncate_v6 == 0 { 128 } else { truncate_v6 };
    let is_cut = v4 < 32 || v6 < 128;
    let schema = &app.config.schema;
    let mut columns = Vec::new();
    for name in &request.dimensions {
        let Some(id) = schema.find(name) else {
            let near = tables::closest(name, schema.columns().iter().map(|column| column.name.as_ref()));
            let help = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(Problem::bad_request(format!("there is no column `{name}`{help}")));
        };
        let column = schema.column(id);
        columns.push(match column.truncatable_address && is_cut {
            true => format!("{}/{v4}/{v6}", column.name),
            false => column.name.to_string(),
        });
    }
    columns_to_group_by(schema, &columns).map_err(|error| Problem::of_backend(&error))?;
    if columns.iter().enumerate().any(|(place, name)| columns.iter().take(place).any(|before| before == name))
    {
        return Err(Problem::bad_request("`dimensions` names a column twice"));
    }
    Ok(columns)
}
