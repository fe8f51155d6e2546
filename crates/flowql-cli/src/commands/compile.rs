//! `flowql compile`: the SQL of a filter, or another stage of its compilation.

use flowql::{Compilation, Diagnostic, Options, syntax};
use flowql_config::Config;

use super::{json_lines, load};
use crate::args::{Compile, Global, Stage};
use crate::console::{self, Output};
use crate::emit;
use crate::failure::{Failure, Status};
use crate::input::{self, Input};
use crate::render::json::{Answer, Value};
use crate::render::text;
use crate::sources;

pub(super) fn run(global: &Global, args: Compile) -> Result<Status, Failure> {
    let config = load(global, Some(&args.columns))?;
    let options = Options { reverse: args.reverse, bound: args.bound, database: args.database.as_deref() };
    if args.lines {
        return json_lines::run(&config, options);
    }
    let input = input::filter(args.filter, &config.limits)?;
    let mut output = Output::new();
    let diagnostics = match args.emit {
        None | Some(Stage::Sql) => {
            let compilation = config.compiler().compile(&input.text, options);
            if args.json {
                output.json(&Answer::new(&input.text, &config.schema, &compilation))?;
                output.finish()?;
                return Ok(Status::bad_if(compilation.sql.is_none()));
            }
            print(&mut output, &compilation)?;
            compilation.diagnostics
        }
        Some(stage) => print_stage(&mut output, stage, &input.text, &config, options)?,
    };
    output.finish()?;
    Ok(report(global, input, diagnostics))
}

/// Prints the SQL and, each on a line, the parameters.
pub(super) fn print(output: &mut Output, compilation: &Compilation) -> Result<(), Failure> {
    let Some(sql) = &compilation.sql else { return Ok(()) };
    output.line(sql)?;
    for parameter in &compilation.parameters {
        let value = serde_json::to_string(&Value(&parameter.value))?;
        output.line(&format!("{}:{} = {value}", parameter.name, parameter.kind))?;
    }
    Ok(())
}

fn print_stage(
    output: &mut Output,
    stage: Stage,
    text: &str,
    config: &Config,
    options: Options<'_>,
) -> Result<Vec<Diagnostic>, Failure> {
    let checked = config.compiler().check(text, options);
    match stage {
        Stage::Tokens => output.text(&emit::tokens::print(text, &syntax::tokenize(text)))?,
        Stage::Syntax => {
            let tree = syntax::parse(text, &config.limits).tree;
            output.line(&emit::syntax::print(text, tree.as_ref()))?;
        }
        Stage::Typed | Stage::Sql => {
            output.text(&emit::typed::print(&config.schema, checked.filter.as_ref()))?;
        }
    }
    Ok(checked.diagnostics)
}

/// Reports the diagnostics on standard error.
pub(super) fn report(global: &Global, input: Input, diagnostics: Vec<Diagnostic>) -> Status {
    let source = sources::with_diagnostics(input, diagnostics);
    for diagnostic in text::render(&source, global.quiet) {
        console::message(&diagnostic);
    }
    Status::bad_if(source.is_bad())
}
