//! References to saved filters, and the places that mean the same thing as the one under the cursor.

use crate::check::is_filter_name;
use crate::syntax::{self, Token, TokenKind};
use crate::tables::{Operator, Type};
use crate::values::text;
use crate::{ColumnId, Compiler, Edit, Schema, Span};

/// A reference to a saved filter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Reference {
    /// The name, as it is written; it need not be a well-formed one.
    pub name: String,
    /// Where the whole stands, `@` included.
    pub span: Span,
    /// Where the name stands.
    pub name_span: Span,
}

/// Every `@name` of a text, in its order, wherever it stands outside strings and comments.
pub fn references(text: &str) -> Vec<Reference> {
    // The tokens are there for every text; the limits only say whether there is a tree.
    let tokens = syntax::tokens(text);
    tokens.into_iter().filter_map(|token| reference(text, token)).collect()
}

/// The `@name` that touches an offset.
pub fn reference_at(text: &str, offset: u32) -> Option<Reference> {
    let offset = clamp(text, offset);
    references(text).into_iter().find(|reference| reference.span.touches(offset))
}

/// The edits that make every `@from` of a text an `@to`. None when `to` cannot be written after `@`, and for
/// a text without such a reference.
pub fn rename(text: &str, from: &str, to: &str) -> Vec<Edit> {
    // A name is well formed with two hyphens in it, but they begin a comment in a filter.
    if !is_filter_name(to) || text::has_hyphens(to) {
        return Vec::new();
    }
    let found = references(text).into_iter().filter(|reference| reference.name == from);
    found.map(|reference| Edit::replace(reference.name_span, to)).collect()
}

/// Every use of the column or of the saved filter that touches an offset, in the order of the text; none
/// where something else stands there.
pub fn highlights(compiler: &Compiler<'_>, text: &str, offset: u32) -> Vec<Span> {
    let tokens = syntax::tokens(text);
    let uses = uses(compiler.schema, text, &tokens);
    let Some(wanted) = token_at(text, &tokens, offset)
        .and_then(|index| tokens.get(index))
        .and_then(|token| uses.iter().find(|(_, span)| *span == token.span))
        .map(|(used, _)| *used)
    else {
        return Vec::new();
    };
    uses.into_iter().filter(|(used, _)| *used == wanted).map(|(_, span)| span).collect()
}

/// Every use of a column, whose name may be in any case, in the order of the text.
pub fn column_uses(compiler: &Compiler<'_>, text: &str, name: &str) -> Vec<Span> {
    let Some(subject) = compiler.schema.subject(name) else { return Vec::new() };
    let wanted = Use::of(subject.id, subject.pair.is_some());
    let uses = uses(compiler.schema, text, &syntax::tokens(text)).into_iter();
    uses.filter(|(used, _)| *used == wanted).map(|(_, span)| span).collect()
}

/// What a place refers to.
#[derive(Clone, Copy, PartialEq)]
enum Use<'a> {
    Column(ColumnId),
    /// The pair of a column.
    Pair(ColumnId),
    Saved(&'a str),
}

impl Use<'_> {
    const fn of(id: ColumnId, pair: bool) -> Self {
        if pair { Self::Pair(id) } else { Self::Column(id) }
    }
}

/// The columns and saved filters that a text uses, with their places.
fn uses<'a>(schema: &Schema, text: &'a str, tokens: &[Token]) -> Vec<(Use<'a>, Span)> {
    let mut scope = Scope::default();
    let mut uses = Vec::new();
    for &token in tokens {
        scope.enter(schema, text, token);
        let word = token.span.of(text);
        let used = match token.kind {
            TokenKind::Column => scope.column.map(|id| Use::of(id, scope.pair)),
            TokenKind::Word => scope.compared_column(schema, word).map(Use::Column),
            _ => None,
        };
        let saved = || saved_name(text, token).map(Use::Saved);
        uses.extend(used.or_else(saved).map(|used| (used, token.span)));
    }
    uses
}

/// The name of a saved filter that a token refers to.
fn saved_name(text: &str, token: Token) -> Option<&str> {
    // Where a value or an operator is due `@name` is an error, but the user means a saved filter.
    if !matches!(token.kind, TokenKind::Saved | TokenKind::Word | TokenKind::UnknownOperator) {
        return None;
    }
    token.span.of(text).strip_prefix('@').filter(|name| !name.is_empty())
}

