//! Where the library of the embedded engine is.

use std::env;
use std::path::{Path, PathBuf};

use super::EngineError;

/// The variable that names the library.
pub const VARIABLE: &str = "FLOWQL_LIBCHDB";
/// The version of chDB that is installed: ClickHouse 26.7.
pub const VERSION: &str = "26.7.3-stable.1";
/// The name of the file.
pub const FILE: &str = "libchdb.so";

/// The library: the one that is asked for, else that of the variable `FLOWQL_LIBCHDB`, else the installed one.
///
/// # Errors
///
/// That there is none at the first of these places that is named.
pub fn find(asked: Option<&Path>) -> Result<PathBuf, EngineError> {
    let named = asked.map(Path::to_path_buf).or_else(|| variable(VARIABLE));
    let path = named.or_else(installed).ok_or_else(|| EngineError::NoLibrary(FILE.into()))?;
    if path.is_file() { Ok(path) } else { Err(EngineError::NoLibrary(path)) }
}

/// Where `flowql engine install` puts the library. `None` where the system has no folder for caches.
pub fn installed() -> Option<PathBuf> {
    Some(cache()?.join(format!("chdb-{VERSION}")).join(FILE))
}

/// The folder for what was fetched and can be fetched again: `FLOWQL_CACHE`, or `flowql` in the user's cache folder.
pub fn cache() -> Option<PathBuf> {
    variable("FLOWQL_CACHE").or_else(|| {
        let caches = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
        Some(caches.join("flowql"))
    })
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_but_missing_is_an_error_that_says_how_to_get_it() {
        let error = find(Some(Path::new("/no/such/libchdb.so"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the library of the embedded ClickHouse is missing: there is no `/no/such/libchdb.so`"
        );
        assert!(error.help().contains("flowql engine install"), "{}", error.help());
    }
}
