//! Times as people and logs read them.

use jiff::Timestamp;

/// A time as ISO has it, in UTC, from the seconds since 1970.
pub fn iso_time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| seconds.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_beyond_the_calendar_are_seconds() {
        assert_eq!(iso_time(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(iso_time(u64::MAX), u64::MAX.to_string());
    }
}
