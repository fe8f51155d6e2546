//! Times on the command line: `-1h`, `now`, `2026-11-25T18:00`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const DAY: u64 = 86_400;

/// A time: before now (`-90m`, `-1h`, `-7d`, `-2w`), `now`, an ISO date with or without a time and an offset (UTC
/// where there is none), or the seconds since 1970.
pub(crate) fn parse(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    if text == "now" {
        return Ok(now);
    }
    if let Some(before) = text.strip_prefix('-') {
        let length = duration(before)?;
        return now.checked_sub(length).ok_or_else(|| format!("`{text}` is before 1970"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() > 8 {
        let seconds = text.parse().map_err(|_| format!("`{text}` is no time"))?;
        return Ok(UNIX_EPOCH + Duration::from_secs(seconds));
    }
    iso(text)
        .map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds))
        .ok_or_else(|| format!("`{text}` is no time: write -1h, now, 2026-01-31 or 2026-01-31T18:00"))
}

/// A length of time: `90m`, `1h30m`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is no length of time: write 30s, 90m, 12h, 7d or 2w");
    let mut total = 0_u64;
    let mut digits = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let unit = match character {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => DAY,
            'w' => 7 * DAY,
            _ => return Err(bad()),
        };
        let count: u64 = digits.parse().map_err(|_| bad())?;
        digits.clear();
        total = count.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(bad)?;
    }
    if total == 0 || !digits.is_empty() { Err(bad()) } else { Ok(Duration::from_secs(total)) }
}

/// The seconds since 1970 of an ISO time, of UTC where it has no offset.
fn iso(text: &str) -> Option<u64> {
    let zoned = text.parse::<Timestamp>();
    let time = zoned.or_else(|_| TimeZone::UTC.to_timestamp(text.parse::<DateTime>()?)).ok()?;
    u64::try_from(time.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Result<u64, String> {
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        parse(text, now).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn times_are_read() {
        for (text, expected) in [
            ("now", 1_800_000_000),
            ("-1h", 1_799_996_400),
            ("-1h30m", 1_799_994_600),
            ("-2w", 1_798_790_400),
            ("1700000000", 1_700_000_000),
            ("1970-01-01", 0),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14 22:13:20", 1_700_000_000),
            ("2023-11-15T00:13:20+02:00", 1_700_000_000),
            ("2023-11-14T17:13:20-0500", 1_700_000_000),
            ("2024-02-29T00:00", 1_709_164_800),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "-",
            "-1",
            "-h",
            "-1y",
            "yesterday",
            "2023-02-29",
            "2023-13-01",
            "2023-1-1",
            "2023-01-01T25:00",
            "1969-01-01",
            "2023-01-01T10:00+",
            "-99999999999999999w",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
