//! Warnings and hints: what is valid but hardly meant.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use super::value_sets::{self, Set};
use crate::gather::Gather as _;
use crate::syntax::Node;
use crate::tables::Countries;
use crate::typed::{Condition, Either, Filter};
use crate::values;
use crate::{Code, Column, Diagnostic, Edit, Fix, Schema, Span};

/// Remarks on one condition: that it always or never holds.
pub(super) fn condition(
    schema: &Schema,
    text: &str,
    condition: &Condition,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(set) = value_sets::of(schema, condition) else { return };
    if set.is_empty() || set.is_everything() {
        diagnostics.push(settled(text, condition.span, set.is_everything()));
    }
}

/// Remarks on one condition on either end: that it always or never holds.
pub(super) fn either(schema: &Schema, text: &str, either: &Either, diagnostics: &mut Vec<Diagnostic>) {
    let [first, second] = &either.sides;
    let (one, other) = (value_sets::of(schema, first), value_sets::of(schema, second));
    let always = |set: &Option<Set>| set.as_ref().is_some_and(Set::is_everything);
    let never = |set: &Option<Set>| set.as_ref().is_some_and(Set::is_empty);
    let (always, never) = (always(&one) || always(&other), never(&one) && never(&other));
    if always || never {
        diagnostics.push(settled(text, first.span, always != either.negated));
    }
}

/// The remark that a condition always holds, or never.
fn settled(text: &str, span: Span, always: bool) -> Diagnostic {
    let (code, when) = if always { (Code::AlwaysTrue, "always") } else { (Code::AlwaysFalse, "never") };
    let message = format!("`{}` is {when} true", super::column::shown(span.of(text)));
    Diagnostic::new(code, span, message)
}

/// Remarks on conditions joined by AND: duplicates, and those that never hold together.
pub(super) fn conjunction(
    schema: &Schema,
    text: &str,
    terms: &[Option<Filter>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for conditions in repeated(terms) {
        duplicates(text, &conditions, diagnostics);
        if let Some(span) = together(schema, &conditions, Set::complement) {
            let name = name(schema, &conditions);
            let message = format!("the conditions on `{name}` joined by AND are never true together");
            diagnostics.push(Diagnostic::new(Code::AlwaysFalse, span, message));
        }
    }
}

/// Remarks on conditions joined by OR: duplicates, and those of which one always holds.
pub(super) fn disjunction(
    schema: &Schema,
    text: &str,
    terms: &[Option<Filter>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for conditions in repeated(terms) {
        duplicates(text, &conditions, diagnostics);
        if let Some(span) = together(schema, &conditions, |set| set) {
            let name = name(schema, &conditions);
            let message = format!("one of the conditions on `{name}` joined by OR is always true");
            diagnostics.push(Diagnostic::new(Code::AlwaysTrue, span, message));
        }
    }
}

/// The conditions among the terms, by column, where a column has several; in the order of the text.
fn repeated(terms: &[Option<Filter>]) -> Vec<Vec<Cow<'_, Condition>>> {
    let mut conditions: Vec<Cow<'_, Condition>> =
        terms.iter().filter_map(|term| single(term.as_ref()?)).list();
    conditions.sort_unstable_by_key(|condition| (condition.column.id, condition.span));
    let groups = conditions.chunk_by(|first, second| first.column.id == second.column.id);
    groups.filter(|group| group.len() > 1).map(<[_]>::to_vec).list()
}

/// The one condition that a term is, the opposite one for each NOT before it.
fn single(mut term: &Filter) -> Option<Cow<'_, Condition>> {
    let mut negated = false;
    loop {
        match term {
            Filter::Condition(condition) if negated => return Some(Cow::Owned(condition.opposite())),
            Filter::Condition(condition) => return Some(Cow::Borrowed(condition)),
            Filter::Not(inner) => {
                negated = !negated;
                term = inner;
            }
            Filter::Group(inner) => term = inner,
            _ => return None,
        }
    }
}

