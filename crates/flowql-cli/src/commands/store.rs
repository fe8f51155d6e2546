//! `flowql store`: the embedded ClickHouse.

use std::path::{Path, PathBuf};

use flowql_backend::embedded::install::{self, Progress, Step};
use flowql_backend::embedded::{self, Embedded, EmbeddedOptions, EngineError, library};
use serde::Serialize;

use super::runtime;
use crate::args::{DataFolder, Global, Idle, Store, StoreAction};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::progress::{self, ProgressLine};

pub(super) fn run(global: &Global, args: &Store) -> Result<Status, Failure> {
    match &args.action {
        StoreAction::Install { from } => install(global, from.as_deref()),
        StoreAction::Status { folder, json } => status(&data_folder(folder)?, *json),
        StoreAction::Start { folder, idle } => start(data_folder(folder)?, *idle),
        StoreAction::Stop { folder } => stop(global, &data_folder(folder)?),
    }
}

fn data_folder(asked: &DataFolder) -> Result<PathBuf, Failure> {
    asked.folder.clone().or_else(embedded::default_folder).ok_or_else(|| {
        Failure::new("there is no folder for your data: HOME is not set", "name a folder with --folder")
    })
}

fn install(global: &Global, from: Option<&Path>) -> Result<Status, Failure> {
    let mut line = ProgressLine::new(global.quiet);
    let mut show = |Progress { step, done, total }| {
        let what = match step {
            Step::Fetch => "npm fetches the package",
            Step::Unpack => "unpacking and verifying",
        };
        line.show(|| format!("{what}: {}", progress::of_bytes(done, total)));
    };
    let path = install::install(from, &mut show)
        .map_err(|error| Failure::Message { help: error.help(), message: error.to_string() })?;
    drop(line);
    let mut output = Output::new();
    output.line(&path.display().to_string())?;
    output.finish()?;
    Ok(Status::Good)
}

/// The status as JSON has it.
#[derive(Serialize)]
struct Report {
    running: bool,
    folder: PathBuf,
    /// Where the next start finds it; `None` if it is missing.
    library: Option<PathBuf>,
    url: Option<String>,
    engine: Option<flowql_clickhouse::State>,
}

fn status(folder: &Path, json: bool) -> Result<Status, Failure> {
    let state = embedded::status(folder)?;
    let library = state.as_ref().map(|state| state.library.clone()).or_else(|| library::find(None).ok());
    let url = state.as_ref().map(flowql_clickhouse::State::url);
    let running = state.is_some();
    let report = Report { running, folder: folder.to_path_buf(), library, url, engine: state };
    let mut output = Output::new();
    if json {
        output.json(&report)?;
    } else {
        output.line(&match (&report.engine, &report.url) {
            (Some(state), Some(url)) => {
                let idle =
                    state.idle.map_or_else(String::new, |idle| format!(", ends {idle} s after its last use"));
                format!("ClickHouse {} runs at {url}, process {}{idle}", state.version, state.pid)
            }
            _ => "it does not run; it is started as needed".to_owned(),
        })?;
        output.line(&format!("data folder: {}", report.folder.display()))?;
        output.line(&match &report.library {
            Some(library) => format!("library: {}", library.display()),
            None => "library: missing; get it with `flowql store install`".to_owned(),
        })?;
    }
    output.finish()?;
    Ok(Status::Good)
}

fn start(folder: PathBuf, Idle(idle): Idle) -> Result<Status, Failure> {
    let options = EmbeddedOptions { idle, ..EmbeddedOptions::at(folder) };
    let engine = runtime()?.block_on(Embedded::open(options))?;
    let mut output = Output::new();
    output.line(&engine.url())?;
    output.finish()?;
    Ok(Status::Good)
}

fn stop(global: &Global, folder: &Path) -> Result<Status, Failure> {
    let was_running = runtime()?.block_on(embedded::stop(folder))?;
    if !global.quiet {
        console::message(if was_running { "stopped" } else { "it does not run" });
    }
    Ok(Status::Good)
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::new(error.to_string(), error.help())
    }
}
