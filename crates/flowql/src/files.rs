//! Files of several filters: a line `-- name: NAME` starts each.

mod fences;

use std::collections::HashMap;

use crate::check::is_filter_name;
use crate::{Code, Diagnostic, Edit, Fix, Limits, SavedFilters, Scope, Span};

pub use fences::fences;

/// One filter of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFilter<'a> {
    /// The name; `None` for the text before the first header, and for a header whose name is bad.
    pub name: Option<&'a str>,
    /// Where the name stands; empty for the text before the first header.
    pub name_span: Span,
    /// The header line without its line break; empty for the text before the first header.
    pub header: Span,
    /// Where the filter's own text stands: from the line after the header to the next header.
    pub body: Span,
    /// The filter's own text.
    pub text: &'a str,
}

/// A file of filters, split.
#[derive(Clone, Debug)]
pub struct FilterFile<'a> {
    /// The filters in the order of the file. The text before the first header is one of them unless it
    /// is blank and a header follows.
    pub filters: Vec<FileFilter<'a>>,
    /// What is wrong with the headers, with ranges in the file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Splits a file by its header lines, before anything is parsed: a header counts even inside an unclosed
/// comment or string.
pub fn split<'a>(text: &'a str, limits: &Limits) -> FilterFile<'a> {
    let mut file = FilterFile { filters: Vec::new(), diagnostics: Vec::new() };
    if text.len() > limits.file_length {
        let start = text.floor_char_boundary(limits.file_length);
        let message = format!("the file is longer than {} bytes", limits.file_length);
        file.diagnostics.push(Diagnostic::new(Code::FileTooLong, Span::new(start, text.len()), message));
        return file;
    }
    let mut current = FileFilter {
        name: None,
        name_span: Span::default(),
        header: Span::default(),
        body: Span::default(),
        text: "",
    };
    let mut body_start = 0;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        if let Some((name_start, name)) = header(content) {
            finish(&mut file, current, text, body_start, offset);
            let name_start = offset + name_start;
            current = FileFilter {
                name: Some(name),
                name_span: Span::new(name_start, name_start + name.len()),
                header: Span::new(offset, offset + content.trim_end_matches('\r').len()),
                body: Span::default(),
                text: "",
            };
            body_start = offset + line.len();
        }
        offset += line.len();
    }
    finish(&mut file, current, text, body_start, offset);
    check_names(&mut file);
    file
}

/// The name of a header line and its offset in the line; `None` for any other line.
fn header(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches([' ', '\t']).strip_prefix("-- name:")?;
    let name = rest.trim_start_matches([' ', '\t']);
    let start = line.len() - name.len();
    Some((start, name.trim_end_matches([' ', '\t', '\r'])))
}

fn finish<'a>(
    file: &mut FilterFile<'a>,
    mut filter: FileFilter<'a>,
    text: &'a str,
    start: usize,
    end: usize,
) {
    filter.body = Span::new(start, end);
    filter.text = filter.body.of(text);
    let unnamed = filter.name.is_none();
    // Blank lines before the first header are no filter, but a file without any header is one.
    if unnamed && is_blank(filter.text) && end < text.len() {
        return;
    }
    if !unnamed && is_blank(filter.text) {
        let message = "the filter is empty";
        file.diagnostics.push(Diagnostic::new(Code::EmptyNamedFilter, filter.header, message));
    }
    file.filters.push(filter);
}

fn is_blank(text: &str) -> bool {
    // Only what begins with a blank, a comment or something odd takes a closer look.
    let first = text.trim_ascii_start().chars().next();
    if first.is_some_and(|first| first.is_ascii_alphanumeric() || matches!(first, '@' | '(')) {
        return false;
    }
    crate::syntax::tokenize(text).iter().all(|token| token.kind == crate::syntax::TokenKind::Comment)
}

fn check_names(file: &mut FilterFile<'_>) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for filter in &mut file.filters {
        let Some(name) = filter.name else { continue };
        if !is_filter_name(name) {
            filter.name = None;
            let message = "expecting a name: a letter or `_`, then letters, digits, `_` and `-`";
            let span = if filter.name_span.is_empty() { filter.header } else { filter.name_span };
            let mended: String =
                name.chars().map(|found| if found.is_ascii_alphanumeric() { found } else { '_' }).collect();
            let fix = is_filter_name(&mended)
                .then(|| Fix::guess(format!("write `{mended}`"), Edit::replace(filter.name_span, mended)));
            file.diagnostics.push(Diagnostic::new(Code::BadFilterName, span, message).with_fixes(fix));
        } else if seen.insert(name, filter.name_span).is_some() {
            let message = format!("the file has another filter named `{name}`");
            file.diagnostics.push(Diagnostic::new(Code::DuplicateFilterName, filter.name_span, message));
        }
    }
}

impl FilterFile<'_> {
    /// Adds the named filters of the file to those that `@name` may refer to.
    pub fn save_into(&self, saved: &mut SavedFilters, scope: Scope) {
        for filter in &self.filters {
            if let Some(name) = filter.name {
                saved.insert(scope, name, filter.text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_and_texts<'a>(file: &FilterFile<'a>) -> Vec<(Option<&'a str>, &'a str)> {
        file.filters.iter().map(|filter| (filter.name, filter.text)).collect()
    }

    #[test]
    fn a_file_is_split_at_its_headers() {
        let text = "\n-- name: one\r\nSrcAS = 1 /* open\n\t-- name:two  \nSrcAS = 2\n";
        let file = split(text, &Limits::DEFAULT);
        assert_eq!(
            names_and_texts(&file),
            [(Some("one"), "SrcAS = 1 /* open\n"), (Some("two"), "SrcAS = 2\n")]
        );
        assert!(file.diagnostics.is_empty());
        let two = &file.filters[1];
        assert_eq!(two.name_span.of(text), "two");
        assert_eq!(two.header.of(text), "\t-- name:two  ");
    }

    #[test]
    fn text_before_the_first_header_is_an_unnamed_filter() {
        let file = split("SrcAS = 1\n-- name: x\nSrcAS = 2", &Limits::DEFAULT);
        assert_eq!(names_and_texts(&file), [(None, "SrcAS = 1\n"), (Some("x"), "SrcAS = 2")]);
        let file = split("", &Limits::DEFAULT);
        assert_eq!(names_and_texts(&file), [(None, "")]);
    }

    #[test]
    fn bad_headers_are_reported() {
        let text = "-- name: a\nSrcAS = 1\n-- name: a\nSrcAS = 2\n-- name: b c\nSrcAS = 3\n-- name:\n\n-- name: d\n-- nothing\n";
        let file = split(text, &Limits::DEFAULT);
        let found: Vec<_> =
            file.diagnostics.iter().map(|found| (found.code.number(), found.span.of(text))).collect();
        assert_eq!(
            found,
            [
                ("W509", "-- name:"),
                ("W509", "-- name: d"),
                ("E307", "a"),
                ("E306", "b c"),
                ("E306", "-- name:"),
            ]
        );
        let limits = Limits { file_length: 10, ..Limits::DEFAULT };
        assert_eq!(split(text, &limits).diagnostics[0].code, Code::FileTooLong);
    }
}
