//! The tokens of a filter, one on a line.

use std::fmt::Write as _;

use flowql::syntax::{Token, TokenKind};

/// Prints each token as `start..end kind "text"`; an operator's kind is followed by the operator in its canonical
/// spelling, and what is missing has no text.
pub(crate) fn print(text: &str, tokens: &[Token]) -> String {
    let mut lines = String::new();
    for token in tokens {
        // Writing to a string cannot fail.
        let _ = write!(lines, "{}..{} {}", token.span.start, token.span.end, name(token.kind));
        if let TokenKind::Operator(operator) | TokenKind::ForeignOperator(operator) = token.kind {
            let _ = write!(lines, " {}", operator.symbol());
        }
        if !token.kind.is_missing() {
            let _ = write!(lines, " {:?}", token.span.of(text));
        }
        lines.push('\n');
    }
    lines
}

/// The name of a kind of token, as JSON has it.
const fn name(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::And => "and",
        TokenKind::Or => "or",
        TokenKind::Not => "not",
        TokenKind::Saved => "saved",
        TokenKind::Open => "open",
        TokenKind::Close => "close",
        TokenKind::Comment => "comment",
        TokenKind::Column => "column",
        TokenKind::QuotedColumn => "quoted_column",
        TokenKind::Operator(_) => "operator",
        TokenKind::ForeignOperator(_) => "slip",
        TokenKind::UnknownOperator => "unknown_operator",
        TokenKind::Word => "word",
        TokenKind::String => "string",
        TokenKind::TypographicString => "typographic_string",
        TokenKind::ListOpen => "list_open",
        TokenKind::ListClose => "list_close",
        TokenKind::Comma => "comma",
        TokenKind::BadSeparator => "bad_separator",
        TokenKind::ListJunk => "list_junk",
        TokenKind::BetweenAnd => "between_and",
        TokenKind::Stray => "stray",
        TokenKind::MissingColumn => "missing_column",
        TokenKind::MissingOperator => "missing_operator",
        TokenKind::MissingValue => "missing_value",
        TokenKind::MissingAnd => "missing_and",
        TokenKind::MissingClose => "missing_close",
    }
}
