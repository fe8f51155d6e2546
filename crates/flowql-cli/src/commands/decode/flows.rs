//! Rows as JSON, as ClickHouse writes them with `FORMAT JSONEachRow`.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};

use flowql::{ClickhouseType, ScalarType, Schema, tables::Type};
use flowql_decode::{Columns, Field, TextId, Texts};
use jiff::Timestamp;

/// Writes rows of a schema.
pub(super) struct Flows {
    fields: Vec<(Field, Shape)>,
}

/// How values are written.
#[derive(Clone, Copy)]
enum Shape {
    Number,
    Mac,
    Seconds,
    Milliseconds,
    Word(&'static [(&'static str, i8)]),
    Address,
    Text,
    List,
}

impl Flows {
    /// Writes the enabled columns of a schema that a decoder fills, in its order.
    pub(super) fn new(schema: &Schema) -> Self {
        let enabled = schema.columns().iter().filter(|column| !column.disabled);
        let fields = enabled.filter_map(|column| {
            let shape = match column.clickhouse_type {
                ClickhouseType::Array(_) => Shape::List,
                ClickhouseType::Scalar(scalar) | ClickhouseType::LowCardinality(scalar) => match scalar {
                    ScalarType::UInt(_) if column.filter_type == Some(Type::Mac) => Shape::Mac,
                    ScalarType::UInt(_) => Shape::Number,
                    ScalarType::DateTime => Shape::Seconds,
                    ScalarType::DateTime64(_) => Shape::Milliseconds,
                    ScalarType::Enum8(words) => Shape::Word(words),
                    ScalarType::Ipv6 => Shape::Address,
                    ScalarType::String | ScalarType::FixedString(_) => Shape::Text,
                },
            };
            Some((Field::by_name(&column.name)?, shape))
        });
        Self { fields: fields.collect() }
    }

    /// A row as a JSON object, without what is zero or empty.
    pub(super) fn line(&self, columns: &Columns, texts: &Texts, row: usize) -> String {
        let mut line = "{".to_owned();
        for &(field, shape) in &self.fields {
            let Some(value) = value(columns, texts, row, field, shape) else { continue };
            let comma = if line.len() > 1 { "," } else { "" };
            // Writing to a text does not fail.
            let _ = write!(line, "{comma}\"{}\":{value}", field.name());
        }
        line + "}"
    }
}

fn value(columns: &Columns, texts: &Texts, row: usize, field: Field, shape: Shape) -> Option<String> {
    let number = || Some(columns.number(field, row)).filter(|&number| number != 0);
    Some(match shape {
        Shape::Number => number()?.to_string(),
        Shape::Mac => quoted(&mac(number()?)),
        Shape::Seconds => quoted(&time(number()? * 1_000, "%Y-%m-%d %H:%M:%S")),
        Shape::Milliseconds => quoted(&time(number()?, "%Y-%m-%d %H:%M:%S.%3f")),
        Shape::Word(words) => {
            let number = number()?;
            let word = words.iter().find(|(_, known)| u64::try_from(*known) == Ok(number));
            word.map_or_else(|| number.to_string(), |(word, _)| quoted(word))
        }
        Shape::Address => {
            let address = Some(columns.address(field, row)).filter(|address| *address != [0; 16])?;
            quoted(&IpAddr::V6(Ipv6Addr::from(address)).to_canonical().to_string())
        }
        Shape::Text => {
            let text = texts.text(TextId(u32::try_from(number()?).ok()?));
            serde_json::to_string(text).ok()?
        }
        Shape::List => {
            let items: Vec<String> = columns.numbers(field, row).map(|item| item.to_string()).collect();
            Some(items).filter(|items| !items.is_empty()).map(|items| format!("[{}]", items.join(",")))?
        }
    })
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn mac(number: u64) -> String {
    let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

fn time(milliseconds: u64, form: &str) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    time.map_or_else(String::new, |time| time.strftime(form).to_string())
}
