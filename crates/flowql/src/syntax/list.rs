//! Reading a list of values, and values that go on after their end.

use super::build::Builder;
use super::condition::value;
use super::{List, Token, TokenKind, Value, ValueKind};
use crate::tables::{Operator, Services};
use crate::values::{self, text};
use crate::{Code, Diagnostic, Edit, Fix, Span};

/// What joins the ends of a range, and what word processors make of it.
const DASHES: [char; 2] = ['-', '–'];

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
    pub(super) fn list(&mut self, open: Span, operator: Option<Operator>) -> List {
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
                TokenKind::BadSeparator => last = self.bad_separator(token.span, last, operator),
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
        // What is missing may be more than the parenthesis.
        let is_missing = !self.closes_later() && !matches!(last, Last::Open | Last::Comma(_));
        if !self.ends_in_open_string() && is_missing {
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
            let mut diagnostic = Diagnostic::new(Code::MissingItem, span, "expecting a value before `,`");
            if last != Last::Open || self.peek() != Some(TokenKind::ListClose) {
                diagnostic = diagnostic.with_fix(Fix::new("remove `,`", Edit::delete(span)));
            }
            self.report(diagnostic);
            return if last == Last::Open { last } else { Last::Comma(span) };
        }
        Last::Comma(span)
    }

    fn bad_separator(&mut self, span: Span, last: Last, operator: Option<Operator>) -> Last {
        let found = span.of(self.text);
        let message = format!("the values of a list are separated by `,`, not by `{found}`");
        let mut diagnostic = Diagnostic::new(Code::MissingComma, span, message);
        // A list of IN asks for any of its values, one of HAS for all of them.
        let is_or = found.eq_ignore_ascii_case("or");
        let has = matches!(operator, Some(Operator::Has | Operator::NotHas));
        if let Last::Value(before) = last
            && !(has && is_or)
        {
            let edit = Edit::replace(Span { start: before.span.end, end: span.end }, ",");
            diagnostic = diagnostic.with_fix(Fix { sure: has || is_or, ..Fix::new("write `,`", edit) });
        }
        self.report(diagnostic);
        Last::Reported
    }

    fn junk(&mut self, span: Span) -> Last {
        let found = span.of(self.text);
        let mut diagnostic =
            Diagnostic::new(Code::UnexpectedText, span, format!("unexpected `{found}` in a list"));
        if matches!(found, ";" | "|" | "||") {
            let fix = Fix { sure: found == ";", ..Fix::new("write `,`", Edit::replace(span, ",")) };
            diagnostic = diagnostic.with_fix(fix);
        }
        self.report(diagnostic);
        Last::Reported
    }

    /// Reports a value that follows another one without a comma; gives whether it is only the rest of it.
    fn continues(&mut self, last: Last, item: Value) -> bool {
        let Last::Value(before) = last else { return false };
        let further = self.upcoming().map_while(|token| value(*token));
        if let Some((diagnostic, end)) =
            continued(self.services, self.text, before, std::iter::once(item).chain(further))
        {
            self.report(diagnostic);
            self.skip_to(end);
            return true;
        }
        // Two words may be one text that lacks its quotes.
        let is_name = |value: Value| {
            let word = value.span.of(self.text);
            let is_word = word.starts_with(|first: char| first.is_ascii_alphabetic());
            value.kind == ValueKind::Word
                && is_word
                && !values::is_numeric(word)
                && values::asn(word).is_err()
        };
        let sure = !(is_name(before) && is_name(item));
        let mut diagnostic = Diagnostic::new(Code::MissingComma, item.span, "expecting `,` or `)`");
        // A lone sign between two values is none, and a string without its end has none behind it.
        let is_open = before.kind == ValueKind::String && text::closing(before.span.of(self.text)).is_err();
        if !is_open && ![before, item].iter().any(|value| value.span.of(self.text) == "-") {
            let edit = Edit::insert(before.span.end, ",");
            diagnostic = diagnostic.with_fix(Fix { sure, ..Fix::new("insert `,`", edit) });
        }
        self.report(diagnostic);
        false
    }
}

/// What is wrong with a value that goes on in the values right after it, and where it really ends: a
/// range with blanks inside (`80 - 90`), a subnet with its mask behind it, a string with doubled quotes (`'it''s'`),
/// or a range of names.
pub(super) fn continued(
    services: &Services,
    source: &str,
    before: Value,
    after: impl Iterator<Item = Value>,
) -> Option<(Diagnostic, u32)> {
    match before.kind {
        ValueKind::Word => broken_word(source, before, after),
        ValueKind::String => {
            let mut after = after.peekable();
            match after.next_if(|next| next.kind == ValueKind::Word) {
                Some(hyphen) => range_of_names(services, source, before, hyphen, after.next()?),
                None => doubled_quotes(source, before, after),
            }
        }
    }
}

fn broken_word(source: &str, before: Value, after: impl Iterator<Item = Value>) -> Option<(Diagnostic, u32)> {
    let mut whole = before.span.of(source).to_owned();
    let mut span = before.span;
    for next in after.take_while(|next| next.kind == ValueKind::Word) {
        let piece = next.span.of(source);
        if let Some(length) = values::mask_length(piece).filter(|_| values::address(&whole).is_some()) {
            whole.push_str(&format!("/{length}"));
        } else if belong_together(&whole, piece) {
            whole.push_str(piece);
        } else {
            break;
        }
        span = span.to(next.span);
    }
    if span == before.span || whole.ends_with('/') {
        return None;
    }
    let fix = Fix::new("remove the blanks", Edit::replace(span, whole.replace(DASHES, "-")));
    let message =
        if whole.contains(DASHES) { "a range has no blanks inside" } else { "a value has no blanks inside" };
    Some((Diagnostic::new(Code::BlankInRange, span, message).with_fix(fix), span.end))
}

/// Whether two words are one value: a range, a subnet, a community or an AS number with a blank inside.
fn belong_together(first: &str, second: &str) -> bool {
    const SIGNS: [char; 2] = ['/', ':'];
    let joined = first.ends_with(SIGNS) || second.starts_with(SIGNS);
    first.ends_with(DASHES)
        || second.starts_with(DASHES)
        || joined && values::is_numeric(first) && values::is_numeric(second)
        || first.eq_ignore_ascii_case("as") && values::integer(second).is_ok()
}

/// The names of two ports with a hyphen between them.
fn range_of_names(
    services: &Services,
    source: &str,
    before: Value,
    hyphen: Value,
    name: Value,
) -> Option<(Diagnostic, u32)> {
    let port = |value: &Value| match value.kind {
        ValueKind::String => services.port_of(&text::decode(value.span.of(source))),
        ValueKind::Word => None,
    };
    let (low, high) = (port(&before)?, port(&name)?);
    if hyphen.span.of(source) != "-" {
        return None;
    }
    let span = before.span.to(name.span);
    let fix = Fix::new(format!("write `{low}-{high}`"), Edit::replace(span, format!("{low}-{high}")));
    let message = "the ends of a range are numbers, not names";
    Some((Diagnostic::new(Code::BadRange, span, message).with_fix(fix), span.end))
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
    pub(super) fn skip_to(&mut self, end: u32) {
        while self.upcoming().next().is_some_and(|token: &Token| token.span.end <= end) {
            self.advance();
        }
    }
}
