//! `POST /api/v0/console/graph/sankey`.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::axis::{Axis, number};
use super::line::{axis_name, both};
use super::request::{Graph, Request, read_sankey};
use crate::app::App;
use crate::body::AnyBody;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::responses::{Always, OfBackend, Refused};
use crate::v0::sql_header::with_sql;

/// The traffic from value to value.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = V0Sankey)]
pub(crate) struct Sankey {
    /// The combinations of values, one for each dimension.
    rows: Vec<Vec<String>>,
    /// The average of each.
    #[schema(value_type = Vec<f64>)]
    xps: Vec<Number>,
    /// The axis of each: 1 is the direction asked for, 2 its reverse.
    axis: Vec<u8>,
    /// What the axes are called, by their number.
    axis_names: BTreeMap<u8, String>,
    /// The values, each with its dimension before it.
    nodes: Vec<Node>,
    /// What flows from a value of a dimension to one of the next.
    links: Vec<Link>,
}

/// A value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = V0SankeyNode)]
struct Node {
    /// As `SrcAS: 15169: Google`.
    name: String,
    /// Its axis.
    axis: u8,
}

/// The traffic from a value to another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = V0SankeyLink)]
struct Link {
    /// The name of the node it comes from.
    source: String,
    /// The name of the node it goes to.
    target: String,
    /// The average.
    #[schema(value_type = f64)]
    xps: Number,
    /// Its axis.
    axis: u8,
}

/// Draw the traffic from value to value, as the console of Akvorado does
///
/// The answer has the SQL in its header `X-SQL-Query`.
#[utoipa::path(
    post,
    path = "/api/v0/console/graph/sankey",
    tag = "console",
    operation_id = "v0_graph_sankey",
    request_body = Request,
    responses((status = 200, description = "The nodes and links", body = Sankey), Refused, OfBackend, Always)
)]
pub(in crate::v0) async fn sankey(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    AnyBody(body): AnyBody,
) -> Result<Response, Problem> {
    let graph = read_sankey(&app, &caller, body).await?;
    let backend = app.flows()?;
    let ask = |query| Axis::ask(backend, &app.config.schema, query, graph.units);
    let (forward, reverse) = both(ask(&graph.forward), graph.reverse.as_ref().map(ask)).await?;
    let mut sankey = Sankey::default();
    let mut sql = Vec::new();
    for (number, axis) in [(1, Some(forward)), (2, reverse)] {
        let Some(axis) = axis else { continue };
        sql.push(axis.sql.clone());
        sankey.add(number, axis.ranked(graph.limit_type), &graph);
    }
    Ok(with_sql(Json(sankey), &sql))
}

impl Sankey {
    fn add(&mut self, axis: u8, found: Axis, graph: &Graph) {
        let length = graph.forward.range.to.duration_since(graph.forward.range.from).unwrap_or_default();
        self.axis_names.insert(axis, axis_name(axis, length));
        let mut seen = BTreeSet::new();
        // Links in the order of the rows, which is that of their traffic.
        let mut links: Vec<(String, String)> = Vec::new();
        let mut sums: BTreeMap<(String, String), f64> = BTreeMap::new();
        for series in found.series {
            let names: Vec<String> =
                found.names.iter().zip(&series.row).map(|(name, value)| format!("{name}: {value}")).collect();
            for name in &names {
                if seen.insert(name.clone()) {
                    self.nodes.push(Node { name: name.clone(), axis });
                }
            }
            for (source, target) in names.iter().zip(names.iter().skip(1)) {
                let link = (source.clone(), target.clone());
                if !sums.contains_key(&link) {
                    links.push(link.clone());
                }
                *sums.entry(link).or_default() += series.statistics.average;
            }
            self.rows.push(series.row);
            self.xps.push(number(series.statistics.average, graph.units));
            self.axis.push(axis);
        }
        for link in links {
            let xps = number(sums.get(&link).copied().unwrap_or_default(), graph.units);
            let (source, target) = link;
            self.links.push(Link { source, target, xps, axis });
        }
    }
}
