//! Dashboards and views: those that come with the service, those of a folder, and a user's own.

mod file;

use std::path::{Path, PathBuf};

use flowql::{Compiler, Schema};

pub use file::{Board, BoardFault, BoardKind, Dashboard, Panel, text_start};

/// Those that come with the service.
const SHIPPED: &[(&str, &str)] = &[
    ("overview", include_str!("../../dashboards/overview.dashboard.toml")),
    ("interface", include_str!("../../dashboards/interface.dashboard.toml")),
    ("customer", include_str!("../../dashboards/customer.dashboard.toml")),
    ("transit-cost", include_str!("../../dashboards/transit-cost.dashboard.toml")),
    ("capacity", include_str!("../../dashboards/capacity.dashboard.toml")),
    ("exporters", include_str!("../../dashboards/exporters.dashboard.toml")),
];

/// The most files of a folder that are read, and how long one may be, in bytes.
const MOST_FILES: usize = 500;
pub(crate) const LONGEST_FILE: u64 = 256 * 1024;

/// The text of a dashboard or a view, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct BoardText {
    pub(crate) source: BoardSource,
    pub(crate) kind: BoardKind,
    pub(crate) name: String,
    /// The text; why there is none where the file cannot be read.
    pub(crate) content: Result<String, String>,
}

/// Where a dashboard or a view comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BoardSource {
    /// It comes with the service.
    Shipped,
    /// It is a file of the folder.
    Folder,
    /// The user has made it.
    Own,
}

/// Those that come with the service.
pub(crate) fn shipped() -> impl Iterator<Item = BoardText> {
    SHIPPED.iter().map(|&(name, content)| BoardText {
        source: BoardSource::Shipped,
        kind: BoardKind::Dashboard,
        name: name.to_owned(),
        content: Ok(content.to_owned()),
    })
}

/// The files of a folder, by their names. It is read each time, so that a change of a file shows at once.
///
/// # Errors
///
/// Why the folder cannot be read.
pub(crate) fn of_folder(folder: &Path) -> std::io::Result<Vec<BoardText>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if named(&path).is_some() {
            paths.push(path);
        }
    }
    paths.sort();
    paths.truncate(MOST_FILES);
    let text = |path: PathBuf| {
        let (name, kind) = named(&path)?;
        let name = name.to_owned();
        Some(BoardText { source: BoardSource::Folder, kind, name, content: read(&path) })
    };
    Ok(paths.into_iter().filter_map(text).collect())
}

fn named(path: &Path) -> Option<(&str, BoardKind)> {
    BoardKind::of_file(path.file_name()?.to_str()?)
}

fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LONGEST_FILE {
        return Err(format!("the file is longer than {LONGEST_FILE} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// Reads a text and checks its filters too.
///
/// # Errors
///
/// The first thing that is wrong, with its line.
pub(crate) fn checked(
    kind: BoardKind,
    text: &str,
    schema: &Schema,
    compiler: &Compiler<'_>,
) -> Result<Board, String> {
    let board = Board::read(kind, text, schema).map_err(|faults| {
        let first = faults.into_iter().next();
        first.map_or_else(String::new, |BoardFault { span, message }| at_line(text, span.start, &message))
    })?;
    for filter in board.filters() {
        let found = compiler.diagnostics(filter.get_ref());
        if let Some(error) = found.iter().find(|found| found.is_error()) {
            return Err(at_line(text, filter.span().start, &format!("in the filter: {}", error.message)));
        }
    }
    Ok(board)
}

fn at_line(text: &str, place: usize, message: &str) -> String {
    let before = text.get(..place).unwrap_or(text);
    format!("at line {}: {message}", before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use flowql::SavedFilters;

    use super::*;

    fn check(kind: BoardKind, text: &str) -> Result<Board, String> {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        checked(kind, text, &schema, &Compiler::new(&schema, &saved))
    }

    #[test]
    fn those_that_come_with_the_service_are_good() {
        for text in shipped() {
            let found = check(text.kind, &text.content.unwrap());
            assert!(found.is_ok(), "{}: {:?}", text.name, found.err());
        }
    }

    #[test]
    fn errors_are_said_with_their_lines() {
        assert_eq!(
            check(BoardKind::View, "title = 'x'\n\nfilter = 'SrcASN = 1'\n").unwrap_err(),
            "at line 3: in the filter: unknown column `SrcASN`"
        );
        assert!(
            check(BoardKind::View, "title = 'x'\ntype = 'pie'\n").unwrap_err().starts_with("at line 2: ")
        );
    }

    #[test]
    fn a_folder_has_what_its_files_are_named_for() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        write("b.view.toml", b"title = 'x'\n");
        write("a.dashboard.toml", b"\xff");
        write("notes.toml", b"");
        let found = of_folder(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|text| (text.name.as_str(), text.kind)).collect();
        assert_eq!(names, [("a", BoardKind::Dashboard), ("b", BoardKind::View)]);
        assert!(found[0].content.is_err() && found[1].content.is_ok());
        assert!(of_folder(&folder.path().join("none")).is_err());
    }
}
