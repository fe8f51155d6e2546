//! `flowql config`: the configuration in effect, or the reference of all settings.

use flowql_config::{Config, ConfigFileError, Sections, Setting, Shape};
use serde::Serialize;

use super::{load, place_and_message};
use crate::args::{Configuration, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

/// The configuration as JSON has it.
#[derive(Debug, Serialize)]
struct Effective<'a> {
    path: Option<String>,
    config: &'a Sections,
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

/// A setting as JSON has it.
#[derive(Debug, Serialize)]
struct Row {
    section: &'static str,
    key: &'static str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    default: &'static str,
    required: bool,
    doc: &'static str,
}

impl From<&Setting> for Row {
    fn from(setting: &Setting) -> Self {
        let &Setting { section, key, kind, default, required, doc } = setting;
        Self { section, key, kind: kind.to_string(), default, required, doc }
    }
}

pub(super) fn run(global: &Global, args: &Configuration) -> Result<Status, Failure> {
    let mut output = Output::new();
    if args.reference {
        if args.json {
            output.json(&Config::reference().iter().map(Row::from).collect::<Vec<_>>())?;
        } else {
            output.text(&reference())?;
        }
        output.finish()?;
        return Ok(Status::Good);
    }
    let config = load(global, None)?;
    let problems = config.bad_filters();
    let path = config.path.as_ref().map(|path| path.display().to_string());
    if args.json {
        let problems = problems.iter().map(Problem::from).collect();
        output.json(&Effective { path, config: &config.sections, problems })?;
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

/// Every section and setting, as a commented file would have them.
fn reference() -> String {
    let sections = Config::section_reference().iter().map(|section| {
        let (open, close) = if section.shape == Shape::Tables { ("[[", "]]") } else { ("[", "]") };
        let mut text = format!("{open}{}{close}\n{}\n", section.name, section.doc);
        for setting in Config::reference().iter().filter(|setting| setting.section == section.name) {
            let Setting { key, kind, default, required, doc, .. } = setting;
            let rest = match (required, *default) {
                (true, _) => ", required".to_owned(),
                (false, "") => String::new(),
                (false, default) => format!(", default {default}"),
            };
            text.push_str(&format!("\n  {key}: {kind}{rest}\n      {doc}\n"));
        }
        text
    });
    sections.collect::<Vec<_>>().join("\n")
}
