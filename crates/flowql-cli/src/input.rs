//! Reading filters: from an argument, standard input, files and directories.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use flowql::Limits;
use flowql_server::BoardKind;

use crate::console;
use crate::failure::Failure;

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The command line.
    Argument,
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Origin {
    /// Whether the text is a file of several filters: `*.flowql` only, by the language's rule.
    pub(crate) fn has_several(&self) -> bool {
        matches!(self, Self::File(path) if is_filter_file(path))
    }

    /// The file, as messages show it.
    pub(crate) fn path(&self) -> Option<String> {
        match self {
            Self::Argument | Self::Stdin => None,
            Self::File(path) => Some(path.display().to_string()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => formatter.write_str("<argument>"),
            Self::Stdin => formatter.write_str("<stdin>"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}

/// A text and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) origin: Origin,
    pub(crate) text: String,
}

/// The filter of an argument: its text, or that of standard input for `-`, and when it is left out and standard
/// input is no terminal.
pub(crate) fn filter(argument: Option<String>, limits: &Limits) -> Result<Input, Failure> {
    match argument {
        // No filter looks like this: it must be a slip, so say so rather than what is wrong with it as a filter.
        Some(text) if is_filter_file(Path::new(&text)) && Path::new(&text).is_file() => Err(Failure::new(
            format!("`{text}` is a file, not a filter"),
            "to check or format files, use --file; to compile one, pipe it in",
        )),
        Some(text) if text != "-" => Ok(Input { origin: Origin::Argument, text }),
        None if io::stdin().is_terminal() => Err(Failure::new(
            "there is no filter",
            "give one as an argument, in quotes, or pipe one in; see --help",
        )),
        _ => {
            let text = read(io::stdin().lock(), "standard input", limits)?;
            Ok(Input { origin: Origin::Stdin, text })
        }
    }
}

/// The text of a file.
pub(crate) fn file(path: &Path, limits: &Limits) -> Result<Input, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let text = read(file, &format!("`{}`", path.display()), limits)?;
    Ok(Input { origin: Origin::File(path.to_path_buf()), text })
}

/// Reads a text, but not beyond what the limits refuse anyway.
fn read(source: impl Read, name: &str, limits: &Limits) -> Result<String, Failure> {
    let most = limits.file_length.max(limits.length).saturating_add(1);
    let mut bytes = Vec::new();
    source.take(most as u64).read_to_end(&mut bytes).map_err(|error| {
        Failure::new(format!("cannot read {name}: {error}"), "check that it is there and may be read")
    })?;
    let cut = bytes.len() == most;
    String::from_utf8(bytes).or_else(|error| {
        let (at, in_character) = (error.utf8_error().valid_up_to(), error.utf8_error().error_len().is_none());
        let mut bytes = error.into_bytes();
        bytes.truncate(at);
        match String::from_utf8(bytes) {
            // It is our own cut that broke the last character.
            Ok(text) if cut && in_character => Ok(text),
            _ => Err(Failure::new(
                format!("{name} is not valid UTF-8 (at byte {at})"),
                "convert it to UTF-8, for instance with iconv",
            )),
        }
    })
}

/// The files that the paths stand for: a directory for every `*.flowql` file below it, in the order of their names.
/// Each path that cannot be read is an error of its own.
pub(crate) fn files(paths: &[PathBuf]) -> Vec<Result<PathBuf, Failure>> {
    files_like(paths, is_filter_file)
}

/// The same with the dashboards and views, `*.dashboard.toml` and `*.view.toml`.
pub(crate) fn files_and_boards(paths: &[PathBuf]) -> Vec<Result<PathBuf, Failure>> {
    files_like(paths, |path| is_filter_file(path) || board_kind(path).is_some())
}

/// What a dashboard's or a view's file holds, by its name.
pub(crate) fn board_kind(path: &Path) -> Option<BoardKind> {
    Some(BoardKind::of_file(path.file_name()?.to_str()?)?.1)
}

fn files_like(paths: &[PathBuf], is_wanted: fn(&Path) -> bool) -> Vec<Result<PathBuf, Failure>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            walk(path, is_wanted, &mut found);
            if found.len() == before {
                let message = format!("there is no *.flowql file below `{}`", path.display());
                console::warning(
                    &message,
                    Some("files of other names are read when they are given one by one"),
                );
            }
        } else {
            found.push(Ok(path.clone()));
        }
    }
    found
}

fn walk(root: &Path, is_wanted: fn(&Path) -> bool, found: &mut Vec<Result<PathBuf, Failure>>) {
    // The next path is the last of the stack, so that a directory's files come in order where it stands.
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        // Links to directories are not followed, except the one that was asked for: they may lead in circles.
        let directory = path.is_dir() && (path == root || !path.is_symlink());
        if !directory {
            if is_wanted(&path) && path.is_file() {
                // Of `.`, plain names: what reads the output may know the files by these only.
                found.push(Ok(path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)));
            }
            continue;
        }
        let entries = fs::read_dir(&path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>());
        match entries {
            Ok(mut entries) => {
                entries.sort_by(|first, second| second.cmp(first));
                pending.append(&mut entries);
            }
            Err(error) => found.push(Err(unreadable(&path, &error))),
        }
    }
}

fn is_filter_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "flowql")
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        format!("cannot read `{}`: {error}", path.display()),
        "check that it is there and may be read",
    )
}
