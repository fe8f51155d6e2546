//! `flowql fmt`: filters in the canonical layout.

use flowql::Diagnostic;
use flowql_config::Config;

use super::check::{report, told};
use super::load;
use crate::args::{Fmt, Global};
use crate::atomic_write;
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input::{self, Input, Origin};
use crate::sources::{self, Checked};

pub(super) fn run(global: &Global, args: Fmt) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let mut output = Output::new();
    let mut formatter = Formatter {
        quiet: global.quiet,
        check: args.check,
        write: args.write,
        config,
        output: &mut output,
        bad: Vec::new(),
    };
    let mut status = Status::Good;
    if args.files.is_empty() {
        let input = input::filter(args.filter, &formatter.config.limits)?;
        status = formatter.format(input)?;
    } else {
        for path in input::files(&args.files) {
            let input = path.and_then(|path| input::file(&path, &formatter.config.limits));
            let formatted = input.and_then(|input| formatter.format(input));
            let one = match formatted {
                Ok(one) => one,
                Err(failure) => {
                    told(failure)?;
                    Status::Unusable
                }
            };
            status = status.max(one);
        }
    }
    let bad = formatter.bad;
    output.finish()?;
    if !bad.is_empty() {
        report(global, &bad);
    }
    Ok(status)
}

struct Formatter<'a> {
    quiet: bool,
    check: bool,
    write: bool,
    config: Config,
    output: &'a mut Output,
    /// The texts that have errors, which are left as they are.
    bad: Vec<Checked>,
}

impl Formatter<'_> {
    fn format(&mut self, input: Input) -> Result<Status, Failure> {
        let formatted = match self.formatted(&input) {
            Ok(formatted) => formatted,
            Err(diagnostics) => {
                if !self.write && !self.check {
                    self.output.text(&ended(&input.text))?;
                }
                self.bad.push(self.errors(input, diagnostics));
                return Ok(Status::Bad);
            }
        };
        let changed = match input.origin {
            // A shell's here-document or `echo` ends what it pipes with a line break; an argument has none.
            Origin::Argument | Origin::Stdin => ended(&input.text) != formatted,
            Origin::File(_) => input.text != formatted,
        };
        if self.check {
            if changed && !self.quiet {
                console::message(&format!("would change {}", input.origin));
            }
            return Ok(Status::bad_if(changed));
        }
        match &input.origin {
            Origin::File(path) if self.write => {
                if changed {
                    atomic_write::replace(path, &formatted)?;
                }
            }
            _ => self.output.text(&formatted)?,
        }
        Ok(Status::Good)
    }

    /// The errors of a text that cannot be formatted, as `flowql check` would report them.
    fn errors(&self, input: Input, diagnostics: Vec<Diagnostic>) -> Checked {
        let mut source = if input.origin.has_several() {
            sources::check(input, &self.config)
        } else {
            sources::with_diagnostics(input, diagnostics)
        };
        source.findings.retain(|found| found.diagnostic.is_error());
        source
    }

    /// The text in the canonical layout, its last line ended.
    fn formatted(&self, input: &Input) -> Result<String, Vec<Diagnostic>> {
        let compiler = self.config.compiler();
        if !input.origin.has_several() {
            return Ok(ended(&compiler.format(&input.text)?));
        }
        Ok(ended(&compiler.format_file(&input.text)?))
    }
}

/// The text with its last line ended; an empty text has none.
fn ended(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
