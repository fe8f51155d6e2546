//! Rewrites between a condition on either end and the two conditions that it stands for.

use super::action::Action;
use super::rewrites::Rewriter;
use crate::Span;
use crate::syntax::{Condition, Node};

impl Rewriter<'_> {
    /// `Port = 53` → `(SrcPort = 53 OR DstPort = 53)`, and `Port != 53` → `(SrcPort != 53 AND DstPort != 53)`.
    pub(super) fn both_ends(&self, condition: &Condition) -> Option<Action> {
        let name = condition.column?;
        let schema = self.compiler.schema;
        let pair = schema.subject(name.of(self.text))?.pair?;
        let predicate = Span { start: name.end, end: condition.span.end }.of(self.text);
        let [one, other] = pair.columns.map(|id| schema.column(id));
        if one.disabled || other.disabled {
            return None;
        }
        let connective = if condition.operator?.operator.is_negated() { "AND" } else { "OR" };
        let both = format!("({}{predicate} {connective} {}{predicate})", one.name, other.name);
        self.rewrite(format!("ask for `{}` and `{}`", one.name, other.name), condition.span, &both)
    }

    /// `SrcPort = 53 OR DstPort = 53` → `Port = 53`, and `SrcPort != 53 AND DstPort != 53` → `Port != 53`: the first two
    /// neighbours that the range touches.
    pub(super) fn either_end(&self, terms: &[Node], negated: bool, range: Span) -> Option<Action> {
        let schema = self.compiler.schema;
        terms.windows(2).find_map(|neighbours| {
            let [Node::Condition(first), Node::Condition(second)] = neighbours else { return None };
            let whole = first.span.to(second.span);
            if !(whole.touches(range.start) && whole.touches(range.end)) {
                return None;
            }
            let name = |condition: &Condition| condition.column.map(|column| column.of(self.text));
            let predicate = |condition: &Condition| {
                Some(Span { start: condition.column?.end, end: condition.span.end }.of(self.text))
            };
            let (one, other) = (schema.find(name(first)?)?, schema.find(name(second)?)?);
            let pair = schema.pair_of(one).filter(|pair| one != other && pair.has(other))?;
            let same = predicate(first)?;
            if predicate(second)? != same || first.operator?.operator.is_negated() != negated {
                return None;
            }
            let either = format!("{}{same}", pair.name);
            self.rewrite(format!("write `{either}`"), whole, &either)
        })
    }
}
