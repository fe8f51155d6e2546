//! How the engine is opened.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

/// How the embedded engine is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// The data folder, made if need be; `None` for a temporary one that ends with the [`super::Embedded`].
    pub folder: Option<PathBuf>,
    /// The library; `None` to look for it, see [`super::library::find`].
    pub library: Option<PathBuf>,
    /// The helper program; `None` to look for it, see [`crate::process::program`].
    pub helper: Option<PathBuf>,
    /// For how long the engine goes on when nobody uses it; `None` for ever. A temporary one ends at once.
    pub idle: Option<Duration>,
    /// How long the engine may take to start.
    pub patience: Duration,
}

impl EmbeddedOptions {
    /// For how long an engine goes on that nobody uses, by default.
    pub const IDLE: Duration = Duration::from_secs(300);

    /// With a data folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::temporary() }
    }

    /// With a temporary folder.
    pub fn temporary() -> Self {
        Self {
            folder: None,
            library: None,
            helper: None,
            idle: Some(Self::IDLE),
            patience: Duration::from_secs(60),
        }
    }
}

/// The data folder of a user who names none: `flowql/store` in the folder of the user's data. `None` where the system
/// has no such folder.
pub fn default_folder() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("flowql").join("store"))
}
