//! The shape of a text: its conditions as an outline, what can be folded, and what a selection grows to.

use super::references::{clamp, token_at};
use crate::syntax::{self, Condition, Node, Operand, Token, TokenKind};
use crate::{Limits, Span};

/// A part of a filter in its outline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Symbol {
    /// What the part is called: the column of a condition, the `@name`, or how its terms are joined.
    pub name: String,
    /// What else there is to say of it, in short: the operator and the value, the number of terms.
    pub detail: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Where the whole part stands.
    pub span: Span,
    /// Where its name stands, inside `span`.
    pub selection: Span,
    /// Its own parts.
    pub children: Vec<Self>,
}

/// What a part of a filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum SymbolKind {
    /// A column, an operator and a value.
    Condition,
    /// What stands in parentheses.
    Group,
    /// Terms joined by AND without parentheses beside an OR.
    Chain,
    /// NOT and its operand.
    Negation,
    /// A reference to a saved filter.
    SavedFilter,
}

/// The outline of a text, broken or not: the terms that AND or OR join on the outermost level, with the
/// terms of groups below them. None for a text without a condition or beyond the limits.
pub fn symbols(text: &str, limits: &Limits) -> Vec<Symbol> {
    syntax::parse(text, limits).tree.map(|tree| terms(text, &tree)).unwrap_or_default()
}

/// The symbols of the terms of AND or OR, or of the one node.
fn terms(text: &str, node: &Node) -> Vec<Symbol> {
    match node {
        Node::And(terms) | Node::Or(terms) => terms.iter().map(|term| symbol(text, term)).collect(),
        one => vec![symbol(text, one)],
    }
}

fn symbol(text: &str, node: &Node) -> Symbol {
    let span = node.span();
    let first = |length| Span { start: span.start, end: span.start + length };
    let make = |name: &str, detail, kind, selection, children| Symbol {
        name: name.to_owned(),
        detail,
        kind,
        span,
        selection,
        children,
    };
    match node {
        Node::Condition(condition) => {
            let name = condition.column.map_or("(no column)", |column| column.of(text));
            let selection = condition.column.unwrap_or(span);
            make(&shorten(name), test(text, condition), SymbolKind::Condition, selection, Vec::new())
        }
        Node::Saved(span) => {
            make(&shorten(span.of(text)), String::new(), SymbolKind::SavedFilter, *span, Vec::new())
        }
        Node::Not { keyword, operand } => {
            let inner = match &**operand {
                Node::Group { inner, .. } => inner,
                other => other,
            };
            let (_, detail) = joint(inner);
            make("NOT", detail, SymbolKind::Negation, *keyword, terms(text, inner))
        }
        Node::Group { inner, .. } => {
            let (name, detail) = joint(inner);
            make(name, detail, SymbolKind::Group, first(1), terms(text, inner))
        }
        Node::And(_) | Node::Or(_) => {
            let (name, detail) = joint(node);
            make(name, detail, SymbolKind::Chain, span, terms(text, node))
        }
    }
}

/// How the terms of a node are joined, and how many they are.
fn joint(node: &Node) -> (&'static str, String) {
    match node {
        Node::And(terms) => ("all of", format!("{} terms", terms.len())),
        Node::Or(terms) => ("any of", format!("{} terms", terms.len())),
        _ => ("group", String::new()),
    }
}

/// The operator of a condition and its values, on one line without comments.
fn test(text: &str, condition: &Condition) -> String {
    let symbol = condition.operator.map_or("", |usage| usage.operator.symbol());
    // More values than that are not shown anyway, however short they are.
    let values: Vec<&str> =
        condition.operand.values().take(LONGEST).map(|value| value.span.of(text)).collect();
    let values = match condition.operand {
        Operand::List(_) => format!("({})", values.join(", ")),
        _ => values.join(" AND "),
    };
    shorten(format!("{symbol} {values}").trim())
}

