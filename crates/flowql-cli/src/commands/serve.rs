//! `flowql serve`: the HTTP service.

use std::sync::Arc;

use flowql_backend::{Backend, StaticValues};
use flowql_config::Config;
use flowql_server::{Error, Options};

use super::load;
use crate::args::{BackendKind, Global, Serve, ValuesFrom};
use crate::backend;
use crate::failure::{Failure, Status};

pub(super) fn run(global: &Global, args: Serve) -> Result<Status, Failure> {
    let mut config = load(global, None)?;
    let Serve { listen, backend, values, data, log_level } = args;
    let section = &mut config.sections.server;
    section.data = data.or(section.data.take());
    for (setting, given) in [(&mut section.listen, listen), (&mut section.log_level, log_level)] {
        if let Some(given) = given {
            *setting = given;
        }
    }
    let backend = open(backend, &values, &config)?;
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

/// The backend that the options ask for.
fn open(
    kind: Option<BackendKind>,
    values: &ValuesFrom,
    config: &Config,
) -> Result<Option<Arc<dyn Backend>>, Failure> {
    match (kind, &values.values) {
        (None, None) => Ok(backend::open(config)?),
        (Some(BackendKind::None), None) => Ok(None),
        (None | Some(BackendKind::Static), Some(path)) => {
            Ok(Some(Arc::new(StaticValues::load(path, &config.schema)?)))
        }
        (Some(BackendKind::Static), None) => {
            Err(Failure::new("the backend `static` needs a file of values", "give it with --values"))
        }
        (Some(BackendKind::None), Some(_)) => {
            Err(Failure::new("--values is for the backend `static`", "leave --backend out, or say `static`"))
        }
    }
}
