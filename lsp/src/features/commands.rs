//! The commands, which give a document to show, and the lenses that offer them.

use flowql::{Options, Severity, ide};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::ls_types::{CodeLens, Command, Position, Range, Uri};

use crate::document::Filter;
use crate::request::Request;

/// The commands on a filter: the SQL, the explanation, and the top values through the backend.
pub(crate) const SHOW_SQL: &str = "flowql.showSql";
pub(crate) const EXPLAIN: &str = "flowql.explain";
pub(crate) const RUN: &str = "flowql.run";
/// Checks every file of the workspace.
pub(crate) const CHECK_WORKSPACE: &str = "flowql.checkWorkspace";

/// Every command.
pub(crate) const NAMES: [&str; 4] = [SHOW_SQL, EXPLAIN, RUN, CHECK_WORKSPACE];

/// The argument of the commands on a filter.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) uri: Uri,
    /// A place in the filter, or in its header; the first filter without one.
    #[serde(default)]
    pub(crate) position: Option<Position>,
    /// The SQL of the flows of the opposite direction.
    #[serde(default)]
    pub(crate) reverse: bool,
    /// Which columns `run` shows the top values of; a usual choice without them.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
}

/// The result of a command on a filter: a document to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    /// A heading: the command and the filter.
    pub(crate) title: String,
    /// The language of the text: `sql`, `markdown` or `plaintext`.
    pub(crate) language: &'static str,
    pub(crate) text: String,
    /// Whether the text says why there is nothing better to show.
    pub(crate) failed: bool,
}

impl Target {
    /// The target of a command's arguments.
    pub(crate) fn of(arguments: &[Value]) -> Result<Self, String> {
        let first = arguments.first().cloned().unwrap_or_default();
        serde_json::from_value(first).map_err(|error| {
            format!("expecting an argument {{\"uri\": …, \"position\": {{\"line\": …, \"character\": …}}}}: {error}")
        })
    }

    /// The filter that is meant.
    pub(crate) fn filter<'a>(&self, request: &'a Request) -> Option<&'a Filter> {
        match self.position {
            Some(position) => request.document.filter_at(request.lines().offset(position)),
            None => request.document.filters.first(),
        }
    }
}

/// What a filter is called in a heading.
pub(crate) fn called(filter: &Filter) -> String {
    filter.name.as_ref().map_or_else(|| "the filter".to_owned(), |name| format!("@{name}"))
}

/// The SQL of a filter.
pub(crate) fn show_sql(request: &Request, target: &Target) -> Shown {
    let Some(filter) = target.filter(request) else { return no_filter() };
    let options = Options { reverse: target.reverse, ..Options::default() };
    let compilation = request.compiler().compile(&filter.body.text, options);
    let reversed = if target.reverse { ", reversed" } else { "" };
    match compilation.sql {
        Some(sql) => {
            let comment = if sql.is_empty() { "-- every flow\n".to_owned() } else { format!("{sql}\n") };
            let title = format!("SQL of {}{reversed}", called(filter));
            Shown { title, language: "sql", text: comment, failed: false }
        }
        None => errors(request, filter),
    }
}

/// What a filter selects, in plain English.
pub(crate) fn explain(request: &Request, target: &Target) -> Shown {
    let Some(filter) = target.filter(request) else { return no_filter() };
    let options = Options { reverse: target.reverse, ..Options::default() };
    match ide::explain(&request.compiler(), &filter.body.text, options) {
        Ok(explanation) => Shown {
            title: format!("What {} selects", called(filter)),
            language: "plaintext",
            text: format!("{explanation}\n"),
            failed: false,
        },
        Err(_) => errors(request, filter),
    }
}

/// A document that says what is wrong with a filter.
pub(crate) fn errors(request: &Request, filter: &Filter) -> Shown {
    let lines = request.lines();
    let found = request.compiler().diagnostics(&filter.body.text);
    let errors = found.iter().filter(|found| found.severity == Severity::Error).map(|found| {
        let place = lines.position(found.span.start + filter.span.start);
        format!("line {}: {} ({})\n", place.line + 1, found.message, found.code.number())
    });
    Shown {
        title: format!("Errors of {}", called(filter)),
        language: "plaintext",
        text: errors.collect(),
        failed: true,
    }
}

fn no_filter() -> Shown {
    failure("FlowQL", "There is no filter at this place.")
}

/// A document that says why there is nothing to show.
pub(crate) fn failure(title: &str, text: &str) -> Shown {
    Shown { title: title.to_owned(), language: "plaintext", text: format!("{text}\n"), failed: true }
}

/// The lenses of every filter that has one to show something of.
pub(crate) fn lenses(request: &Request) -> Vec<CodeLens> {
    let lines = request.lines();
    let has_backend = request.snapshot.config.source.is_some();
    let mut lenses = Vec::new();
    for filter in &request.document.filters {
        if filter.body.text.trim().is_empty() {
            continue;
        }
        let blank = filter.body.text.len() - filter.body.text.trim_start().len();
        let start = if filter.header.is_empty() {
            filter.span.start + flowql::Span::new(0, blank).end
        } else {
            filter.header.start
        };
        let position = lines.position(start);
        let commands = [("Show SQL", SHOW_SQL), ("Explain", EXPLAIN), ("Run", RUN)];
        for (title, command) in commands.into_iter().filter(|(_, command)| has_backend || *command != RUN) {
            let target = Target {
                uri: request.document.uri.clone(),
                position: Some(position),
                reverse: false,
                columns: Vec::new(),
            };
            let arguments = serde_json::to_value(target).map(|target| vec![target]).ok();
            lenses.push(CodeLens {
                range: Range { start: position, end: position },
                command: Some(Command::new(title.to_owned(), command.to_owned(), arguments)),
                data: None,
            });
        }
    }
    lenses
}
