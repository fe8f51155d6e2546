//! The values of one column, for a service or a form that asks for them without a filter.

use super::static_values::{Typed, known_values};
use super::values::{is_open, is_ranked, other_end};
use crate::tables::{Form, Operator, Type};
use crate::values::text;
use crate::{Column, Compiler, Diagnostic};

/// The values that the tables of the language know of a column, and what else there is to know to show values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ColumnValues {
    /// The column, in the schema's case; of a pair one of the two.
    pub column: String,
    /// The column at the other end, where the name is that of a pair.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub other: Option<String>,
    /// The operator, `=` where none was given.
    pub operator: Operator,
    /// The values that match what was typed, the best first.
    pub known: Vec<KnownValue>,
    /// What a value of the column is, in a few words: `network boundary`, `interface name`.
    pub kind: String,
    /// Whether a backend could add values.
    pub open: bool,
    /// Whether a backend could tell which of them are used most.
    pub ranked: bool,
    /// Whether the values that a backend adds stand in quotes.
    pub quoted: bool,
}

/// A value that the tables of the language know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct KnownValue {
    /// The value, without quotes.
    pub value: String,
    /// What it means: a service, a country, a protocol number; may be empty.
    pub detail: String,
    /// A sentence or more about it; may be empty.
    pub documentation: String,
    /// Whether it is to stand in quotes.
    pub quoted: bool,
}

/// The values of a column, in any case, that match what was typed of one, without quotes. `None` where there is no such
/// column that a filter can use, or where it does not have the operator.
pub fn values(
    compiler: &Compiler<'_>,
    column: &str,
    operator: Option<Operator>,
    prefix: &str,
) -> Option<ColumnValues> {
    let subject = compiler.schema.subject(column)?;
    let column = compiler.schema.column(subject.id);
    if column.disabled {
        return None;
    }
    let operator = operator.unwrap_or(Operator::Eq);
    let rule = column.rules().find(|rule| rule.operators.contains(&operator))?;
    let typed = Typed { operator, prefix, exclude: &[], quoted: false };
    let mut known = Vec::new();
    for form in rule.forms {
        known.extend(known_values(compiler, column, *form, typed).into_iter().map(|found| KnownValue {
            value: found.value,
            detail: found.detail,
            documentation: found.documentation,
            quoted: form.is_quoted() || *form == Form::Integer && !column.port,
        }));
    }
    Some(ColumnValues {
        column: column.name.to_string(),
        other: other_end(compiler.schema, subject),
        operator,
        known,
        kind: kind(column),
        open: rule.forms.iter().any(|form| is_open(column, *form)),
        ranked: rule.forms.iter().any(|form| is_ranked(column, *form)),
        quoted: rule.forms.iter().any(|form| Form::is_quoted(*form)),
    })
}

impl ColumnValues {
    /// Whether a value of a backend can stand after the column and the operator.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(&self, compiler: &Compiler<'_>, value: &str) -> Result<(), String> {
        let value = if self.quoted { text::quote(value) } else { value.to_owned() };
        let written = match self.operator {
            Operator::In | Operator::NotIn => format!("({value})"),
            Operator::Between | Operator::NotBetween => format!("{value} AND {value}"),
            _ => value,
        };
        let condition = format!("{} {} {written}", self.column, self.operator.symbol());
        match compiler.diagnostics(&condition).into_iter().find(Diagnostic::is_error) {
            Some(error) => Err(error.message),
            None => Ok(()),
        }
    }
}

/// What a value of the column is, in a few words.
fn kind(column: &Column) -> String {
    let of_type = match column.filter_type {
        Some(Type::Boundary) => "network boundary",
        Some(Type::Direction) => "flow direction",
        Some(Type::EType) => "ethernet type",
        Some(Type::Proto) => "protocol",
        Some(Type::Mac) => "MAC address",
        Some(Type::Community) => "community",
        Some(Type::Asn | Type::AsPath) => "AS number",
        _ if column.port => "port",
        _ => "",
    };
    if !of_type.is_empty() {
        return of_type.to_owned();
    }
    let name = column.name.as_ref();
    for (sides, prefix, called) in [
        (&["Src", "Dst"][..], "Net", "network"),
        (&["In", "Out"][..], "If", "interface"),
        (&[""][..], "Exporter", "exporter"),
    ] {
        let attribute = sides.iter().find_map(|side| name.strip_prefix(side)?.strip_prefix(prefix));
        if let Some(attribute) = attribute.filter(|attribute| !attribute.is_empty()) {
            return match (called, attribute) {
                ("interface", "Connectivity") => "connectivity type".to_owned(),
                ("interface", "Provider") => "provider name".to_owned(),
                _ => format!("{called} {}", attribute.to_ascii_lowercase()),
            };
        }
    }
    if name.starts_with("ICMP") { name.to_owned() } else { column.doc.trim_end_matches('.').to_owned() }
}
