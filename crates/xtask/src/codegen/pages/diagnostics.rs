//! `diagnostics.md`: every diagnostic, with a text that has it.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use flowql::{
    Code, Compiler, Diagnostic, Fixes, Limits, Options, SavedFilters, Schema, Scope, Severity, files,
};

use super::{code, head, row};

/// The families of codes, by the first digit of their numbers.
static FAMILIES: &[(char, &str)] = &[
    ('0', "Text and structure"),
    ('1', "Columns and operators"),
    ('2', "Values"),
    ('3', "Saved filters and files"),
    ('5', "Warnings"),
    ('6', "Hints"),
    ('9', "The rest"),
];

/// How a diagnostic is shown where the example of the registry, one filter, cannot.
enum Shown {
    /// A filter compiled for the opposite direction.
    Reversed(&'static str),
    /// A file of several filters.
    File(&'static str),
    /// Only in words: it takes a text too long for a page, or never happens.
    Not,
    /// By the example of the registry.
    Filter(&'static str),
}

fn shown(code: Code) -> Result<Shown> {
    Ok(match code {
        Code::NotReversed => Shown::Reversed("DstASPath = AS174"),
        Code::CyclicSavedFilter => Shown::File("-- name: edge\n@core\n\n-- name: core\nNOT @edge"),
        Code::EmptySavedFilter => Shown::File("-- name: edge\n\n-- name: web\n@edge"),
        Code::AmbiguousSavedFilter => {
            Shown::File("-- name: edge\nSrcAS = 1\n\n-- name: edge\nSrcAS = 2\n\n-- name: web\n@edge")
        }
        Code::BadSavedFilter => Shown::File("-- name: edge\nSrcAS =\n\n-- name: web\n@edge"),
        Code::DuplicateFilterName => Shown::File("-- name: edge\nSrcAS = 1\n\n-- name: edge\nSrcAS = 2"),
        Code::EmptyNamedFilter => Shown::File("-- name: edge\n-- nothing yet"),
        Code::TextTooLong
        | Code::NestingTooDeep
        | Code::FileTooLong
        | Code::TooManyDiagnostics
        | Code::Internal => Shown::Not,
        _ if code.example().is_empty() => bail!("{} has no example", code.number()),
        _ => Shown::Filter(code.example()),
    })
}

pub(super) fn body() -> Result<String> {
    let mut body = String::from(
        "# The diagnostics\n\n\
         A bad filter gives all of its independent errors. An *error* makes a filter bad. With a *warning* it \
         is valid, but hardly says what was meant. A *hint* is worth knowing. The codes are stable: one that \
         goes out of use is never given again.\n\n\
         Each example shows the diagnostic of its section, others left out. Most fixes are at hand in an \
         editor. A fix is *sure* if it cannot change the meaning of what was written: `flowql check --fix` and \
         an editor's “fix all” apply only these. Any other one is a *choice*, for a person to make; in JSON, \
         `sure` tells them apart. The last column says what fixes the diagnostics of a code can have: within \
         one code some can be sure and some not.\n\n",
    );
    body.push_str(&head(&["Code", "Name", "Severity", "Fixes"]));
    for found in Code::ALL {
        let link = format!("[{0}](#{1}-{2})", found.number(), found.number().to_lowercase(), found.name());
        let fixes = match found.fixes() {
            Fixes::None => "",
            Fixes::Guess => "choices",
            Fixes::Sure => "sure",
        };
        body.push_str(&row([link.as_str(), &code(found.name()), found.severity().name(), fixes]));
    }
    let mut family = None;
    for found in Code::ALL {
        let digit = found.number().chars().nth(1);
        if digit != family {
            family = digit;
            let title = FAMILIES.iter().find(|(first, _)| Some(*first) == digit);
            let (_, title) = title.with_context(|| format!("{} is of no family", found.number()))?;
            write!(body, "\n## {title}\n")?;
        }
        section(&mut body, *found).with_context(|| format!("the section of {}", found.number()))?;
    }
    Ok(body)
}

fn section(body: &mut String, code: Code) -> Result<()> {
    let severity = match code.severity() {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Hint => "Hint",
    };
    write!(body, "\n### {} {}\n\n{severity}. {}\n", code.number(), code.name(), code.doc())?;
    let (text, found, reversed) = match shown(code)? {
        Shown::Not => return Ok(()),
        Shown::Filter(text) => (text, of_filter(code, text, false)?, false),
        Shown::Reversed(text) => (text, of_filter(code, text, true)?, true),
        Shown::File(text) => (text, of_file(code, text)?, false),
    };
    if reversed {
        body.push_str("\nCompiled for the opposite direction:\n");
    }
    let fence = if code.severity() == Severity::Error { "flowql-bad" } else { "flowql" };
    write!(body, "\n```{fence}\n{text}\n```\n\n```text\n")?;
    for diagnostic in &found {
        describe(body, text, diagnostic)?;
    }
    body.push_str("```\n");
    Ok(())
}

/// The diagnostics of a filter that have the code: with the columns of the default schema or, where that does
/// not show it, with every column.
fn of_filter(code: Code, text: &str, reverse: bool) -> Result<Vec<Diagnostic>> {
    let saved = SavedFilters::default();
    for schema in [Schema::default(), Schema::all_columns()] {
        let checked = Compiler::new(&schema, &saved).check(text, Options { reverse, ..Options::default() });
        let found = with_code(code, checked.diagnostics);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    bail!("`{text}` does not have the diagnostic")
}

/// The diagnostics of a file that have the code, with ranges in the file.
fn of_file(code: Code, text: &str) -> Result<Vec<Diagnostic>> {
    let (schema, mut saved) = (Schema::default(), SavedFilters::default());
    let file = files::split(text, &Limits::DEFAULT);
    file.save_into(&mut saved, Scope::File);
    let mut found = file.diagnostics;
    for filter in &file.filters {
        let diagnostics = Compiler::new(&schema, &saved).diagnostics(filter.text);
        found.extend(diagnostics.into_iter().map(|diagnostic| diagnostic.shifted(filter.body.start)));
    }
    let found = with_code(code, found);
    if found.is_empty() {
        bail!("the file does not have the diagnostic");
    }
    Ok(found)
}

fn with_code(code: Code, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().filter(|diagnostic| diagnostic.code == code).collect()
}

/// The line of the diagnostic, the message under its place, the help, and what each fix makes of the text.
fn describe(body: &mut String, text: &str, diagnostic: &Diagnostic) -> Result<()> {
    let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
    let before = text.get(..start).context("a range is out of bounds")?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let indent = " ".repeat(text.get(line_start..start).unwrap_or_default().chars().count());
    let marked = text.get(start..end).unwrap_or_default().lines().next().unwrap_or_default().chars().count();
    writeln!(body, "{line}\n{indent}{} {}", "^".repeat(marked.max(1)), diagnostic.message)?;
    if let Some(help) = &diagnostic.help {
        writeln!(body, "{indent}help: {help}")?;
    }
    for fix in &diagnostic.fixes {
        let kind = if fix.sure { "fix" } else { "choice" };
        writeln!(body, "{indent}{kind}, {}: {}", fix.title, fix.apply(text))?;
    }
    Ok(())
}
