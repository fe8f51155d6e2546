//! Where the cursor stands: what was typed before it, and what is being typed.

use crate::Span;
use crate::syntax::{Token, TokenKind, tokenize};
use crate::tables::Operator;

/// The place of the cursor.
#[derive(Debug)]
pub(super) struct Context<'a> {
    /// What was typed of the token at the cursor.
    pub(super) partial: &'a str,
    /// That token, both before and after the cursor.
    pub(super) replace: Span,
    /// What may stand there.
    pub(super) state: State,
    /// The character before the token at the cursor; `None` at the start.
    pub(super) before: Option<char>,
    /// The character after the token at the cursor; `None` at the end.
    pub(super) after: Option<char>,
    /// The cursor.
    pub(super) cursor: usize,
    /// The tokens of the text before it.
    pub(super) typed: Vec<Token>,
}

/// What may stand at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Nothing: in a comment.
    Nowhere,
    /// A condition.
    Condition,
    /// AND or OR, and inside so many open parentheses a closing one.
    Connective { depth: usize },
    /// An operator; after NOT where `negated`.
    Operator { column: Span, negated: bool },
    /// A value.
    Value { column: Span, operator: Operator },
    /// The AND of BETWEEN.
    BetweenAnd,
    /// The opening parenthesis of a list; for HAS a name as well.
    ListOpen { column: Span, operator: Operator },
    /// An item of a list, after these.
    ListItem { column: Span, operator: Operator, items: Vec<Span> },
    /// A comma or the closing parenthesis of a list.
    ListNext,
}

impl<'a> Context<'a> {
    pub(super) fn at(text: &'a str, offset: u32) -> Self {
        let cursor = text.floor_char_boundary(offset as usize);
        let typed = text.get(..cursor).unwrap_or_default();
        let typed_tokens = tokenize(typed);
        let start = match partial_start(typed, &typed_tokens) {
            Some(start) => start,
            None => return Self::nowhere(cursor),
        };
        let partial = typed.get(start..).unwrap_or_default();
        let rest = text.get(cursor..).unwrap_or_default();
        let end = cursor + length_after(partial, rest);
        let base = typed.get(..start).unwrap_or_default();
        let mut state = match tokens_before(&typed_tokens, start, typed) {
            Some(tokens) => state(base, tokens),
            None => state(base, &tokenize(base)),
        };
        if let State::Operator { column, .. } = &state
            && column.end as usize == start
            && is_word(partial)
        {
            // A word cannot begin right after a column: the two are one.
            state = State::Nowhere;
        }
        Self {
            partial,
            replace: Span::new(start, end),
            state,
            before: base.chars().next_back(),
            after: text.get(end..).and_then(|rest| rest.chars().next()),
            cursor,
            typed: typed_tokens,
        }
    }

    fn nowhere(cursor: usize) -> Self {
        let replace = Span::new(cursor, cursor);
        Self {
            partial: "",
            replace,
            state: State::Nowhere,
            before: None,
            after: None,
            cursor,
            typed: Vec::new(),
        }
    }

    /// Whether what is inserted needs a blank before it.
    pub(super) fn blank_before(&self) -> bool {
        self.before.is_some_and(|before| !matches!(before, ' ' | '\t' | '\r' | '\n' | '(' | '\u{FEFF}'))
    }

    /// The text with a blank before it where a word would otherwise run into what is there, and after
    /// it, so that the next word can be typed.
    pub(super) fn word(&self, text: &str) -> String {
        let before = if self.blank_before() { " " } else { "" };
        let after = if matches!(self.after, Some(' ' | '\t' | '\r' | '\n' | ')')) { "" } else { " " };
        format!("{before}{text}{after}")
    }
}

