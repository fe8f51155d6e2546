//! `flowql import`: a `flowql.toml` of another collector's configuration.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flowql_import::{Imported, LeftOut, Source};
use serde::Serialize;

use crate::args::{Global, Import, ImportFiles, ImportFrom};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

/// What is left out, as JSON has it.
#[derive(Serialize)]
struct Left<'a> {
    path: &'a str,
    value: &'a str,
    reason: &'a str,
}

impl<'a> From<&'a LeftOut> for Left<'a> {
    fn from(left: &'a LeftOut) -> Self {
        Self { path: &left.path, value: &left.value, reason: &left.reason }
    }
}

#[derive(Serialize)]
struct Made<'a> {
    toml: &'a str,
    left_out: Vec<Left<'a>>,
}

pub(super) fn run(global: &Global, args: &Import) -> Result<Status, Failure> {
    let ImportFrom::Akvorado(files) = &args.from;
    let sources = files.files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    let imported = flowql_import::akvorado(&sources, &included).map_err(|error| {
        Failure::new(
            error.to_string(),
            "give the `akvorado.yaml` of the orchestrator, and the files of its services",
        )
    })?;
    write(&imported, files)?;
    if !global.quiet && !files.json {
        told(&imported, files);
    }
    Ok(Status::Good)
}

fn write(imported: &Imported, files: &ImportFiles) -> Result<(), Failure> {
    let mut output = Output::new();
    if files.json {
        let left_out = imported.left_out.iter().map(Left::from).collect();
        output.json(&Made { toml: &imported.toml, left_out })?;
    } else if let Some(file) = &files.output {
        create(file, &imported.toml)?;
    } else {
        output.text(&imported.toml)?;
    }
    output.finish()
}

/// Writes a new file. One that is there stays.
fn create(file: &Path, text: &str) -> Result<(), Failure> {
    let made = fs::OpenOptions::new().write(true).create_new(true).open(file);
    made.and_then(|mut made| made.write_all(text.as_bytes())).map_err(|error| {
        Failure::new(
            format!("cannot write `{}`: {error}", file.display()),
            "name a file that is not there yet, in a directory that may be written",
        )
    })
}

/// Says what was left out, and what to do next.
fn told(imported: &Imported, files: &ImportFiles) {
    let left = imported.left_out.len();
    if left > 0 {
        let message = format!("{left} settings were not taken over");
        console::warning(&message, Some("they are at the end of the file as comments, with the reasons"));
    }
    if let Some(file) = &files.output {
        console::message(&format!("check it: flowql config --config {}", file.display()));
    }
}

fn read(file: &Path) -> Result<Source, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        Failure::new(format!("cannot read `{}`: {error}", file.display()), "give a file of YAML")
    })?;
    Ok(Source { file: file.display().to_string(), text })
}

/// The file that another includes: in the folder of that one.
fn included(by: &str, name: &str) -> Result<(String, String), String> {
    let folder = Path::new(by).parent().map(PathBuf::from).unwrap_or_default();
    let file = folder.join(name);
    match fs::read_to_string(&file) {
        Ok(text) => Ok((file.display().to_string(), text)),
        Err(error) => Err(error.to_string()),
    }
}
