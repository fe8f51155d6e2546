//! The values of a row, by the types of their columns.
//!
//! A user may not be allowed to say how numbers are written, so both ways are read: with quotes, as servers before 25.8
//! write those of 64 bits and more, and without.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::AnswerColumn;

/// How the values of each column are read.
#[derive(Debug)]
pub(crate) struct Cells(Vec<Cell>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// As they are.
    Plain,
    /// Numbers of 64 bits are numbers, in quotes or not.
    Number,
    /// Numbers of more bits are texts.
    Text,
}

impl Cells {
    pub(crate) fn of(columns: &[AnswerColumn]) -> Self {
        Self(columns.iter().map(|column| Cell::of(&column.kind)).collect())
    }

    /// Whether some numbers have more digits than a number of JSON keeps.
    pub(crate) fn has_wide(&self) -> bool {
        self.0.contains(&Cell::Text)
    }

    /// The values of a row as JSON in which numbers of more than 64 bits are texts.
    pub(crate) fn texts<'a>(&self, row: &'a [Box<RawValue>]) -> impl Iterator<Item = Cow<'a, str>> {
        row.iter().enumerate().map(|(place, value)| match self.0.get(place) {
            Some(Cell::Text) => Cow::Owned(quoted(value.get())),
            _ => Cow::Borrowed(value.get()),
        })
    }

    /// A row as a JSON object, by the names of its columns, in which numbers of all sizes are numbers: for structures, whose
    /// fields have types of as many bits.
    pub(crate) fn object(&self, columns: &[AnswerColumn], row: &[Box<RawValue>]) -> String {
        let mut object = String::from("{");
        for ((column, cell), value) in columns.iter().zip(&self.0).zip(row) {
            if object.len() > 1 {
                object.push(',');
            }
            object.push_str(&Value::from(column.name.as_str()).to_string());
            object.push(':');
            match cell {
                // No text that is a value of such a column is anything but a number.
                Cell::Number | Cell::Text => object.extend(value.get().chars().filter(|&found| found != '"')),
                Cell::Plain => object.push_str(value.get()),
            }
        }
        object + "}"
    }

    /// Takes numbers of 64 bits out of their quotes.
    pub(crate) fn unquote(&self, row: &mut [Value]) {
        for (value, _) in row.iter_mut().zip(&self.0).filter(|(_, cell)| **cell == Cell::Number) {
            unquote(value);
        }
    }
}

impl Cell {
    fn of(kind: &str) -> Self {
        let mut inner = kind;
        while let Some((_, rest)) = ["LowCardinality(", "Nullable(", "Array("]
            .iter()
            .find_map(|wrapper| Some((wrapper, inner.strip_prefix(wrapper)?.strip_suffix(')')?)))
        {
            inner = rest;
        }
        match inner {
            "UInt64" | "Int64" => Self::Number,
            "UInt128" | "Int128" | "UInt256" | "Int256" => Self::Text,
            _ => Self::Plain,
        }
    }
}

fn unquote(value: &mut Value) {
    match value {
        Value::String(text) => {
            let number =
                text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
            if let Ok(number) = number {
                *value = number;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unquote),
        _ => {}
    }
}

/// JSON of whole numbers, with these in quotes.
fn quoted(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 2);
    let mut in_number = false;
    for found in json.chars().filter(|&found| found != '"') {
        let is_number = found.is_ascii_digit() || found == '-';
        if is_number != in_number {
            text.push('"');
            in_number = is_number;
        }
        text.push(found);
    }
    if in_number {
        text.push('"');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, json: &str) -> Value {
        let cells = Cells::of(&[AnswerColumn { name: "x".to_owned(), kind: kind.to_owned() }]);
        let raw = [RawValue::from_string(json.to_owned()).unwrap()];
        let mut row: Vec<Value> =
            cells.texts(&raw).map(|text| serde_json::from_str(&text).unwrap()).collect();
        cells.unquote(&mut row);
        row.remove(0)
    }

    #[test]
    fn numbers_keep_their_digits_in_quotes_or_not() {
        let wide = "340282366920938463463374607431768211455";
        for (kind, json, expected) in [
            ("UInt64", "18446744073709551615", "18446744073709551615"),
            ("UInt64", "\"18446744073709551615\"", "18446744073709551615"),
            ("Nullable(Int64)", "\"-7\"", "-7"),
            ("Nullable(Int64)", "null", "null"),
            ("Array(UInt64)", "[\"1\",2]", "[1,2]"),
            ("String", "\"12\"", "\"12\""),
            ("UInt128", wide, &format!("\"{wide}\"")),
            ("UInt128", "7", "\"7\""),
            ("UInt128", "\"7\"", "\"7\""),
            ("Nullable(Int256)", "-12", "\"-12\""),
            ("Array(UInt128)", &format!("[1, {wide}]"), &format!("[\"1\",\"{wide}\"]")),
        ] {
            assert_eq!(read(kind, json).to_string(), expected, "{kind} {json}");
        }
    }
}
