//! What a parser must see in the text of an expression: the tree as ClickHouse's own parser makes it.

use super::expr::{Bool, Expr, Function, Literal, Node};
use super::literal;
use crate::Schema;
use crate::gather::Gather as _;
use crate::typed::Comparison;

/// An expression as ClickHouse reads it: operators are functions, and BETWEEN is two comparisons.
///
/// Nothing is printed from it. The tests compare it with what `EXPLAIN AST` says of the inline text, so that no value
/// can have become anything but the literal that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// A function with its arguments.
    Call(&'static str, Vec<Self>),
    /// A column, or the variable of a lambda.
    Name(String),
    /// A number.
    Number(u64),
    /// A text.
    Text(String),
}

impl Expr<'_, Bool> {
    /// The expression as ClickHouse reads it.
    pub fn outline(&self, schema: &Schema) -> Outline {
        outline(schema, &self.node)
    }
}

fn outline(schema: &Schema, node: &Node<'_>) -> Outline {
    let of = |node: &Node<'_>| outline(schema, node);
    let all = |nodes: &[Node<'_>]| nodes.iter().map(of).list();
    match node {
        Node::Column(id) => Outline::Name(schema.column(*id).name.to_string()),
        Node::Item => Outline::Name("c".to_owned()),
        Node::Literal(literal) => value(*literal),
        Node::Fixed(number) => Outline::Number(*number),
        Node::Compare(comparison, parts) => {
            Outline::Call(name(*comparison), vec![of(&parts.0), of(&parts.1)])
        }
        Node::Between { negated, parts } => {
            let (join, low, high) =
                if *negated { ("or", "less", "greater") } else { ("and", "greaterOrEquals", "lessOrEquals") };
            let side = |function, end| Outline::Call(function, vec![of(&parts.0), of(end)]);
            Outline::Call(join, vec![side(low, &parts.1), side(high, &parts.2)])
        }
        Node::In { negated, subject, items } => {
            let items = match items.as_slice() {
                [item] => of(item),
                items => Outline::Call("tuple", all(items)),
            };
            Outline::Call(if *negated { "notIn" } else { "in" }, vec![of(subject), items])
        }
        Node::Like { negated, ignore_case, parts } => {
            let function = match (negated, ignore_case) {
                (false, false) => "like",
                (true, false) => "notLike",
                (false, true) => "ilike",
                (true, true) => "notILike",
            };
            Outline::Call(function, vec![of(&parts.0), of(&parts.1)])
        }
        Node::Call(function, arguments) => Outline::Call(Function::name(*function), all(arguments)),
        Node::ProtocolName { dictionary, number } => {
            let text = |text: &str| Outline::Text(text.to_owned());
            Outline::Call("dictGetOrDefault", vec![text(dictionary), text("name"), of(number), text("???")])
        }
        Node::Array(items) => Outline::Call("array", all(items)),
        Node::Lambda(body) => {
            let variables = Outline::Call("tuple", vec![Outline::Name("c".to_owned())]);
            Outline::Call("lambda", vec![variables, of(body)])
        }
        Node::Not(operand) => Outline::Call("not", vec![of(operand)]),
        Node::All(terms) => Outline::Call("and", all(terms)),
        Node::Any(terms) => Outline::Call("or", all(terms)),
        Node::Parens(inner) => of(inner),
    }
}

const fn name(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "equals",
        Comparison::Ne => "notEquals",
        Comparison::Lt => "less",
        Comparison::Le => "lessOrEquals",
        Comparison::Gt => "greater",
        Comparison::Ge => "greaterOrEquals",
    }
}

fn value(literal: Literal<'_>) -> Outline {
    match literal {
        Literal::Integer { value, .. } | Literal::SameInteger { value, .. } => Outline::Number(value),
        Literal::Large([first, second, third]) => {
            let part = |number: u32| {
                let texts = [number.to_string(), "UInt128".to_owned()].map(Outline::Text);
                Outline::Call("CAST", texts.to_vec())
            };
            let shifted =
                |number, bits| Outline::Call("bitShiftLeft", vec![part(number), Outline::Number(bits)]);
            let high = Outline::Call("plus", vec![shifted(first, 64), shifted(second, 32)]);
            Outline::Call("plus", vec![high, part(third)])
        }
        Literal::Address(address) => Outline::Call("toIPv6", vec![Outline::Text(address.to_string())]),
        Literal::Text(text) => Outline::Text(text.to_owned()),
        Literal::Pattern(text) => Outline::Text(literal::pattern(text).into_owned()),
        Literal::Regexp(text) => Outline::Text(literal::regexp(text).into_owned()),
        Literal::Mac(address) => {
            let mut text = String::new();
            literal::mac(&mut text, address);
            Outline::Text(text)
        }
        Literal::Prefix(prefix) => Outline::Text(prefix.to_string()),
    }
}
