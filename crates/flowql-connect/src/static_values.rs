//! The backend `static`: values from a file, without any database.
//!
//! The file is JSON, or TOML where its name does not end in `.json`. It lists values by column, and by the types of the
//! language for columns that have no list of their own; a column also has the list of its counterpart (`DstAS` that of
//! `SrcAS`). The values that are used most come first. A value is a string or a number, or an object with a `detail`.
//!
//! ```toml
//! [columns]
//! ExporterName = ["edge1.example.net", "edge2.example.net"]
//! InIfName = [{ value = "Ethernet1/1", detail = "Transit: Example" }]
//! DstPort = [443, 53]
//!
//! [types]
//! asn = [{ value = "AS15169", detail = "Google" }, { value = "AS64500", detail = "Example" }]
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use flowql::ide::{self, Suggestion, match_rank};
use flowql::tables::{Operator, Type};
use flowql::{ColumnId, Compiler, SavedFilters, Schema};
use serde::Deserialize;

use flowql_backend::{Backend, Capabilities, Error, ValueQuery, Values};
use flowql_client::Health;

use crate::service::name_of;

/// The backend `static`.
#[derive(Debug)]
pub struct StaticValues {
    schema: Schema,
    columns: BTreeMap<ColumnId, Vec<Suggestion>>,
    types: BTreeMap<Type, Vec<Suggestion>>,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    columns: BTreeMap<String, Vec<Item>>,
    types: BTreeMap<String, Vec<Item>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a string, a number, or an object with `value` and `detail`")]
enum Item {
    Plain(Word),
    Detailed(Detailed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detailed {
    value: Word,
    #[serde(default)]
    detail: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Number(u64),
}

impl From<Item> for Suggestion {
    fn from(item: Item) -> Self {
        let (value, detail) = match item {
            Item::Plain(value) => (value, String::new()),
            Item::Detailed(Detailed { value, detail }) => (value, detail),
        };
        let value = match value {
            Word::Text(text) => text,
            Word::Number(number) => number.to_string(),
        };
        Self { value, detail }
    }
}

/// How many of the mistakes of a file are told.
const MOST_PROBLEMS: usize = 10;

impl StaticValues {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or what is wrong with it: its syntax, columns and types that there are not, values that no
    /// filter could use.
    pub fn load(path: &Path, schema: &Schema) -> Result<Self, flowql_client::Error> {
        let text = std::fs::read_to_string(path).map_err(|error| flowql_client::Error::Setup {
            message: format!("cannot read `{}`: {error}", path.display()),
            help: Some("check that it is there and may be read".to_owned()),
        })?;
        let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let read = if json { Self::from_json(&text, schema) } else { Self::from_toml(&text, schema) };
        read.map_err(|problem| flowql_client::Error::Setup {
            message: format!("`{}` is no file of values: {problem}", path.display()),
            help: Some("`flowql help complete` shows how such a file looks".to_owned()),
        })
    }

    /// Reads the text of a TOML file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_toml(text: &str, schema: &Schema) -> Result<Self, String> {
        Self::build(toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?, schema)
    }

    /// Reads the text of a JSON file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_json(text: &str, schema: &Schema) -> Result<Self, String> {
        Self::build(serde_json::from_str(text).map_err(|error| error.to_string())?, schema)
    }

    fn build(file: File, schema: &Schema) -> Result<Self, String> {
        // A column that is off has its values all the same: the configuration may turn it on.
        let all = schema.clone().with_all_columns();
        let saved = SavedFilters::default();
        let compiler = Compiler::new(&all, &saved);
        let mut problems = Vec::new();
        let (mut columns, mut types) = (BTreeMap::new(), BTreeMap::new());
        for (name, items) in file.columns {
            match schema.find(&name).filter(|&id| schema.column(id).filter_type.is_some()) {
                Some(id) => {
                    columns.insert(id, checked(&compiler, id, items, &mut problems));
                }
                None => problems.push(unknown("column", &name, &schema.closest_columns(&name))),
            }
        }
        for (name, items) in file.types {
            let kind = Type::from_name(&name);
            let example = |kind| schema.ids().find(|&id| schema.column(id).filter_type == Some(kind));
            match kind.and_then(|kind| Some((kind, example(kind)?))) {
                Some((kind, id)) => {
                    types.insert(kind, checked(&compiler, id, items, &mut problems));
                }
                None => {
                    let close = flowql::tables::closest(&name, Type::ALL.map(Type::name));
                    problems.push(unknown("type", &name, &close));
                }
            }
        }
        if problems.is_empty() {
            return Ok(Self { schema: all, columns, types });
        }
        let more = problems.len().saturating_sub(MOST_PROBLEMS);
        problems.truncate(MOST_PROBLEMS);
        if more > 0 {
            problems.push(format!("and {more} more"));
        }
        Err(problems.join("; "))
    }

