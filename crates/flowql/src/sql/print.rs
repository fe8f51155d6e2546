//! The one printer of SQL.

use std::fmt::Write as _;

use super::expr::{Bool, Expr, Literal, Node};
use super::literal;
use crate::{ColumnId, Schema};

/// The text of an expression and what goes with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Printed {
    /// The SQL.
    pub sql: String,
    /// The parameters that a bound text refers to, in its order; none for an inline text.
    pub parameters: Vec<Parameter>,
    /// The columns that the text reads, in its order, once each.
    pub columns: Vec<ColumnId>,
}

/// A value that goes beside the text of a bound query.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name that the text refers to: `p0`, `p1`, …
    pub name: String,
    /// The ClickHouse type.
    pub kind: &'static str,
    /// The value, not escaped in any way.
    pub value: ParameterValue,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// A number of at most 64 bits.
    Integer(u64),
    /// A number of 128 bits.
    Large(u128),
    /// A text, or an address.
    Text(String),
}

impl std::fmt::Display for ParameterValue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Large(number) => write!(formatter, "{number}"),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

impl Expr<'_, Bool> {
    /// The text with the values in it.
    pub fn print_inline(&self, schema: &Schema) -> Printed {
        self.print(schema, false)
    }

    /// The text with a parameter for each value of the filter.
    pub fn print_bound(&self, schema: &Schema) -> Printed {
        self.print(schema, true)
    }

    fn print(&self, schema: &Schema, bound: bool) -> Printed {
        // Most texts fit: growing the string step by step costs more than all else here.
        let sql = String::with_capacity(256);
        let mut printer = Printer { schema, bound, printed: Printed { sql, ..Printed::default() } };
        printer.node(&self.node);
        printer.printed
    }

    /// The columns that the expression reads, in the order of its text, once each.
    pub fn columns(&self, schema: &Schema) -> Vec<ColumnId> {
        self.print_inline(schema).columns
    }
}

struct Printer<'a> {
    schema: &'a Schema,
    bound: bool,
    printed: Printed,
}

