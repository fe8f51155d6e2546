//! `flowql engine`: the embedded ClickHouse.

use std::path::{Path, PathBuf};

use flowql_connect::{BackendArgs, BackendOptions};
use flowql_embedded::install::{self, Progress, Step};
use flowql_embedded::{self as embedded, Embedded, EmbeddedOptions, EngineError, library};
use serde::Serialize;

use super::runtime;
use crate::args::{DataFolder, Engine, EngineAction, Global, Idle};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::progress::{self, ProgressLine};

pub(super) fn run(global: &Global, args: &Engine) -> Result<Status, Failure> {
    match &args.action {
        EngineAction::Install { from } => install(global, from.as_deref()),
        EngineAction::Status { folder, json } => status(&configured(global, folder)?, *json),
        EngineAction::Start { folder, idle } => start(configured(global, folder)?, *idle),
        EngineAction::Stop { folder } => stop(global, &data_folder(&configured(global, folder)?)?),
    }
}

/// The engine as the configuration and the option have it.
fn configured(global: &Global, asked: &DataFolder) -> Result<EmbeddedOptions, Failure> {
    let args = BackendArgs { folder: asked.folder.clone(), ..BackendArgs::default() };
    Ok(BackendOptions::new(&super::load(global, None)?, &args)?.embedded)
}

fn data_folder(options: &EmbeddedOptions) -> Result<PathBuf, Failure> {
    options.folder.clone().ok_or_else(|| {
        Failure::new("there is no folder for your data: HOME is not set", "name a folder with --folder")
    })
}

fn install(global: &Global, from: Option<&Path>) -> Result<Status, Failure> {
    let path = fetch(global, from)?;
    let mut output = Output::new();
    output.line(&path.display().to_string())?;
    output.finish()?;
    Ok(Status::Good)
}

/// Fetches the library, and says where it is.
pub(super) fn fetch(global: &Global, from: Option<&Path>) -> Result<PathBuf, Failure> {
    let mut line = ProgressLine::new(global.quiet);
    let mut show = |Progress { step, done, total }| {
        let what = match step {
            Step::Fetch => "npm fetches the package",
            Step::Unpack => "unpacking and verifying",
        };
        line.show(|| format!("{what}: {}", progress::of_bytes(done, total)));
    };
    install::install(from, &mut show)
        .map_err(|error| Failure::Message { help: error.help(), message: error.to_string() })
}

/// The status as JSON has it.
#[derive(Serialize)]
struct Report {
    running: bool,
    folder: PathBuf,
    /// Where the next start finds it; `None` if it is missing.
    library: Option<PathBuf>,
    url: Option<String>,
    engine: Option<flowql_embedded::process::State>,
}

fn status(options: &EmbeddedOptions, json: bool) -> Result<Status, Failure> {
    let folder = data_folder(options)?;
    let state = embedded::status(&folder)?;
    let used = state.as_ref().map(|state| state.library.clone());
    let library = used.or_else(|| library::find(options.library.as_deref()).ok());
    let url = state.as_ref().map(flowql_embedded::process::State::url);
    let running = state.is_some();
    let report = Report { running, folder, library, url, engine: state };
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
            None => "library: missing; get it with `flowql engine install`".to_owned(),
        })?;
    }
    output.finish()?;
    Ok(Status::Good)
}

fn start(options: EmbeddedOptions, idle: Option<Idle>) -> Result<Status, Failure> {
    // Without a folder of its own it would be a temporary engine, which ends with this command.
    let folder = data_folder(&options)?;
    let idle = idle.map_or(options.idle, |Idle(idle)| idle);
    let options = EmbeddedOptions { folder: Some(folder), idle, ..options };
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
