//! Amounts, times and shares, as `flowql.toml` has them: `"200M"`, `"10s"`, `0.5`.

use std::fmt;
use std::ops::Range;

use flowql_config::derived::{DeValue, Spanned, TomlValue};
use flowql_config::{Kind, Value};

/// The suffixes of amounts, the largest first.
const SUFFIXES: [(char, u64); 4] =
    [('T', 1_000_000_000_000), ('G', 1_000_000_000), ('M', 1_000_000), ('k', 1_000)];

/// The units of times in seconds, the longest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A number of bits, packets or flows, a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub u64);

/// A time in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

/// A share of a whole, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Amount {
    /// The amount of a text as `200M`, `1.5G` or `50k`; `None` for one that is none, is zero or has a part below 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let last = text.chars().next_back()?;
        let suffix = SUFFIXES.iter().find(|(suffix, _)| suffix.eq_ignore_ascii_case(&last));
        let (number, factor) = match suffix {
            Some(&(_, factor)) => (text.strip_suffix(last)?, factor),
            None => (text, 1),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let is_written = digits(whole) && (part.is_empty() != number.contains('.')) && part.len() <= 6;
        if !is_written || !(part.is_empty() || digits(part)) {
            return None;
        }
        let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
        let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
        let part = if part.is_empty() { 0 } else { part.parse::<u64>().ok()?.checked_mul(factor)? };
        let is_integer = part % scale == 0;
        let amount = whole.checked_add(part / scale)?;
        (is_integer && amount > 0).then_some(Self(amount))
    }
}

impl Time {
    /// The time of a text as `10s`, `5m`, `1h` or `1d`; `None` for one that is none, is zero or longer than a year.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let last = text.chars().next_back()?;
        let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == last)?;
        let number = text.strip_suffix(last).filter(|number| digits(number))?;
        let seconds = number.parse::<u64>().ok()?.checked_mul(*factor)?;
        (1..=366 * 86_400).contains(&seconds).then_some(Self(seconds))
    }
}

impl Share {
    /// So many millionths, at most the whole.
    #[must_use]
    pub const fn millionths(millionths: u32) -> Self {
        Self(if millionths > 1_000_000 { 1_000_000 } else { millionths })
    }

    /// The share as a number from 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = SUFFIXES.iter().find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor));
        match suffix {
            Some((suffix, factor)) => write!(formatter, "{}{suffix}", self.0 / factor),
            None => write!(formatter, "{}", self.0),
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Seconds are what is written below two minutes.
        let unit = UNITS.iter().find(|(_, factor)| {
            self.0.is_multiple_of(*factor) && (*factor == 1 || self.0 >= 2 * factor || self.0 >= 3_600)
        });
        let (unit, factor) = unit.copied().unwrap_or(('s', 1));
        write!(formatter, "{}{unit}", self.0 / factor)
    }
}

impl From<&str> for Amount {
    /// For the texts of this crate; one that is no amount is zero.
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }
}

impl From<&str> for Time {
    /// For the texts of this crate; one that is no time is zero.
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }
}

impl Value for Amount {
    const KIND: Kind = Kind::Other("an amount as \"200M\", \"1.5G\" or \"50k\"");

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        value.get_ref().as_str().and_then(Self::parse).ok_or_else(|| value.span())
    }

    fn show(&self) -> Option<TomlValue> {
        Some(TomlValue::String(self.to_string()))
    }
}

impl Value for Time {
    const KIND: Kind = Kind::Other("a time as \"10s\", \"5m\" or \"1h\"");

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        value.get_ref().as_str().and_then(Self::parse).ok_or_else(|| value.span())
    }

    fn show(&self) -> Option<TomlValue> {
        Some(TomlValue::String(self.to_string()))
    }
}

impl Value for Share {
    const KIND: Kind = Kind::Other("a number between 0 and 1");

    fn read(value: &Spanned<DeValue<'_>>) -> Result<Self, Range<usize>> {
        let ratio = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
            _ => None,
        };
        match ratio.filter(|ratio| *ratio > 0.0 && *ratio < 1.0) {
            Some(ratio) => Ok(Self::millionths((ratio * 1e6).round() as u32)),
            None => Err(value.span()),
        }
    }

    fn show(&self) -> Option<TomlValue> {
        Some(TomlValue::Float(self.ratio()))
    }
}
