//! The helper process as a program of its own, for programs that are not their own helper.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowql_embedded::helper().unwrap_or_else(|| {
        eprintln!("error: this is a part of FlowQL, which starts it as needed: see `flowql engine --help`");
        ExitCode::from(2)
    })
}
