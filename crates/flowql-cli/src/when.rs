//! Times on the command line: `-1h`, `now`, `2026-11-25T18:00`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

fn iso(text: &str) -> Option<u64> {
    let (date, rest) = match text.split_once(['T', ' ']) {
        Some((date, rest)) => (date, rest),
        None => (text, "00:00"),
    };
    let mut parts = date.splitn(3, '-');
    let (year, month, day) =
        (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    if !(1970..=2105).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=days_of(year, month)).contains(&day)
    {
        return None;
    }
    let (clock, offset) = match rest.find(['Z', '+', '-']) {
        Some(place) => (rest.get(..place)?, rest.get(place..)?),
        None => (rest, "Z"),
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let local = days_before(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let (sign, shift) = match offset.split_at_checked(1)? {
        ("Z", "") => ("+", 0),
        (sign, shift) => {
            let (hours, minutes) = shift.split_once(':').or_else(|| shift.split_at_checked(2))?;
            (sign, number(hours, 2)? * 3600 + number(minutes, 2)? * 60)
        }
    };
    if sign == "+" { local.checked_sub(shift) } else { local.checked_add(shift) }
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970 to a date.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let months: u64 = (1..month).map(|month| days_of(year, month)).sum();
    years + months + day - 1
}

/// A time as ISO has it, in UTC.
pub(crate) fn format(seconds: u64) -> String {
    let (mut days, clock) = (seconds / DAY, seconds % DAY);
    let mut year = 1970;
    while days >= if is_leap(year) { 366 } else { 365 } {
        days -= if is_leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    while days >= days_of(year, month) {
        days -= days_of(year, month);
        month += 1;
    }
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
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
            "2023-01-01T10",
            "2023-01-01T10:00+",
            "-99999999999999999w",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for time in [0, 951_782_400, 1_700_000_000, 1_709_164_800, 4_102_444_799] {
            assert_eq!(seconds(&format(time)), Ok(time), "{}", format(time));
        }
        assert_eq!(format(1_700_000_000), "2023-11-14T22:13:20Z");
    }
}
