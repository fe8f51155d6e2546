//! The core's syntax tree as an S-expression, in the form of the second implementation's.

use std::fmt::Write as _;

use flowql::Limits;
use flowql::syntax::{Condition, Node, Value, ValueKind, parse};

/// The tree of a text on one line; `()` for a blank text, `None` for one with a syntax error.
pub fn of(text: &str) -> Option<String> {
    let parsed = parse(text, &Limits::DEFAULT);
    if parsed.diagnostics.iter().any(flowql::Diagnostic::is_error) {
        return None;
    }
    let mut line = String::new();
    match &parsed.tree {
        Some(tree) => node(&mut line, text, tree),
        None => line.push_str("()"),
    }
    Some(line)
}

fn node(line: &mut String, text: &str, tree: &Node) {
    let (head, operands): (&str, Vec<&Node>) = match tree {
        Node::Condition(found) => return condition(line, text, found),
        Node::Saved(span) => {
            // Writing to a string cannot fail.
            let _ = write!(line, "(saved {})", span.of(text).trim_start_matches('@'));
            return;
        }
        Node::Not { operand, .. } => ("not", vec![operand]),
        Node::Group { inner, .. } => ("group", vec![inner]),
        Node::And(terms) => ("and", terms.iter().collect()),
        Node::Or(terms) => ("or", terms.iter().collect()),
    };
    let _ = write!(line, "({head}");
    for operand in operands {
        line.push(' ');
        node(line, text, operand);
    }
    line.push(')');
}

fn condition(line: &mut String, text: &str, condition: &Condition) {
    let column = condition.column.map_or("?", |span| span.of(text));
    let operator = condition.operator.map_or("?", |usage| match usage.operator.symbol() {
        "NOTIN" => "NOT-IN",
        "UNLIKE" => "NOT-LIKE",
        "IUNLIKE" => "NOT-ILIKE",
        "NOT BETWEEN" => "NOT-BETWEEN",
        "NOT REGEXP" => "NOT-REGEXP",
        "NOT HAS" => "NOT-HAS",
        symbol => symbol,
    });
    let _ = write!(line, "(cond {column} {operator}");
    for value in condition.operand.values() {
        match value.kind {
            ValueKind::Word => {
                let _ = write!(line, " w:{}", value.span.of(text));
            }
            ValueKind::String => {
                let _ = write!(line, " s:{:?}", string(value, text));
            }
        }
    }
    line.push(')');
}

/// The text that a string stands for, by the two sentences of the reference and nothing of the core.
fn string(value: &Value, text: &str) -> String {
    decode(value.span.of(text))
}

/// What a quoted string stands for: `\\` is a backslash, a backslash before the quote in use is that quote.
pub fn decode(quoted: &str) -> String {
    let mut rest = quoted.chars();
    let Some(quote) = rest.next() else { return String::new() };
    let inner = rest.as_str().strip_suffix(quote).unwrap_or(rest.as_str());
    let mut decoded = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(found) = rest.next() {
        let escaped = rest.next_if(|&next| found == '\\' && (next == '\\' || next == quote));
        decoded.push(escaped.unwrap_or(found));
    }
    decoded
}