impl Printer<'_> {
    fn push(&mut self, text: &str) {
        self.printed.sql.push_str(text);
    }

    fn node(&mut self, node: &Node<'_>) {
        match node {
            Node::Column(id) => self.column(*id),
            Node::Item => self.push("c"),
            Node::Literal(literal) if self.bound => self.parameter(*literal),
            Node::Literal(literal) => self.literal(*literal),
            Node::Fixed(number) => literal::number(&mut self.printed.sql, *number),
            Node::Compare(comparison, parts) => {
                self.node(&parts.0);
                self.push(" ");
                self.push(comparison.symbol());
                self.push(" ");
                self.node(&parts.1);
            }
            Node::Between { negated, parts } => {
                self.node(&parts.0);
                self.push(if *negated { " NOT BETWEEN " } else { " BETWEEN " });
                self.node(&parts.1);
                self.push(" AND ");
                self.node(&parts.2);
            }
            Node::In { negated, subject, items } => {
                self.node(subject);
                self.push(if *negated { " NOT IN (" } else { " IN (" });
                self.nodes(items, ", ");
                self.push(")");
            }
            Node::Like { negated, ignore_case, parts } => {
                self.node(&parts.0);
                self.push(if *negated { " NOT" } else { "" });
                self.push(if *ignore_case { " ILIKE " } else { " LIKE " });
                self.node(&parts.1);
            }
            Node::Call(function, arguments) => {
                self.push(function.name());
                self.push("(");
                self.nodes(arguments, ", ");
                self.push(")");
            }
            Node::ProtocolName { dictionary, number } => {
                self.push("dictGetOrDefault(");
                literal::string(&mut self.printed.sql, dictionary);
                self.push(", 'name', ");
                self.node(number);
                self.push(", '???')");
            }
            Node::Array(items) => {
                self.push("[");
                self.nodes(items, ", ");
                self.push("]");
            }
            Node::Lambda(body) => {
                self.push("c -> ");
                self.node(body);
            }
            Node::Not(operand) => {
                let closed = matches!(**operand, Node::Call(..) | Node::Parens(_));
                self.push(if closed { "NOT " } else { "NOT (" });
                self.node(operand);
                self.push(if closed { "" } else { ")" });
            }
            Node::All(terms) => self.nodes(terms, " AND "),
            Node::Any(terms) => self.nodes(terms, " OR "),
            Node::Parens(inner) => {
                self.push("(");
                self.node(inner);
                self.push(")");
            }
        }
    }

    fn nodes(&mut self, nodes: &[Node<'_>], separator: &str) {
        for (place, node) in nodes.iter().enumerate() {
            if place > 0 {
                self.push(separator);
            }
            self.node(node);
        }
    }

    fn column(&mut self, id: ColumnId) {
        if !self.printed.columns.contains(&id) {
            self.printed.columns.push(id);
        }
        let schema = self.schema;
        self.push(&schema.column(id).name);
    }

    fn literal(&mut self, literal: Literal<'_>) {
        let out = &mut self.printed.sql;
        match literal {
            Literal::Integer { value, .. } | Literal::SameInteger { value, .. } => {
                literal::number(out, value);
            }
            Literal::Large([first, second, third]) => {
                let _ = write!(
                    out,
                    "bitShiftLeft({first}::UInt128, 64) + bitShiftLeft({second}::UInt128, 32) + {third}::UInt128"
                );
            }
            Literal::Address(address) => {
                out.push_str("toIPv6('");
                literal::address(out, address);
                out.push_str("')");
            }
            Literal::Text(text) => literal::string(out, text),
            Literal::Pattern(text) => literal::string(out, &literal::pattern(text)),
            Literal::Regexp(text) => literal::string(out, &literal::regexp(text)),
            Literal::Mac(address) => {
                out.push('\'');
                literal::mac(out, address);
                out.push('\'');
            }
            Literal::Prefix(prefix) => {
                let _ = write!(out, "'{prefix}'");
            }
        }
    }

    fn parameter(&mut self, literal: Literal<'_>) {
        let (kind, value) = match literal {
            Literal::Integer { value, bits } => (uint_type(value, bits), ParameterValue::Integer(value)),
            Literal::SameInteger { value, bits } => {
                let last = self.printed.parameters.len().saturating_sub(1);
                return self.refer(last, uint_type(value, bits));
            }
            Literal::Large([first, second, third]) => {
                let value = u128::from(first) << 64 | u128::from(second) << 32 | u128::from(third);
                ("UInt128", ParameterValue::Large(value))
            }
            Literal::Address(address) => ("IPv6", ParameterValue::Text(address.to_string())),
            Literal::Text(text) => ("String", ParameterValue::Text(text.to_owned())),
            Literal::Pattern(text) => ("String", ParameterValue::Text(literal::pattern(text).into_owned())),
            Literal::Regexp(text) => ("String", ParameterValue::Text(literal::regexp(text).into_owned())),
            Literal::Mac(address) => {
                let mut text = String::new();
                literal::mac(&mut text, address);
                ("String", ParameterValue::Text(text))
            }
            Literal::Prefix(prefix) => ("String", ParameterValue::Text(prefix.to_string())),
        };
        self.bind(kind, value);
    }

    /// Adds a parameter and refers to it.
    fn bind(&mut self, kind: &'static str, value: ParameterValue) {
        let index = self.printed.parameters.len();
        self.printed.parameters.push(Parameter { name: format!("p{index}"), kind, value });
        self.refer(index, kind);
    }

    fn refer(&mut self, index: usize, kind: &str) {
        let _ = write!(self.printed.sql, "{{p{index}:{kind}}}");
    }
}

/// The type of an integer: the column's where the value fits it, else the widest (ClickHouse wraps silently).
const fn uint_type(value: u64, bits: u32) -> &'static str {
    match bits {
        8 if value <= u8::MAX as u64 => "UInt8",
        16 if value <= u16::MAX as u64 => "UInt16",
        32 if value <= u32::MAX as u64 => "UInt32",
        _ => "UInt64",
    }
}
