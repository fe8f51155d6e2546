//! The routes that the console of Akvorado calls, in its shapes.

mod complete;
mod saved;
mod validate;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(validate::validate))
        .routes(routes!(complete::complete))
        .routes(routes!(saved::list, saved::add))
        .routes(routes!(saved::delete))
}
