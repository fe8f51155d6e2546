//! The comments of a text and how they stand to the tokens around them.

use crate::Span;
use crate::gather::Gather as _;
use crate::syntax::{Token, TokenKind};

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comment {
    pub(super) span: Span,
    pub(super) place: Place,
    /// Nothing can follow it on its line: `--`, or `/*` over several lines.
    pub(super) ends_line: bool,
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// On the line of the token before it.
    After,
    /// On a line of its own.
    Alone,
    /// On the line of the token after it only.
    Before,
}

/// The comments among the tokens, in the order of the text.
pub(super) fn of(text: &str, tokens: &[Token]) -> Vec<Comment> {
    let real: Vec<&Token> = tokens.iter().filter(|token| !token.kind.is_missing()).list();
    let mut comments = Vec::new();
    let mut before = 0;
    for (index, token) in real.iter().enumerate() {
        if token.kind == TokenKind::Comment {
            let next = real.get(index + 1).map(|next| next.span.start as usize);
            // What stands after a comment of several lines is put on a line of its own.
            let on_new_line = comments
                .last()
                .is_some_and(|last: &Comment| last.ends_line && last.span.end as usize == before);
            comments.push(comment(text, token.span, before, next, on_new_line));
        }
        before = token.span.end as usize;
    }
    comments
}

fn comment(text: &str, span: Span, before: usize, after: Option<usize>, on_new_line: bool) -> Comment {
    let written = span.of(text);
    let is_line = written.starts_with("--");
    let breaks =
        |from: usize, to: usize| text.get(from..to).is_some_and(|gap| gap.as_bytes().contains(&b'\n'));
    let break_before = before == 0 || on_new_line || breaks(before, span.start as usize);
    let break_after = is_line || after.is_none_or(|after| breaks(span.end as usize, after));
    let place = match (break_before, break_after) {
        (false, _) => Place::After,
        (true, true) => Place::Alone,
        (true, false) => Place::Before,
    };
    Comment { span, place, ends_line: is_line || written.as_bytes().contains(&b'\n') }
}
