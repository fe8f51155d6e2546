//! Times on the command line: `-1h`, `now`, `2026-11-25T18:00`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{RoundMode, Span, Timestamp, Zoned, ZonedRound};

const DAY: u64 = 86_400;

/// The last second that flows can have.
const LAST: u64 = u32::MAX as u64;

/// A time: before now (`-90m`, `-1h`, `-7d`, `-3mo`, `2 weeks ago`), in words (`now`, `today`, `yesterday`, `this month`,
/// `last year`: where it begins), an ISO date with or without a time and an offset, or the seconds since 1970. Days, weeks,
/// months and years are those of UTC.
pub(crate) fn parse(text: &str, now: SystemTime) -> Result<SystemTime, String> {
    let bad = || {
        format!(
            "`{text}` is not a time: write -1h, '3 days ago', yesterday, 'last month', now, 2026-01-31 or 2026-01-31T18:00"
        )
    };
    let lower = text.trim().to_lowercase();
    if lower == "now" {
        return Ok(now);
    }
    let before = lower.strip_prefix('-').or_else(|| lower.strip_suffix("ago"));
    if let Some(span) = before {
        return earlier(now, &parts(span).ok_or_else(bad)?).ok_or_else(|| format!("`{text}` is before 1970"));
    }
    if let Some(start) = beginning(&lower, now) {
        return start.and_then(system_time).ok_or_else(bad);
    }
    let is_number = text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if is_number { text.parse().ok() } else { iso(text) };
    match seconds.ok_or_else(bad)? {
        seconds @ ..=LAST => Ok(UNIX_EPOCH + Duration::from_secs(seconds)),
        _ if is_number => Err(format!(
            "`{text}` is too late for flows: a number is the seconds since 1970, not the milliseconds"
        )),
        _ => Err(format!("`{text}` is too late for flows, whose times end in 2106")),
    }
}

/// A length of time: `90m`, `1h30m`, `7d`, `2 weeks`. Months and years are of no one length.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is not a length of time: write 30s, 90m, 12h, 7d or 2w");
    let mut total = 0_u64;
    for (count, unit) in parts(&text.trim().to_lowercase()).ok_or_else(bad)? {
        let seconds = unit.seconds().ok_or_else(bad)?;
        total = count.checked_mul(seconds).and_then(|part| total.checked_add(part)).ok_or_else(bad)?;
    }
    if total == 0 { Err(bad()) } else { Ok(Duration::from_secs(total)) }
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl TimeUnit {
    /// The unit that a word or a letter names.
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "week" | "weeks" => Self::Week,
            "mo" | "month" | "months" => Self::Month,
            "y" | "yr" | "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    /// The seconds of it, where they are always as many.
    const fn seconds(self) -> Option<u64> {
        Some(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month | Self::Year => return None,
        })
    }

    /// So many of it, as a span of the calendar.
    fn span(self, count: u64) -> Option<Span> {
        let count = i64::try_from(count).ok()?;
        match self {
            Self::Second => Span::new().try_seconds(count),
            Self::Minute => Span::new().try_minutes(count),
            Self::Hour => Span::new().try_hours(count),
            Self::Day => Span::new().try_days(count),
            Self::Week => Span::new().try_weeks(count),
            Self::Month => Span::new().try_months(count),
            Self::Year => Span::new().try_years(count),
        }
        .ok()
    }
}

/// The numbers and units of `1h30m`, `2 weeks`, `1 month 3 days`; `None` where it is none, or not all of them.
fn parts(text: &str) -> Option<Vec<(u64, TimeUnit)>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let count = rest.strip_suffix(after)?.parse().ok()?;
        let after = after.trim_start();
        let tail = after.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        parts.push((count, TimeUnit::named(after.strip_suffix(tail)?)?));
        rest = tail.trim_start();
    }
    (!parts.is_empty()).then_some(parts)
}

