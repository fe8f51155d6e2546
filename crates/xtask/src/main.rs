//! The chores of the workspace, run as `cargo xtask COMMAND`.

mod bench;
mod codegen;
mod licences;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The chores of the FlowQL workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the files that are derived from `grammar/`.
    Codegen {
        /// Write nothing, and fail when a file is not up to date.
        #[arg(long)]
        check: bool,
    },
    /// Run the benchmarks and print one table.
    Bench,
    /// Check that every dependency has a licence that the project accepts.
    Licences,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    let root = root()?;
    match command {
        Command::Codegen { check } => codegen::run(&root, *check),
        Command::Bench => bench::run(&root),
        Command::Licences => licences::run(&root),
    }
}

/// The root of the workspace, two folders above this package.
fn root() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).context("the package is not two folders below the root")?;
    Ok(root.to_path_buf())
}
