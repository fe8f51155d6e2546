//! Formatting.

use flowql::{Edit, Span};
use tower_lsp::ls_types::{Range, TextEdit};

use crate::document::Kind;
use crate::query::Query;

/// The edits that put the filters that a range touches into the canonical layout, all of them without a range. A filter
/// with errors is left as it is.
pub(crate) fn format(query: &Query, range: Option<Range>) -> Vec<TextEdit> {
    let lines = query.lines();
    let text = &query.document.text;
    let wanted = range.map_or(Span::new(0, text.len()), |range| lines.span(range));
    let compiler = query.compiler();
    // Files are formatted as `flowql fmt` does, blank lines between the filters included.
    if range.is_none()
        && query.document.kind == Kind::Filters
        && let Ok(formatted) = compiler.format_file(text)
    {
        let ended = formatted.is_empty() || formatted.ends_with('\n');
        let formatted = if ended { formatted } else { format!("{formatted}\n") };
        return difference(text, &formatted, 0).iter().map(|edit| lines.edit(edit, 0)).collect();
    }
    let touched = |span: Span| span.start <= wanted.end && wanted.start <= span.end;
    let filters = query.document.filters.iter().filter(|filter| touched(filter.span));
    let edits = filters.filter_map(|filter| {
        let before = &*filter.body.text;
        let formatted = compiler.format(before).ok()?;
        // The blank lines around it belong to the document.
        let start = before.len() - before.trim_start().len();
        let body = before.trim();
        difference(body, &formatted, filter.span.start + Span::new(start, start).start)
    });
    edits.map(|edit| lines.edit(&edit, 0)).collect()
}

/// The edit that makes one text another, of a text that begins at an offset: what both begin and end with stays.
pub(crate) fn difference(before: &str, after: &str, offset: u32) -> Option<Edit> {
    if before == after {
        return None;
    }
    let same = |(first, second): &(char, char)| first == second;
    let start: usize =
        before.chars().zip(after.chars()).take_while(same).map(|(found, _)| found.len_utf8()).sum();
    let (old, new) = (before.get(start..)?, after.get(start..)?);
    let end: usize =
        old.chars().rev().zip(new.chars().rev()).take_while(same).map(|(found, _)| found.len_utf8()).sum();
    let span = Span::new(start, before.len() - end).shifted(offset);
    Some(Edit::replace(span, new.get(..new.len() - end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_difference_is_edited() {
        for (before, after, expected) in [
            ("a  b", "a b", Some((2, 3, ""))),
            ("a b", "a  b", Some((2, 2, " "))),
            ("éx", "éy", Some((2, 3, "y"))),
            ("", "x", Some((0, 0, "x"))),
            ("aa", "a", Some((1, 2, ""))),
            ("x", "x", None),
        ] {
            let found = difference(before, after, 0);
            let expected = expected.map(|(start, end, text)| Edit::replace(Span::new(start, end), text));
            assert_eq!(found, expected, "{before} {after}");
            let edits = found.into_iter().collect();
            assert_eq!(flowql::Fix::of_edits("", edits).apply(before), after);
        }
    }
}
