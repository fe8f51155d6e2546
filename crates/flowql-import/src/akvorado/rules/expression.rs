//! The expressions of classifiers, read.

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};
use pest_derive::Parser;

/// How many brackets and choices an expression may have: each may be one in the other.
const DEEPEST: usize = 100;

#[derive(Parser)]
#[grammar = "akvorado/rules/classifier.pest"]
struct Classifier;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Choice(Box<[Expression; 3]>),
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Test(Box<Expression>, Comparison, Box<Expression>),
    Call(String, Vec<Expression>),
    List(Vec<Expression>),
    Text(String),
    Number(String),
    Truth(bool),
    Field(String),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Different,
    AtMost,
    AtLeast,
    Below,
    Above,
    In,
    NotIn,
    Contains,
    Starts,
    Ends,
    Matches,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        // Before the parser, which takes a frame of the stack for each.
        if text.matches(['(', '[', '?']).count() > DEEPEST {
            return Err("it has too many brackets".to_owned());
        }
        let mut pairs = Classifier::parse(Rule::rule, text).map_err(|error| {
            let (line, column) = match error.line_col {
                pest::error::LineColLocation::Pos(place) | pest::error::LineColLocation::Span(place, _) => {
                    place
                }
            };
            format!("it cannot be read at line {line}, column {column}")
        })?;
        of_next(&mut pairs)
    }
}

fn of_next(pairs: &mut Pairs<'_, Rule>) -> Result<Expression, String> {
    pairs.next().map_or_else(|| Err("it is incomplete".to_owned()), of)
}

fn of(pair: Pair<'_, Rule>) -> Result<Expression, String> {
    let (kind, text) = (pair.as_rule(), pair.as_str());
    let mut inner = pair.into_inner();
    Ok(match kind {
        Rule::choice => match (of_next(&mut inner)?, inner.next(), inner.next()) {
            (condition, Some(yes), Some(no)) => Expression::Choice(Box::new([condition, of(yes)?, of(no)?])),
            (only, ..) => only,
        },
        Rule::any => several(inner, Expression::Any)?,
        Rule::all => several(inner, Expression::All)?,
        Rule::test => match (of_next(&mut inner)?, inner.next(), inner.next()) {
            (left, Some(comparison), Some(right)) => {
                Expression::Test(Box::new(left), comparison_of(comparison.as_str())?, Box::new(of(right)?))
            }
            (only, ..) => only,
        },
        Rule::operand => {
            let mut negations = 0;
            let mut value = None;
            for pair in inner {
                match pair.as_rule() {
                    Rule::negation => negations += 1,
                    _ => value = Some(of(pair)?),
                }
            }
            let value = value.ok_or("it is incomplete")?;
            if negations % 2 == 1 { Expression::Not(Box::new(value)) } else { value }
        }
        Rule::call => {
            let name = inner.next().map(|name| name.as_str().to_owned()).unwrap_or_default();
            Expression::Call(name, inner.map(of).collect::<Result<_, _>>()?)
        }
        Rule::list => Expression::List(inner.map(of).collect::<Result<_, _>>()?),
        Rule::text => Expression::Text(inner.next().map(unescaped).unwrap_or_default()),
        Rule::number => Expression::Number(text.to_owned()),
        Rule::truth => Expression::Truth(text == "true"),
        Rule::field => Expression::Field(text.to_owned()),
        _ => return Err(format!("`{text}` is not understood")),
    })
}

/// One, or several that are joined by a word.
fn several(
    pairs: Pairs<'_, Rule>,
    join: impl FnOnce(Vec<Expression>) -> Expression,
) -> Result<Expression, String> {
    let operands = pairs.filter(|pair| pair.as_rule() != Rule::word_or && pair.as_rule() != Rule::word_and);
    let mut operands = operands.map(of).collect::<Result<Vec<_>, _>>()?;
    match (operands.len(), operands.pop()) {
        (1, Some(only)) => Ok(only),
        (_, last) => {
            operands.extend(last);
            Ok(join(operands))
        }
    }
}

fn comparison_of(text: &str) -> Result<Comparison, String> {
    Ok(match text.split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
        "==" => Comparison::Equal,
        "!=" => Comparison::Different,
        "<=" => Comparison::AtMost,
        ">=" => Comparison::AtLeast,
        "<" => Comparison::Below,
        ">" => Comparison::Above,
        "in" => Comparison::In,
        "not in" => Comparison::NotIn,
        "contains" => Comparison::Contains,
        "startsWith" => Comparison::Starts,
        "endsWith" => Comparison::Ends,
        "matches" => Comparison::Matches,
        other => return Err(format!("`{other}` is not understood")),
    })
}

/// What a text between quotes means.
fn unescaped(pair: Pair<'_, Rule>) -> String {
    if pair.as_rule() == Rule::raw {
        return pair.as_str().to_owned();
    }
    let mut text = String::new();
    let mut characters = pair.as_str().chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        text.push(match escaped {
            None => character,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Expression {
        Expression::Text(text.to_owned())
    }

    #[test]
    fn expressions_are_read_by_their_precedence() {
        let read = |text: &str| Expression::read(text).unwrap();
        let call = |name: &str| Expression::Call(name.to_owned(), Vec::new());
        let field = Box::new(Expression::Field("Interface.Name".to_owned()));
        assert_eq!(
            read("a() && !b() || c() // done"),
            Expression::Any(vec![
                Expression::All(vec![call("a"), Expression::Not(Box::new(call("b")))]),
                call("c")
            ])
        );
        assert_eq!(
            read(r#"Interface.Name startsWith "Lo\"" ? a() : b()"#),
            Expression::Choice(Box::new([
                Expression::Test(field.clone(), Comparison::Starts, Box::new(text("Lo\""))),
                call("a"),
                call("b")
            ]))
        );
        assert_eq!(
            read("Interface.Name not in ['a', `b\\`] and true"),
            Expression::All(vec![
                Expression::Test(
                    field,
                    Comparison::NotIn,
                    Box::new(Expression::List(vec![text("a"), text("b\\")]))
                ),
                Expression::Truth(true)
            ])
        );
    }

    #[test]
    fn what_is_no_expression_is_refused_with_its_place() {
        assert_eq!(Expression::read("a() &&\n  )"), Err("it cannot be read at line 2, column 3".to_owned()));
        assert_eq!(Expression::read(&"(".repeat(100_000)), Err("it has too many brackets".to_owned()));
        assert!(Expression::read("").is_err());
        assert!(Expression::read("1.5 > 1").is_err());
    }
}
