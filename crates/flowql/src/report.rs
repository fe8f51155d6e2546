//! Diagnostics as they cross every border: with lines and columns, ready to be serialized.

use crate::{Diagnostic, Edit, Positions, Severity};

/// A diagnostic with its place in bytes and in lines and columns, in the shape of the JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report<'a> {
    /// The stable code, as `E101`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: &'a str,
    /// The byte offset of the first byte.
    pub start: u32,
    /// The byte offset after the last byte.
    pub end: u32,
    /// The line of the start, from 1.
    pub line: u32,
    /// The column of the start in Unicode scalar values, from 1.
    pub column: u32,
    /// The line of the end.
    pub end_line: u32,
    /// The column of the end.
    pub end_column: u32,
    /// What to do.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub help: Option<&'a str>,
    /// Ready-made changes.
    pub fixes: Vec<FixReport<'a>>,
}

/// A fix in the shape of the JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FixReport<'a> {
    /// What the change does.
    pub title: &'a str,
    /// Whether it cannot change the meaning of what was written.
    pub sure: bool,
    /// The edits.
    pub edits: &'a [Edit],
}

impl<'a> Report<'a> {
    /// The report of a diagnostic of the text of `positions`.
    pub fn new(diagnostic: &'a Diagnostic, positions: &Positions<'_>) -> Self {
        let start = positions.of(diagnostic.span.start);
        let end = positions.of(diagnostic.span.end);
        Self {
            code: diagnostic.code.number(),
            severity: diagnostic.severity,
            message: &diagnostic.message,
            start: diagnostic.span.start,
            end: diagnostic.span.end,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            help: diagnostic.help.as_deref(),
            fixes: diagnostic
                .fixes
                .iter()
                .map(|fix| FixReport { title: &fix.title, sure: fix.sure, edits: &fix.edits })
                .collect(),
        }
    }
}