/// Where the token that ends at the end of the text begins; the end where none is being typed; `None`
/// inside a comment.
fn partial_start(typed: &str, tokens: &[Token]) -> Option<usize> {
    let last = tokens.iter().rev().find(|token| !token.kind.is_missing());
    let Some(last) = last.filter(|token| token.span.end as usize == typed.len()) else {
        return Some(typed.len());
    };
    let text = last.span.of(typed);
    match last.kind {
        TokenKind::Comment => {
            let closed = text.starts_with("/*") && text.len() >= 4 && text.ends_with("*/");
            closed.then_some(typed.len())
        }
        TokenKind::String | TokenKind::QuotedColumn => {
            let open = crate::values::text::closing(text).is_err();
            Some(if open { last.span.start as usize } else { typed.len() })
        }
        TokenKind::TypographicString => Some(last.span.start as usize),
        _ if is_word(text) => Some(last.span.start as usize),
        _ => Some(typed.trim_end_matches(SYMBOLS).len()),
    }
}

/// The tokens of the text before `start`, where the one being typed begins. `None` where that text may have others:
/// what comes after a word or a NOT can change what that is, but nothing changes an operator, a connective or a
/// parenthesis before it.
fn tokens_before<'a>(tokens: &'a [Token], start: usize, typed: &str) -> Option<&'a [Token]> {
    if start == typed.len() {
        return Some(tokens);
    }
    let before = |token: &Token| token.span.end as usize <= start && !token.kind.is_missing();
    let kept = tokens.get(..tokens.iter().rposition(before).map_or(0, |last| last + 1))?;
    let settled = kept.last().is_none_or(|token| {
        matches!(
            token.kind,
            TokenKind::And | TokenKind::Or | TokenKind::Open | TokenKind::Operator(_) | TokenKind::ListOpen
        )
    });
    settled.then_some(kept)
}

/// The characters that operators are made of.
const SYMBOLS: [char; 6] = ['=', '<', '>', '!', '&', '|'];

/// Whether the token is a word rather than symbols or punctuation.
pub(super) fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| {
        !SYMBOLS.contains(&first) && !matches!(first, '(' | ')' | ',' | ';' | '"' | '\'')
    })
}

/// How far the token at the cursor goes on after it.
fn length_after(partial: &str, rest: &str) -> usize {
    if rest.is_empty() {
        return 0;
    }
    if partial.starts_with(['"', '\'']) {
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let closed = partial.chars().next().and_then(|quote| line.find(quote));
        // An open string that goes on to the end of the line has swallowed what follows it.
        return closed.map_or(0, |end| end + 1);
    }
    if partial.is_empty() || SYMBOLS.iter().any(|&symbol| partial.starts_with(symbol)) {
        let symbols = rest.len() - rest.trim_start_matches(SYMBOLS).len();
        return if partial.is_empty() { 0 } else { symbols };
    }
    match tokenize(&format!("{partial}{rest}")).first() {
        Some(token) => (token.span.end as usize).saturating_sub(partial.len()),
        None => 0,
    }
}

