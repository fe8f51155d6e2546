//! `flowql serve`: the HTTP service.

use flowql_server::{Error, Options, ServerSection};

use super::load;
use crate::args::{Global, Serve};
use crate::backend::{self, Unnamed};
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: Serve) -> Result<Status, Failure> {
    let mut config = load(global, None)?;
    let Serve { listen, values, data, log_level } = args;
    let section = ServerSection::clone(&config.section());
    config.set_section(ServerSection {
        data: data.or(section.data),
        listen: listen.unwrap_or(section.listen),
        log_level: log_level.unwrap_or(section.log_level),
        ..section
    });
    let backend = backend::open(&values, &config, Unnamed::Embedded)?;
    flowql_server::run(Options { config, backend }).map_err(|error| {
        let help = match &error {
            Error::Listen { .. } => "give another address with --listen, as 127.0.0.1:8080",
            Error::NoFolder | Error::Store(_) => "give another folder with --data",
            _ => "look at what the system allows this user",
        };
        Failure::new(error.to_string(), help)
    })?;
    Ok(Status::Good)
}
