//! Opening the backend that a configuration names.

use std::sync::Arc;

use flowql_backend::{Backend, BackendArgs, BackendOptions, Error};
use flowql_config::{BackendKind, Config};

/// The backend that `[backend]` names; `None` where it names none.
pub(crate) fn open(config: &Config) -> Result<Option<Arc<dyn Backend>>, Error> {
    match config.sections.backend.kind {
        BackendKind::None => Ok(None),
        _ => Ok(Some(BackendOptions::new(config, &BackendArgs::default())?.open()?)),
    }
}
