//! The refusals that routes have in common, for the OpenAPI document.

use utoipa::IntoResponses;

use crate::problem::Problem;

/// What any route may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is derived from it")]
pub(crate) enum Always {
    /// The service is not known by this name
    #[response(status = 421)]
    UnknownHost(#[to_schema] Problem),
    /// The client sends too many requests
    #[response(status = 429)]
    TooFast(#[to_schema] Problem),
    /// The service has too much to do, or the answer took too long
    #[response(status = 503)]
    Overloaded(#[to_schema] Problem),
}

/// What a route may answer that is let in whatever the load.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is derived from it")]
pub(crate) enum Watched {
    /// The service is not known by this name
    #[response(status = 421)]
    UnknownHost(#[to_schema] Problem),
}

/// What a route with a body may answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is derived from it")]
pub(crate) enum Refused {
    /// The body is not as expected
    #[response(status = 400)]
    BadRequest(#[to_schema] Problem),
    /// The page of another site sends it
    #[response(status = 403)]
    CrossSite(#[to_schema] Problem),
    /// The body did not arrive in time
    #[response(status = 408)]
    SlowBody(#[to_schema] Problem),
    /// The body is too long
    #[response(status = 413)]
    TooLarge(#[to_schema] Problem),
    /// The body is not declared to be JSON
    #[response(status = 415)]
    NotJson(#[to_schema] Problem),
}

/// What a route may answer besides that asks who the user is.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is derived from it")]
pub(crate) enum OfUser {
    /// Nobody says who the user is
    #[response(status = 401)]
    NoUser(#[to_schema] Problem),
    /// The page of another site sends it
    #[response(status = 403)]
    CrossSite(#[to_schema] Problem),
    /// The user has as many filters as anyone may have, or one of that name
    #[response(status = 409)]
    Conflict(#[to_schema] Problem),
}

/// What a route may answer besides that asks the backend for flows.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is derived from it")]
pub(crate) enum OfBackend {
    /// No backend knows flows
    #[response(status = 404)]
    NoFlows(#[to_schema] Problem),
    /// The backend fails
    #[response(status = 502)]
    Failed(#[to_schema] Problem),
    /// The backend takes too long
    #[response(status = 504)]
    Slow(#[to_schema] Problem),
}
