//! What is answered when a request cannot be.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::shapes::Diagnostic;

/// Why a request was not answered as it was meant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    /// What is wrong, for a person.
    pub(crate) message: String,
    /// What is wrong, for a program: it never changes.
    #[schema(value_type = String, example = "bad_request")]
    pub(crate) code: &'static str,
    /// What is wrong with the filter, where that is the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub(crate) diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    pub(crate) retry: bool,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code, diagnostics: Vec::new(), retry: false }
    }

    /// The request is not what the route takes.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// The filter has errors.
    pub(crate) fn bad_filter(diagnostics: Vec<Diagnostic>) -> Self {
        let first = diagnostics.iter().find(|found| found.severity == "error");
        let message = first.map_or_else(|| "the filter has errors".to_owned(), Diagnostic::placed);
        Self { diagnostics, ..Self::new(StatusCode::BAD_REQUEST, "bad_filter", message) }
    }

    /// Nobody said who the user is.
    pub(crate) fn no_user() -> Self {
        let message = "saved filters belong to a user, and nobody that is trusted says who calls";
        Self::new(StatusCode::UNAUTHORIZED, "no_user", message)
    }

    /// The user may look, and change nothing.
    pub(crate) fn may_only_view() -> Self {
        Self::new(StatusCode::FORBIDDEN, "not_allowed", "your role is `view`: it saves and changes nothing")
    }

    /// The user may not decide what is done to the network.
    pub(crate) fn may_not_operate() -> Self {
        let message = "this needs the role `operate`, which [[console.user]] and [[console.group]] give";
        Self::new(StatusCode::FORBIDDEN, "not_allowed", message)
    }

    /// Forced filters are configured, and none for this user.
    pub(crate) fn sees_nothing() -> Self {
        let message = "you see no flows: here some users see only a part of them, and no entry of [console] says which you see";
        Self::new(StatusCode::FORBIDDEN, "sees_nothing", message)
    }

    /// The user sees only some flows, and this is of all.
    pub(crate) fn hidden(what: &str) -> Self {
        let message = format!("you see a part of the flows, and {what} would show more");
        Self::new(StatusCode::FORBIDDEN, "hidden", message)
    }

    /// The request comes from the page of another site.
    pub(crate) fn cross_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "the page of another site may not change anything here",
        )
    }

    /// The service is not known by the name in the address.
    pub(crate) fn unknown_host() -> Self {
        let message = "the service does not answer to this name; `hosts` of [server] lists those it has";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", message)
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// The route has no such method.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address has no such method")
    }

    /// The name is taken.
    pub(crate) fn name_taken(name: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "name_taken", format!("there is a filter named `{name}` already"))
    }

    /// The user has as many filters as anyone may have.
    pub(crate) fn too_many_filters(most: usize) -> Self {
        let message = format!("a user can save {most} filters; delete one first");
        Self::new(StatusCode::CONFLICT, "too_many_filters", message)
    }

    /// The user has as many dashboards and views as anyone may have.
    pub(crate) fn too_many_boards(most: usize) -> Self {
        let message = format!("a user can save {most} dashboards and views; delete one first");
        Self::new(StatusCode::CONFLICT, "too_many_boards", message)
    }

    /// The body is too long.
    pub(crate) fn too_large(most: usize) -> Self {
        let message = format!("the body is longer than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// The body did not come in time.
    pub(crate) fn slow_body() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow_body", "the body did not arrive in time")
    }

    /// The body is not said to be JSON.
    pub(crate) fn not_json() -> Self {
        let message = "the body must be JSON, with the header `Content-Type: application/json`";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
    }

    /// The client sends more than it may.
    pub(crate) fn too_fast() -> Self {
        let message = "too many requests from this client";
        Self { retry: true, ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", message) }
    }

    /// The service as a whole has too much to do.
    pub(crate) fn overloaded() -> Self {
        let message = "too many requests are being answered";
        Self { retry: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message) }
    }

    /// The answer took too long.
    pub(crate) fn too_slow() -> Self {
        let message = "no answer in time";
        Self { retry: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", message) }
    }

    /// There is no backend that has flows.
    pub(crate) fn no_flows() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no_flows", "the service has no backend that knows flows")
    }

    /// No collector runs in the process.
    pub(crate) fn no_collector() -> Self {
        let message = "no collector runs in this process: ask `flowql collect` at its own address, or start `flowql up`";
        Self::new(StatusCode::NOT_FOUND, "no_collector", message)
    }

    /// The backend does not answer a query.
    pub(crate) fn of_backend(error: &flowql_backend::Error) -> Self {
        use flowql_backend::Error;
        use flowql_client::Error as Client;
        let (status, code) = match error {
            Error::Unsupported { .. } => return Self::no_flows(),
            Error::BadQuery(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Error::NoTable(_) => (StatusCode::BAD_REQUEST, "no_table"),
            Error::Client(Client::TooLarge { .. }) => (StatusCode::BAD_REQUEST, "query_too_large"),
            Error::Client(Client::Deadline(_)) => (StatusCode::GATEWAY_TIMEOUT, "backend_slow"),
            Error::Client(Client::Busy) => return Self::overloaded(),
            Error::Client(Client::Unreachable { .. } | Client::Setup { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "backend_unreachable")
            }
            _ => (StatusCode::BAD_GATEWAY, "backend_failed"),
        };
        let retry = status == StatusCode::SERVICE_UNAVAILABLE;
        Self { retry, ..Self::new(status, code, error.to_string()) }
    }

    /// Something is broken here.
    pub(crate) fn internal() -> Self {
        let message = "an internal error; the log says more, under the request id of the answer";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry) = (self.status, self.retry);
        let mut response = (status, Json(self)).into_response();
        if retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
