//! The types that ClickHouse stores columns with.

use std::fmt;

/// A type of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// An unsigned integer of so many bits: 8, 16, 32, 64 or 128.
    UInt(u8),
    /// Seconds since 1970.
    DateTime,
    /// A time with so many digits after the second, since 1970.
    DateTime64(u8),
    /// An address; IPv4 is stored mapped.
    Ipv6,
    /// A text.
    String,
    /// A text of so many bytes, with zeros at its end.
    FixedString(u16),
    /// One of these words, by number.
    Enum8(&'static [(&'static str, i8)]),
}

/// A ClickHouse type, as far as flow tables have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClickhouseType {
    /// One value.
    Scalar(ScalarType),
    /// One of few different values, stored as a dictionary.
    LowCardinality(ScalarType),
    /// A list of values.
    Array(ScalarType),
}

impl ClickhouseType {
    /// Reads a type that a configuration may name; `None` for any other, enumerations included.
    ///
    /// ```
    /// use flowql::ClickhouseType;
    ///
    /// let kind = ClickhouseType::parse("LowCardinality(FixedString(2))");
    /// assert_eq!(kind.map(|kind| kind.to_string()).as_deref(), Some("LowCardinality(FixedString(2))"));
    /// assert_eq!(ClickhouseType::parse("Nullable(String)"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = inside(text, "LowCardinality(") {
            return Some(Self::LowCardinality(ScalarType::parse(inner)?));
        }
        match inside(text, "Array(") {
            Some(inner) => Some(Self::Array(ScalarType::parse(inner)?)),
            None => Some(Self::Scalar(ScalarType::parse(text)?)),
        }
    }

    /// The type of one value; `None` for a list.
    pub const fn scalar(self) -> Option<ScalarType> {
        match self {
            Self::Scalar(scalar) | Self::LowCardinality(scalar) => Some(scalar),
            Self::Array(_) => None,
        }
    }
}

impl ScalarType {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "UInt8" => Self::UInt(8),
            "UInt16" => Self::UInt(16),
            "UInt32" => Self::UInt(32),
            "UInt64" => Self::UInt(64),
            "UInt128" => Self::UInt(128),
            "DateTime" => Self::DateTime,
            "IPv6" => Self::Ipv6,
            "String" => Self::String,
            _ => match inside(text, "DateTime64(") {
                Some(digits) => Self::DateTime64(digits.parse().ok().filter(|&digits| digits <= 9)?),
                None => Self::FixedString(inside(text, "FixedString(")?.parse().ok()?),
            },
        })
    }
}

fn inside<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    text.strip_prefix(head)?.strip_suffix(')')
}

/// As ClickHouse writes it.
impl fmt::Display for ClickhouseType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(scalar) => scalar.fmt(formatter),
            Self::LowCardinality(scalar) => write!(formatter, "LowCardinality({scalar})"),
            Self::Array(scalar) => write!(formatter, "Array({scalar})"),
        }
    }
}

impl fmt::Display for ScalarType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UInt(bits) => write!(formatter, "UInt{bits}"),
            Self::DateTime => formatter.write_str("DateTime"),
            Self::DateTime64(digits) => write!(formatter, "DateTime64({digits})"),
            Self::Ipv6 => formatter.write_str("IPv6"),
            Self::String => formatter.write_str("String"),
            Self::FixedString(length) => write!(formatter, "FixedString({length})"),
            Self::Enum8(words) => {
                formatter.write_str("Enum8(")?;
                for (place, (word, number)) in words.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(formatter, "{comma}'{word}' = {number}")?;
                }
                formatter.write_str(")")
            }
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ClickhouseType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_written() {
        for text in [
            "UInt8",
            "UInt64",
            "LowCardinality(UInt32)",
            "DateTime",
            "DateTime64(3)",
            "IPv6",
            "LowCardinality(String)",
            "FixedString(2)",
            "LowCardinality(FixedString(300))",
            "Array(UInt128)",
        ] {
            let kind = ClickhouseType::parse(text).map(|kind| kind.to_string());
            assert_eq!(kind.as_deref(), Some(text));
        }
        for other in [
            "",
            "uint8",
            "UInt",
            "UInt24",
            "String ",
            "Nullable(String)",
            "Array(Array(UInt8))",
            "Enum8('a' = 1)",
        ] {
            assert_eq!(ClickhouseType::parse(other), None, "{other}");
        }
        let words = ClickhouseType::Scalar(ScalarType::Enum8(&[("undefined", 0), ("external", 1)]));
        assert_eq!(words.to_string(), "Enum8('undefined' = 0, 'external' = 1)");
    }
}
