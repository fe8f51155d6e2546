//! What there is to say of the token under the cursor, in Markdown.

mod amounts;
mod lists;
mod markdown;
mod values;

pub use markdown::plain as escape_markdown;

use markdown::{Card, block, code, codes, plain};

use super::references::{Scope, token_at};
use crate::check::is_filter_name;
use crate::gather::Gather as _;
use crate::schema::{Pair, Subject};
use crate::syntax::{self, Token, TokenKind};
use crate::tables::{Arity, Form, Operator, words};
use crate::{Column, ColumnId, Compiler, Diagnostic, Span};

/// What to show of a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Hover {
    /// The text that it is about.
    pub span: Span,
    /// What there is to say of it, in Markdown.
    pub markdown: String,
}

/// What there is to say of the token that touches an offset of a text, broken or not.
pub fn hover(compiler: &Compiler<'_>, text: &str, offset: u32) -> Option<Hover> {
    let tokens = syntax::tokens(text);
    let index = token_at(text, &tokens, offset)?;
    let token = *tokens.get(index)?;
    let mut scope = Scope::default();
    for &token in tokens.iter().take(index + 1) {
        scope.enter(compiler.schema, text, token);
    }
    let (span, card) = Place { compiler, text, tokens: &tokens, index, scope }.card(token)?;
    Some(Hover { span, markdown: card.into_markdown() })
}

/// A token with all that is known of its surroundings.
struct Place<'a> {
    compiler: &'a Compiler<'a>,
    text: &'a str,
    tokens: &'a [Token],
    /// The place of the token.
    index: usize,
    scope: Scope,
}

impl Place<'_> {
    fn card(&self, token: Token) -> Option<(Span, Card)> {
        let word = token.span.of(self.text);
        let card = match token.kind {
            TokenKind::Column => self.named_column(word),
            TokenKind::QuotedColumn => self.named_column(&crate::values::text::decode(word)),
            TokenKind::Operator(operator) | TokenKind::ForeignOperator(operator) => {
                return Some(self.operator(token.span, operator));
            }
            TokenKind::Not => match self.operator_after_not() {
                Some((operator, span)) => return Some((token.span.to(span), self.operator_card(operator))),
                None => Card::new(NOT),
            },
            TokenKind::And => Card::new(AND),
            TokenKind::Or => Card::new(OR),
            TokenKind::BetweenAnd => Card::new(BETWEEN_AND),
            TokenKind::UnknownOperator => self.unknown_operator(word),
            TokenKind::Saved => saved_filter(self.compiler, word),
            TokenKind::Word | TokenKind::String | TokenKind::TypographicString => self.value(token, word)?,
            TokenKind::ListOpen | TokenKind::ListClose => {
                let (span, items) = lists::around(self.tokens, self.index)?;
                return Some((span, self.list(&items)));
            }
            _ => return None,
        };
        Some((token.span, card))
    }

    fn column(&self) -> Option<&Column> {
        self.scope.column.map(|id| self.compiler.schema.column(id))
    }

    fn named_column(&self, name: &str) -> Card {
        match self.compiler.schema.subject(name) {
            Some(Subject { pair: Some(pair), .. }) => pair_card(self.compiler, pair),
            Some(Subject { id, pair: None }) => column_card(self.compiler, id),
            None => {
                let close = self.compiler.schema.closest_columns(name);
                unknown(&format!("No column is named {}.", code(name)), &close, "")
            }
        }
    }

    /// The value of the column, or the column that a word names; what is due there where it is neither.
    fn value(&self, token: Token, word: &str) -> Option<Card> {
        if token.kind == TokenKind::Word {
            if word.starts_with('@') {
                return Some(saved_filter(self.compiler, word));
            }
            if let Some(other) = self.scope.compared_column(self.compiler.schema, word) {
                return Some(column_card(self.compiler, other));
            }
        }
        let quoted = token.kind != TokenKind::Word;
        let column = self.column();
        values::card(self.compiler.schema, column, self.scope.operator, word, quoted).or_else(|| {
            let (column, operator) = (column?, self.scope.operator?);
            Some(Card::new(format!(
                "{} is no value that fits here: {}",
                code(word),
                takes(column, operator)?
            )))
        })
    }

    /// The operator, which a NOT before it belongs to, and what the list after it holds.
    fn operator(&self, span: Span, written: Operator) -> (Span, Card) {
        let operator = self.scope.operator.unwrap_or(written);
        let mut whole = span;
        if operator != written
            && let Some((_, not)) = self.significant_before().next()
        {
            whole = not.span.to(span);
        }
        let mut card = self.operator_card(operator);
        if let Some(Token { kind: TokenKind::ForeignOperator(_), .. }) = self.tokens.get(self.index) {
            card.fact(&format!("{} is written {} here", code(span.of(self.text)), code(written.symbol())));
        }
        let next = self.significant_after().next();
        if let Some((at, Token { kind: TokenKind::ListOpen, .. })) = next
            && let Some((_, items)) = lists::around(self.tokens, at)
        {
            let list = self.list(&items);
            card.paragraph(&list.into_markdown());
        }
        (whole, card)
    }

    fn operator_card(&self, operator: Operator) -> Card {
        let mut card = Card::new(heading(code(operator.symbol()), "operator"));
        if let Some(info) = operator.info() {
            card.paragraph(self.compiler.schema.doc_of_operator(operator));
            if !info.aliases.is_empty() {
                card.fact(&format!("also written {}", codes(info.aliases.iter().copied())));
            }
        }
        if let Some(column) = self.column() {
            match takes(column, operator) {
                Some(takes) => card.fact(&takes),
                None => card.facts(has_operators(column).map(|has| format!("not for this column: {has}"))),
            }
        }
        if let Some(section) = self.compiler.schema.reference_of_operator(operator) {
            card.paragraph(section);
        }
        card
    }

    /// The operator that NOT is the first word of, and where its second word stands.
    fn operator_after_not(&self) -> Option<(Operator, Span)> {
        let (_, before) = self.significant_before().next()?;
        if !matches!(before.kind, TokenKind::Column | TokenKind::QuotedColumn) {
            return None;
        }
        let (_, after) = self.significant_after().next()?;
        match after.kind {
            TokenKind::Operator(operator) => Some((operator.with_not()?, after.span)),
            _ => None,
        }
    }

    fn unknown_operator(&self, word: &str) -> Card {
        let mut card = Card::new(format!("{} is no operator.", code(word)));
        card.facts(self.column().and_then(has_operators));
        card
    }

    fn list(&self, items: &[Token]) -> Card {
        lists::card(self.compiler.schema.registries(), self.column(), self.scope.operator, self.text, items)
    }

    fn significant_before(&self) -> impl Iterator<Item = (usize, Token)> {
        let before = self.tokens.iter().copied().enumerate().take(self.index);
        before.rev().filter(|(_, token)| is_significant(*token))
    }

    fn significant_after(&self) -> impl Iterator<Item = (usize, Token)> {
        let after = self.tokens.iter().copied().enumerate().skip(self.index + 1);
        after.filter(|(_, token)| is_significant(*token))
    }
}

