//! `flowql lsp`: the language server.

use flowql_lsp::Start;

use crate::args::Global;
use crate::failure::{Failure, Status};

pub(super) fn run(global: Global) -> Result<Status, Failure> {
    let Global { config, no_config, .. } = global;
    let status = flowql_lsp::run(Start { config, no_config }).map_err(|error| {
        Failure::new(format!("cannot wait for input: {error}"), "check the limits of the system")
    })?;
    Ok(Status::bad_if(status != 0))
}
