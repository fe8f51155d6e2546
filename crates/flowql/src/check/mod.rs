//! Checking a filter's tree against a schema: from names and words to columns and values.

mod column;
mod either;
mod lint;
mod redundant;
mod saved;
mod value;
mod value_errors;
mod value_sets;

pub use saved::{SavedFilters, Scope, is_filter_name};

use crate::gather::Gather as _;
use crate::schema::Pair;
use crate::syntax::{Condition, Node, Operand, OperatorUse, Value};
use crate::tables::{BITS_RULE, Form, Operator, Registries, Rule};
use crate::typed::{self, ColumnUse, Comparison, Filter, Member, Scalar, Test};
use crate::{Code, ColumnId, Diagnostic, Limits, Schema, Span};

use value::Read;

/// What a check needs to know beside the text.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) saved: &'a SavedFilters,
    pub(crate) limits: &'a Limits,
}

/// Checks a tree; `None` where an error was found, in the whole or in any part.
pub(crate) fn check(
    text: &str,
    tree: &Node,
    context: Context<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Filter> {
    let mut expansion = saved::Expansion::new(text);
    let suggestions = SUGGESTIONS;
    Checker { text, context, diagnostics, expansion: &mut expansion, depth: 0, pair: None, suggestions }
        .node(tree)
}

/// How many messages of one run look for the closest names: more would be hidden anyway.
const SUGGESTIONS: usize = 200;

struct Checker<'a, 'e> {
    text: &'a str,
    context: Context<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
    expansion: &'e mut saved::Expansion,
    /// The parentheses, NOTs and saved filters around the node being checked.
    depth: usize,
    /// The pair that the condition being checked is on.
    pair: Option<&'a Pair>,
    suggestions: usize,
}

impl<'a> Checker<'a, '_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn registries(&self) -> &'static Registries {
        self.context.schema.registries()
    }

    /// Reports an error and gives `None`, for use at the end of a function.
    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.report(diagnostic);
        None
    }

    fn node(&mut self, node: &Node) -> Option<Filter> {
        match node {
            Node::Condition(condition) => self.condition(condition),
            Node::Saved(span) => self.saved_filter(*span),
            Node::Not { operand, .. } => self.nested(operand).map(Filter::Not),
            Node::Group { inner, .. } => self.nested(inner).map(Filter::Group),
            Node::And(terms) => {
                let filters = self.terms(terms);
                lint::conjunction(self.context.schema, self.text, &filters, self.diagnostics);
                all(filters).map(Filter::And)
            }
            Node::Or(terms) => {
                let filters = self.terms(terms);
                lint::disjunction(self.context.schema, self.text, &filters, self.diagnostics);
                lint::mixed(terms, self.diagnostics);
                all(filters).map(Filter::Or)
            }
        }
    }

    fn nested(&mut self, node: &Node) -> Option<Box<Filter>> {
        self.depth += 1;
        let filter = self.node(node);
        self.depth -= 1;
        filter.map(Box::new)
    }

    fn terms(&mut self, terms: &[Node]) -> Vec<Option<Filter>> {
        terms.iter().map(|term| self.node(term)).list()
    }

    // Not a part of the frames of `node`, which calls itself for each level.
    #[inline(never)]
    fn condition(&mut self, condition: &Condition) -> Option<Filter> {
        let name = condition.column?;
        let subject = self.context.schema.subject(name.of(self.text));
        match subject.and_then(|subject| subject.pair) {
            Some(pair) => self.either(pair, name, condition),
            None => {
                let id = self.column(name)?;
                self.on_column(id, name, condition).map(Filter::Condition)
            }
        }
    }

    fn on_column(&mut self, id: ColumnId, name: Span, condition: &Condition) -> Option<typed::Condition> {
        let condition = self.unremarked(id, name, condition)?;
        lint::condition(self.context.schema, self.text, &condition, self.diagnostics);
        Some(condition)
    }

    /// A condition as it was read, before any remark on it.
    fn unremarked(&mut self, id: ColumnId, name: Span, condition: &Condition) -> Option<typed::Condition> {
        let column = ColumnUse { id, span: name };
        let usage = condition.operator?;
        let rule = self.rule(id, usage)?;
        if !condition.complete {
            return None;
        }
        let test = self.test(id, usage, &condition.operand, rule)?;
        Some(typed::Condition { span: condition.span, column, test })
    }

    /// The rule of the column's type for an operator, or an error that lists the operators it has.
    fn rule(&mut self, id: ColumnId, usage: OperatorUse) -> Option<&'static Rule> {
        let column = self.context.schema.column(id);
        let found = column.rules().find(|rule| rule.operators.contains(&usage.operator));
        if found.is_some() {
            return found;
        }
        let symbols: Vec<&str> = column.operators().map(Operator::symbol).list();
        let message = format!("`{}` has no operator `{}`", self.name_of(id), usage.operator.symbol());
        let help = format!("it has {}", enumerate(&symbols));
        self.fail(Diagnostic::new(Code::OperatorNotAvailable, usage.span, message).with_help(help))
    }

    fn test(
        &mut self,
        id: ColumnId,
        usage: OperatorUse,
        operand: &Operand,
        rule: &'static Rule,
    ) -> Option<Test> {
        let operator = usage.operator;
        let negated = operator.is_negated();
        match operand {
            Operand::Missing => None,
            Operand::One(value) => match self.value(id, usage, value, rule.forms)? {
                Read::Column(other) => Some(Test::CompareColumn(comparison(operator)?, other)),
                Read::Bits(mask) => Some(Test::HasBits { negated, mask }),
                // A name for several numbers, and the first bytes of an address, are as good as one value.
                Read::Range(low, high) => {
                    use Operator::{Eq, Ne, NotWithin, Within};
                    matches!(operator, Eq | Ne | Within | NotWithin).then_some(Test::Between {
                        negated,
                        low,
                        high,
                    })
                }
                Read::Subnet(..) => None,
                Read::Scalar(scalar) if is_has(operator) => {
                    let members = vec![Member { span: value.span, value: scalar, to: None }];
                    Some(Test::HasAll { negated, members })
                }
                Read::Scalar(scalar) => single(operator, scalar),
            },
            Operand::Between(low, high) => {
                let low_read = self.value(id, usage, low, rule.forms);
                let high_read = self.value(id, usage, high, rule.forms);
                let (Some(Read::Scalar(from)), Some(Read::Scalar(to))) = (low_read, high_read) else {
                    return None;
                };
                self.ordered(&from, &to, low.span, high.span)?;
                Some(Test::Between { negated, low: from, high: to })
            }
            Operand::List(list) => {
                let read: Vec<Option<Member>> =
                    list.items.iter().map(|item| self.member(id, usage, item, rule.forms)).list();
                let kind = self.context.schema.column(id).filter_type;
                redundant::redundant(self.text, kind, &read, self.diagnostics);
                let members = all(read)?;
                if rule.forms != BITS_RULE.forms && is_has(operator) {
                    return Some(Test::HasAll { negated, members });
                }
                if rule.forms != BITS_RULE.forms {
                    return Some(Test::OneOf { negated, members });
                }
                let with = |mask, bits: &Member| match bits.value {
                    Scalar::Integer(bits) => mask | bits,
                    _ => mask,
                };
                Some(Test::HasBits { negated, mask: members.iter().fold(0, with) })
            }
        }
    }

    fn member(
        &mut self,
        id: ColumnId,
        usage: OperatorUse,
        item: &Value,
        forms: &'static [Form],
    ) -> Option<Member> {
        match self.value(id, usage, item, forms)? {
            Read::Scalar(value) => {
                self.fits_fixed_string(id, &value, item.span)?;
                Some(Member { span: item.span, value, to: None })
            }
            Read::Range(low, high) => Some(Member { span: item.span, value: low, to: Some(high) }),
            Read::Bits(mask) => Some(Member { span: item.span, value: Scalar::Integer(mask), to: None }),
            Read::Subnet(..) | Read::Column(_) => None,
        }
    }

    /// ClickHouse refuses a list with a string that does not fit a `FixedString`.
    fn fits_fixed_string(&mut self, id: ColumnId, value: &Scalar, span: Span) -> Option<()> {
        let column = self.context.schema.column(id);
        match (column.fixed_length(), value) {
            (Some(length), Scalar::Text(text)) if text.len() > length => {
                let message = format!("`{}` holds {length} bytes, and this string is longer", column.name);
                self.fail(Diagnostic::new(Code::StringTooLong, span, message))
            }
            _ => Some(()),
        }
    }
}

