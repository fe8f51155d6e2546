//! The page at `/`, whose files the build put into the service.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::app::App;
use crate::problem::Problem;

mod files {
    include!(concat!(env!("OUT_DIR"), "/page.rs"));
}

/// What a service says that was built without the page.
const WITHOUT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>FlowQL</title>\
    <h1>FlowQL</h1><p>This service was built without its page: run <code>make page</code> in the repository and build \
    the service again. Its <a href=\"docs/\">API</a> is here all the same.</p></html>";

/// The routes of the page.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/", get(index)).route("/assets/{name}", get(asset))
}

fn file(address: &str) -> Option<&'static [u8]> {
    let place = files::FILES.binary_search_by_key(&address, |(name, _)| name).ok()?;
    files::FILES.get(place).map(|(_, bytes)| *bytes)
}

/// The page. Its scripts and styles are files of the service; the styles that the editor makes carry a number that
/// is new each time, and so does the policy that lets them in.
async fn index() -> Result<Response, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Problem::internal())?;
    let nonce: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let html = match file("index.html") {
        Some(html) => String::from_utf8_lossy(html)
            .replace("</head>", &format!("<meta name=\"nonce\" content=\"{nonce}\"></head>")),
        None => WITHOUT.to_owned(),
    };
    // Chromium itself gives a style to what one types over a selection.
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'"
    );
    let policy = HeaderValue::try_from(policy).map_err(|_| Problem::internal())?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, html).into_response())
}

/// A file of the page. Its name holds a hash of what is in it: it never changes.
async fn asset(Path(name): Path<String>) -> Response {
    let Some(bytes) = file(&format!("assets/{name}")) else {
        return Problem::not_found("address").into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (StatusCode::OK, headers, bytes).into_response()
}
