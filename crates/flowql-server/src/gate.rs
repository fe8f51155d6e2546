//! What happens to every request: who calls, whether it may, how it ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;

use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::problem::Problem;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The right to be worked on, held until the answer is sent.
#[derive(Clone, Debug)]
pub(crate) struct Permit {
    _permit: Option<Arc<OwnedSemaphorePermit>>,
}

/// The header with the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of every answer. A page has a policy of its own, which is looser.
const SECURITY: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
];

/// Lets a request through to the routes, counts and logs how it ended.
pub(crate) async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = request_id(&app, request.headers());
    let span = tracing::info_span!("request", id = id.to_str().unwrap_or_default());
    let _in_flight = InFlight::new(&app);
    let mut response = {
        let peer = request.extensions().get::<Peer>().copied();
        let entered = enter(&app, peer, request.method(), request.headers(), route.as_ref());
        match entered {
            Ok((caller, permit)) => {
                request.extensions_mut().insert(caller);
                request.extensions_mut().insert(permit.clone());
                let answered = answer(&app, request, next).instrument(span.clone()).await;
                drop(permit);
                answered
            }
            Err(problem) => problem.into_response(),
        }
    };
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.insert(REQUEST_ID, id);
    let (status, took) = (response.status().as_u16(), start.elapsed());
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    app.metrics.answered(route, method, status, took);
    span.in_scope(|| {
        let ms = took.as_secs_f64() * 1000.0;
        if status >= 500 {
            tracing::error!(method, route, status, ms, "answered");
        } else {
            tracing::info!(method, route, status, ms, "answered");
        }
    });
    response
}

async fn answer(app: &Shared, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.request_time(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_slow().into_response(),
    }
}

/// Who calls, and the permit to be worked on. What watches the service is let in whatever the load.
fn enter(
    app: &Shared,
    peer: Option<Peer>,
    method: &Method,
    headers: &HeaderMap,
    route: Option<&MatchedPath>,
) -> Result<(Caller, Permit), Problem> {
    let address = peer.ok_or_else(Problem::internal)?.0.ip();
    let mut caller = app.callers.identify(address, headers)?;
    let said = caller.is_named.then_some(headers);
    (caller.role, caller.sight) = app.access.of(caller.user.as_deref(), said);
    app.callers.check_site(method, headers)?;
    if matches!(route.map(MatchedPath::as_str), Some("/healthz" | "/readyz" | "/metrics")) {
        return Ok((caller, Permit { _permit: None }));
    }
    if !app.rates.take(&caller.client) {
        return Err(Problem::too_fast());
    }
    let permit = Arc::clone(&app.requests).try_acquire_owned().map_err(|_| Problem::overloaded())?;
    Ok((caller, Permit { _permit: Some(Arc::new(permit)) }))
}

/// Counts a request while it is being answered, its end by a client that went away included.
struct InFlight(prometheus_client::metrics::gauge::Gauge);

impl InFlight {
    fn new(app: &Shared) -> Self {
        app.metrics.in_flight.inc();
        Self(app.metrics.in_flight.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The id that the caller gave, where it has a decent form, or a new one.
fn request_id(app: &Shared, headers: &HeaderMap) -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let decent = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(decent) {
        return given.clone();
    }
    let id = format!("{}-{:x}", app.id_prefix, NEXT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
}

/// The method, of those that are counted: a client may invent others.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
