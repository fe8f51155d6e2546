//! The syntax tree as an S-expression.

use std::fmt::Write as _;

use super::parser::{Condition, Expr, Form, NodeId, Op, Tree, Value};

/// Prints a tree on one line.
pub(crate) fn print(tree: &Tree<'_>) -> String {
    let mut line = String::new();
    match tree.root {
        Some(root) => expr(&mut line, tree, root),
        None => line.push_str("()"),
    }
    line
}

fn expr(line: &mut String, tree: &Tree<'_>, id: NodeId) {
    let mut wrap = |head: &str, first: NodeId| {
        line.push('(');
        line.push_str(head);
        for operand in tree.operands(first) {
            line.push(' ');
            expr(line, tree, operand);
        }
        line.push(')');
    };
    match &tree[id].expr {
        Expr::Or(first) => wrap("or", *first),
        Expr::And(first) => wrap("and", *first),
        Expr::Not(operand) => wrap("not", *operand),
        Expr::Group(inside) => wrap("group", *inside),
        Expr::Saved(name) => {
            line.push_str("(saved ");
            line.push_str(name.text);
            line.push(')');
        }
        Expr::Condition(c) => {
            line.push_str("(cond ");
            line.push_str(c.column);
            line.push(' ');
            line.push_str(operator(c));
            for v in tree.values(c) {
                line.push(' ');
                value(line, v);
            }
            line.push(')');
        }
    }
}

fn value(line: &mut String, value: &Value<'_>) {
    match (value.form, value.string()) {
        (Form::Text { .. }, Some(text)) => {
            // Writing to a string cannot fail.
            let _ = write!(line, "s:{text:?}");
        }
        _ => {
            line.push_str("w:");
            line.push_str(value.text);
        }
    }
}

/// The canonical name of a condition's operator.
fn operator(condition: &Condition<'_>) -> &'static str {
    let (positive, negative) = match condition.op {
        Op::Equal => ("=", "!="),
        Op::Less => ("<", "<"),
        Op::LessEqual => ("<=", "<="),
        Op::Greater => (">", ">"),
        Op::GreaterEqual => (">=", ">="),
        Op::Inside => ("<<", "!<<"),
        Op::In => ("IN", "NOT-IN"),
        Op::Like => ("LIKE", "NOT-LIKE"),
        Op::ILike => ("ILIKE", "NOT-ILIKE"),
        Op::Between => ("BETWEEN", "NOT-BETWEEN"),
        Op::Regexp => ("REGEXP", "NOT-REGEXP"),
        Op::Has => ("HAS", "NOT-HAS"),
    };
    if condition.negated { negative } else { positive }
}