fn reference(text: &str, token: Token) -> Option<Reference> {
    let name = saved_name(text, token)?;
    let name_span = Span { start: token.span.start + 1, end: token.span.end };
    Some(Reference { name: name.to_owned(), span: token.span, name_span })
}

/// The column and the operator to which the values at a place belong, as far as the tokens before it tell.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope {
    pub(super) column: Option<ColumnId>,
    /// The name is that of the pair that the column belongs to.
    pub(super) pair: bool,
    pub(super) operator: Option<Operator>,
    /// A NOT stands right before.
    not: bool,
}

impl Scope {
    /// After a name.
    fn on(schema: &Schema, name: &str) -> Self {
        let subject = schema.subject(name);
        let pair = subject.is_some_and(|subject| subject.pair.is_some());
        Self { column: subject.map(|subject| subject.id), pair, ..Self::default() }
    }

    /// Goes past a token, or onto it.
    pub(super) fn enter(&mut self, schema: &Schema, text: &str, token: Token) {
        match token.kind {
            TokenKind::Column => *self = Self::on(schema, token.span.of(text)),
            TokenKind::QuotedColumn => {
                *self = Self::on(schema, &crate::values::text::decode(token.span.of(text)));
            }
            TokenKind::MissingColumn => *self = Self::default(),
            TokenKind::Not => self.not = true,
            TokenKind::Operator(operator) | TokenKind::ForeignOperator(operator) => {
                let negated = operator.with_not().filter(|_| self.not);
                self.operator = Some(negated.unwrap_or(operator));
                self.not = false;
            }
            _ => {}
        }
    }

    /// The column that a word at the place of a value names, unless the word is a value of the type.
    pub(super) fn compared_column(&self, schema: &Schema, word: &str) -> Option<ColumnId> {
        let other = schema.find(word)?;
        let column = schema.column(self.column?);
        // Of all values only the names that a configuration gives could be names of columns too.
        let is_community = column.filter_type == Some(Type::Community) && schema.community(word).is_some();
        let takes_bits = matches!(self.operator, Some(Operator::Has | Operator::NotHas));
        let is_bit = takes_bits && column.bits.iter().any(|(name, _)| name.eq_ignore_ascii_case(word));
        (!is_community && !is_bit).then_some(other)
    }
}

/// The offset, or the end of the text where it lies beyond.
pub(super) fn clamp(text: &str, offset: u32) -> u32 {
    offset.min(Span::new(0, text.len()).end)
}

/// The index of the token at an offset: the one that covers it, else the one that ends there. A word or
/// string that ends there goes before a parenthesis or comma that begins there.
pub(super) fn token_at(text: &str, tokens: &[Token], offset: u32) -> Option<usize> {
    let offset = clamp(text, offset);
    let after = tokens.partition_point(|token| token.span.end <= offset);
    let covering = tokens.iter().enumerate().skip(after).find(|(_, token)| !token.kind.is_missing());
    let covering = covering.filter(|(_, token)| token.span.start <= offset);
    let ends_there = |token: &Token| !token.kind.is_missing() && token.span.end == offset;
    let ending = || tokens.iter().take(after).rposition(ends_there);
    match covering {
        Some((index, token)) if !is_punctuation(token.kind) => Some(index),
        Some((index, _)) => {
            let word = ending().filter(|&at| tokens.get(at).is_some_and(|token| !is_punctuation(token.kind)));
            Some(word.unwrap_or(index))
        }
        None => ending(),
    }
}

