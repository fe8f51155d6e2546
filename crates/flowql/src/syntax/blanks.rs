//! Blanks that are not of the language: a no-break space, a form feed, a byte order mark in the middle.

use super::{Token, TokenKind};
use crate::{Code, Diagnostic, Edit, Fix, Span};

/// Reports the foreign blanks outside strings and comments, and gives a text of the same length that has
/// plain spaces in their places, so that the words around them are read as the user meant them. `None`
/// where there are none.
pub(super) fn without_foreign_blanks(
    text: &str,
    tokens: &[Token],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<String> {
    if !text.bytes().any(|byte| byte >= 0x80 || byte == 0x0B || byte == 0x0C) {
        return None;
    }
    let mut patched = String::new();
    let mut done = 0;
    for token in tokens.iter().filter(|token| may_hold_blanks(token.kind)) {
        for (offset, found) in token.span.of(text).char_indices() {
            if !is_foreign_blank(found) {
                continue;
            }
            let start = token.span.start as usize + offset;
            let end = start + found.len_utf8();
            patched.push_str(text.get(done..start).unwrap_or_default());
            patched.extend(std::iter::repeat_n(' ', found.len_utf8()));
            done = end;
            diagnostics.push(report(found, Span::new(start, end)));
        }
    }
    if done == 0 {
        return None;
    }
    patched.push_str(text.get(done..).unwrap_or_default());
    Some(patched)
}

fn report(found: char, span: Span) -> Diagnostic {
    let message = format!("the blank U+{:04X} has no place outside strings and comments", u32::from(found));
    Diagnostic::new(Code::UnexpectedBlank, span, message)
        .with_fix(Fix::new("replace it by a space", Edit::replace(span, " ")))
}

const fn may_hold_blanks(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Column
            | TokenKind::Word
            | TokenKind::UnknownOperator
            | TokenKind::Saved
            | TokenKind::ListJunk
            | TokenKind::Stray
    )
}

/// Whether the character is a blank to the eye, or invisible, but none of the language.
fn is_foreign_blank(found: char) -> bool {
    let own = matches!(found, ' ' | '\t' | '\r' | '\n');
    let invisible = matches!(found, '\u{FEFF}' | '\u{200B}' | '\u{2060}' | '\u{180E}');
    !own && (found.is_whitespace() || invisible)
}
