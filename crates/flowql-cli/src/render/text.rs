//! Diagnostics for people: the source underlined, with help and fixes.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use flowql::{Diagnostic, Fix, Positions, Severity, Span};

use crate::sources::{Checked, Finding};

/// The most lines of source that are shown for one diagnostic or fix.
const MOST_LINES: usize = 8;

/// The most bytes that are shown of a range, and before and after it: a filter may well be one line of 64 KiB.
const MOST_BYTES: usize = 500;

/// The diagnostics of a source, a blank line after each, with colours. With `quiet`, errors only.
pub(crate) fn render(source: &Checked, quiet: bool) -> impl Iterator<Item = String> {
    let positions = Positions::new(&source.text);
    let renderer = Renderer::styled();
    let shown = source.findings.iter().filter(move |found| !quiet || found.diagnostic.is_error());
    shown.map(move |found| format!("{}\n", renderer.render(&groups(source, &positions, found))))
}

fn groups<'a>(source: &'a Checked, positions: &Positions<'_>, found: &'a Finding) -> Vec<Group<'a>> {
    let Diagnostic { code, severity, message, span, help, fixes } = &found.diagnostic;
    let window = Window::around(&source.text, positions, *span);
    let path = match &found.filter {
        Some(name) => format!("{} (filter {name})", source.origin),
        None => source.origin.to_string(),
    };
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let mut snippet = Snippet::source(window.text)
        .line_start(window.line)
        .annotation(AnnotationKind::Primary.span(window.inside(*span)));
    let title = level.primary_title(message.as_str()).id(code.number());
    let group = if window.begins_line {
        snippet = snippet.path(path);
        Group::with_title(title)
    } else {
        // The snippet does not know how much of the line is before it, so that the place is said apart from it.
        let place = positions.of(span.start);
        title.element(Origin::path(path).line(place.line as usize).char_column(place.column as usize))
    };
    let mut groups = vec![group.element(snippet)];
    // Titles of their own, since only titles have the control characters of the user's text taken out.
    groups.extend(help.as_deref().map(|help| Group::with_title(Level::HELP.primary_title(help))));
    groups.extend(fixes.iter().map(|fix| suggestion(source, positions, fix)));
    groups
}

/// A fix with the lines that it changes.
fn suggestion<'a>(source: &'a Checked, positions: &Positions<'_>, fix: &'a Fix) -> Group<'a> {
    let title = Level::HELP.with_name("fix").primary_title(fix.title.as_str());
    let covered = fix.edits.iter().map(|edit| edit.span).reduce(Span::to);
    let Some(covered) = covered else { return Group::with_title(title) };
    let window = Window::around(&source.text, positions, covered);
    if window.cut {
        return Group::with_title(title);
    }
    let patches = fix.edits.iter().map(|edit| Patch::new(window.inside(edit.span), edit.new_text.as_str()));
    title.element(Snippet::source(window.text).line_start(window.line).patches(patches))
}

/// The lines around a range, so that rendering costs what is shown and not the file.
struct Window<'a> {
    text: &'a str,
    /// The offset of its first byte.
    start: usize,
    /// The number of its first line.
    line: usize,
    /// Whether it begins where a line does.
    begins_line: bool,
    /// Whether the range goes on beyond it, or a line does.
    cut: bool,
}

impl<'a> Window<'a> {
    fn around(text: &'a str, positions: &Positions<'_>, span: Span) -> Self {
        let from = text.floor_char_boundary(span.start as usize);
        let to = (span.end as usize).clamp(from, text.len());
        let first = text.floor_char_boundary(from.saturating_sub(MOST_BYTES));
        let start = text.get(first..from).and_then(|before| before.rfind('\n')).map(|at| first + at + 1);
        let begins_line = start.is_some() || first == 0;
        let start = start.unwrap_or(first);
        // Past the last byte of the range, the line goes on to its end.
        let last = text.floor_char_boundary(to.min(from + MOST_BYTES) + MOST_BYTES);
        let shown = text.get(start..last).unwrap_or_default();
        let ends = shown.match_indices('\n').map(|(at, _)| start + at);
        let mut end = None;
        for (index, at) in ends.enumerate() {
            end = Some(at);
            if at + 1 >= to.max(from + 1) || index + 1 == MOST_LINES {
                break;
            }
            end = None;
        }
        let cut = !begins_line || end.map_or(last < text.len(), |end| end + 1 < to);
        let inside = text.get(start..end.unwrap_or(last)).unwrap_or_default();
        let line = usize::try_from(positions.of(span.start).line).unwrap_or(1);
        Self { text: inside.strip_suffix('\r').unwrap_or(inside), start, line, begins_line, cut }
    }

    /// A range of the whole text in the window.
    fn inside(&self, span: Span) -> std::ops::Range<usize> {
        let place = |offset: u32| {
            self.text.floor_char_boundary((offset as usize).saturating_sub(self.start).min(self.text.len()))
        };
        let start = place(span.start);
        start..place(span.end).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_the_lines_of_its_range() {
        let text = "one\r\ntwo é\nthree\n";
        let positions = Positions::new(text);
        let shown = |start, end| {
            let window = Window::around(text, &positions, Span { start, end });
            (window.line, window.text, window.inside(Span { start, end }))
        };
        assert_eq!(shown(0, 3), (1, "one", 0..3));
        assert_eq!(shown(3, 5), (1, "one", 3..3));
        assert_eq!(shown(5, 5), (2, "two é", 0..0));
        assert_eq!(shown(9, 11), (2, "two é", 4..6));
        assert_eq!(shown(1, 7), (1, "one\r\ntwo é", 1..7));
        assert_eq!(shown(18, 18), (4, "", 0..0));
        assert_eq!(shown(99, 99), (4, "", 0..0));
        let long = "x\n".repeat(100);
        let window = Window::around(&long, &Positions::new(&long), Span { start: 0, end: 200 });
        assert!(window.cut);
        assert_eq!(window.text.lines().count(), MOST_LINES);
        let wide = "é".repeat(5000);
        let span = Span { start: 5001, end: 5003 };
        let window = Window::around(&wide, &Positions::new(&wide), span);
        assert!(window.cut && window.text.len() < 3 * MOST_BYTES);
        assert_eq!(window.text.get(window.inside(span)), Some("é"));
    }
}
