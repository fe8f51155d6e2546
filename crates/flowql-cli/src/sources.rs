//! Checking texts, files of several filters included.

use flowql::{Diagnostic, Positions, Scope, Severity, files};
use flowql_config::Config;
use flowql_server::{Board, BoardFault, BoardKind, text_start};

use crate::failure::Failure;
use crate::input::{Input, Origin};

/// A text that was checked.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) origin: Origin,
    pub(crate) text: String,
    /// How many filters it holds.
    pub(crate) filters: usize,
    /// What is to say, in the order of the text.
    pub(crate) findings: Vec<Finding>,
}

/// A diagnostic with its range in the whole text.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The name of the filter, in a file of several.
    pub(crate) filter: Option<String>,
    pub(crate) diagnostic: Diagnostic,
}

impl Checked {
    /// Whether some filter is bad.
    pub(crate) fn is_bad(&self) -> bool {
        self.findings.iter().any(|found| found.diagnostic.is_error())
    }
}

/// A text with the diagnostics that are known of it.
pub(crate) fn with_diagnostics(input: Input, diagnostics: Vec<Diagnostic>) -> Checked {
    let findings = diagnostics.into_iter().map(|diagnostic| Finding { filter: None, diagnostic });
    Checked { origin: input.origin, text: input.text, filters: 1, findings: findings.collect() }
}

/// Checks a text.
pub(crate) fn check(input: Input, config: &Config) -> Checked {
    if !input.origin.has_several() {
        let diagnostics = config.compiler().diagnostics(&input.text);
        return with_diagnostics(input, diagnostics);
    }
    let file = files::split(&input.text, &config.limits);
    let mut saved = config.saved.clone();
    file.save_into(&mut saved, Scope::File);
    let compiler = flowql::Compiler { saved: &saved, ..config.compiler() };
    let mut findings: Vec<Finding> =
        file.diagnostics.iter().map(|found| Finding { filter: None, diagnostic: found.clone() }).collect();
    for filter in &file.filters {
        findings.extend(compiler.diagnostics(filter.text).into_iter().map(|diagnostic| Finding {
            filter: filter.name.map(str::to_owned),
            diagnostic: shifted(diagnostic, filter.body.start),
        }));
    }
    findings.sort_by_key(|found| found.diagnostic.span.start);
    let filters = file.filters.len();
    Checked { origin: input.origin, text: input.text, filters, findings }
}

/// Checks a dashboard or a view, and the filters in it.
///
/// # Errors
///
/// What is wrong with the file itself.
pub(crate) fn check_board(input: Input, kind: BoardKind, config: &Config) -> Result<Checked, Failure> {
    let Input { origin, text } = input;
    let board = Board::read(kind, &text, &config.schema).map_err(|faults| {
        let positions = Positions::new(&text);
        let place = |fault: &BoardFault| {
            let place = positions.of(u32::try_from(fault.span.start).unwrap_or(u32::MAX));
            format!("{origin}:{}:{}: {}", place.line, place.column, fault.message)
        };
        Failure::new(
            faults.iter().map(place).collect::<Vec<_>>().join("\n"),
            "the README of the service says what a dashboard and a view have",
        )
    })?;
    let compiler = config.compiler();
    let mut findings = Vec::new();
    let mut filters = 0;
    for filter in board.filters() {
        filters += 1;
        let found = compiler.diagnostics(filter.get_ref()).into_iter();
        let offset = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        findings.extend(found.map(|diagnostic| {
            let diagnostic = match text_start(&text, filter) {
                Some(start) => shifted(diagnostic, offset(start)),
                // Escapes make the places differ: it is said of the whole, and not fixed.
                None => Diagnostic {
                    span: flowql::Span::new(filter.span().start, filter.span().end),
                    fixes: Vec::new(),
                    ..diagnostic
                },
            };
            Finding { filter: None, diagnostic }
        }));
    }
    findings.sort_by_key(|found| found.diagnostic.span.start);
    Ok(Checked { origin, text, filters, findings })
}

/// The same with its ranges in the whole file.
fn shifted(mut diagnostic: Diagnostic, offset: u32) -> Diagnostic {
    diagnostic.span = diagnostic.span.shifted(offset);
    for edit in diagnostic.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
        edit.span = edit.span.shifted(offset);
    }
    diagnostic
}

/// What was found, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Summary {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) hints: usize,
    pub(crate) filters: usize,
}

impl Summary {
    /// Counts what was found.
    pub(crate) fn of(sources: &[Checked]) -> Self {
        let mut summary =
            Self { filters: sources.iter().map(|source| source.filters).sum(), ..Self::default() };
        for found in sources.iter().flat_map(|source| &source.findings) {
            match found.diagnostic.severity {
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Hint => summary.hints += 1,
            }
        }
        summary
    }
}

/// As `2 errors, 1 warning in 3 filters`.
impl std::fmt::Display for Summary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.hints, "hint")];
        let found: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|&(count, name)| plural(count, name)).collect();
        let found = if found.is_empty() { "no errors".to_owned() } else { found.join(", ") };
        write!(formatter, "{found} in {}", plural(self.filters, "filter"))
    }
}

/// `1 filter`, `2 filters`.
pub(crate) fn plural(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}