    /// The list of a column: its own, that of its counterpart, or that of its type.
    fn list(&self, id: ColumnId) -> &[Suggestion] {
        let of_counterpart = || self.columns.get(&self.schema.counterpart(id)?.ok()?);
        let of_type = || {
            let kind = self.schema.column(id).filter_type?;
            // A path is made of AS numbers.
            let kind = if kind == Type::AsPath && !self.types.contains_key(&kind) { Type::Asn } else { kind };
            self.types.get(&kind)
        };
        self.columns.get(&id).or_else(of_counterpart).or_else(of_type).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The items of a list that a filter can use; the others are problems.
fn checked(
    compiler: &Compiler<'_>,
    id: ColumnId,
    items: Vec<Item>,
    problems: &mut Vec<String>,
) -> Vec<Suggestion> {
    let Some(values) = ide::values(compiler, &compiler.schema.column(id).name, None, "") else {
        return Vec::new();
    };
    let suggestions: Vec<Suggestion> = items.into_iter().map(Suggestion::from).collect();
    for suggestion in &suggestions {
        if let Err(problem) = values.check(compiler, &suggestion.value) {
            problems.push(format!("`{}` is no value of `{}`: {problem}", suggestion.value, values.column));
        }
    }
    suggestions
}

fn unknown(what: &str, name: &str, close: &[&str]) -> String {
    match close {
        [] => format!("there is no {what} `{name}` that a filter can use"),
        [near, ..] => format!("there is no {what} `{name}`: did you mean `{near}`?"),
    }
}

#[async_trait]
impl Backend for StaticValues {
    fn name(&self) -> &'static str {
        "static"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { values: true, ..Capabilities::default() }
    }

    async fn values(&self, request: &ValueQuery) -> Result<Values, Error> {
        let Some(id) = self.schema.find(&request.column) else { return Ok(Values::default()) };
        let wanted = |suggestion: &&Suggestion| match request.operator {
            Some(Operator::Within | Operator::NotWithin) => suggestion.value.contains('/'),
            Some(Operator::Between | Operator::NotBetween) => !suggestion.value.contains('/'),
            _ => true,
        };
        let rank =
            |suggestion: &Suggestion| match_rank(&suggestion.value, &suggestion.detail, &request.prefix);
        let mut ranked: Vec<(u8, &Suggestion)> = self
            .list(id)
            .iter()
            .filter(wanted)
            .filter(|suggestion| !request.exclude.contains(&suggestion.value))
            .filter_map(|suggestion| Some((rank(suggestion)?, suggestion)))
            .collect();
        ranked.sort_by_key(|&(rank, _)| rank);
        let suggestions = ranked.into_iter().take(request.limit).map(|(_, suggestion)| suggestion.clone());
        Ok(Values { suggestions: suggestions.collect(), incomplete: None })
    }

    async fn as_names(&self, numbers: &[u32]) -> Result<BTreeMap<u32, String>, Error> {
        let list = self.schema.find("SrcAS").map(|id| self.list(id)).unwrap_or_default();
        Ok(numbers.iter().filter_map(|&number| Some((number, name_of(number, list)?))).collect())
    }

    async fn health(&self) -> Result<Health, Error> {
        Ok(Health { version: env!("CARGO_PKG_VERSION").to_owned(), latency: Duration::ZERO })
    }
}

#[cfg(test)]
mod tests;
