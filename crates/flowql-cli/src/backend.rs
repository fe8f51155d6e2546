//! Opening the backend that a configuration names.

use std::path::Path;
use std::sync::Arc;

use flowql_backend::{Backend, Error, Service, StaticValues};
use flowql_config::{BackendKind, Config};

/// The backend that `[backend]` names; `None` where it names none.
pub(crate) fn open(config: &Config) -> Result<Option<Arc<dyn Backend>>, Error> {
    let section = &config.sections.backend;
    let missing = |key: &str, kind: &str| Error::Setup {
        message: format!("the backend `{kind}` lacks the key `{key}`"),
        help: Some(format!("set `{key}` in the section [backend]")),
    };
    match section.kind {
        BackendKind::None => Ok(None),
        BackendKind::Static => {
            let values = section.values.as_ref().ok_or_else(|| missing("values", "static"))?;
            let folder = config.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            Ok(Some(Arc::new(StaticValues::load(&folder.join(values), &config.schema)?)))
        }
        BackendKind::Service => {
            let url = section.url.as_ref().ok_or_else(|| missing("url", "service"))?;
            Ok(Some(Arc::new(Service::new(url)?)))
        }
    }
}
