//! `flowql grep`: the flows of JSON lines that a filter selects.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flowql::{Code, Options};
use flowql_eval::json::{self, LONGEST, Reader};
use flowql_eval::{Evaluator, Lines, TooLong, Value};

use super::compile::report;
use super::load;
use crate::args::{Global, Grep};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input::{Input, Origin};

/// How many bad lines of a file are reported one by one.
const REPORTED: u64 = 10;

pub(super) fn run(global: &Global, args: Grep) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let options = Options { reverse: args.reverse, ..Options::default() };
    let mut checked = config.compiler().check(&args.filter, options);
    let valid = checked.is_valid();
    // Here are no tables.
    checked.diagnostics.retain(|found| found.code != Code::RawTable);
    let input = Input { origin: Origin::Argument, text: args.filter.clone() };
    report(global, input, checked.diagnostics);
    if !valid {
        return Ok(Status::Unusable);
    }
    let evaluator = match &checked.filter {
        Some(filter) => Evaluator::new(&config.schema, filter),
        None => Ok(Evaluator::everything()),
    };
    let evaluator = evaluator.map_err(|error| {
        Failure::new(error.to_string(), "the database would not take this expression either")
    })?;
    let reader = Reader::new(&config.schema, &evaluator);
    let mut search = Search {
        quiet: global.quiet,
        named: args.with_filename || args.count && args.files.len() > 1,
        args,
        evaluator,
        reader,
        output: Output::new(),
        selected: false,
        unusable: false,
        flows: false,
    };
    let stdin = [Path::new("-").to_path_buf()];
    let files = if search.args.files.is_empty() { &stdin[..] } else { &search.args.files.clone() };
    for file in files {
        search.file(file)?;
        if search.quiet && search.selected {
            return Ok(Status::Good);
        }
    }
    search.finish()
}

/// A search through several files.
struct Search {
    args: Grep,
    /// Print nothing, and end at the first selected flow.
    quiet: bool,
    /// Put names of files before what is printed.
    named: bool,
    evaluator: Evaluator,
    reader: Reader,
    output: Output,
    selected: bool,
    unusable: bool,
    /// Whether some line was a flow.
    flows: bool,
}

impl Search {
    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        if path == Path::new("-") {
            return self.source(io::stdin().lock(), "standard input");
        }
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => self.source(file, &name),
            Err(error) => self.unreadable(&name, &error),
        }
    }

    /// Says that a file cannot be read; the others are.
    fn unreadable(&mut self, name: &str, error: &io::Error) -> Result<(), Failure> {
        self.output.flush()?;
        self.unusable = true;
        console::error(
            &format!("cannot read `{name}`: {error}"),
            Some("check that it is there and may be read"),
        );
        Ok(())
    }

    fn source(&mut self, source: impl Read, name: &str) -> Result<(), Failure> {
        let mut lines = Lines::new(source, LONGEST);
        let mut row = Vec::new();
        let (mut number, mut count, mut bad) = (0, 0, 0);
        while self.args.max_count.is_none_or(|most| count < most) {
            if lines.would_wait() {
                self.output.flush()?;
            }
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    self.unreadable(name, &error)?;
                    break;
                }
            };
            number += 1;
            let line = line.map_err(|TooLong| format!("the line is longer than {LONGEST} bytes"));
            let read = line.and_then(|line| selects(&self.evaluator, &mut self.reader, line, &mut row));
            match read {
                Ok(None) => {}
                Ok(Some((selected, flow))) => {
                    self.flows = true;
                    if selected == self.args.invert {
                        continue;
                    }
                    count += 1;
                    self.selected = true;
                    if self.quiet {
                        return Ok(());
                    }
                    if !self.args.count {
                        let file = if self.named { format!("{name}:") } else { String::new() };
                        let place = if self.args.line_number { format!("{number}:") } else { String::new() };
                        self.output.text(&file)?;
                        self.output.text(&place)?;
                        self.output.line(flow)?;
                    }
                }
                Err(message) => {
                    bad += 1;
                    if bad <= REPORTED {
                        self.output.flush()?;
                        console::error(&format!("{name}:{number}: {message}"), None);
                    }
                }
            }
        }
        if bad > REPORTED {
            console::error(&format!("{name}: {} more lines are no flows", bad - REPORTED), None);
        }
        self.unusable |= bad > 0;
        if self.args.count && !self.quiet {
            let file = if self.named { format!("{name}:") } else { String::new() };
            self.output.line(&format!("{file}{count}"))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Status, Failure> {
        self.output.finish()?;
        let missing = self.reader.never_given();
        if self.flows && !self.quiet && !missing.is_empty() {
            let message = format!("no flow has `{}`: it counted as zero or empty", missing.join("`, `"));
            console::warning(
                &message,
                Some("the keys are the names of the columns, in the case of the schema"),
            );
        }
        Ok(match (self.unusable, self.selected) {
            (true, _) => Status::Unusable,
            (false, true) => Status::Good,
            (false, false) => Status::Bad,
        })
    }
}

/// Whether the filter selects the flow of a line, and the flow as text; `None` for an empty line.
fn selects<'l>(
    evaluator: &Evaluator,
    reader: &mut Reader,
    line: &'l [u8],
    row: &mut Vec<Value>,
) -> Result<Option<(bool, &'l str)>, String> {
    let Some(line) = json::text(line)? else { return Ok(None) };
    reader.read(line, row).map_err(|error| error.to_string())?;
    Ok(Some((evaluator.matches(row), line)))
}
