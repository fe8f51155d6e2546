//! Stage two: the tree of a filter as it is written, every part with its place, nothing checked against a schema.

use crate::Span;
use crate::tables::Operator;

/// A boolean expression as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A column, an operator and a value.
    Condition(Box<Condition>),
    /// `@name`, with the place of the whole.
    Saved(Span),
    /// NOT and its operand.
    Not {
        /// The keyword.
        keyword: Span,
        /// What is negated.
        operand: Box<Node>,
    },
    /// An expression in parentheses.
    Group {
        /// From the opening to the closing parenthesis.
        span: Span,
        /// What stands in them.
        inner: Box<Node>,
    },
    /// Two or more terms joined by AND.
    And(Vec<Node>),
    /// Two or more terms joined by OR.
    Or(Vec<Node>),
}

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// From the column to the end of the value.
    pub span: Span,
    /// The column's name; `None` when it is missing.
    pub column: Option<Span>,
    /// The operator; `None` when it is missing or none of the language.
    pub operator: Option<OperatorUse>,
    /// What the operator is applied to.
    pub operand: Operand,
    /// Whether the syntax was in order, so that the values are worth a look.
    pub complete: bool,
}

/// An operator at its place; `NOT IN` covers both words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorUse {
    /// The operator.
    pub operator: Operator,
    /// Where it stands.
    pub span: Span,
}

/// What stands after an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Nothing.
    Missing,
    /// One value.
    One(Value),
    /// The two ends of BETWEEN.
    Between(Value, Value),
    /// A list in parentheses.
    List(List),
}

/// A list of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// From the opening to the closing parenthesis.
    pub span: Span,
    /// The values.
    pub items: Vec<Value>,
}

/// A value at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Where it stands, quotes included.
    pub span: Span,
    /// How it is written.
    pub kind: ValueKind,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Without quotes.
    Word,
    /// In quotes.
    String,
}

impl Node {
    /// From the first to the last byte of the expression.
    pub fn span(&self) -> Span {
        match self {
            Self::Condition(condition) => condition.span,
            Self::Saved(span) | Self::Group { span, .. } => *span,
            Self::Not { keyword, operand } => keyword.to(operand.span()),
            Self::And(terms) | Self::Or(terms) => match (terms.first(), terms.last()) {
                (Some(first), Some(last)) => first.span().to(last.span()),
                _ => Span::default(),
            },
        }
    }

    /// Calls `visit` with every condition, in the order of the text.
    pub fn for_each_condition<'a>(&'a self, visit: &mut impl FnMut(&'a Condition)) {
        match self {
            Self::Condition(condition) => visit(condition),
            Self::Saved(_) => {}
            Self::Not { operand, .. } => operand.for_each_condition(visit),
            Self::Group { inner, .. } => inner.for_each_condition(visit),
            Self::And(terms) | Self::Or(terms) => {
                for term in terms {
                    term.for_each_condition(visit);
                }
            }
        }
    }
}

impl Operand {
    /// The values, in the order of the text.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let (one, two, many): (Option<&Value>, Option<&Value>, &[Value]) = match self {
            Self::Missing => (None, None, &[]),
            Self::One(value) => (Some(value), None, &[]),
            Self::Between(low, high) => (Some(low), Some(high), &[]),
            Self::List(list) => (None, None, &list.items),
        };
        one.into_iter().chain(two).chain(many)
    }
}
