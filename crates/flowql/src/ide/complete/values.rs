//! Values: those of the tables at once, and a request for those of the network.

use super::candidates::{column_candidate, exact_operator, ranked_columns, takes_columns};
use super::context::Context;
use super::static_values::{Typed, known_values};
use super::{Candidate, CandidateKind, Completions, Slot, ValueRequest, sibling_terms};
use crate::gather::Gather as _;
use crate::schema::Subject;
use crate::tables::{Form, Operator};
use crate::values::text;
use crate::{Column, Compiler, Diagnostic, Schema, Span};

/// The column and operator whose value is being typed.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) column: Span,
    pub(super) operator: Operator,
    pub(super) in_list: bool,
    /// The items that are already in the list.
    pub(super) items: &'a [Span],
}

pub(super) fn offer(
    compiler: &Compiler<'_>,
    source: &str,
    context: &Context<'_>,
    place: Place<'_>,
    completions: &mut Completions,
) {
    let Some(subject) = compiler.schema.subject(place.column.of(source)) else { return };
    let column = compiler.schema.column(subject.id);
    let operator = place.operator;
    let Some(rule) = column.rules().find(|rule| rule.operators.contains(&operator)) else { return };
    let touches_operator = exact_operator(context.partial, false) == Some(operator)
        || exact_operator(context.partial, true) == Some(operator);
    let partial = if touches_operator { "" } else { context.partial };
    let quote = partial.chars().next().filter(|first| matches!(first, '"' | '\''));
    let typed = match quote {
        // A value is known by its own text, not by the pattern of it.
        Some(_) if is_pattern(operator) => text::like_unescaped(&text::decode(partial)),
        Some(_) => text::decode(partial).into_owned(),
        None if super::context::is_word(partial) || partial.is_empty() => partial.to_owned(),
        None => return,
    };
    let exclude: Vec<String> = place.items.iter().map(|span| plain(span.of(source))).list();
    let blank = if !place.in_list && context.blank_before() { " " } else { "" };
    let lead = if touches_operator { format!("{} ", context.partial) } else { blank.to_owned() };
    let head = if place.in_list {
        format!("{} {} (", column.name, operator.symbol())
    } else {
        Span { start: place.column.start, end: context.replace.start }.of(source).to_owned()
    };
    let slot = Slot { quote, lead, head };
    let named = column.port || !column.names.is_empty();
    let quoted = rule.forms.iter().any(|form| form.is_quoted()) || (named && quote.is_some());
    let request = ValueRequest {
        column: column.name.to_string(),
        other: other_end(compiler.schema, subject),
        operator,
        prefix: typed,
        exclude,
        rest: String::new(),
        quoted,
        ranking: !rule.forms.iter().any(|form| is_open(column, *form)),
        slot: slot.clone(),
    };
    let typed =
        Typed { operator, prefix: &request.prefix, exclude: &request.exclude, quoted: quote.is_some() };
    for form in rule.forms {
        for known in known_values(compiler, column, *form, typed) {
            // Of a port that has a name the number is as good.
            let quoted = form.is_quoted() || (*form == Form::Integer && (quote.is_some() || !column.port));
            completions.candidates.push(Candidate {
                insert: written(&slot, &known.value, quoted),
                label: known.value,
                kind: CandidateKind::Value,
                detail: known.detail,
                documentation: known.documentation,
            });
        }
    }
    // A number being typed is no part of a name: with `1` for the value, Enter must not make `Dst1stAS` of it.
    let is_number = request.prefix.starts_with(|first: char| first.is_ascii_digit());
    if takes_columns(column, operator) && quote.is_none() && !is_number {
        let ends = subject.pair.map_or([subject.id; 2], |pair| pair.columns);
        let ends = ends.map(|id| &compiler.schema.column(id).name);
        let same = |other: &Column| other.compares_with(column) && !ends.contains(&&other.name);
        for other in ranked_columns(compiler, &request.prefix, &same) {
            let insert = written(&slot, &other.name, false);
            completions.candidates.push(column_candidate(other, insert));
        }
    }
    if rule.forms.iter().any(|form| is_open(column, *form) || is_ranked(column, *form)) {
        let rest = sibling_terms::of(compiler, source, context);
        completions.request = Some(ValueRequest { rest, ..request });
    }
}