/// What may stand at the end of a text that ends between two tokens.
fn state(text: &str, tokens: &[Token]) -> State {
    let mut state = State::Condition;
    let mut depth = 0_usize;
    // An operator of two words is told by its NOT.
    let mut between_low = false;
    for token in tokens {
        state = match (token.kind, state) {
            (TokenKind::Column, _) => State::Operator { column: token.span, negated: false },
            (TokenKind::QuotedColumn | TokenKind::MissingColumn, _) => {
                State::Operator { column: Span::at(token.span.start), negated: false }
            }
            (TokenKind::And | TokenKind::Or, _) => State::Condition,
            (TokenKind::Not, State::Operator { column, .. }) => State::Operator { column, negated: true },
            (TokenKind::Not, _) => State::Condition,
            (TokenKind::Open, _) => {
                depth += 1;
                State::Condition
            }
            (TokenKind::Close, _) => {
                depth = depth.saturating_sub(1);
                State::Connective { depth }
            }
            (TokenKind::Saved, _) => State::Connective { depth },
            (
                TokenKind::Operator(operator) | TokenKind::ForeignOperator(operator),
                State::Operator { column, .. },
            ) => {
                between_low = operator == Operator::Between;
                match operator {
                    Operator::In | Operator::NotIn | Operator::Has => State::ListOpen { column, operator },
                    _ => State::Value { column, operator },
                }
            }
            (TokenKind::BetweenAnd, _) => {
                between_low = false;
                match last_column(text, tokens, token.span.start) {
                    Some(column) => State::Value { column, operator: Operator::Between },
                    None => State::Nowhere,
                }
            }
            (
                TokenKind::ListOpen,
                State::ListOpen { column, operator } | State::Value { column, operator },
            ) => State::ListItem { column, operator, items: Vec::new() },
            (TokenKind::ListClose, _) => State::Connective { depth },
            (TokenKind::Comma, _) => {
                State::ListItem { column: Span::default(), operator: Operator::In, items: Vec::new() }
            }
            (
                TokenKind::Word | TokenKind::String | TokenKind::TypographicString,
                State::ListItem { .. } | State::ListNext,
            ) => State::ListNext,
            (TokenKind::Word | TokenKind::String | TokenKind::TypographicString, State::Value { .. })
                if between_low =>
            {
                State::BetweenAnd
            }
            (TokenKind::Word | TokenKind::String | TokenKind::TypographicString, _) => {
                State::Connective { depth }
            }
            (TokenKind::Stray, _) => State::Condition,
            (_, state) => state,
        };
    }
    // The items of a list are gathered once, at the cursor, not at each of its commas.
    match (&state, tokens.iter().rev().find(|token| !token.kind.is_missing())) {
        (State::ListItem { .. }, Some(comma)) if comma.kind != TokenKind::ListOpen => {
            list_item(text, tokens, comma.span.end)
        }
        _ => state,
    }
}

/// The column that the last condition before an offset begins with.
fn last_column(text: &str, tokens: &[Token], before: u32) -> Option<Span> {
    let earlier = tokens.iter().rev().filter(|token| token.span.start < before);
    let column = earlier.map(|token| (token.kind, token.span)).find(|(kind, _)| *kind == TokenKind::Column);
    column.map(|(_, span)| span).filter(|span| !span.of(text).is_empty())
}

/// The state after a comma of a list: the column, the operator and the items before it.
fn list_item(text: &str, tokens: &[Token], comma: u32) -> State {
    let mut items = Vec::new();
    let mut operator = None;
    for token in tokens.iter().rev().filter(|token| token.span.start < comma) {
        match token.kind {
            TokenKind::Word | TokenKind::String => items.push(token.span),
            TokenKind::Operator(found) => operator = Some(found),
            TokenKind::Column => {
                items.reverse();
                return match operator {
                    Some(operator) if !token.span.of(text).is_empty() => {
                        State::ListItem { column: token.span, operator, items }
                    }
                    _ => State::Nowhere,
                };
            }
            _ => {}
        }
    }
    State::Nowhere
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens of the text before the one being typed are those that the shorter text would have.
    #[test]
    fn the_tokens_before_a_partial_one_give_the_same_state() {
        let mut reused = 0;
        for text in [
            "InIfBoundary = external AND (NOT SrcAS IN (AS1, AS2) OR @edge) /* a */ AND ExporterName != \"x y\"",
            "SrcPort BETWEEN 1 AND 1023 OR TCPFlags HAS (SYN, ACK) -- end\nAND SrcAS NOT IN (1) AND NOT SrcAS=1",
            "= 1 AND IN (2 AND a b c = d == e (f, g) OR SrcAS 1 DstAS x = 2 NOT NOT IN 3 AND SrcAS IN 1, 2",
            "SrcAS = AND = 1 OR BETWEEN 1 2 AND 'x' = \"y\" && SrcAS ! 1 “a” = “b” IN(((,,) , AND OR NOT LIKE HAS",
        ] {
            for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
                let typed = &text[..end];
                let tokens = tokenize(typed);
                let Some(start) = partial_start(typed, &tokens) else { continue };
                let base = &typed[..start];
                let expected = state(base, &tokenize(base));
                if let Some(tokens) = tokens_before(&tokens, start, typed) {
                    reused += 1;
                    assert_eq!(state(base, tokens), expected, "{typed}");
                }
            }
        }
        assert!(reused > 100, "{reused}");
    }
}
