//! The corpus folders: `tests/corpus/{valid,invalid}/VARIANT/*.flowql` and `tests/corpus/raw/*.bin`.

use std::path::{Path, PathBuf};

use flowql::{Limits, Options, SavedFilters, Schema, SchemaConfig, Scope, files};

/// One filter of the corpus.
#[derive(Debug)]
pub struct Entry {
    /// The file and the filter's name, for messages.
    pub place: String,
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A file of the corpus, with all that its filters are compiled with.
#[derive(Debug)]
pub struct CorpusFile {
    /// The file.
    pub path: PathBuf,
    /// Whether its filters are valid.
    pub valid: bool,
    /// The schema of its folder.
    pub schema: Schema,
    /// The named filters of the file itself.
    pub saved: SavedFilters,
    /// How its filters are compiled.
    pub options: Options<'static>,
    /// The filters.
    pub entries: Vec<Entry>,
}

/// The folder of the corpus.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Reads every file of the corpus, in the order of the paths.
///
/// # Errors
///
/// A folder or file that cannot be read, or an unknown variant.
pub fn read_all() -> Result<Vec<CorpusFile>, String> {
    let mut read = Vec::new();
    for (folder, valid) in [("valid", true), ("invalid", false)] {
        for path in list(&root().join(folder))? {
            let variant = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for path in list(&path)? {
                read.push(read_file(&path, valid, &variant)?);
            }
        }
    }
    for path in list(&root().join("raw"))? {
        read.push(read_raw(&path)?);
    }
    Ok(read)
}

fn read_file(path: &Path, valid: bool, variant: &str) -> Result<CorpusFile, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file = files::split(&text, &Limits::DEFAULT);
    let mut saved = SavedFilters::default();
    file.save_into(&mut saved, Scope::File);
    let entries = file.filters.iter().map(|filter| {
        let name = filter.name.unwrap_or_default().to_owned();
        Entry { place: format!("{} {name}", path.display()), name, text: filter.text.to_owned() }
    });
    Ok(CorpusFile {
        path: path.to_owned(),
        valid,
        schema: schema(variant)?,
        options: Options { reverse: variant == "reverse", ..Options::default() },
        entries: entries.collect(),
        saved,
    })
}

fn read_raw(path: &Path) -> Result<CorpusFile, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(CorpusFile {
        path: path.to_owned(),
        valid: name.starts_with("valid"),
        schema: Schema::default(),
        saved: SavedFilters::default(),
        options: Options::default(),
        entries: vec![Entry { place: path.display().to_string(), name, text }],
    })
}

fn schema(variant: &str) -> Result<Schema, String> {
    let prefixes = || vec!["SrcNetPrefix".to_owned(), "DstNetPrefix".to_owned()];
    match variant {
        "default" | "reverse" => Ok(Schema::default()),
        "all-columns" => Ok(Schema::all_columns()),
        "materialized" => {
            let config =
                SchemaConfig { materialize: prefixes(), every_table: prefixes(), ..SchemaConfig::default() };
            Schema::configured(&config).map_err(|errors| format!("{errors:?}"))
        }
        other => Err(format!("unknown variant `{other}`")),
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