/// The column at the other end, where a name is that of a pair and both are enabled.
pub(super) fn other_end(schema: &Schema, subject: Subject<'_>) -> Option<String> {
    let mut ends = subject.pair?.columns.into_iter();
    let other = ends.find(|&id| id != subject.id && !schema.column(id).disabled)?;
    Some(schema.column(other).name.to_string())
}

/// Whether a form has values that only the network knows.
pub(super) fn is_open(column: &Column, form: Form) -> bool {
    if form == Form::Text {
        return column.words().is_empty();
    }
    matches!(
        form,
        Form::Address
            | Form::Subnet
            | Form::Mac
            | Form::MacPrefix
            | Form::Pattern
            | Form::Integer
            | Form::Asn
            | Form::Community
            | Form::ProtocolName
            | Form::ProtocolNumber
    )
}

/// Whether a form has values that are all known, and of which the network knows how much they are used.
pub(super) fn is_ranked(column: &Column, form: Form) -> bool {
    form == Form::Word || form == Form::Text && !column.words().is_empty()
}

/// A value of a source as it is inserted; `None` where it cannot stand at the place.
pub(super) fn insertion(request: &ValueRequest, value: &str) -> Option<String> {
    // Line breaks end a string, and no value of the network should be able to end one early.
    if value.contains(['\n', '\r']) {
        return None;
    }
    let quoted = request.quoted || request.slot.quote.is_some();
    if !quoted
        && (value.is_empty()
            || value.contains(|found: char| {
                found.is_whitespace()
                    || matches!(found, '"' | '\'' | '(' | ')' | ',' | '=' | '<' | '>' | '!' | '&' | '|' | ';')
            }))
    {
        return None;
    }
    let pattern = is_pattern(request.operator).then(|| text::like_escaped(value));
    Some(written(&request.slot, pattern.as_deref().unwrap_or(value), quoted))
}

/// Whether the condition being typed is valid with the value: a source may know values that do not fit the column, and
/// the upper end of BETWEEN must not lie below the lower one.
pub(super) fn fits(compiler: &Compiler<'_>, request: &ValueRequest, insert: &str) -> bool {
    let head = &request.slot.head;
    let tails = match request.operator {
        Operator::In | Operator::NotIn => vec![")".to_owned()],
        Operator::Has | Operator::NotHas => vec![String::new(), ")".to_owned()],
        Operator::Between | Operator::NotBetween => {
            vec![String::new(), format!(" AND {}", insert.trim_start())]
        }
        _ => vec![String::new()],
    };
    let valid = |tail: String| {
        !compiler.diagnostics(&format!("{head}{insert}{tail}")).iter().any(Diagnostic::is_error)
    };
    tails.into_iter().any(valid)
}

/// Whether values are patterns, in which some characters stand for others.
const fn is_pattern(operator: Operator) -> bool {
    matches!(operator, Operator::Like | Operator::NotLike | Operator::ILike | Operator::NotILike)
}

/// A value as it is written at its place.
fn written(slot: &Slot, value: &str, quoted: bool) -> String {
    let value = match (quoted, slot.quote) {
        (true, Some(quote)) => text::quote_with(value, quote),
        (true, None) => text::quote(value),
        (false, _) => value.to_owned(),
    };
    format!("{}{value}", slot.lead)
}

/// An item of a list without its quotes.
fn plain(written: &str) -> String {
    if written.starts_with(['"', '\'']) { text::decode(written).into_owned() } else { written.to_owned() }
}
