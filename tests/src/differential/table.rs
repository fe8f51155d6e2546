//! Rows as ClickHouse reads them.

use flowql::{ColumnId, Schema};
use flowql_eval::{Kind, Value};

use super::engine::Table;
use super::rows::Row;

/// The rows as a table with these columns, with the default values where a row has none, and their numbers as `Id`.
pub(super) fn table(schema: &Schema, columns: &[ColumnId], rows: &[&Row]) -> Table {
    let mut structure = "Id UInt32".to_owned();
    let kinds: Vec<Kind> = columns.iter().map(|&id| Kind::of(schema.column(id))).collect();
    for &id in columns {
        let column = schema.column(id);
        structure.push_str(&format!(", {} {}", column.name, column.clickhouse_type));
    }
    let defaults: Vec<Value> = kinds.iter().map(Kind::default_value).collect();
    let mut out = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        out.extend_from_slice(&(number as u32).to_le_bytes());
        for ((id, kind), default) in columns.iter().zip(&kinds).zip(&defaults) {
            push(&mut out, kind, row.get(id).unwrap_or(default));
        }
    }
    Table { structure, rows: out }
}

fn push(out: &mut Vec<u8>, kind: &Kind, value: &Value) {
    match (kind, value) {
        (Kind::Number(bits), Value::Number(number)) => push_number(out, *bits, *number),
        (Kind::Time, Value::Number(number)) => push_number(out, 32, *number),
        (Kind::Address, Value::Number(number)) => out.extend_from_slice(&number.to_be_bytes()),
        (Kind::Text, Value::Text(text)) => {
            push_length(out, text.len());
            out.extend_from_slice(text.as_bytes());
        }
        (Kind::FixedText(length), Value::Text(text)) => {
            assert_eq!(text.len(), *length);
            out.extend_from_slice(text.as_bytes());
        }
        (Kind::Word(words), Value::Text(text)) => {
            let place = words.iter().position(|word| word == text).expect("a word of the column");
            out.push(place as u8);
        }
        (Kind::Numbers(bits), Value::Numbers(numbers)) => {
            push_length(out, numbers.len());
            numbers.iter().for_each(|&number| push_number(out, *bits, number));
        }
        _ => panic!("{value:?} is no {kind:?}"),
    }
}

fn push_number(out: &mut Vec<u8>, bits: u32, number: u128) {
    out.extend_from_slice(&number.to_le_bytes()[..bits as usize / 8]);
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}