const AND: &str = "`AND` — both sides hold. It binds tighter than `OR`.";
const OR: &str = "`OR` — at least one side holds. `AND` binds tighter.";
const NOT: &str = "`NOT` — the condition or group after it does not hold. It binds tightest.";
const BETWEEN_AND: &str = "`AND` — joins the two ends of `BETWEEN`, both of which are included.";

fn is_significant(token: Token) -> bool {
    token.kind != TokenKind::Comment && !token.kind.is_missing()
}

fn heading(name: String, kind: &str) -> String {
    format!("{name} — {kind}")
}

/// A message with the names that come near, each after a prefix.
fn unknown(message: &str, close: &[&str], prefix: &str) -> Card {
    let mut card = Card::new(message);
    if !close.is_empty() {
        let close: Vec<String> = close.iter().map(|near| format!("{prefix}{near}")).list();
        card.fact(&format!("close to it: {}", codes(close.iter().map(String::as_str))));
    }
    card
}

/// What an operator takes on a column; `None` where the column does not have it.
fn takes(column: &Column, operator: Operator) -> Option<String> {
    let rule = column.rules().find(|rule| rule.operators.contains(&operator))?;
    let mut forms: Vec<String> = rule.forms.iter().map(|form| form.name().to_owned()).list();
    if column.port && rule.forms.contains(&Form::Integer) {
        forms.push("a service name in quotes".to_owned());
    }
    if !column.names.is_empty() && rule.forms.contains(&Form::Integer) {
        forms.push("a name in quotes".to_owned());
    }
    let one = crate::check::join_words(forms, "or");
    let what = match rule.arity {
        Arity::One => one,
        Arity::Two => format!("two values joined by `AND`, each {one}"),
        Arity::List => format!("a list in parentheses, each item {one}"),
        Arity::OneOrList => format!("{one}, or a list of them in parentheses"),
    };
    Some(format!("on {} it takes {what}", code(&column.name)))
}

/// The operators of a column, as a sentence says them.
fn has_operators(column: &Column) -> Option<String> {
    let symbols = codes(column.operators().map(Operator::symbol));
    (!symbols.is_empty()).then(|| format!("{} has {symbols}", code(&column.name)))
}

