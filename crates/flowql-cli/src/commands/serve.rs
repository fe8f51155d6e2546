//! `flowql serve`: the HTTP service.

use flowql_server::{Error, Options, ServerSection};

use super::load;
use crate::args::{Global, Serve};
use crate::backend::{self, Unnamed};
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: Serve) -> Result<Status, Failure> {
    let mut config = load(global, None)?;
    config.set_section(section(ServerSection::clone(&config.section()), &args));
    let backend = backend::open(&args.values, &config, Unnamed::Embedded)?;
    flowql_server::run(Options { config, backend, companion: None }).map_err(|error| failed(&error))?;
    Ok(Status::Good)
}

/// The section as the command line has changed it.
pub(super) fn section(section: ServerSection, args: &Serve) -> ServerSection {
    ServerSection {
        data: args.data.clone().or(section.data),
        listen: args.listen.clone().unwrap_or(section.listen),
        log_level: args.log_level.unwrap_or(section.log_level),
        ..section
    }
}

pub(super) fn failed(error: &Error) -> Failure {
    let help = match error {
        Error::Listen { .. } => "give another address with --listen, as 127.0.0.1:8080",
        Error::NoFolder | Error::Store(_) => "give another folder with --data",
        Error::ForcedFilter(_) => "nothing is shown before it is right; `flowql check` says more of a filter",
        _ => "look at what the system allows this user",
    };
    Failure::new(error.to_string(), help)
}
