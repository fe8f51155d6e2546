//! Conditions on either end: the name of a pair of columns.

use super::value_errors::Wanted;
use super::{Checker, lint};
use crate::schema::Pair;
use crate::syntax::Condition;
use crate::tables::Form;
use crate::typed::{Either, Filter, Test};
use crate::values::text;
use crate::{Code, ColumnId, Diagnostic, Edit, Fix, Span};

impl<'a> Checker<'a, '_> {
    /// A condition on a pair: on both of its columns, or on the only one that is enabled.
    pub(super) fn either(&mut self, pair: &'a Pair, name: Span, condition: &Condition) -> Option<Filter> {
        let schema = self.context.schema;
        let off = |id| schema.column(id).disabled;
        let [first, second] = pair.columns;
        let [one, other] = pair.columns.map(|id| &schema.column(id).name);
        if let (true, true) = (off(first), off(second)) {
            let message = format!("`{}` is either `{one}` or `{other}`, which are both disabled", pair.name);
            let help = format!("{} and {}", self.how_to_enable(first), self.how_to_enable(second));
            return self.fail(Diagnostic::new(Code::DisabledColumn, name, message).with_help(help));
        }
        if off(first) || off(second) {
            let (on, off) = if off(first) { (second, first) } else { (first, second) };
            let [on_name, off_name] = [on, off].map(|id| &schema.column(id).name);
            let message = format!("`{}` is `{on_name}` alone: `{off_name}` is disabled", pair.name);
            let help = self.how_to_enable(off);
            self.report(Diagnostic::new(Code::OneEnd, name, message).with_help(help));
            return self.on_column(on, name, condition).map(Filter::Condition);
        }
        self.pair = Some(pair);
        let either = self.both(pair, name, condition);
        self.pair = None;
        Some(Filter::Either(Box::new(either?)))
    }

    fn both(&mut self, pair: &'a Pair, name: Span, condition: &Condition) -> Option<Either> {
        let schema = self.context.schema;
        let [id, second] = pair.columns;
        let negated = condition.operator?.operator.is_negated();
        let first = self.unremarked(id, name, condition)?;
        if let Test::CompareColumn(_, other) = &first.test
            && pair.has(other.id)
        {
            let [one, other_name] = pair.columns.map(|id| &schema.column(id).name);
            let message =
                format!("`{}` is `{one}` or `{other_name}` and cannot be compared with them", pair.name);
            let help = format!("the two are compared with each other by `{one} = {other_name}`");
            return self.fail(Diagnostic::new(Code::ColumnNotAllowed, other.span, message).with_help(help));
        }
        if let Test::OneOf { members, .. } = &first.test {
            for member in members {
                self.fits_fixed_string(second, &member.value, member.span)?;
            }
        }
        let first = if negated { first.opposite() } else { first };
        let mut other = first.clone();
        other.column.id = second;
        let either = Either { name: pair.name.clone(), negated, sides: [first, other] };
        lint::either(schema, self.text, &either, self.diagnostics);
        Some(either)
    }

    /// Why the name of a pair cannot be compared with.
    pub(super) fn pair_on_the_right(&self, wanted: Wanted, pair: &Pair, span: Span) -> Diagnostic {
        let message = format!("`{}` is either end of a flow, and can only begin a condition", pair.name);
        let diagnostic = Diagnostic::new(Code::ColumnNotAllowed, span, message);
        let left = self.name_of(wanted.id);
        let diagnostic = match self.pair {
            None => diagnostic.with_help(format!(
                "write `{} {} {left}`",
                pair.name,
                wanted.usage.operator.mirrored().symbol()
            )),
            Some(_) => {
                let [one, other] = pair.columns.map(|id| &self.context.schema.column(id).name);
                diagnostic.with_help(format!("write `{one}` or `{other}`"))
            }
        };
        if !wanted.forms.contains(&Form::Text) {
            return diagnostic;
        }
        let quoted = Edit::replace(span, text::quote(span.of(self.text)));
        diagnostic.with_fix(Fix::guess("put it in quotes", quoted))
    }

    /// The name by which the filter calls the column of a condition.
    pub(super) fn name_of(&self, id: ColumnId) -> &'a str {
        match self.pair {
            Some(pair) if pair.has(id) => &pair.name,
            _ => &self.context.schema.column(id).name,
        }
    }
}
