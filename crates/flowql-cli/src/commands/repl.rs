//! `flowql repl`: a prompt that colours, completes and checks filters as they are typed, and shows their SQL.

use std::borrow::Cow;
use std::env;
use std::path::PathBuf;

use flowql::ide::{self, CandidateKind};
use flowql::{Code, Compiler, Options};
use flowql_backend::FilterCompletion;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::{compile, load};
use crate::args::{Global, Repl};
use crate::colours;
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input::{Input, Origin};
use crate::values::Completion;

const WELCOME: &str = "\
Type a filter to see its SQL. Tab completes; an unfinished filter goes on on the next line.
Also: `:explain FILTER`, `:format FILTER`, `:columns PART`, `:help`, `:quit`.";

/// How many columns `:columns` lists at most.
const MOST_COLUMNS: usize = 40;

pub(super) fn run(global: &Global, args: &Repl) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let compiler = config.compiler();
    let settings = Config::builder().completion_type(CompletionType::List).max_history_size(1000);
    let settings = settings.map(rustyline::config::Builder::build).map_err(unusable)?;
    let mut editor: Editor<FilterHelper<'_>, DefaultHistory> =
        Editor::with_config(settings).map_err(unusable)?;
    let completion = Completion::new(&args.values, &config)?;
    editor.set_helper(Some(FilterHelper { compiler, completion }));
    let history = history_file();
    if let Some(path) = &history {
        // The first run has none.
        let _ = editor.load_history(path);
    }
    if !global.quiet {
        console::message(WELCOME);
    }
    loop {
        match editor.readline("flowql> ") {
            Ok(line) if matches!(line.trim(), ":quit" | ":q" | ":exit") => break,
            Ok(line) => {
                if !line.trim().is_empty() {
                    editor.add_history_entry(&line).map_err(unusable)?;
                }
                answer(global, args, &compiler, &line)?;
            }
            // As in a shell, Ctrl-C gives a fresh line and Ctrl-D ends.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(unusable(error)),
        }
    }
    if let Some(path) = &history {
        save(&mut editor, path);
    }
    Ok(Status::Good)
}

fn unusable(error: ReadlineError) -> Failure {
    Failure::new(format!("the prompt does not work here: {error}"), "use `flowql compile` with an argument")
}

/// Answers one line.
fn answer(global: &Global, args: &Repl, compiler: &Compiler<'_>, line: &str) -> Result<(), Failure> {
    let line = line.trim();
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let mut output = Output::new();
    match command {
        "" => {}
        ":help" | ":h" | ":?" => output.line(WELCOME)?,
        ":columns" => list_columns(&mut output, compiler, rest.trim())?,
        ":explain" => match ide::explain(compiler, rest, Options::default()) {
            Ok(explanation) => output.line(&explanation.to_string())?,
            Err(diagnostics) => {
                report(global, rest, diagnostics);
            }
        },
        ":format" => match compiler.format(rest) {
            Ok(formatted) => output.line(&formatted)?,
            Err(diagnostics) => report(global, rest, diagnostics),
        },
        _ if command.starts_with(':') => {
            console::error(&format!("there is no command `{command}`"), Some("`:help` lists them"));
        }
        _ => {
            let compilation = compiler.compile(line, Options { bound: args.bound, ..Options::default() });
            compile::print(&mut output, &compilation)?;
            output.flush()?;
            report(global, line, compilation.diagnostics);
        }
    }
    output.finish()
}

fn report(global: &Global, text: &str, diagnostics: Vec<flowql::Diagnostic>) {
    let input = Input { origin: Origin::Stdin, text: text.to_owned() };
    compile::report(global, input, diagnostics);
}

fn list_columns(output: &mut Output, compiler: &Compiler<'_>, part: &str) -> Result<(), Failure> {
    let schema = compiler.schema;
    let matching = schema
        .filterable()
        .map(|id| schema.column(id))
        .filter(|column| column.name.to_ascii_lowercase().contains(&part.to_ascii_lowercase()));
    for column in matching.take(MOST_COLUMNS) {
        output.line(&format!("{:18} {}", column.name, column.doc))?;
    }
    Ok(())
}

