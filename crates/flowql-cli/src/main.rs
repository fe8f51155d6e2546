//! The command line tool of FlowQL.
//!
//! The exit status is 0 when all is well, 1 for a bad filter (or a text that `fmt --check` would change), and 2 for
//! bad usage or input that cannot be read.

mod args;
mod atomic_write;
mod backend;
mod colours;
mod commands;
mod console;
mod emit;
mod failure;
mod fixes;
mod input;
mod progress;
mod render;
mod sections;
mod sources;
mod table;
mod time_range;
mod values;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Cli;
use crate::failure::{Failure, Status};

fn main() -> ExitCode {
    // The embedded ClickHouse runs in this program too, started by a command that needs it.
    if let Some(code) = flowql_embedded::helper() {
        return code;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // The help and the version are no errors; a reader that is gone is none of theirs either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Status::Unusable.code()));
        }
    };
    cli.global.color.choose();
    match commands::run(cli) {
        Ok(status) => ExitCode::from(status.code()),
        Err(Failure::Closed) => ExitCode::from(failure::CLOSED),
        Err(Failure::Reported) => ExitCode::from(Status::Unusable.code()),
        Err(Failure::Message { message, help }) => {
            console::error(&message, help.as_deref());
            ExitCode::from(Status::Unusable.code())
        }
    }
}
