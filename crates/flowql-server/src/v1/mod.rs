//! The API of this project: whole texts and cursors, so that a client needs no parser.

mod attacks;
mod boards;
mod collector;
mod compile;
mod complete;
mod filters;
mod format;
mod hover;
mod query;
mod schema;
mod validate;

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// A filter, and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OneFilter {
    /// The text.
    #[schema(example = "srcas=15169 and dstport in (80,443)")]
    filter: String,
}

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(compile::compile))
        .routes(routes!(validate::validate))
        .routes(routes!(complete::complete))
        .routes(routes!(format::format))
        .routes(routes!(hover::hover))
        .routes(routes!(filters::list, filters::add))
        .routes(routes!(filters::replace, filters::delete))
        .routes(routes!(boards::list))
        .routes(routes!(boards::put, boards::delete))
        .routes(routes!(schema::schema))
        .routes(routes!(query::query))
        .routes(routes!(query::plan))
        .routes(routes!(attacks::list))
        .routes(routes!(attacks::status))
        .routes(routes!(attacks::switch))
        .routes(routes!(attacks::show))
        .routes(routes!(attacks::approve))
        .routes(routes!(attacks::withdraw))
        .routes(routes!(attacks::extend))
        .routes(routes!(collector::exporters))
        .routes(routes!(collector::tail))
}
