//! The files of the workspace: its filters, its configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flowql::Limits;
use flowql_config::Config;
use tower_lsp::ls_types::Uri;

use crate::document::{Document, Kind};

/// More files than these are not read: a folder with so many is no workspace of filters.
const MOST_FILES: usize = 10_000;

/// Folders that hold no filters of the user's own.
const SKIPPED: [&str; 2] = ["node_modules", "target"];

/// Every filter file below the folders, in the order of their names. Hidden folders and links are not followed.
pub(crate) fn filter_files(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> = roots.to_vec();
    while let Some(folder) = pending.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_ref()) {
                pending.push(path);
            } else if kind.is_file() && is_filter_file(&path) {
                found.push(path);
            }
            if found.len() >= MOST_FILES {
                return found;
            }
        }
    }
    found.sort();
    found
}

/// Whether a file holds filters, by its name.
pub(crate) fn is_filter_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "flowql")
}

/// Reads a file of filters; `None` where there is none, or one that is no text of a size that the limits allow.
pub(crate) fn read(path: &Path, limits: &Limits, old: Option<&Document>) -> Option<Document> {
    let uri = Uri::from_file_path(path)?;
    if fs::metadata(path).ok()?.len() > limits.file_length as u64 {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    Some(Document::new(uri, Kind::Filters, None, text, limits, old))
}

/// The configuration of a workspace: the file that was asked for, else that of the first folder that has one, in itself
/// or in a folder above it.
pub(crate) fn config_path(asked_for: Option<&Path>, roots: &[PathBuf]) -> Option<PathBuf> {
    match asked_for {
        Some(path) if path.is_absolute() => Some(path.to_path_buf()),
        Some(path) => Some(roots.first().map_or_else(|| path.to_path_buf(), |root| root.join(path))),
        None => roots.iter().find_map(|root| Config::find(root)),
    }
}

/// When a file was last changed, and how long it is.
pub(crate) fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
