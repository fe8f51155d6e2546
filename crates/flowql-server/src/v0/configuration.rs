//! `GET /api/v0/console/configuration`.

use axum::Json;
use axum::extract::State;
use flowql::Column;
use serde::Serialize;
use utoipa::ToSchema;

use super::MOST_SERIES;
use super::widget::TOPS;
use crate::app::App;
use crate::responses::Always;

/// What a console has to know before it asks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = V0Configuration)]
pub(crate) struct Configuration {
    /// The version of the service.
    version: &'static str,
    /// What a graph shows at first.
    default_visualize_options: VisualizeOptions,
    /// The most series of a graph.
    dimensions_limit: u32,
    /// The columns to group by.
    dimensions: Vec<String>,
    /// Those of them whose addresses can be cut.
    truncatable: Vec<String>,
    /// The top values of the first page.
    homepage_top_widgets: Vec<&'static str>,
}

/// What a graph shows at first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = V0VisualizeOptions)]
struct VisualizeOptions {
    /// `stacked`.
    graph_type: &'static str,
    /// `6 hours ago`.
    start: &'static str,
    /// `now`.
    end: &'static str,
    /// The filter.
    filter: &'static str,
    /// The columns.
    dimensions: Vec<&'static str>,
    /// How many series.
    limit: u32,
    /// What they are ranked by.
    limit_type: &'static str,
    /// Whether the opposite direction is shown.
    bidirectional: bool,
    /// Whether the period before is shown.
    previous_period: bool,
}

/// What a console has to know, as that of Akvorado asks it
#[utoipa::path(
    get,
    path = "/api/v0/console/configuration",
    tag = "console",
    operation_id = "v0_configuration",
    responses((status = 200, description = "Columns, limits and defaults", body = Configuration), Always)
)]
pub(super) async fn configuration(State(app): State<App>) -> Json<Configuration> {
    let schema = &app.config.schema;
    let is_enabled = |name: &str| schema.find(name).is_some_and(|id| !schema.column(id).disabled);
    let dimensions: Vec<&Column> =
        schema.columns().iter().filter(|column| !column.disabled && !column.not_a_dimension).collect();
    let names = |columns: &mut dyn Iterator<Item = &&Column>| -> Vec<String> {
        columns.map(|column| column.name.to_string()).collect()
    };
    Json(Configuration {
        version: env!("CARGO_PKG_VERSION"),
        default_visualize_options: VisualizeOptions {
            graph_type: "stacked",
            start: "6 hours ago",
            end: "now",
            filter: if is_enabled("InIfBoundary") { "InIfBoundary = external" } else { "" },
            dimensions: ["SrcAS"].into_iter().filter(|name| is_enabled(name)).collect(),
            limit: 10,
            limit_type: "avg",
            bidirectional: false,
            previous_period: false,
        },
        dimensions_limit: MOST_SERIES,
        truncatable: names(&mut dimensions.iter().filter(|column| column.truncatable_address)),
        dimensions: names(&mut dimensions.iter()),
        homepage_top_widgets: TOPS
            .iter()
            .filter(|top| top.is_usual && is_enabled(top.column))
            .map(|top| top.name)
            .collect(),
    })
}
