//! `flowql lsp`: the language server.

use flowql_config::Config;
use flowql_lsp::Start;

use crate::args::{Global, Lsp};
use crate::backend::{self, Unnamed};
use crate::failure::{Failure, Status};
use crate::sections::SECTIONS;

pub(super) fn run(global: Global, args: Lsp) -> Result<Status, Failure> {
    let Global { config, no_config, .. } = global;
    let open = move |config: &Config| {
        backend::open(&args.values, config, Unnamed::StoreThatIsThere).map_err(|error| error.to_string())
    };
    let status = flowql_lsp::run(Start { config, no_config, sections: SECTIONS, open: Box::new(open) })
        .map_err(|error| {
            Failure::new(format!("cannot wait for input: {error}"), "check the limits of the system")
        })?;
    Ok(Status::bad_if(status != 0))
}
