//! Values as JSON, as ClickHouse writes them with `FORMAT JSONEachRow`.

use std::net::{IpAddr, Ipv6Addr};

use flowql::tables::Type;
use flowql::{ClickhouseType, Column, ScalarType};
use jiff::Timestamp;

use crate::value::Value;

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Numbers.
    Number,
    /// MAC addresses, the first byte in the highest bits.
    Mac,
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Addresses; IPv4 is mapped.
    Address,
    /// Texts and words.
    Text,
    /// Lists of numbers.
    List,
}

impl Shape {
    /// How the values of a column are written.
    pub fn of(column: &Column) -> Self {
        match column.clickhouse_type {
            ClickhouseType::Array(_) => Self::List,
            ClickhouseType::Scalar(scalar) | ClickhouseType::LowCardinality(scalar) => match scalar {
                ScalarType::UInt(_) if column.filter_type == Some(Type::Mac) => Self::Mac,
                ScalarType::UInt(_) => Self::Number,
                ScalarType::DateTime => Self::Seconds,
                ScalarType::DateTime64(_) => Self::Milliseconds,
                ScalarType::Ipv6 => Self::Address,
                ScalarType::Enum8(_) | ScalarType::String | ScalarType::FixedString(_) => Self::Text,
            },
        }
    }

    /// A value as JSON; `None` for zero, and for what is empty.
    pub fn json(self, value: &Value) -> Option<String> {
        self.words(value).map(|text| match self {
            // A text in quotes is JSON, whatever is in it.
            Self::Text => serde_json::to_string(&text).unwrap_or_default(),
            Self::Number | Self::List => text,
            Self::Mac | Self::Seconds | Self::Milliseconds | Self::Address => format!("\"{text}\""),
        })
    }

    /// A value as a person reads it; `None` for zero, and for what is empty.
    pub fn words(self, value: &Value) -> Option<String> {
        let number = || Some(value.number()).filter(|&number| number != 0);
        Some(match self {
            Self::Number => number()?.to_string(),
            Self::Mac => mac(number()?),
            Self::Seconds => time(number()?.checked_mul(1_000)?, "%Y-%m-%d %H:%M:%S"),
            Self::Milliseconds => time(number()?, "%Y-%m-%d %H:%M:%S.%3f"),
            Self::Address => IpAddr::V6(Ipv6Addr::from_bits(number()?)).to_canonical().to_string(),
            Self::Text => {
                let text = value.text().trim_end_matches('\0');
                Some(text).filter(|text| !text.is_empty())?.to_owned()
            }
            Self::List => {
                let items: Vec<String> = value.numbers().iter().map(u128::to_string).collect();
                Some(items).filter(|items| !items.is_empty()).map(|items| format!("[{}]", items.join(",")))?
            }
        })
    }
}

fn mac(number: u128) -> String {
    let bytes = number.to_be_bytes();
    let bytes: Vec<String> = bytes.iter().skip(10).map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

fn time(milliseconds: u128, form: &str) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    time.map_or_else(String::new, |time| time.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use flowql::Schema;

    use super::*;

    #[test]
    fn values_are_written_as_they_are_read() {
        let schema = Schema::all_columns();
        let json = |name: &str, value: Value| {
            Shape::of(schema.column(schema.find(name).unwrap())).json(&value).unwrap_or_default()
        };
        let address = |text: &str| Value::Number(crate::evaluator::bits(text.parse().unwrap()));
        assert_eq!(json("SrcPort", Value::Number(53)), "53");
        assert_eq!(json("SrcMAC", Value::Number(0x5e00_5301)), "\"00:00:5e:00:53:01\"");
        assert_eq!(json("TimeReceived", Value::Number(1_700_000_000)), "\"2023-11-14 22:13:20\"");
        assert_eq!(json("FlowStart", Value::Number(1_700_000_000_005)), "\"2023-11-14 22:13:20.005\"");
        assert_eq!(json("SrcAddr", address("192.0.2.1")), "\"192.0.2.1\"");
        assert_eq!(json("DstAddr", address("2001:db8::1")), "\"2001:db8::1\"");
        assert_eq!(json("ExporterName", Value::Text("a\"b".to_owned())), r#""a\"b""#);
        assert_eq!(json("SrcCountry", Value::Text("FR".to_owned())), "\"FR\"");
        assert_eq!(json("DstASPath", Value::Numbers(vec![1, 2])), "[1,2]");
        for (name, empty) in [
            ("SrcPort", Value::Number(0)),
            ("SrcAddr", Value::Number(0)),
            ("SrcCountry", Value::Text("\0\0".to_owned())),
            ("DstASPath", Value::Numbers(Vec::new())),
        ] {
            assert_eq!(json(name, empty), "", "{name}");
        }
    }
}