/// The most characters that a name or a detail has.
const LONGEST: usize = 60;

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What can be folded, in the order of the text: groups, lists, comments in `/* */`, and runs of at least
/// two `--` comments on lines of their own; only what spans several lines.
pub fn folding(text: &str) -> Vec<Span> {
    let tokens = syntax::tokens(text);
    let mut folds = Vec::new();
    let mut open: Vec<Span> = Vec::new();
    let mut run: Option<Span> = None;
    let mut before = 0;
    for token in tokens.iter().filter(|token| !token.kind.is_missing()) {
        let gap = Span { start: before, end: token.span.start }.of(text);
        let own_line = before == 0 || gap.contains('\n');
        before = token.span.end;
        let line_comment = token.kind == TokenKind::Comment && token.span.of(text).starts_with("--");
        let goes_on = line_comment && gap.bytes().filter(|&byte| byte == b'\n').count() == 1;
        run = match run {
            Some(run) if goes_on => Some(run.to(token.span)),
            done => {
                folds.extend(done);
                (line_comment && own_line).then_some(token.span)
            }
        };
        match token.kind {
            TokenKind::Comment if !line_comment => folds.push(token.span),
            TokenKind::Open | TokenKind::ListOpen => open.push(token.span),
            TokenKind::Close | TokenKind::ListClose => {
                folds.extend(open.pop().map(|open| open.to(token.span)));
            }
            _ => {}
        }
    }
    folds.extend(run);
    folds.retain(|fold| fold.of(text).trim_end_matches(['\r', '\n']).contains('\n'));
    folds.sort_unstable();
    folds
}

/// The ranges around an offset that a selection grows through, each one inside the next: the word or the
/// string, the value, the list, the condition, the chain, the group; the last one is the whole text.
pub fn selection(text: &str, offset: u32, limits: &Limits) -> Vec<Span> {
    let offset = text.floor_char_boundary(clamp(text, offset) as usize);
    let offset = Span::new(offset, offset).start;
    let syntax::Parse { tokens, tree, .. } = syntax::parse(text, limits);
    let token = token_at(text, &tokens, offset).and_then(|index| tokens.get(index));
    let seed = token.map_or(Span::at(offset), |token| token.span);

    // From the outermost range to the innermost.
    let mut ranges = vec![Span::new(0, text.len())];
    if let Some(tree) = &tree {
        around(tree, seed, &mut ranges);
    }
    if let Some(token) = token {
        ranges.push(token.span);
        within(text, *token, offset, &mut ranges);
    }
    let mut grown: Vec<Span> = Vec::with_capacity(ranges.len());
    for range in ranges.into_iter().rev() {
        if grown.last().is_none_or(|last| range.covers(*last) && range != *last) {
            grown.push(range);
        }
    }
    grown
}

/// Adds the parts of a tree that cover the seed, the widest first.
fn around(node: &Node, seed: Span, ranges: &mut Vec<Span>) {
    let span = node.span();
    if !span.covers(seed) {
        return;
    }
    ranges.push(span);
    match node {
        Node::Condition(condition) => around_value(condition, seed, ranges),
        Node::Saved(_) => {}
        Node::Not { operand: inner, .. } | Node::Group { inner, .. } => around(inner, seed, ranges),
        Node::And(terms) | Node::Or(terms) => {
            for term in terms {
                around(term, seed, ranges);
            }
        }
    }
}

fn around_value(condition: &Condition, seed: Span, ranges: &mut Vec<Span>) {
    let operator = condition.operator.map(|usage| usage.span);
    let (whole, content) = match &condition.operand {
        Operand::Missing | Operand::One(_) => (None, None),
        Operand::Between(low, high) => (Some(low.span.to(high.span)), None),
        Operand::List(list) => {
            let ends = list.items.first().zip(list.items.last());
            (Some(list.span), ends.map(|(first, last)| first.span.to(last.span)))
        }
    };
    ranges.extend([operator, whole, content].into_iter().flatten().filter(|range| range.covers(seed)));
}

/// Adds what is inside a string or a comment: the content between the quotes, and the word at the offset.
fn within(text: &str, token: Token, offset: u32, ranges: &mut Vec<Span>) {
    let content = match token.kind {
        TokenKind::String | TokenKind::QuotedColumn => without_quotes(text, token.span),
        TokenKind::Comment => token.span,
        _ => return,
    };
    if !content.touches(offset) || content.is_empty() {
        return;
    }
    ranges.push(content);
    let is_part = |found: char| found.is_alphanumeric() || found == '_';
    let before = Span { start: content.start, end: offset }.of(text);
    let after = Span { start: offset, end: content.end }.of(text);
    let head = Span::new(0, before.len() - before.trim_end_matches(is_part).len()).end;
    let tail = Span::new(0, after.len() - after.trim_start_matches(is_part).len()).end;
    if head + tail > 0 {
        ranges.push(Span { start: offset - head, end: offset + tail });
    }
}

/// The range between the quotes; a closing one may be missing.
fn without_quotes(text: &str, span: Span) -> Span {
    let closed = crate::values::text::closing(span.of(text)).is_ok();
    Span { start: span.start + 1, end: span.end - u32::from(closed) }
}

#[cfg(test)]
mod tests;
