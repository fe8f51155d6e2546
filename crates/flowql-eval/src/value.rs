//! The values of flows.

use flowql::{ClickhouseType, Column, ScalarType};

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A number; a MAC address with its first byte in the highest bits; an address as an IPv6 one, IPv4 mapped.
    Number(u128),
    /// A text; the name of an enumeration's value. A `FixedString` is as long as its column, with zeros at the end.
    Text(String),
    /// A list of numbers.
    Numbers(Vec<u128>),
}

/// What kind of value a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number of so many bits.
    Number(u32),
    /// An IPv6 address.
    Address,
    /// A text.
    Text,
    /// A text of so many bytes.
    FixedText(usize),
    /// A word; the first one stands for 0.
    Word(Vec<String>),
    /// A list of numbers of so many bits.
    Numbers(u32),
    /// A date and time, in seconds.
    Time,
}

impl Kind {
    /// The kind of a column's values.
    pub fn of(column: &Column) -> Self {
        match column.clickhouse_type {
            ClickhouseType::Array(ScalarType::UInt(bits)) => Self::Numbers(u32::from(bits)),
            ClickhouseType::Array(_) => Self::Text,
            ClickhouseType::Scalar(scalar) | ClickhouseType::LowCardinality(scalar) => {
                Self::of_scalar(scalar)
            }
        }
    }

    fn of_scalar(scalar: ScalarType) -> Self {
        match scalar {
            ScalarType::UInt(bits) => Self::Number(u32::from(bits)),
            ScalarType::Ipv6 => Self::Address,
            ScalarType::DateTime | ScalarType::DateTime64(_) => Self::Time,
            ScalarType::String => Self::Text,
            ScalarType::FixedString(length) => Self::FixedText(usize::from(length)),
            ScalarType::Enum8(words) => {
                let mut numbered = words.to_vec();
                numbered.sort_by_key(|(_, number)| *number);
                Self::Word(numbered.into_iter().map(|(word, _)| word.to_owned()).collect())
            }
        }
    }

    /// What ClickHouse stores where nothing is given.
    pub fn default_value(&self) -> Value {
        match self {
            Self::Number(_) | Self::Address | Self::Time => Value::Number(0),
            Self::Text => Value::Text(String::new()),
            Self::FixedText(length) => Value::Text("\0".repeat(*length)),
            Self::Word(words) => Value::Text(words.first().cloned().unwrap_or_default()),
            Self::Numbers(_) => Value::Numbers(Vec::new()),
        }
    }
}

impl Value {
    /// The number; zero for what is none.
    pub const fn number(&self) -> u128 {
        match self {
            Self::Number(number) => *number,
            Self::Text(_) | Self::Numbers(_) => 0,
        }
    }

    /// The text; empty for what is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number(_) | Self::Numbers(_) => "",
        }
    }

    /// The numbers; none for what is no list.
    pub fn numbers(&self) -> &[u128] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Number(_) | Self::Text(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use flowql::Schema;

    use super::*;

    #[test]
    fn kinds_of_the_schema() {
        let schema = Schema::all_columns();
        let kind = |name: &str| Kind::of(schema.column(schema.find(name).unwrap()));
        assert_eq!(kind("ExporterAddress"), Kind::Address);
        assert_eq!(kind("SrcAddr"), Kind::Address);
        assert_eq!(kind("SrcCountry"), Kind::FixedText(2));
        assert_eq!(kind("SrcCountry").default_value(), Value::Text("\0\0".to_owned()));
        assert_eq!(kind("SrcMAC"), Kind::Number(64));
        assert_eq!(kind("DstLargeCommunities"), Kind::Numbers(128));
        assert_eq!(kind("ExporterName"), Kind::Text);
        assert_eq!(kind("TimeReceived"), Kind::Time);
        let words = ["undefined", "ingress", "egress"].map(str::to_owned).to_vec();
        assert_eq!(kind("FlowDirection"), Kind::Word(words));
        assert_eq!(kind("FlowDirection").default_value(), Value::Text("undefined".to_owned()));
    }
}
