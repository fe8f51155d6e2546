//! Compilations and diagnostics as JSON.

use flowql::sql::{Parameter, ParameterValue};
use flowql::{Compilation, Positions, Report, Schema};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::sources::{Checked, Summary};

/// The largest integer up to which every JSON reader keeps every integer.
const LARGEST_EXACT: u64 = 1 << 53;

/// A compilation as `flowql compile --json` gives it.
#[derive(Debug, Serialize)]
pub(crate) struct Answer<'a> {
    /// `null` for a bad filter, empty for a blank one.
    sql: Option<&'a str>,
    parameters: Parameters<'a>,
    columns: Vec<&'a str>,
    main_table_required: bool,
    diagnostics: Vec<Report<'a>>,
}

impl<'a> Answer<'a> {
    /// The answer for a text.
    pub(crate) fn new(text: &str, schema: &'a Schema, compilation: &'a Compilation) -> Self {
        let positions = Positions::new(text);
        Self {
            sql: compilation.sql.as_deref(),
            parameters: Parameters(&compilation.parameters),
            columns: compilation.columns.iter().map(|&id| schema.column(id).name.as_ref()).collect(),
            main_table_required: compilation.main_table_required,
            diagnostics: compilation.diagnostics.iter().map(|found| Report::new(found, &positions)).collect(),
        }
    }
}

/// The raw values by name, in the order of the SQL.
#[derive(Debug)]
struct Parameters<'a>(&'a [Parameter]);

impl Serialize for Parameters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for parameter in self.0 {
            map.serialize_entry(&parameter.name, &Value(&parameter.value))?;
        }
        map.end()
    }
}

/// A raw value: integers that some JSON reader would round are strings.
#[derive(Debug)]
pub(crate) struct Value<'a>(pub(crate) &'a ParameterValue);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ParameterValue::Integer(number) if *number <= LARGEST_EXACT => serializer.serialize_u64(*number),
            other => serializer.collect_str(other),
        }
    }
}

/// What `flowql check --json` gives.
#[derive(Debug, Serialize)]
pub(crate) struct Findings<'a> {
    diagnostics: Vec<Placed<'a>>,
    summary: Summary,
}

/// A diagnostic, with the file and the filter that it is about.
#[derive(Debug, Serialize)]
struct Placed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a str>,
    #[serde(flatten)]
    report: Report<'a>,
}

impl<'a> Findings<'a> {
    /// Everything that was found in the sources.
    pub(crate) fn new(sources: &'a [Checked]) -> Self {
        let mut diagnostics = Vec::new();
        for source in sources {
            let positions = Positions::new(&source.text);
            diagnostics.extend(source.findings.iter().map(|found| Placed {
                path: source.origin.path(),
                filter: found.filter.as_deref(),
                report: Report::new(&found.diagnostic, &positions),
            }));
        }
        Self { diagnostics, summary: Summary::of(sources) }
    }
}
