//! The backend that the options and the configuration name.

use std::path::Path;
use std::sync::Arc;

use flowql_backend::{Backend, Error};
use flowql_config::Config;
use flowql_connect::{BackendKind, BackendOptions, BackendSection, StaticValues};

use crate::args::ValuesFrom;

/// What serves where nobody names a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// The embedded ClickHouse; its store is made if need be.
    Embedded,
    /// The embedded ClickHouse where there is a store already: to complete a filter makes none.
    StoreThatIsThere,
}

/// The backend, not asked yet; `None` where there is to be none.
pub(crate) fn open(
    from: &ValuesFrom,
    config: &Config,
    unnamed: Unnamed,
) -> Result<Option<Arc<dyn Backend>>, Error> {
    if let Some(path) = &from.values {
        return Ok(Some(Arc::new(StaticValues::load(path, &config.schema)?)));
    }
    let args = &from.backend;
    if args.backend == Some(BackendKind::None) {
        return Ok(None);
    }
    let is_named = args.is_given() || config.section::<BackendSection>().kind != BackendKind::None;
    let chosen = BackendOptions::new(config, args)?;
    let has_store = chosen.embedded.folder.as_deref().is_some_and(Path::exists);
    if !is_named && unnamed == Unnamed::StoreThatIsThere && !has_store {
        return Ok(None);
    }
    Ok(Some(chosen.open()?))
}
