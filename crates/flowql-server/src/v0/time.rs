//! What questions about flows have in common here.

use flowql::{Compiler, SavedFilters};
use flowql_backend::{Direction, FlowFilter};
use jiff::Timestamp;

use crate::app::Shared;

/// A time in the form of RFC 3339.
pub(super) fn rfc_3339(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.unwrap_or_default().to_string()
}

/// The filter that selects every flow.
pub(super) fn every_flow(app: &Shared) -> FlowFilter {
    let saved = SavedFilters::default();
    let compiler = Compiler { saved: &saved, ..app.config.compiler() };
    let nothing = || FlowFilter { text: String::new(), typed: None, compiled: Default::default() };
    // The empty filter has no errors.
    FlowFilter::compile(&compiler, "", Direction::Forward, None).unwrap_or_else(|_| nothing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_the_rfc_does() {
        assert_eq!(rfc_3339(1_769_860_800), "2026-01-31T12:00:00Z");
    }
}
