//! The shapes of the answers that several routes share.

use std::collections::BTreeMap;

use flowql::sql::{Parameter, ParameterValue};
use flowql::{Positions, Report};
use serde::Serialize;
use utoipa::ToSchema;

/// Something to say of a range of a filter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Diagnostic {
    /// The stable code.
    #[schema(value_type = String, example = "E101")]
    pub(crate) code: &'static str,
    /// `error`, `warning` or `hint`.
    #[schema(value_type = Severity)]
    pub(crate) severity: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// The first byte of the range.
    pub(crate) start: u32,
    /// The byte after the range.
    pub(crate) end: u32,
    /// The start in UTF-16 code units.
    pub(crate) start_utf16: u32,
    /// The end in UTF-16 code units.
    pub(crate) end_utf16: u32,
    /// The line of the start, from 1.
    pub(crate) line: u32,
    /// The column of the start in characters, from 1.
    pub(crate) column: u32,
    /// The line of the end.
    pub(crate) end_line: u32,
    /// The column of the end.
    pub(crate) end_column: u32,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
    /// Ready-made changes of the text that make it go away.
    pub(crate) fixes: Vec<Fix>,
}

/// How bad a diagnostic is.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "the schema of a string: the core has the values")]
pub(crate) enum Severity {
    Error,
    Warning,
    Hint,
}

/// A change of the text that mends a diagnostic.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Fix {
    /// What it does, as a menu would show it.
    pub(crate) title: String,
    /// Whether it cannot change the meaning of what was written; another one is for a person to choose.
    pub(crate) sure: bool,
    /// The edits, in the order of the text.
    pub(crate) edits: Vec<Edit>,
}

/// The replacement of a range of the text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Edit {
    /// The first byte of the range.
    pub(crate) start: u32,
    /// The byte after the range.
    pub(crate) end: u32,
    /// The start in UTF-16 code units.
    pub(crate) start_utf16: u32,
    /// The end in UTF-16 code units.
    pub(crate) end_utf16: u32,
    /// What stands there afterwards.
    pub(crate) text: String,
}

/// A range of the text.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Range {
    /// The first byte.
    start: u32,
    /// The byte after the range.
    end: u32,
    /// The start in UTF-16 code units.
    start_utf16: u32,
    /// The end in UTF-16 code units.
    end_utf16: u32,
}

impl Diagnostic {
    fn new(found: &flowql::Diagnostic, positions: &Positions<'_>) -> Self {
        let report = Report::new(found, positions);
        let edit = |edit: &flowql::Edit| Edit {
            start: edit.span.start,
            end: edit.span.end,
            start_utf16: positions.utf16(edit.span.start),
            end_utf16: positions.utf16(edit.span.end),
            text: edit.new_text.clone(),
        };
        let fix = |fix: &flowql::Fix| Fix {
            title: fix.title.clone(),
            sure: fix.sure,
            edits: fix.edits.iter().map(edit).collect(),
        };
        Self {
            code: report.code,
            severity: report.severity.name(),
            message: report.message.to_owned(),
            start: report.start,
            end: report.end,
            start_utf16: positions.utf16(report.start),
            end_utf16: positions.utf16(report.end),
            line: report.line,
            column: report.column,
            end_line: report.end_line,
            end_column: report.end_column,
            help: report.help.map(str::to_owned),
            fixes: found.fixes.iter().map(fix).collect(),
        }
    }

    /// The message with its place, as `at line 1, position 12: …`.
    pub(crate) fn placed(&self) -> String {
        format!("at line {}, position {}: {}", self.line, self.column, self.message)
    }

    /// Whether it makes the filter bad.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

/// The diagnostics of a text.
pub(crate) fn diagnostics(text: &str, found: &[flowql::Diagnostic]) -> Vec<Diagnostic> {
    if found.is_empty() {
        return Vec::new();
    }
    let positions = Positions::new(text);
    found.iter().map(|found| Diagnostic::new(found, &positions)).collect()
}

impl Range {
    pub(crate) fn new(span: flowql::Span, positions: &Positions<'_>) -> Self {
        let flowql::Span { start, end } = span;
        Self { start, end, start_utf16: positions.utf16(start), end_utf16: positions.utf16(end) }
    }
}

/// The place that a request gives: `cursor` in bytes, `cursor_utf16` in UTF-16 code units; the end where neither is.
pub(crate) fn place(
    text: &str,
    positions: &Positions<'_>,
    cursor: Option<u32>,
    cursor_utf16: Option<u32>,
) -> u32 {
    let end = || u32::try_from(text.len()).unwrap_or(u32::MAX);
    cursor.or_else(|| cursor_utf16.map(|units| positions.of_utf16(units))).unwrap_or_else(end)
}

/// The values that a bound SQL refers to, by name; integers above 2^53 are strings.
pub(crate) fn parameters(parameters: &[Parameter]) -> BTreeMap<String, serde_json::Value> {
    const LARGEST_EXACT: u64 = 1 << 53;
    let value = |value: &ParameterValue| match value {
        ParameterValue::Integer(number) if *number <= LARGEST_EXACT => (*number).into(),
        other => other.to_string().into(),
    };
    parameters.iter().map(|parameter| (parameter.name.clone(), value(&parameter.value))).collect()
}