/// The time so long before another.
fn earlier(now: SystemTime, parts: &[(u64, TimeUnit)]) -> Option<SystemTime> {
    let mut time = zoned(now)?;
    for &(count, unit) in parts {
        time = time.checked_sub(unit.span(count)?).ok()?;
    }
    system_time(time)
}

/// Where a day, week, month or year begins that words name; `None` where the words are others.
fn beginning(words: &str, now: SystemTime) -> Option<Option<Zoned>> {
    let (which, unit) = match words {
        "today" => ("this", TimeUnit::Day),
        "yesterday" => ("last", TimeUnit::Day),
        other => {
            let (which, unit) = other.split_once(' ')?;
            (which, TimeUnit::named(unit.trim())?)
        }
    };
    let back = match which {
        "this" => 0,
        "last" => 1,
        _ => return None,
    };
    let start = || {
        let time = zoned(now)?;
        let day = time.start_of_day().ok()?;
        let begun = match unit {
            TimeUnit::Second => time,
            TimeUnit::Minute => time.round(rounding(jiff::Unit::Minute)).ok()?,
            TimeUnit::Hour => time.round(rounding(jiff::Unit::Hour)).ok()?,
            TimeUnit::Day => day,
            TimeUnit::Week => {
                let since = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(Span::new().try_days(since).ok()?).ok()?
            }
            TimeUnit::Month => day.first_of_month().ok()?,
            TimeUnit::Year => day.first_of_year().ok()?,
        };
        begun.checked_sub(unit.span(back)?).ok()
    };
    Some(start())
}

/// Downwards, to whole units.
fn rounding(unit: jiff::Unit) -> ZonedRound {
    ZonedRound::new().smallest(unit).mode(RoundMode::Trunc)
}

fn zoned(time: SystemTime) -> Option<Zoned> {
    Some(Timestamp::try_from(time).ok()?.to_zoned(TimeZone::UTC))
}

/// The time, if it is not before 1970.
fn system_time(time: Zoned) -> Option<SystemTime> {
    let time = SystemTime::from(time.timestamp());
    (time >= UNIX_EPOCH).then_some(time)
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
            // It is Friday, 2027-01-15, 08:00.
            ("-2 weeks", 1_798_790_400),
            ("90 minutes ago", 1_799_994_600),
            ("1 hour 30 min ago", 1_799_994_600),
            ("-1mo", 1_797_321_600),
            ("1 month ago", 1_797_321_600),
            ("2 years ago", 1_736_928_000),
            ("-1y", 1_768_464_000),
            ("Today", 1_799_971_200),
            ("yesterday", 1_799_884_800),
            ("this hour", 1_800_000_000),
            ("last hour", 1_799_996_400),
            ("this week", 1_799_625_600),
            ("last week", 1_799_020_800),
            ("this month", 1_798_761_600),
            ("last month", 1_796_083_200),
            ("last year", 1_767_225_600),
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
            "-1 fortnight",
            "tomorrow",
            "last",
            "next week",
            "week ago",
            "3 days",
            "99 years ago",
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

    #[test]
    fn times_that_no_flow_can_have_are_said_to_be_such() {
        let error = |text: &str| seconds(text).unwrap_err();
        assert_eq!(seconds("4294967295"), Ok(4_294_967_295));
        assert!(error("4294967296").ends_with("the seconds since 1970, not the milliseconds"));
        assert!(error("1769853600123").starts_with("`1769853600123` is too late for flows"));
        assert_eq!(error("2200-01-01"), "`2200-01-01` is too late for flows, whose times end in 2106");
        assert!(error("99999999999999999999999").contains("is not a time"));
    }

    #[test]
    fn lengths_are_read() {
        let length = |text: &str| duration(text).map(|length| length.as_secs());
        let good =
            [("2m", 120), ("1h30m", 5400), ("90 s", 90), ("2 weeks", 14 * DAY), ("1 hour 1 min", 3660)];
        for (text, expected) in good {
            assert_eq!(length(text), Ok(expected), "{text}");
        }
        for text in ["", "0s", "m", "2", "1mo", "1 year", "2m ago", "-2m", "99999999999999999w"] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
