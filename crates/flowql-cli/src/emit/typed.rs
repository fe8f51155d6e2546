//! The checked filter as an indented tree.

use std::fmt::Write as _;

use flowql::Schema;
use flowql::typed::{ColumnUse, Condition, Filter, Member, Scalar, Test};

/// Prints a filter, one node on a line, what belongs to a node indented under it; nothing for a blank filter.
pub(crate) fn print(schema: &Schema, filter: Option<&Filter>) -> String {
    let mut printer = Printer { schema, lines: String::new() };
    if let Some(filter) = filter {
        printer.filter(0, filter);
    }
    printer.lines
}

struct Printer<'a> {
    schema: &'a Schema,
    lines: String,
}

impl Printer<'_> {
    fn line(&mut self, depth: usize, text: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.lines, "{:1$}{text}", "", depth * 2);
    }

    fn filter(&mut self, depth: usize, filter: &Filter) {
        match filter {
            Filter::Condition(condition) => self.condition(depth, condition),
            Filter::Either(either) => {
                self.line(depth, if either.negated { "neither" } else { "either" });
                either.sides.iter().for_each(|side| self.condition(depth + 1, side));
            }
            Filter::Not(inner) => self.around(depth, "not", std::slice::from_ref(inner)),
            Filter::Group(inner) => self.around(depth, "group", std::slice::from_ref(inner)),
            Filter::Saved { name, filter } => {
                self.around(depth, &format!("saved {name}"), std::slice::from_ref(filter));
            }
            Filter::And(terms) => self.around(depth, "and", terms),
            Filter::Or(terms) => self.around(depth, "or", terms),
        }
    }

    fn around<T: std::borrow::Borrow<Filter>>(&mut self, depth: usize, head: &str, operands: &[T]) {
        self.line(depth, head);
        for operand in operands {
            self.filter(depth + 1, operand.borrow());
        }
    }

    fn condition(&mut self, depth: usize, condition: &Condition) {
        let column = self.column(condition.column);
        let not = |negated: bool| if negated { "not-" } else { "" };
        match &condition.test {
            Test::Compare(comparison, value) => {
                self.line(depth, format_args!("compare {column} {} {}", comparison.symbol(), scalar(value)));
            }
            Test::CompareColumn(comparison, other) => {
                let other = self.column(*other);
                self.line(depth, format_args!("compare-column {column} {} {other}", comparison.symbol()));
            }
            Test::OneOf { negated, members } => {
                self.line(depth, format_args!("{}one-of {column}", not(*negated)));
                for Member { value, to, .. } in members {
                    let to = to.as_ref().map_or(String::new(), |to| format!(" to {}", scalar(to)));
                    self.line(depth + 1, format_args!("{}{to}", scalar(value)));
                }
            }
            Test::Between { negated, low, high } => {
                let (low, high) = (scalar(low), scalar(high));
                self.line(depth, format_args!("{}between {column} {low} to {high}", not(*negated)));
            }
            Test::Within { negated, subnet } => {
                self.line(depth, format_args!("{}within {column} subnet {subnet}", not(*negated)));
            }
            Test::Like { negated, ignore_case, pattern } => {
                let like = if *ignore_case { "ilike" } else { "like" };
                self.line(depth, format_args!("{}{like} {column} {pattern:?}", not(*negated)));
            }
            Test::Regexp { negated, pattern } => {
                self.line(depth, format_args!("{}regexp {column} {pattern:?}", not(*negated)));
            }
            Test::HasAll { negated, members } => {
                self.line(depth, format_args!("{}has-all {column}", not(*negated)));
                for member in members {
                    self.line(depth + 1, scalar(&member.value));
                }
            }
            Test::HasBits { negated, mask } => {
                self.line(depth, format_args!("{}has-bits {column} {mask:#b}", not(*negated)));
            }
        }
    }

    /// A column with its type.
    fn column(&self, column: ColumnUse) -> String {
        let column = self.schema.column(column.id);
        let kind = column.filter_type.map_or("none", flowql::tables::Type::name);
        format!("{}:{kind}", column.name)
    }
}

/// A value with its kind.
fn scalar(value: &Scalar) -> String {
    match value {
        Scalar::Integer(number) => format!("integer {number}"),
        Scalar::Address(address) => format!("address {address}"),
        Scalar::Subnet(subnet) => format!("subnet {subnet}"),
        Scalar::Mac(number) => {
            let bytes: Vec<String> =
                number.to_be_bytes().iter().skip(2).map(|byte| format!("{byte:02x}")).collect();
            format!("mac {}", bytes.join(":"))
        }
        Scalar::Text(text) => format!("text {text:?}"),
        Scalar::Word(word) => format!("word {}", word.name),
        Scalar::ProtocolName(name) => format!("protocol {name:?}"),
        Scalar::CommunityRange(range) => format!("communities {range}"),
        Scalar::Community(community) => format!("community {community}"),
    }
}