const fn is_has(operator: Operator) -> bool {
    matches!(operator, Operator::Has | Operator::NotHas)
}

/// The test that an operator of one value makes of it.
fn single(operator: Operator, scalar: Scalar) -> Option<Test> {
    let negated = operator.is_negated();
    Some(match (operator, scalar) {
        (Operator::Within | Operator::NotWithin, Scalar::Subnet(subnet)) => Test::Within { negated, subnet },
        (Operator::Like | Operator::NotLike, Scalar::Text(pattern)) => {
            Test::Like { negated, ignore_case: false, pattern }
        }
        (Operator::ILike | Operator::NotILike, Scalar::Text(pattern)) => {
            Test::Like { negated, ignore_case: true, pattern }
        }
        (Operator::Regexp | Operator::NotRegexp, Scalar::Text(pattern)) => Test::Regexp { negated, pattern },
        (operator, scalar) => Test::Compare(comparison(operator)?, scalar),
    })
}

fn comparison(operator: Operator) -> Option<Comparison> {
    Some(match operator {
        Operator::Eq => Comparison::Eq,
        Operator::Ne => Comparison::Ne,
        Operator::Lt => Comparison::Lt,
        Operator::Le => Comparison::Le,
        Operator::Gt => Comparison::Gt,
        Operator::Ge => Comparison::Ge,
        _ => return None,
    })
}

/// All values, where each is there.
fn all<T>(values: Vec<Option<T>>) -> Option<Vec<T>> {
    values.into_iter().list_all()
}

/// `a`, `b` and `c`.
pub(crate) fn enumerate(items: &[&str]) -> String {
    join_words(items.iter().map(|item| format!("`{item}`")).list(), "and")
}

/// The items with commas between them and a word before the last.
pub(crate) fn join_words(mut items: Vec<String>, last_word: &str) -> String {
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() { last } else { format!("{} {last_word} {last}", items.join(", ")) }
}
