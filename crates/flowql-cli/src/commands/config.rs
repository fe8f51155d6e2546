//! `flowql config`: the configuration in effect, or the reference of all settings.

mod reference;

use flowql_config::ConfigFileError;
use serde::Serialize;

use super::{load, place_and_message};
use crate::args::{Configuration, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

/// The configuration as JSON has it.
#[derive(Debug, Serialize)]
struct Effective<'a> {
    path: Option<String>,
    config: toml::Table,
    problems: Vec<Problem<'a>>,
}

/// A filter of the configuration that is bad.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    message: &'a str,
    line: u32,
    column: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl<'a> From<&'a ConfigFileError> for Problem<'a> {
    fn from(error: &'a ConfigFileError) -> Self {
        let ConfigFileError { line, column, message, help, .. } = error;
        Self { message, line: *line, column: *column, help: help.as_deref() }
    }
}

pub(super) fn run(global: &Global, args: &Configuration) -> Result<Status, Failure> {
    let mut output = Output::new();
    if args.reference {
        if args.json {
            output.json(&reference::rows())?;
        } else if args.markdown {
            output.text(&reference::markdown())?;
        } else {
            output.text(&reference::text())?;
        }
        output.finish()?;
        return Ok(Status::Good);
    }
    let config = load(global, None)?;
    let problems = config.bad_filters();
    let path = config.path.as_ref().map(|path| path.display().to_string());
    if args.json {
        let problems = problems.iter().map(Problem::from).collect();
        output.json(&Effective { path, config: config.shown(), problems })?;
    } else {
        output.line(&format!("# {}", path.as_deref().unwrap_or("the defaults: there is no flowql.toml")))?;
        output.text(&config.to_toml())?;
        for problem in problems.iter().filter(|_| !global.quiet) {
            console::warning(&place_and_message(problem), problem.help.as_deref());
        }
    }
    output.finish()?;
    Ok(Status::Good)
}
