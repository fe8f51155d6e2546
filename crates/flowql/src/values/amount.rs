//! Numbers as people write them: `10_000`, `1.5M`, `4KiB`, `60s`.

use super::{NumberError, integer};

/// Why a number with a suffix is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountError {
    /// It is not written as one.
    Malformed,
    /// It has more than 64 bits.
    TooLarge,
    /// It is not a whole number in the unit of the column, but lies above this one.
    Fraction(u64),
}

impl From<NumberError> for AmountError {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::Malformed => Self::Malformed,
            NumberError::TooLarge => Self::TooLarge,
        }
    }
}

/// What a number is multiplied by and divided by.
type Factor = (u64, u64);

/// The number that a word says in a unit: an integer, with `_` between digits, or with a fraction and a suffix.
pub(crate) fn amount(word: &str, unit: Option<&str>) -> Result<u64, AmountError> {
    match integer(word) {
        Ok(number) => return Ok(number),
        Err(NumberError::TooLarge) => return Err(AmountError::TooLarge),
        Err(NumberError::Malformed) => {}
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
    let length = word.bytes().take_while(|byte| is_digit(byte)).count();
    let (number, suffix) = word.split_at_checked(length).ok_or(AmountError::Malformed)?;
    let (times, by) = factor(suffix, unit).ok_or(AmountError::Malformed)?;
    let (digits, scale) = decimal(number)?;
    let divisor = scale.checked_mul(by).ok_or(AmountError::Malformed)?;
    // In lowest terms nothing overflows that does not have to.
    let common = greatest_common_divisor(times, divisor);
    let (times, divisor) = (times / common, divisor / common);
    let common = greatest_common_divisor(digits, divisor);
    let (digits, divisor) = (digits / common, divisor / common);
    let value = digits.checked_mul(times).ok_or(AmountError::TooLarge)?;
    if divisor == 1 { Ok(value) } else { Err(AmountError::Fraction(value / divisor)) }
}

/// Of two numbers of which one at least is above 0.
const fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// The digits of a decimal number, and the power of ten that they are to be divided by.
fn decimal(number: &str) -> Result<(u64, u64), AmountError> {
    /// With more digits after the point than this, no suffix makes a whole number of any.
    const MOST: usize = 12;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.split('_').all(|group| !group.is_empty() && !group.contains('.'));
    if !is_number(whole) || fraction.contains(['_', '.']) || fraction.len() > MOST || number.ends_with('.') {
        return Err(AmountError::Malformed);
    }
    let fraction = fraction.trim_end_matches(['0']);
    let (mut digits, mut scale) = (0_u64, 1_u64);
    for digit in whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit) {
        let more = digits.checked_mul(10).and_then(|digits| digits.checked_add(u64::from(digit - b'0')));
        digits = more.ok_or(AmountError::TooLarge)?;
    }
    for _ in fraction.bytes() {
        scale *= 10;
    }
    Ok((digits, scale))
}

/// The suffixes, in lower case.
const SUFFIXES: [(&str, u64); 8] = [
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
    ("ti", 1 << 40),
];

/// The suffixes of times, in milliseconds.
const TIMES: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// What a suffix makes of a number in a unit; `None` for a suffix that the unit does not have.
fn factor(suffix: &str, unit: Option<&str>) -> Option<Factor> {
    if suffix.is_empty() {
        return Some((1, 1));
    }
    let find = |table: &[(&str, u64)], suffix: &str| {
        table.iter().find(|(known, _)| known.eq_ignore_ascii_case(suffix)).map(|(_, factor)| *factor)
    };
    match unit {
        Some("ms") => find(&TIMES, suffix).map(|times| (times, 1)),
        // A suffix counts bits a second.
        Some("Mbit/s") => find(&SUFFIXES, suffix).map(|times| (times, 1_000_000)),
        Some("bytes") => {
            let bare = suffix.strip_suffix(['B', 'b']).unwrap_or(suffix);
            if bare.is_empty() { Some((1, 1)) } else { find(&SUFFIXES, bare).map(|times| (times, 1)) }
        }
        _ => find(&SUFFIXES, suffix).map(|times| (times, 1)),
    }
}