/// Where the lines of earlier prompts are kept, by the XDG base directory specification.
fn history_file() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("flowql").join("history"))
}

fn save(editor: &mut Editor<FilterHelper<'_>, DefaultHistory>, path: &PathBuf) {
    let saved = path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(ReadlineError::from);
    if let Err(error) = saved.and_then(|()| editor.save_history(path)) {
        let help = "set XDG_STATE_HOME to a folder that can be written";
        console::warning(&format!("cannot keep the history in `{}`: {error}", path.display()), Some(help));
    }
}

/// What the line editor asks of the language.
struct FilterHelper<'a> {
    compiler: Compiler<'a>,
    completion: Completion,
}

impl Helper for FilterHelper<'_> {}

/// The part of a line that is a filter, and where it begins: after a command such as `:explain`.
fn filter_of(line: &str) -> (usize, &str) {
    let start = match line.strip_prefix(':') {
        Some(rest) => line.len() - rest.find(char::is_whitespace).map_or(0, |end| rest.len() - end - 1),
        None => 0,
    };
    (start, line.get(start..).unwrap_or_default())
}

impl Completer for FilterHelper<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (offset, filter) = filter_of(line);
        let Some(cursor) = cursor.checked_sub(offset) else { return Ok((cursor, Vec::new())) };
        let typed = filter.get(..cursor).unwrap_or(filter);
        let end = u32::try_from(typed.len()).unwrap_or(u32::MAX);
        let FilterCompletion { completions, incomplete, .. } =
            self.completion.complete(&self.compiler, typed, end);
        // What goes wrong is told in the list itself: it stands for what was typed already, so that nothing changes.
        let missing = incomplete.map(|reason| Pair {
            display: format!("(values are missing: {reason})"),
            replacement: completions.replace.of(typed).to_owned(),
        });
        let pairs = completions.candidates.into_iter().map(|candidate| {
            let display = match candidate.kind {
                CandidateKind::Value if !candidate.detail.is_empty() => {
                    format!("{} ({})", candidate.label, candidate.detail)
                }
                _ => candidate.label,
            };
            Pair { display, replacement: candidate.insert }
        });
        Ok((offset + completions.replace.start as usize, pairs.chain(missing).collect()))
    }
}

impl Hinter for FilterHelper<'_> {
    type Hint = String;

    /// The rest of the word being typed, where there is a plain best candidate.
    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<String> {
        let (offset, filter) = filter_of(line);
        if cursor < line.len() || line.len() == offset {
            return None;
        }
        let end = u32::try_from(filter.len()).ok()?;
        let completions = ide::complete(&self.compiler, filter, end);
        let typed = completions.replace.of(filter);
        if typed.is_empty() {
            return None;
        }
        let best = completions.candidates.first()?;
        let start = best.label.get(..typed.len())?;
        if start.eq_ignore_ascii_case(typed) {
            best.label.get(typed.len()..).map(str::to_owned)
        } else {
            None
        }
    }
}

impl Highlighter for FilterHelper<'_> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let (offset, filter) = filter_of(line);
        let tokens = ide::tokens(&self.compiler, filter);
        let command = line.get(..offset).unwrap_or_default();
        Cow::Owned(format!("{command}{}", colours::paint(filter, &tokens)))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(colours::faint(hint))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

impl Validator for FilterHelper<'_> {
    /// A filter goes on while a parenthesis or comment is open or a connective wants its right side.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let (_, filter) = filter_of(context.input());
        let end = u32::try_from(filter.trim_end().len()).unwrap_or(u32::MAX);
        let unfinished = self.compiler.diagnostics(filter).iter().any(|found| match found.code {
            Code::UnclosedParenthesis | Code::UnclosedList | Code::UnterminatedComment => true,
            Code::ExpectedCondition => found.span.start >= end,
            _ => false,
        });
        // An empty line ends what cannot be finished.
        let given_up = filter.ends_with('\n');
        Ok(if unfinished && !given_up { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_no_part_of_the_filter() {
        assert_eq!(filter_of("SrcAS = 1"), (0, "SrcAS = 1"));
        assert_eq!(filter_of(":explain SrcAS = 1"), (9, "SrcAS = 1"));
        assert_eq!(filter_of(":quit"), (5, ""));
    }
}
