//! The commands, one in a module.

mod check;
mod classify;
mod codes;
mod collect;
mod columns;
mod compile;
mod complete;
mod config;
mod database;
mod decode;
mod demo_data;
mod detect;
mod engine;
mod explain;
mod exporters;
mod fmt;
mod grep;
mod help;
mod import;
mod json_lines;
mod lsp;
mod man;
mod query;
mod repl;
mod routes;
mod serve;
mod simulate;
mod tables;
mod tail;
mod tokens;
mod up;

use std::env;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use flowql_config::{Config, ConfigErrors, ConfigFileError};

use crate::args::{AllColumns, Cli, Command, Completions, Global};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::sections::SECTIONS;

/// Runs the command.
pub(crate) fn run(cli: Cli) -> Result<Status, Failure> {
    let Cli { global, command } = cli;
    match command {
        Command::Compile(args) => compile::run(&global, args),
        Command::Check(args) => check::run(&global, args),
        Command::Fmt(args) => fmt::run(&global, args),
        Command::Grep(args) => grep::run(&global, args),
        Command::Decode(args) => decode::run(&global, &args),
        Command::Explain(args) => explain::run(&global, args),
        Command::Complete(args) => complete::run(&global, args),
        Command::Tokens(args) => tokens::run(&global, args),
        Command::Repl(args) => repl::run(&global, &args),
        Command::Lsp(args) => lsp::run(global, args),
        Command::Help(args) => help::run(&args),
        Command::Columns(args) => columns::run(&global, &args),
        Command::Codes(args) => codes::run(&args),
        Command::Config(args) => config::run(&global, &args),
        Command::Import(args) => import::run(&global, &args),
        Command::Engine(args) => engine::run(&global, &args),
        Command::Collect(args) => collect::run(&global, args),
        Command::Exporters(args) => exporters::run(&global, &args),
        Command::Routes(args) => routes::run(&global, &args),
        Command::Detect(args) => detect::run(&global, &args),
        Command::Classify(args) => classify::run(&global, &args),
        Command::Serve(args) => serve::run(&global, args),
        Command::Up(args) => up::run(&global, args),
        Command::Tail(args) => tail::run(&global, args),
        Command::Tables(args) => tables::run(&global, &args),
        Command::DemoData(args) => demo_data::run(&global, &args),
        Command::Simulate(args) => simulate::run(&global, &args),
        Command::Query(args) => query::run(&global, args),
        Command::Completions(args) => completions(&args),
        Command::Man(args) => man::run(&args),
    }
}

/// What runs the asynchronous calls of a command: one thread is enough for one user.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Message { message: format!("cannot start: {error}"), help: None })
}

/// Prints the completion script of a shell.
fn completions(args: &Completions) -> Result<Status, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "flowql", &mut script);
    let mut output = Output::new();
    output.text(&String::from_utf8_lossy(&script))?;
    output.finish()?;
    Ok(Status::Good)
}

/// The configuration that the options ask for.
fn load(global: &Global, columns: Option<&AllColumns>) -> Result<Config, Failure> {
    let config = match config_path(global) {
        Some(path) => Config::load(path, SECTIONS).map_err(|errors| report(&errors))?,
        None => Config::defaults(SECTIONS),
    };
    for taken in config.taken_names.iter().filter(|_| !global.quiet) {
        console::warning(&place_and_message(taken), taken.help.as_deref());
    }
    let all = columns.is_some_and(|columns| columns.all_columns);
    Ok(if all { config.with_all_columns() } else { config })
}

/// The file of `--config`, or the one that is found, relative to the working directory where it lies in it.
fn config_path(global: &Global) -> Option<PathBuf> {
    if global.no_config {
        return None;
    }
    global.config.clone().or_else(|| {
        let directory = env::current_dir().ok()?;
        let found = Config::find(&directory)?;
        Some(found.strip_prefix(&directory).map(Path::to_path_buf).unwrap_or(found))
    })
}

/// Reports what is wrong with the configuration, each at its line.
fn report(errors: &ConfigErrors) -> Failure {
    if errors.errors().is_empty() {
        return Failure::new(errors.to_string(), "give another file with --config, or none with --no-config");
    }
    for error in errors.errors() {
        console::error(&place_and_message(error), error.help.as_deref());
    }
    Failure::Reported
}

/// As `flowql.toml:3:1: message`.
fn place_and_message(error: &ConfigFileError) -> String {
    let ConfigFileError { path, line, column, message, .. } = error;
    format!("{}:{line}:{column}: {message}", path.display())
}
