//! The syntax tree of a filter as an S-expression on one line.
//!
//! The second implementation of the language prints its trees in the same form, so that the two can be compared:
//! `(and (cond SrcAS IN w:AS1 w:AS2) (not (saved customers)))`, a word as `w:word`, a string as `s:"meaning"`, the
//! empty filter as `()`. What a bad filter lacks is `?`.

use std::borrow::Cow;
use std::fmt::Write as _;

use flowql::syntax::{Condition, Node, Value, ValueKind};
use flowql::tables::Operator;

/// Prints the tree of a text.
pub(crate) fn print(text: &str, tree: Option<&Node>) -> String {
    let mut line = String::new();
    match tree {
        Some(root) => node(&mut line, text, root),
        None => line.push_str("()"),
    }
    line
}

fn node(line: &mut String, text: &str, tree: &Node) {
    let mut wrap = |head: &str, operands: &[&Node]| {
        line.push('(');
        line.push_str(head);
        for operand in operands {
            line.push(' ');
            node(line, text, operand);
        }
        line.push(')');
    };
    match tree {
        Node::Or(terms) => wrap("or", &terms.iter().collect::<Vec<_>>()),
        Node::And(terms) => wrap("and", &terms.iter().collect::<Vec<_>>()),
        Node::Not { operand, .. } => wrap("not", &[operand]),
        Node::Group { inner, .. } => wrap("group", &[inner]),
        Node::Saved(span) => {
            line.push_str("(saved ");
            line.push_str(span.of(text).trim_start_matches('@'));
            line.push(')');
        }
        Node::Condition(found) => condition(line, text, found),
    }
}

fn condition(line: &mut String, text: &str, condition: &Condition) {
    line.push_str("(cond ");
    line.push_str(condition.column.map_or("?", |column| column.of(text)));
    line.push(' ');
    line.push_str(condition.operator.map_or("?", |found| operator(found.operator)));
    for found in condition.operand.values() {
        line.push(' ');
        value(line, text, found);
    }
    line.push(')');
}

fn value(line: &mut String, text: &str, value: &Value) {
    let written = value.span.of(text);
    // Writing to a string cannot fail.
    let _ = match value.kind {
        ValueKind::Word => write!(line, "w:{written}"),
        ValueKind::String => write!(line, "s:{:?}", meaning(written)),
    };
}

/// What a string means: a backslash before a backslash or before the quote in use is an escape, no other is.
fn meaning(quoted: &str) -> Cow<'_, str> {
    let Some(quote) = quoted.chars().next() else { return Cow::Borrowed("") };
    let inner = quoted.get(quote.len_utf8()..).unwrap_or_default();
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut meaning = String::with_capacity(inner.len());
    let mut rest = inner.chars().peekable();
    while let Some(found) = rest.next() {
        let escape = found == '\\' && rest.peek().is_some_and(|&next| next == '\\' || next == quote);
        meaning.push(if escape { rest.next().unwrap_or(found) } else { found });
    }
    Cow::Owned(meaning)
}

/// The name of an operator; a negated one is one word.
const fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::NotIn => "NOT-IN",
        Operator::NotLike => "NOT-LIKE",
        Operator::NotILike => "NOT-ILIKE",
        Operator::NotBetween => "NOT-BETWEEN",
        Operator::NotRegexp => "NOT-REGEXP",
        Operator::NotHas => "NOT-HAS",
        _ => operator.symbol(),
    }
}

#[cfg(test)]
mod tests {
    use flowql::{Limits, syntax};

    use super::*;

    fn printed(text: &str) -> String {
        print(text, syntax::parse(text, &Limits::DEFAULT).tree.as_ref())
    }

    #[test]
    fn trees_are_printed_as_the_second_parser_prints_them() {
        for (text, expected) in [
            ("", "()"),
            ("SrcAS in (AS1,AS2)", "(cond SrcAS IN w:AS1 w:AS2)"),
            (
                "a = 1 and b = 2 or not (c not in (3) and @d)",
                "(or (and (cond a = w:1) (cond b = w:2)) (not (group (and (cond c NOT-IN w:3) (saved d)))))",
            ),
            ("a between 1 and 9", "(cond a BETWEEN w:1 w:9)"),
            (r#"a unlike "x\"\\\y" "#, r#"(cond a NOT-LIKE s:"x\"\\\\y")"#),
            ("a !<< ::/0", "(cond a !<< w:::/0)"),
        ] {
            assert_eq!(printed(text), expected, "{text}");
            assert_eq!(flowql_oracle::syntax(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_corpus_is_printed_as_the_second_parser_prints_it() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus/valid");
        let mut compared = 0;
        for variant in std::fs::read_dir(corpus).unwrap() {
            for path in std::fs::read_dir(variant.unwrap().path()).unwrap() {
                let file = std::fs::read_to_string(path.unwrap().path()).unwrap();
                for filter in flowql::files::split(&file, &Limits::DEFAULT).filters {
                    assert_eq!(
                        Ok(printed(filter.text)),
                        flowql_oracle::syntax(filter.text),
                        "{}",
                        filter.text
                    );
                    compared += 1;
                }
            }
        }
        assert!(compared > 400, "only {compared} filters were compared");
    }
}
