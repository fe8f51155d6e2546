//! Reading a list of values, and values that go on after their end.

use super::build::Builder;
use super::condition::value;
use super::{List, Token, TokenKind, Value, ValueKind};
use crate::values::text;
use crate::{Code, Diagnostic, Edit, Fix, Span};

/// What was read last in a list.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Open,
    Value(Value),
    Comma(Span),
    /// Something that was reported; a value or a comma may follow.
    Reported,
}

impl Builder<'_> {
    /// Reads the list whose opening parenthesis was just read.
    pub(super) fn list(&mut self, open: Span) -> List {
        let mut items = Vec::new();
        let mut last = Last::Open;
        let mut nested = 0_usize;
        while let Some(token) = self.advance() {
            match token.kind {
                TokenKind::ListClose => {
                    self.end_of_list(open, token.span, last);
                    self.surplus_closers += nested;
                    break;
                }
                TokenKind::MissingClose => {
                    self.report_unclosed_list(open, last);
                    self.surplus_closers += nested + 1;
                    break;
                }
                TokenKind::Comma => last = self.comma(token.span, last),
                TokenKind::BadSeparator => last = self.bad_separator(token.span, last),
                TokenKind::ListJunk => {
                    nested += usize::from(token.span.of(self.text) == "(");
                    last = self.junk(token.span);
                }
                _ => {
                    let Some(item) = value(token) else { break };
                    if self.continues(last, item) {
                        last = Last::Reported;
                    } else {
                        items.push(item);
                        last = Last::Value(item);
                    }
                }
            }
        }
        List { span: Span { start: open.start, end: self.end() }, items }
    }

    fn end_of_list(&mut self, open: Span, close: Span, last: Last) {
        match last {
            Last::Open => {
                let message = "the list is empty";
                self.report(Diagnostic::new(Code::EmptyList, open.to(close), message));
            }
            Last::Comma(comma) => {
                self.report(
                    Diagnostic::new(Code::MissingItem, comma, "expecting a value after `,`")
                        .with_fix(Fix::new("remove `,`", Edit::delete(comma))),
                );
            }
            Last::Value(_) | Last::Reported => {}
        }
    }

    fn report_unclosed_list(&mut self, open: Span, last: Last) {
        let message = "the parenthesis of the list is not closed";
        let mut diagnostic = Diagnostic::new(Code::UnclosedList, open, message);
        if !self.ends_in_open_string() {
            let edit = Edit::insert(self.end(), ")");
            diagnostic = diagnostic.with_fix(Fix::new("close it", edit));
        }
        self.report(diagnostic);
        if let Last::Comma(_) = last {
            let here = self.here();
            self.report(Diagnostic::new(Code::MissingItem, here, "expecting a value after `,`"));
        }
    }

    fn comma(&mut self, span: Span, last: Last) -> Last {
        if matches!(last, Last::Open | Last::Comma(_)) {
            self.report(
                Diagnostic::new(Code::MissingItem, span, "expecting a value before `,`")
                    .with_fix(Fix::new("remove `,`", Edit::delete(span))),
            );
            return last;
        }
        Last::Comma(span)
    }

    fn bad_separator(&mut self, span: Span, last: Last) -> Last {
        let found = span.of(self.text);
        let message = format!("the values of a list are separated by `,`, not by `{found}`");
        let mut diagnostic = Diagnostic::new(Code::MissingComma, span, message);
        if let Last::Value(before) = last {
            let edit = Edit::replace(Span { start: before.span.end, end: span.end }, ",");
            diagnostic = diagnostic.with_fix(Fix::new("write `,`", edit));
        }
        self.report(diagnostic);
        Last::Reported
    }

    fn junk(&mut self, span: Span) -> Last {
        let found = span.of(self.text);
        let mut diagnostic =
            Diagnostic::new(Code::UnexpectedText, span, format!("unexpected `{found}` in a list"));
        match found {
            ";" | "|" | "||" => {
                diagnostic = diagnostic.with_fix(Fix::new("write `,`", Edit::replace(span, ",")));
            }
            "(" => {}
            _ => diagnostic = diagnostic.with_fix(Fix::guess("remove it", Edit::delete(span))),
        }
        self.report(diagnostic);
        Last::Reported
    }

    /// Reports a value that follows another one without a comma; gives whether it is only the rest of it.
    fn continues(&mut self, last: Last, item: Value) -> bool {
        let Last::Value(before) = last else { return false };
        let further = self.upcoming().map_while(|token| value(*token));
        if let Some((diagnostic, end)) = continued(self.text, before, std::iter::once(item).chain(further)) {
            self.report(diagnostic);
            self.skip_to(end);
            return true;
        }
        self.report(
            Diagnostic::new(Code::MissingComma, item.span, "expecting `,` or `)`")
                .with_fix(Fix::new("insert `,`", Edit::insert(before.span.end, ","))),
        );
        false
    }
}

/// What is wrong with a value that goes on in the values right after it, and where it really ends: a
/// range with blanks inside (`80 - 90`), or a string with doubled quotes (`'it''s'`).
pub(super) fn continued(
    source: &str,
    before: Value,
    after: impl Iterator<Item = Value>,
) -> Option<(Diagnostic, u32)> {
    match before.kind {
        ValueKind::Word => broken_range(source, before, after),
        ValueKind::String => doubled_quotes(source, before, after),
    }
}

fn broken_range(
    source: &str,
    before: Value,
    after: impl Iterator<Item = Value>,
) -> Option<(Diagnostic, u32)> {
    let mut whole = before.span.of(source).to_owned();
    let mut span = before.span;
    for next in after.take_while(|next| next.kind == ValueKind::Word) {
        let piece = next.span.of(source);
        if !(whole.ends_with('-') || piece.starts_with('-')) {
            break;
        }
        whole.push_str(piece);
        span = span.to(next.span);
    }
    if span == before.span {
        return None;
    }
    let fix = Fix::new("remove the blanks", Edit::replace(span, whole));
    let message = "a range has no blanks inside";
    Some((Diagnostic::new(Code::BlankInRange, span, message).with_fix(fix), span.end))
}

fn doubled_quotes(
    source: &str,
    before: Value,
    after: impl Iterator<Item = Value>,
) -> Option<(Diagnostic, u32)> {
    let quote = before.span.of(source).get(..1)?;
    let mut span = before.span;
    let mut edits = Vec::new();
    for next in after {
        let adjacent = next.span.start == span.end && next.span.of(source).starts_with(quote);
        // The first string is looked at once only: it may be long, and many may follow it.
        if !adjacent || edits.is_empty() && text::closing(span.of(source)).is_err() {
            break;
        }
        let doubled = Span { start: span.end - 1, end: span.end + 1 };
        edits.push(Edit::replace(doubled, format!("\\{quote}")));
        span = span.to(next.span);
    }
    if edits.is_empty() {
        return None;
    }
    let message = "a quote inside a string is escaped by a backslash, not doubled";
    let fix = Fix::of_edits(format!("write `\\{quote}`"), edits);
    Some((Diagnostic::new(Code::DoubledQuote, span, message).with_fixes([fix]), span.end))
}

impl Builder<'_> {
    /// Reads on to where a value really ends.
    fn skip_to(&mut self, end: u32) {
        while self.upcoming().next().is_some_and(|token: &Token| token.span.end <= end) {
            self.advance();
        }
    }
}
