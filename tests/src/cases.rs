//! The hand-written conformance cases: `tests/corpus/sql/*.cases`.

use std::path::Path;

use flowql::{Schema, SchemaConfig};

/// One case: a filter and what its compilation must give.
#[derive(Debug, Default)]
pub struct Case {
    /// The file and line, for messages.
    pub place: String,
    /// The filter.
    pub filter: String,
    /// The options, as `all-columns`, `reverse`, `materialize=…`, `enable=…`, `database=…`.
    pub options: Vec<String>,
    /// The inline SQL.
    pub inline: Option<String>,
    /// The bound SQL.
    pub bound: Option<String>,
    /// The parameters of the bound SQL, as a JSON object.
    pub params: Option<serde_json::Value>,
    /// The columns that the SQL reads.
    pub columns: Option<Vec<String>>,
    /// Whether the main table is required.
    pub main: Option<bool>,
}

impl Case {
    /// The value of an option `key=value`.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find_map(|option| option.strip_prefix(key)?.strip_prefix('='))
    }

    /// Whether a flag is among the options.
    pub fn has(&self, flag: &str) -> bool {
        self.options.iter().any(|option| option == flag)
    }

    /// The schema that the options ask for.
    ///
    /// # Errors
    ///
    /// What is wrong with the options.
    pub fn schema(&self) -> Result<Schema, String> {
        let list = |key| self.option(key).map(|names| names.split(',').map(str::to_owned).collect());
        let config = SchemaConfig {
            enable: list("enable").unwrap_or_default(),
            materialize: list("materialize").unwrap_or_default(),
            ..SchemaConfig::default()
        };
        let schema = Schema::configured(&config).map_err(|errors| format!("{}: {errors:?}", self.place))?;
        Ok(if self.has("all-columns") { schema.with_all_columns() } else { schema })
    }
}

/// The cases of a file.
///
/// # Errors
///
/// An unreadable file, or a line that is none of the format.
pub fn read(path: &Path) -> Result<Vec<Case>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut cases = Vec::new();
    let mut current: Option<Case> = None;
    for (number, line) in text.split('\n').enumerate() {
        if line.is_empty() {
            cases.extend(current.take());
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let place = format!("{}:{}", path.display(), number + 1);
        let (key, value) = line.split_once(": ").ok_or_else(|| format!("{place}: no `key: value`"))?;
        let case = current.get_or_insert_with(|| Case { place: place.clone(), ..Case::default() });
        set(case, key, value).map_err(|error| format!("{place}: {error}"))?;
    }
    cases.extend(current);
    Ok(cases)
}

fn set(case: &mut Case, key: &str, value: &str) -> Result<(), String> {
    match key {
        "filter" => case.filter = value.to_owned(),
        "json" => case.filter = serde_json::from_str(value).map_err(|error| error.to_string())?,
        "options" => case.options = value.split(' ').map(str::to_owned).collect(),
        "inline" => case.inline = Some(value.to_owned()),
        "bound" => case.bound = Some(value.to_owned()),
        "params" => case.params = Some(serde_json::from_str(value).map_err(|error| error.to_string())?),
        "columns" => {
            let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
            case.columns = Some(names.map(str::to_owned).collect());
        }
        "main" => case.main = Some(value == "true"),
        other => return Err(format!("unknown key `{other}`")),
    }
    Ok(())
}
