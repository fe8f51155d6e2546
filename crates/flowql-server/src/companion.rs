//! What runs in the same process and is asked at the same address.

use std::fmt::Debug;

use axum::Router;

/// What runs in the same process and is asked at the address of the service: the collector of `flowql up`. The service does
/// not know more of it; who starts both joins them.
pub trait Companion: Debug + Send + Sync {
    /// Its routes, of which `/api/v1/exporters`, `/api/v1/tail` and those of `/api/v1/attacks` are served.
    ///
    /// A request for the tail may have an extension `Arc<flowql::typed::Filter>`: the caller may see only the flows that this
    /// filter selects, whatever else is asked for.
    fn routes(&self) -> Router;

    /// What it counts, in the text format of Prometheus, under names that the service does not use.
    fn metrics(&self) -> String;

    /// Why it is not ready; no reason where it is.
    fn reasons(&self) -> Vec<String>;

    /// Ends the answers that have no end of their own.
    fn close(&self);
}
