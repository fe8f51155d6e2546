//! Diagnostics: what is wrong, or doubtful, at which place of a filter, and how to mend it.

use crate::gather::{Gather as _, add_all};
use crate::{Code, Severity, Span};

/// Something to say of a range of a filter's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in the user's words.
    pub message: String,
    /// The text that it is about; empty where something is missing at the end.
    pub span: Span,
    /// What to do, or what would be right, where the message alone does not say it.
    pub help: Option<String>,
    /// Ready-made changes of the text that make the diagnostic go away.
    pub fixes: Vec<Fix>,
}

/// A change of the text that mends a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Fix {
    /// What the change does, as a menu would show it.
    pub title: String,
    /// The edits, in the order of the text; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it cannot change the meaning of what was written. A guess, such as a name of similar spelling, is for a
    /// person to choose: nothing applies it on its own.
    pub sure: bool,
}

/// The replacement of a range of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Edit {
    /// The text to replace; empty for an insertion.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub span: Span,
    /// What stands there afterwards.
    #[cfg_attr(feature = "serde", serde(rename = "text"))]
    pub new_text: String,
}

impl Edit {
    /// Puts `new_text` in the place of a range.
    pub fn replace(span: Span, new_text: impl Into<String>) -> Self {
        Self { span, new_text: new_text.into() }
    }

    /// Puts `new_text` at an offset.
    pub fn insert(offset: u32, new_text: impl Into<String>) -> Self {
        Self::replace(Span::at(offset), new_text)
    }

    /// Takes a range away.
    pub fn delete(span: Span) -> Self {
        Self::replace(span, "")
    }
}

impl Fix {
    /// A sure fix of one edit.
    pub fn new(title: impl Into<String>, edit: Edit) -> Self {
        Self::of_edits(title, vec![edit])
    }

    /// A sure fix of several edits.
    pub fn of_edits(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { title: title.into(), edits, sure: true }
    }

    /// A fix of one edit that may not be what was meant.
    pub fn guess(title: impl Into<String>, edit: Edit) -> Self {
        Self { sure: false, ..Self::new(title, edit) }
    }

    /// The text after the edits. Edits that do not fit the text, or overlap an earlier one, are left out.
    pub fn apply(&self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut done = 0;
        for edit in &self.edits {
            let range = edit.span.range();
            let Some(kept) = text.get(done..range.start) else { continue };
            result.push_str(kept);
            result.push_str(&edit.new_text);
            done = range.end;
        }
        result.push_str(text.get(done..).unwrap_or_default());
        result
    }
}

impl Diagnostic {
    /// A diagnostic with the severity of its code, without help or fixes.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), message: message.into(), span, help: None, fixes: Vec::new() }
    }

    /// The same with a word of help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a further fix.
    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// The same with a further fix, where there is one.
    #[must_use]
    pub fn with_fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        add_all(&mut self.fixes, fixes);
        self
    }

    /// Whether it makes the filter bad.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The diagnostics of one run as a user should see them: follow-ups on a text that already has an
/// error left out, in the order of the text, at most `limit` of them and then one that counts the rest.
pub(crate) fn finish(mut diagnostics: Vec<Diagnostic>, limit: usize) -> Vec<Diagnostic> {
    drop_follow_ups(&mut diagnostics);
    if diagnostics.len() > limit {
        // Errors go before warnings: what makes the filter bad must not be hidden by remarks.
        let errors = diagnostics.iter().filter(|found| found.is_error()).count().min(limit);
        let (mut errors_left, mut others_left) = (errors, limit - errors);
        let mut rest = Vec::new();
        for found in std::mem::take(&mut diagnostics) {
            let left = if found.is_error() { &mut errors_left } else { &mut others_left };
            match left.checked_sub(1) {
                Some(fewer) => {
                    *left = fewer;
                    diagnostics.push(found);
                }
                None => rest.push(found),
            }
        }
        let severity = if rest.iter().any(Diagnostic::is_error) { Severity::Error } else { Severity::Hint };
        let span = diagnostics.iter().chain(&rest).map(|found| found.span).max().unwrap_or_default();
        let message = format!("{} more diagnostics are not shown", rest.len());
        diagnostics.push(Diagnostic { severity, ..Diagnostic::new(Code::TooManyDiagnostics, span, message) });
    }
    diagnostics
}

/// Keeps, of errors that overlap, the one that was found first, and no warning on a text with an error.
fn drop_follow_ups(diagnostics: &mut Vec<Diagnostic>) {
    let mut order: Vec<usize> = (0..diagnostics.len()).list();
    let key = |index: usize| diagnostics.get(index).map(|found| (found.span.start, found.span.end));
    // Of those on one range an error comes first, so that the warnings find it.
    let is_error = |index: usize| diagnostics.get(index).is_some_and(Diagnostic::is_error);
    order.sort_unstable_by_key(|&index| (key(index), !is_error(index), index));
    let mut kept: Vec<usize> = Vec::with_capacity(order.len());
    // The last error that was kept, which ends last of all kept so far.
    let mut last: Option<usize> = None;
    for &index in &order {
        let Some(found) = diagnostics.get(index) else { continue };
        let clash = last.filter(|&at| diagnostics.get(at).is_some_and(|old| overlap(old.span, found.span)));
        match clash {
            Some(at) if !found.is_error() || at < index => continue,
            Some(at) => {
                if let Some(place) = kept.iter().rposition(|&other| other == at) {
                    kept.remove(place);
                }
            }
            None => {}
        }
        kept.push(index);
        if found.is_error() {
            last = Some(index);
        }
    }
    let mut slots: Vec<Option<Diagnostic>> = diagnostics.drain(..).map(Some).list();
    add_all(diagnostics, kept.into_iter().filter_map(|index| slots.get_mut(index)?.take()));
}

/// Whether two ranges share a byte, or an empty one lies at the start of the other.
fn overlap(first: Span, second: Span) -> bool {
    first.start == second.start || (second.start < first.end && first.start < second.end)
}