/// The name of the column that the conditions are on.
fn name<'a>(schema: &'a Schema, conditions: &[Cow<'_, Condition>]) -> &'a str {
    conditions.first().map_or("", |condition| &schema.column(condition.column.id).name)
}

fn duplicates(text: &str, conditions: &[Cow<'_, Condition>], diagnostics: &mut Vec<Diagnostic>) {
    let mut sorted = conditions.to_vec();
    // Of equal ones the first in the text stays the first.
    sorted.sort_unstable_by(|first, second| first.cmp(second).then(first.span.cmp(&second.span)));
    for (first, second) in sorted.iter().zip(sorted.iter().skip(1)) {
        if first == second {
            let quoted = super::column::shown(second.span.of(text));
            let message = format!("`{quoted}` is said twice");
            diagnostics.push(Diagnostic::new(Code::DuplicateCondition, second.span, message));
        }
    }
}

/// The range of the conditions if their sets, changed, cover everything, and none of them does so alone.
fn together(schema: &Schema, conditions: &[Cow<'_, Condition>], change: fn(Set) -> Set) -> Option<Span> {
    let sets: Vec<Set> =
        conditions.iter().filter_map(|condition| value_sets::of(schema, condition)).map(change).list();
    if sets.iter().any(|set| set.is_everything() || set.is_empty()) || !value_sets::cover_everything(sets) {
        return None;
    }
    Some(conditions.first()?.span.to(conditions.last()?.span))
}

/// A hint at terms of OR that hold AND without parentheses.
pub(super) fn mixed(terms: &[Node], diagnostics: &mut Vec<Diagnostic>) {
    let joined: Vec<Span> = terms.iter().filter(|term| matches!(term, Node::And(_))).map(Node::span).list();
    let Some(&first) = joined.first() else { return };
    let around = |span: &Span| [Edit::insert(span.start, "("), Edit::insert(span.end, ")")];
    let fix = Fix::of_edits("add the parentheses", joined.iter().flat_map(around).list());
    let message = "AND and OR are mixed; AND binds tighter";
    diagnostics.push(Diagnostic::new(Code::MixedAndOr, first, message).with_fix(fix));
}

/// A warning of a subnet with bits set beyond its length.
pub(super) fn host_bits(span: Span, written: IpAddr, net: IpNet, diagnostics: &mut Vec<Diagnostic>) {
    if written != net.network() {
        let message = format!("host bits are set; the subnet is {net}");
        let fix = Fix::new(format!("write `{net}`"), Edit::replace(span, net.to_string()));
        diagnostics.push(Diagnostic::new(Code::HostBits, span, message).with_fix(fix));
    }
}

/// The same of the addresses of a MAC prefix.
pub(super) fn mac_host_bits(
    span: Span,
    written: &str,
    (low, high): (u64, u64),
    diagnostics: &mut Vec<Diagnostic>,
) {
    if values::mac_prefix(written).is_some_and(|(address, ..)| address != low) {
        let prefix = values::mac_prefix_text(low, high);
        let message = format!("host bits are set; the prefix is {prefix}");
        let fix = Fix::new(format!("write `{prefix}`"), Edit::replace(span, prefix));
        diagnostics.push(Diagnostic::new(Code::HostBits, span, message).with_fix(fix));
    }
}

/// A warning of a country that is not the code of one.
pub(super) fn country(
    countries: &Countries,
    column: &Column,
    code: &str,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if !column.country || code.is_empty() || countries.is_stored(code) {
        return;
    }
    let fix = countries.meant(code).map(|meant| {
        Fix::guess(format!("write \"{meant}\""), Edit::replace(span, values::text::quote(meant)))
    });
    let is_code = code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    let message = match is_code {
        true => format!("no country has the code `{code}`"),
        false => "countries are two capital letters".to_owned(),
    };
    diagnostics.push(Diagnostic::new(Code::NotACountry, span, message).with_fixes(fix));
}

/// A warning of a LIKE pattern without a wildcard.
pub(super) fn wildcard(pattern: &str, any_case: bool, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    let mut rest = pattern.chars();
    while let Some(found) = rest.next() {
        match found {
            '%' | '_' => return,
            '\\' => {
                rest.next();
            }
            _ => {}
        }
    }
    let how = if any_case { "text, in any case" } else { "very text" };
    let message = format!("the pattern has no wildcard, so it matches only this {how}");
    let help = "`%` stands for any text, `_` for one character";
    diagnostics.push(Diagnostic::new(Code::LikeWithoutWildcard, span, message).with_help(help));
}