const fn is_punctuation(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Open | TokenKind::Close | TokenKind::ListOpen | TokenKind::ListClose | TokenKind::Comma
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SavedFilters, Scope as Source};

    fn names(text: &str) -> Vec<(String, &str)> {
        references(text).into_iter().map(|found| (found.name, found.span.of(text))).collect()
    }

    /// The highlighted texts, each with its offset, for the cursor at `|`.
    fn highlighted(marked: &str) -> Vec<(u32, String)> {
        let offset = u32::try_from(marked.find('|').unwrap()).unwrap();
        let text = marked.replacen('|', "", 1);
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let found = highlights(&Compiler::new(&schema, &saved), &text, offset);
        found.into_iter().map(|span| (span.start, span.of(&text).to_owned())).collect()
    }

    #[test]
    fn references_are_found_in_any_text() {
        let found = names(
            "@a AND (NOT @b-1 OR @a) @c SrcAS = @d SrcAS @e 1 -- @no\nAND DstAS IN (@f \"@no\" /* @no */",
        );
        let expected =
            [("a", "@a"), ("b-1", "@b-1"), ("a", "@a"), ("c", "@c"), ("d", "@d"), ("e", "@e"), ("f", "@f")];
        assert_eq!(found, expected.map(|(name, whole)| (name.to_owned(), whole)));
        assert_eq!(names("@ AND @1x"), [("1x".to_owned(), "@1x")]);
        // A foreign blank is a blank here too.
        assert_eq!(names("@a\u{A0}AND @b"), [("a".to_owned(), "@a"), ("b".to_owned(), "@b")]);
        assert_eq!(names(&format!("{}@x", " ".repeat(70_000))), [("x".to_owned(), "@x")]);
    }

    #[test]
    fn the_reference_at_an_offset() {
        let text = "(@ab)";
        for (offset, name) in
            [(0, None), (1, Some("ab")), (3, Some("ab")), (4, Some("ab")), (5, None), (99, None)]
        {
            assert_eq!(reference_at(text, offset).map(|found| found.name).as_deref(), name, "{offset}");
        }
        assert_eq!(reference_at(text, 2).unwrap().name_span.of(text), "ab");
        assert_eq!(reference_at("é", 1), None);
    }

    #[test]
    fn renaming_changes_every_reference_and_nothing_else() {
        let text = "@a AND @ab OR ( @a -- @a\n)";
        let edits = rename(text, "a", "x_1");
        let renamed = crate::Fix::of_edits("", edits).apply(text);
        assert_eq!(renamed, "@x_1 AND @ab OR ( @x_1 -- @a\n)");
        assert_eq!(rename(text, "A", "x"), []);
        for bad in ["", "1x", "a b", "é", "x--y"] {
            assert_eq!(rename(text, "a", bad), [], "{bad}");
        }
    }

    #[test]
    fn highlights_are_the_uses_of_the_same_column_or_filter() {
        let found = highlighted("Src|AS = 1 AND (DstAS != srcas OR SRCAS IN (1) OR SrcPort = 1)");
        assert_eq!(found, [(0, "SrcAS".to_owned()), (24, "srcas".to_owned()), (33, "SRCAS".to_owned())]);
        assert_eq!(
            highlighted("SrcAS = |DstAS OR dstas = 1"),
            [(8, "DstAS".to_owned()), (17, "dstas".to_owned())]
        );
        assert_eq!(
            highlighted("@a| AND SrcAS = 1 OR @a OR @A"),
            [(0, "@a".to_owned()), (20, "@a".to_owned())]
        );
        for nothing in ["SrcAS |= 1", "SrcAS = |1", "Nothing| = 1", "|", "SrcAS = 1 |", "-- Src|AS\n"] {
            assert_eq!(highlighted(nothing), [], "{nothing}");
        }
        // In broken text too.
        assert_eq!(highlighted("SrcA|S AND )( srcas"), [(0, "SrcAS".to_owned()), (13, "srcas".to_owned())]);
    }

    #[test]
    fn the_uses_of_a_column_are_found_by_its_name() {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let uses = |text, name| column_uses(&Compiler::new(&schema, &saved), text, name);
        assert_eq!(uses("SrcAS = 1 OR DstAS = srcas", "srcAS"), [Span::new(0, 5), Span::new(21, 26)]);
        assert_eq!(uses("SrcAS = 1", "Nothing"), []);
    }

    #[test]
    fn a_value_is_not_a_column_of_the_same_name() {
        let config = crate::SchemaConfig {
            communities: [("65000:1".to_owned(), "SrcAS".to_owned())].into(),
            ..Default::default()
        };
        let (schema, mut saved) = (Schema::configured(&config).unwrap(), SavedFilters::default());
        saved.insert(Source::User, "a", "SrcAS = 1");
        let compiler = Compiler::new(&schema, &saved);
        assert_eq!(highlights(&compiler, "SrcAS = 1 OR DstCommunities = SrcAS", 0), [Span::new(0, 5)]);
    }

    #[test]
    fn every_text_and_offset_is_answered() {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let compiler = Compiler::new(&schema, &saved);
        for text in ["", "é", "@", "@é = \"", "SrcAS = é)", "\u{FEFF}@a", "((((", "NOT", "IN ("] {
            for offset in (0..12).chain([u32::MAX]) {
                let _ = (reference_at(text, offset), highlights(&compiler, text, offset));
            }
        }
    }
}