/// The suffixes that a number in a unit can have, in words; `None` for a word that does not begin with a digit.
pub(crate) fn suffixes(word: &str, unit: Option<&str>) -> Option<&'static str> {
    let is_hexadecimal = matches!(word.as_bytes(), [b'0', b'x' | b'X', ..]);
    let begins = word.starts_with(|first: char| first.is_ascii_digit()) && !is_hexadecimal;
    begins.then_some(match unit {
        Some("ms") => "`ms`, `s`, `m`, `h` or `d`",
        Some("Mbit/s") => "`k`, `M`, `G` or `T`, which count bits a second",
        Some("bytes") => "`k`, `M`, `G`, `T` or `Ki`, `Mi`, `Gi`, `Ti`, and a `B` behind",
        _ => "`k`, `M`, `G`, `T` or `Ki`, `Mi`, `Gi`, `Ti`",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (word, unit, number) in [
            ("80", None, 80),
            ("0x50", None, 80),
            ("10_000", None, 10_000),
            ("1_0", None, 10),
            ("0_0", None, 0),
            ("10k", None, 10_000),
            ("10K", None, 10_000),
            ("1.5M", None, 1_500_000),
            ("1_500.5k", None, 1_500_500),
            ("4Ki", None, 4096),
            ("4KiB", Some("bytes"), 4096),
            ("1.5kb", Some("bytes"), 1500),
            ("64B", Some("bytes"), 64),
            ("0.5Gi", Some("bytes"), 1 << 29),
            ("1T", Some("packets"), 1_000_000_000_000),
            ("10G", Some("Mbit/s"), 10_000),
            ("2.5g", Some("Mbit/s"), 2_500),
            ("100M", Some("Mbit/s"), 100),
            ("1000", Some("Mbit/s"), 1000),
            ("60s", Some("ms"), 60_000),
            ("1.5s", Some("ms"), 1500),
            ("5m", Some("ms"), 300_000),
            ("5min", Some("ms"), 300_000),
            ("20ms", Some("ms"), 20),
            ("1h", Some("ms"), 3_600_000),
            ("18446744073709551.615k", None, u64::MAX),
        ] {
            assert_eq!(amount(word, unit), Ok(number), "{word}");
        }
    }

    #[test]
    fn what_is_no_such_number() {
        for word in [
            "",
            "k",
            "_1",
            "1_",
            "1__0",
            "1_k",
            "1._5k",
            "1.k",
            ".5k",
            "1.2.3k",
            "0x1k",
            "0x1_0",
            "1 k",
            "10kk",
            "10q",
            "10B",
            "10kB",
            "1e3",
            "-1k",
            "1m2",
            "é",
            "1é",
            "60s",
            "1.000000000000000000001k",
        ] {
            assert_eq!(amount(word, None), Err(AmountError::Malformed), "{word}");
        }
        for word in ["10k", "1B", "1Gi"] {
            assert_eq!(amount(word, Some("ms")), Err(AmountError::Malformed), "{word}");
        }
        for word in
            ["18446744073709551616", "18446744073709552k", "99999999999999999999999999999999999999999999T"]
        {
            assert_eq!(amount(word, None), Err(AmountError::TooLarge), "{word}");
        }
        assert_eq!(amount("1.5", None), Err(AmountError::Fraction(1)));
        assert_eq!(amount("1.0", None), Ok(1));
        assert_eq!(amount("0.0001k", None), Err(AmountError::Fraction(0)));
        assert_eq!(amount("10k", Some("Mbit/s")), Err(AmountError::Fraction(0)));
        assert_eq!(amount("1500k", Some("Mbit/s")), Err(AmountError::Fraction(1)));
    }
}
