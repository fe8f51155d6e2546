//! How the helper is started.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::serve;

/// The first argument of a program that is asked to be the helper.
pub const COMMAND: &str = "__clickhouse";

/// Whether this program can be its own helper: it has called [`helper`].
static IS_HELPER: AtomicBool = AtomicBool::new(false);

/// What the helper is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// The library, `libchdb.so`.
    pub library: PathBuf,
    /// The data folder.
    pub folder: PathBuf,
    /// Ends when nobody has used the engine for so long; `None` for never.
    pub idle: Option<Duration>,
    /// Removes the folder at the end.
    pub temporary: bool,
}

impl Serve {
    /// As arguments, [`COMMAND`] first.
    pub fn to_arguments(&self) -> Vec<OsString> {
        let idle = self.idle.map_or_else(|| "never".to_owned(), |idle| idle.as_millis().to_string());
        let keep = if self.temporary { "temporary" } else { "keep" };
        vec![
            COMMAND.into(),
            self.library.clone().into(),
            self.folder.clone().into(),
            idle.into(),
            keep.into(),
        ]
    }

    /// Reads the arguments after [`COMMAND`].
    fn from_arguments(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let (library, folder) = (arguments.next()?.into(), arguments.next()?.into());
        let idle = match arguments.next()?.to_str()? {
            "never" => None,
            milliseconds => Some(Duration::from_millis(milliseconds.parse().ok()?)),
        };
        let temporary = match arguments.next()?.to_str()? {
            "temporary" => true,
            "keep" => false,
            _ => return None,
        };
        arguments.next().is_none().then_some(Self { library, folder, idle, temporary })
    }
}

/// Runs the helper if the program was started as such, and gives its exit status. To be called first in `main`.
pub fn helper() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != COMMAND) {
        IS_HELPER.store(true, Ordering::Relaxed);
        return None;
    }
    let result = match Serve::from_arguments(arguments) {
        Some(asked) => serve(&asked),
        None => Err("bad arguments: another version of FlowQL has started this".to_owned()),
    };
    Some(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    })
}

/// The program to start as the helper: this one, if its `main` calls [`helper`]; else `flowql-embedded` or `flowql`
/// beside it, one folder above (where cargo puts the programs of tests), or on the `PATH`.
pub fn program() -> Option<PathBuf> {
    let this = env::current_exe().ok();
    if IS_HELPER.load(Ordering::Relaxed) {
        return this;
    }
    let near = this.iter().flat_map(|program| program.ancestors().skip(1).take(2)).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = near.chain(env::split_paths(&path)).collect();
    let names = ["flowql-embedded", "flowql"].map(|name| format!("{name}{}", env::consts::EXE_SUFFIX));
    folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name))).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_read_as_they_were_written() {
        for (idle, temporary) in
            [(None, false), (Some(Duration::ZERO), true), (Some(Duration::from_secs(300)), false)]
        {
            let serve = Serve { library: "/a b/libchdb.so".into(), folder: "-x".into(), idle, temporary };
            let mut arguments = serve.to_arguments();
            assert_eq!(arguments.remove(0), COMMAND);
            assert_eq!(Serve::from_arguments(arguments.clone().into_iter()), Some(serve));
            arguments.push("more".into());
            assert_eq!(Serve::from_arguments(arguments.into_iter()), None);
        }
        let bad = ["a", "b", "soon", "keep"].map(OsString::from);
        assert_eq!(Serve::from_arguments(bad.into_iter()), None);
    }
}
