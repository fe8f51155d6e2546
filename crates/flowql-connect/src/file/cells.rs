//! Values as an answer has them: what ClickHouse makes of them, in Rust.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::Ipv6Addr;

use flowql::Column;
use flowql::tables::{Registries, Type};
use flowql_backend::{Cut, Title};
use flowql_client::AnswerColumn;
use flowql_eval::{Kind, Value, address_text};
use flowql_tables::shipped_as_names;
use serde_json::{Value as Json, json};

/// A column of an answer: what it shows, and the names of its numbers.
pub(super) struct Shown<'a> {
    column: &'a Column,
    cut: Option<Cut>,
    kind: Kind,
    title: Option<Title>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(column: &'a Column, cut: Option<Cut>) -> Self {
        Self { column, cut, kind: Kind::of(column), title: Title::of(column) }
    }

    /// The value that flows are grouped by: the prefix of an address that is cut.
    pub(super) fn key(&self, value: Value) -> Value {
        match (self.cut, value) {
            (Some(cut), Value::Number(address)) => {
                Value::Number(cut.apply(Ipv6Addr::from_bits(address)).to_bits())
            }
            (_, value) => value,
        }
    }

    /// The columns of the answer.
    pub(super) fn columns(&self) -> Vec<AnswerColumn> {
        let kind = match (&self.kind, self.column.filter_type) {
            (_, Some(Type::EType | Type::Mac | Type::Community | Type::AsPath | Type::UintArray)) => {
                "String".to_owned()
            }
            (Kind::Number(_) | Kind::Numbers(_), _) => self.column.clickhouse_type.to_string(),
            (Kind::Time, _) => "UInt32".to_owned(),
            _ => "String".to_owned(),
        };
        let cut = self.cut.map(|cut| cut.to_string()).unwrap_or_default();
        let mut columns = vec![AnswerColumn { name: format!("{}{cut}", self.column.name), kind }];
        if self.title.is_some() {
            columns.push(AnswerColumn { name: Title::name(self.column), kind: "String".to_owned() });
        }
        columns
    }

    /// The value as a filter would write it, and the name of a number.
    pub(super) fn cells(&self, value: &Value, names: &Names) -> Vec<Json> {
        let mut cells = vec![self.cell(value)];
        if let Some(title) = self.title {
            let number = u32::try_from(value.number()).unwrap_or(u32::MAX);
            cells.push(Json::String(called(title, number, names)));
        }
        cells
    }

    /// What stands for the group of all others.
    pub(super) fn nothing(&self) -> Vec<Json> {
        vec![Json::Null; 1 + usize::from(self.title.is_some())]
    }

    /// The value as a filter would write it.
    pub(super) fn cell(&self, value: &Value) -> Json {
        let joined = |numbers: &[u128], text: fn(u128) -> String| {
            json!(numbers.iter().map(|&number| text(number)).collect::<Vec<_>>().join(" "))
        };
        match (self.column.filter_type, value) {
            (Some(Type::Ip), Value::Number(address)) => {
                let text = plain_address(*address);
                json!(match self.cut {
                    Some(cut) => format!("{text}/{}", cut.length(Ipv6Addr::from_bits(*address))),
                    None => text,
                })
            }
            (Some(Type::Mac), Value::Number(address)) => json!(mac_text(*address)),
            (Some(Type::EType), Value::Number(number)) => match number {
                0x0800 => json!("IPv4"),
                0x86DD => json!("IPv6"),
                other => json!(other.to_string()),
            },
            (Some(Type::Community), Value::Numbers(numbers)) => {
                joined(numbers, |number| format!("{}:{}", number >> 16, number & 0xFFFF))
            }
            (Some(Type::AsPath | Type::UintArray), Value::Numbers(numbers)) => {
                joined(numbers, |number| number.to_string())
            }
            (_, Value::Text(text)) => match &self.kind {
                Kind::FixedText(_) => json!(text.split('\0').next().unwrap_or_default()),
                _ => json!(text),
            },
            (_, Value::Number(number)) if self.kind == Kind::Address => json!(plain_address(*number)),
            (_, Value::Number(number)) => number_cell(*number),
            (_, Value::Numbers(numbers)) => numbers.iter().map(|&number| number_cell(number)).collect(),
        }
    }

    /// The order of stored values: numbers and addresses by their size, texts by their bytes, words by their numbers.
    pub(super) fn compare(&self, first: &Value, second: &Value) -> Ordering {
        match (first, second, &self.kind) {
            (Value::Text(first), Value::Text(second), Kind::Word(words)) => {
                let place = |text: &String| words.iter().position(|word| word == text);
                place(first).cmp(&place(second))
            }
            (Value::Text(first), Value::Text(second), _) => first.as_bytes().cmp(second.as_bytes()),
            (Value::Number(first), Value::Number(second), _) => first.cmp(second),
            (Value::Numbers(first), Value::Numbers(second), _) => first.cmp(second),
            _ => Ordering::Equal,
        }
    }
}

/// The order of what an answer shows.
pub(super) fn compare_cells(first: &[Json], second: &[Json]) -> Ordering {
    let order = |(first, second): (&Json, &Json)| match (first, second) {
        (Json::String(first), Json::String(second)) => first.as_bytes().cmp(second.as_bytes()),
        (Json::Number(first), Json::Number(second)) => first.as_u64().cmp(&second.as_u64()),
        _ => Ordering::Equal,
    };
    first.iter().zip(second).map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Numbers that are wider than those of JSON are texts.
fn number_cell(number: u128) -> Json {
    u64::try_from(number).map_or_else(|_| json!(number.to_string()), |number| json!(number))
}

/// An address without its mapping.
fn plain_address(bits: u128) -> String {
    match Ipv6Addr::from_bits(bits).to_ipv4_mapped() {
        Some(mapped) => mapped.to_string(),
        None => address_text(bits),
    }
}

fn mac_text(bits: u128) -> String {
    let bytes = bits.to_be_bytes();
    let bytes = bytes.iter().skip(10).map(|byte| format!("{byte:02X}"));
    bytes.collect::<Vec<_>>().join(":")
}

/// The names of AS numbers that FlowQL brings.
pub(super) struct Names(HashMap<u32, String>);

impl Names {
    pub(super) fn shipped() -> Self {
        Self(shipped_as_names().iter().map(|(number, name)| (number, name.to_owned())).collect())
    }

    pub(super) fn of(&self, number: u32) -> Option<&str> {
        self.0.get(&number).map(String::as_str)
    }
}

/// What a number is called; empty where it has no name.
fn called(title: Title, number: u32, names: &Names) -> String {
    let name = match title {
        Title::AsName => names.of(number).map(str::to_owned),
        Title::Protocol => {
            // As ClickHouse looks it up.
            Registries::built_in().protocols.by_number(number as u8).map(|known| known.name.to_uppercase())
        }
        Title::Service => u16::try_from(number)
            .ok()
            .and_then(|port| Registries::built_in().services.name_of(port))
            .map(str::to_owned),
    };
    name.unwrap_or_default()
}
