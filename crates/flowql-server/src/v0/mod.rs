//! The routes that the console of Akvorado calls, in its shapes.

mod complete;
mod configuration;
mod graph;
mod saved;
mod sql_header;
mod time;
mod user;
mod validate;
mod widget;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use sql_header::SQL_HEADER;

use crate::app::App;

/// The most series of a graph.
const MOST_SERIES: u32 = 50;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(validate::validate))
        .routes(routes!(complete::complete))
        .routes(routes!(saved::list, saved::add))
        .routes(routes!(saved::delete))
        .routes(routes!(configuration::configuration))
        .routes(routes!(graph::line::line))
        .routes(routes!(graph::sankey::sankey))
        .routes(routes!(graph::interval::table_interval))
        .routes(routes!(widget::flow_last))
        .routes(routes!(widget::flow_rate))
        .routes(routes!(widget::exporters))
        .routes(routes!(widget::top))
        .routes(routes!(widget::graph))
        .routes(routes!(user::info))
}