fn column_card(compiler: &Compiler<'_>, id: ColumnId) -> Card {
    let column = compiler.schema.column(id);
    let kind =
        column.filter_type.map_or("column".to_owned(), |kind| format!("column of type `{}`", kind.name()));
    let mut card = Card::new(heading(format!("**{}**", plain(&column.name)), &kind));
    card.paragraph(&plain(&column.doc));
    card.fact(&format!("ClickHouse type: {}", code(&column.clickhouse_type.to_string())));
    card.facts(column.unit.map(|unit| format!("unit: {}", plain(unit))));
    card.facts(column.computation().as_deref().map(plain));
    if column.filter_type.is_some() {
        card.fact(&format!("operators: {}", codes(column.operators().map(Operator::symbol))));
    }
    let known = column.filter_type.map(words).unwrap_or_default();
    if !known.is_empty() {
        card.fact(&format!("values: {}", codes(known.iter().map(|word| word.name))));
    }
    if !column.bits.is_empty() {
        card.fact(&format!("named bits: {}", codes(column.bits.iter().map(|(name, _)| *name))));
    }
    if !column.names.is_empty() {
        card.fact(&format!("names, in quotes: {}", codes(column.names.iter().map(|(name, ..)| *name))));
    }
    if !column.example.is_empty() {
        card.fact(&format!("example: {}", code(&format!("{} = {}", column.name, column.example))));
    }
    card.facts(notes(compiler, id));
    if let Some(section) = column.filter_type.and_then(|kind| compiler.schema.reference_of_type(kind)) {
        card.paragraph(section);
    }
    card
}

/// What the name of a pair asks: hardly anybody expects that its negation means neither.
fn pair_card(compiler: &Compiler<'_>, pair: &Pair) -> Card {
    let schema = compiler.schema;
    let [first, second] = pair.columns;
    let [one, other] = [first, second].map(|id| code(&schema.column(id).name));
    let mut card = Card::new(heading(format!("**{}**", plain(&pair.name)), "either end"));
    card.paragraph(&format!(
        "A condition on {} asks that {one} or {other} has the value. A negated one, with `!=`, `NOTIN` or `!<<`, asks that \
         neither has it.",
        code(&pair.name)
    ));
    for id in [first, second] {
        let column = schema.column(id);
        let notes = notes(compiler, id).into_iter().map(|note| format!(" ({note})")).list().concat();
        card.fact(&format!("{}: {}{notes}", code(&column.name), plain(&column.doc)));
    }
    card.fact(&format!("operators: {}", codes(schema.column(first).operators().map(Operator::symbol))));
    let example = &schema.column(first).example;
    card.fact(&format!("example: {}", code(&format!("{} = {example}", pair.name))));
    card
}

/// What to bear in mind of a column.
fn notes(compiler: &Compiler<'_>, id: ColumnId) -> Vec<String> {
    let column = compiler.schema.column(id);
    let mut notes = Vec::new();
    if column.filter_type.is_none() {
        notes.push("it cannot be used in a filter".to_owned());
    }
    if column.disabled {
        let group = column.group.map(|group| format!(", or its group `\"{group}\"`,")).unwrap_or_default();
        notes.push(format!(
            "disabled: add `\"{}\"`{group} to `enable` in the section `[schema]` of `flowql.toml`",
            column.name
        ));
    }
    if compiler.needs_main_table(id) {
        notes.push("only in the raw table, which is slower and reaches less far back".to_owned());
    }
    if !column.depends.is_empty() {
        notes.push(format!("made from {}", codes(column.depends.iter().copied())));
    }
    if column.truncatable_address {
        notes.push("a deployment may cut it short for privacy".to_owned());
    }
    if column.custom {
        notes.push("added by the configuration".to_owned());
    }
    notes
}

/// What `@name` stands for, and what is wrong with it.
fn saved_filter(compiler: &Compiler<'_>, written: &str) -> Card {
    let name = written.strip_prefix('@').unwrap_or(written);
    if !is_filter_name(name) {
        return Card::new(
            "The name of a saved filter begins with a letter or `_` and goes on with letters, digits, `_` and `-`.",
        );
    }
    let mut card = Card::new(heading(code(written), "saved filter"));
    if let Some(text) = compiler.saved.text(name) {
        card.paragraph(&block(text));
    }
    // The reference alone has all the errors that the filter has where it is referred to.
    for found in compiler.diagnostics(written).iter().filter(|found| Diagnostic::is_error(found)) {
        card.fact(&plain(&found.message));
        card.facts(found.help.as_deref().map(plain));
    }
    card
}

#[cfg(test)]
mod tests;
