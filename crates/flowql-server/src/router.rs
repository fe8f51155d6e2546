//! The routes, and the document that describes them.

use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;
use crate::gate::gate;
use crate::problem::Problem;
use crate::v0::SQL_HEADER;
use crate::{operation, page, v0, v1};

/// The policy of the page that shows the document: it brings its own scripts, and styles itself inline.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "FlowQL", description = "Filters for network flows: validate, complete, compile, format and save them."),
    tags(
        (name = "language", description = "Whole texts and cursors: a client needs no parser of its own"),
        (name = "saved filters", description = "Filters of a user, usable as `@name` in any other"),
        (name = "dashboards", description = "Dashboards and views: files, and those that a user has made"),
        (name = "console", description = "The routes that the console of Akvorado calls"),
        (name = "attacks", description = "Attacks that were found, where a detector runs in the same process"),
        (name = "collector", description = "What comes in, where a collector runs in the same process"),
        (name = "operation", description = "For those who run the service"),
    )
)]
struct Document;

fn described() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(v1::routes())
        .merge(v0::routes())
        .merge(operation::routes())
        .split_for_parts()
}

/// The OpenAPI document of the service, as JSON.
pub fn openapi() -> String {
    let (_, document) = described();
    // Strings, numbers, maps with strings as keys: nothing that JSON lacks.
    document.to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}

/// Everything that is served.
pub(crate) fn router(app: App) -> Router {
    let (routes, document) = described();
    let pages = Router::from(SwaggerUi::new("/docs").config(
        utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none").try_it_out_enabled(true),
    ));
    let pages = pages.layer(middleware::map_response(with_page_policy));
    let cors = cors(&app);
    let layered = routes
        .route("/openapi.json", axum::routing::get(move || async move { Json(document) }))
        .merge(pages)
        .merge(page::routes())
        .method_not_allowed_fallback(async || Problem::method())
        .fallback(async || Problem::not_found("address"))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), gate))
        .with_state(app);
    match cors {
        Some(cors) => layered.layer(cors),
        None => layered,
    }
}

/// Lets the pages of the configured sites call; `None` where there are none.
fn cors(app: &App) -> Option<CorsLayer> {
    let origins = &app.section.cors_origins;
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE])
        .allow_credentials(true)
        .expose_headers([HeaderName::from_static("x-request-id"), SQL_HEADER, header::RETRY_AFTER]);
    Some(layer)
}

async fn with_page_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    response
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    // The place and the message are on standard error already, by the hook of the process.
    tracing::error!("a request ended in a panic");
    Problem::internal().into_response()
}
