//! An answer on its way to JavaScript: numbers, and all of its strings in one. `js/answer.ts` reads it.

use flowql::{Diagnostic, Edit, Positions, Span, Utf16};

/// What was written of an answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Numbers, the lengths of lists, and those of strings in UTF-16 code units, in the order of the writing.
    pub(crate) numbers: Vec<u32>,
    /// The strings, one after the other.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn number(&mut self, number: u32) {
        self.numbers.push(number);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.number(u32::from(flag));
    }

    pub(crate) fn string(&mut self, string: &str) {
        let units = if string.is_ascii() { string.len() } else { string.encode_utf16().count() };
        self.number(Span::new(0, units).end);
        self.text.push_str(string);
    }

    /// A flag, and where it is set what there is.
    pub(crate) fn optional<T>(&mut self, found: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(found.is_some());
        if let Some(found) = found {
            write(self, found);
        }
    }

    /// How many there are, and each.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        let place = self.numbers.len();
        self.number(0);
        let mut count = 0;
        for item in items {
            count += 1;
            write(self, item);
        }
        if let Some(length) = self.numbers.get_mut(place) {
            *length = count;
        }
    }

    pub(crate) fn span(&mut self, span: Span, offsets: &Utf16) {
        self.numbers.extend([offsets.of(span.start), offsets.of(span.end)]);
    }

    pub(crate) fn edits(&mut self, edits: &[Edit], offsets: &Utf16) {
        self.list(edits, |answer, edit| {
            answer.span(edit.span, offsets);
            answer.string(&edit.new_text);
        });
    }

    pub(crate) fn diagnostic(&mut self, found: &Diagnostic, positions: &Positions<'_>) {
        let offsets = positions.offsets();
        let (start, end) = (positions.of(found.span.start), positions.of(found.span.end));
        self.string(found.code.number());
        self.number(found.severity as u32);
        self.string(&found.message);
        self.span(found.span, offsets);
        self.numbers.extend([start.line, start.column, end.line, end.column]);
        self.optional(found.help.as_deref(), Self::string);
        self.list(&found.fixes, |answer, fix| {
            answer.string(&fix.title);
            answer.flag(fix.sure);
            answer.edits(&fix.edits, offsets);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_strings_are_in_utf16() {
        let mut answer = Answer::default();
        answer.string("ab");
        answer.string("\u{1F600}é");
        answer.list(["x", ""], Answer::string);
        answer.optional(None, Answer::string);
        answer.optional(Some("y"), Answer::string);
        assert_eq!(answer.numbers, [2, 3, 2, 1, 0, 0, 1, 1]);
        assert_eq!(answer.text, "ab\u{1F600}éxy");
    }
}
