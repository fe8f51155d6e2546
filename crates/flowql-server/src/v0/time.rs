//! What questions about flows have in common here.

use jiff::Timestamp;

/// A time in the form of RFC 3339.
pub(super) fn rfc_3339(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_the_rfc_does() {
        assert_eq!(rfc_3339(1_769_860_800), "2026-01-31T12:00:00Z");
    }
}
