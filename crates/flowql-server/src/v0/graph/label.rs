//! What the values of a graph are called.

use flowql::Schema;
use flowql::tables::Type;
use flowql_backend::{Title, columns_to_group_by};
use flowql_client::AnswerColumn;
use serde_json::Value;

/// What all that is not among the top is called.
const OTHER: &str = "Other";

/// How the values of the columns of an answer are called.
#[derive(Debug)]
pub(in crate::v0) struct Labels {
    dimensions: Vec<Dimension>,
}

#[derive(Debug)]
struct Dimension {
    /// The name of the column.
    name: String,
    /// Where the value is in a row.
    value: usize,
    /// Where what it is called is.
    title: Option<usize>,
    form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `15169: Google`.
    Numbered,
    /// `443/https`.
    Service,
    /// The name alone, where there is one.
    Named,
    Plain,
}

impl Labels {
    /// Those of these columns in an answer.
    pub(in crate::v0) fn new(schema: &Schema, columns: &[String], answer: &[AnswerColumn]) -> Self {
        let place = |name: &str| answer.iter().position(|column| column.name == name);
        let dimensions = columns_to_group_by(schema, columns).unwrap_or_default();
        let dimension = |found: flowql_backend::Dimension| {
            let column = schema.column(found.column);
            Some(Dimension {
                name: column.name.to_string(),
                value: place(&found.label(schema))?,
                title: place(&Title::name(column)),
                form: match column.filter_type {
                    Some(Type::Asn) => Form::Numbered,
                    Some(Type::Proto) => Form::Named,
                    _ if column.port => Form::Service,
                    _ => Form::Plain,
                },
            })
        };
        Self { dimensions: dimensions.into_iter().filter_map(dimension).collect() }
    }

    /// The names of the columns.
    pub(in crate::v0) fn names(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().map(|dimension| dimension.name.as_str())
    }

    /// Whether a row is of all that is not among the top.
    pub(in crate::v0) fn is_other(&self, row: &[Value]) -> bool {
        self.dimensions.first().is_some_and(|first| row.get(first.value).is_none_or(Value::is_null))
    }

    /// What the values of a row are called.
    pub(in crate::v0) fn of(&self, row: &[Value]) -> Vec<String> {
        self.dimensions.iter().map(|dimension| dimension.label(row)).collect()
    }
}

impl Dimension {
    fn label(&self, row: &[Value]) -> String {
        let text = |place: usize| match row.get(place) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        let Some(value) = text(self.value) else { return OTHER.to_owned() };
        let title = self.title.and_then(text).filter(|title| !title.is_empty());
        match (self.form, title) {
            (Form::Numbered, title) => format!("{value}: {}", title.as_deref().unwrap_or("???")),
            (Form::Service, Some(title)) => format!("{value}/{title}"),
            (Form::Named, Some(title)) => title,
            _ => value,
        }
    }
}
