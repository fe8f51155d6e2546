//! `contains`, `starts with` and the like, which LIKE says with wildcards.

use super::build::{Builder, value_kind};
use super::{TokenKind, ValueKind};
use crate::values::{self, text};
use crate::{Code, Diagnostic, Edit, Fix, Span};

impl Builder<'_> {
    /// Reports a word that asks for a part of a text, and reads its value; `None` where it is no such word.
    pub(super) fn part_of_text(&mut self, word: Span) -> Option<()> {
        let mut tokens = self.upcoming().filter(|token| !token.kind.is_missing());
        let mut next = tokens.next();
        let mut span = word;
        if let Some(with) = next.filter(|with| with.span.of(self.text).eq_ignore_ascii_case("with")) {
            span = word.to(with.span);
            next = tokens.next();
        }
        let mut name = word.of(self.text).to_ascii_lowercase();
        if span != word {
            name.push_str("with");
        }
        let (name, like) = match name.strip_prefix('i') {
            Some(rest) if rest != "ncludes" => (rest, "ILIKE"),
            _ => (name.as_str(), "LIKE"),
        };
        let (before, after) = match name {
            "contains" | "includes" => ("%", "%"),
            "startswith" | "beginswith" => ("", "%"),
            "endswith" => ("%", ""),
            _ => return None,
        };
        let value = next?;
        let found = value.span.of(self.text);
        // Paths and lists contain numbers, which `=` asks for.
        if value_kind(value.kind)? == ValueKind::Word
            && (values::is_numeric(found) || values::asn(found).is_ok())
        {
            return None;
        }
        let (part, sure) = match value_kind(value.kind)? {
            ValueKind::String => (text::decode(found), true),
            ValueKind::Word => (found.into(), false),
        };
        let pattern = text::quote(&format!("{before}{}{after}", text::like_escaped(&part)));
        let title = format!("write `{like} {pattern}`");
        let end = value.span.end;
        let edits = vec![self.replace_by_word(span, like), Edit::replace(value.span, pattern)];
        let message = format!("`{}` is no operator", span.of(self.text));
        let fix = Fix { sure, ..Fix::of_edits(title, edits) };
        self.report(Diagnostic::new(Code::UnknownOperator, span, message).with_fix(fix));
        self.skip_to(end);
        self.accept(TokenKind::MissingOperator);
        Some(())
    }
}
