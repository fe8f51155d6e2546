//! Rows as JSON, as ClickHouse writes them with `FORMAT JSONEachRow`.

use std::fmt::Write as _;

use flowql::{ClickhouseType, ScalarType, Schema};
use flowql_decode::{Columns, Field, Kind, TextId, Texts};
use flowql_eval::Value;
use flowql_eval::json::Shape;

/// Writes rows of a schema.
pub(super) struct Flows {
    fields: Vec<(Field, Shape, Words)>,
}

/// The words of a column that has some, with their numbers.
type Words = Option<&'static [(&'static str, i8)]>;

impl Flows {
    /// Writes the enabled columns of a schema that a decoder fills, in its order.
    pub(super) fn new(schema: &Schema) -> Self {
        let enabled = schema.columns().iter().filter(|column| !column.disabled);
        let fields = enabled.filter_map(|column| {
            let words = match column.clickhouse_type {
                ClickhouseType::Scalar(ScalarType::Enum8(words)) => Some(words),
                _ => None,
            };
            Some((Field::by_name(&column.name)?, Shape::of(column), words))
        });
        Self { fields: fields.collect() }
    }

    /// A row as a JSON object, without what is zero or empty.
    pub(super) fn line(&self, columns: &Columns, texts: &Texts, row: usize) -> String {
        let mut line = "{".to_owned();
        for &(field, shape, words) in &self.fields {
            let Some(value) = shape.json(&value(columns, texts, row, field, words)) else { continue };
            let comma = if line.len() > 1 { "," } else { "" };
            // Writing to a text does not fail.
            let _ = write!(line, "{comma}\"{}\":{value}", field.name());
        }
        line + "}"
    }
}

fn value(columns: &Columns, texts: &Texts, row: usize, field: Field, words: Words) -> Value {
    let number = || columns.number(field, row);
    match (field.kind(), words) {
        (Kind::Number(_), Some(words)) => {
            let word = words.iter().find(|(_, known)| u64::try_from(*known) == Ok(number()));
            // Zero is nothing, though it has a word.
            Value::Text(match word {
                _ if number() == 0 => String::new(),
                Some((word, _)) => (*word).to_owned(),
                None => number().to_string(),
            })
        }
        (Kind::Number(_), None) => Value::Number(number().into()),
        (Kind::Address, _) => Value::Number(u128::from_be_bytes(columns.address(field, row))),
        (Kind::Text, _) => {
            let text = u32::try_from(number()).map_or("", |number| texts.text(TextId(number)));
            Value::Text(text.to_owned())
        }
        (Kind::Numbers, _) => Value::Numbers(columns.numbers(field, row).map(u128::from).collect()),
    }
}
