//! What one wants to watch.

use std::fmt::Write as _;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use flowql::typed::Filter;
use flowql::{Column, ColumnId, Options, Positions, Report, Schema};
use flowql_config::Config;
use flowql_eval::Evaluator;
use flowql_eval::columns::{ColumnReader, Values};
use flowql_eval::json::Shape;
use serde_json::json;

use super::batch::Batch;

/// The most flows a second that can be asked for, and how many are given where nothing is said.
const MOST_RATE: u32 = 1000;
const USUAL_RATE: u32 = 20;

/// What one wants to watch.
#[derive(Debug)]
pub(crate) struct Request {
    /// What is selected; everything where there is none.
    pub(crate) filter: Option<Filter>,
    /// The columns that are given.
    pub(crate) reader: ColumnReader,
    columns: Vec<(String, Shape)>,
    /// At most so many flows a second are given in the long run.
    pub(crate) rate: u32,
}

/// Why nothing is watched.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: serde_json::Value,
}

impl Refusal {
    fn bad_request(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// As many watch as may.
    pub(crate) fn too_many() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "too many watch, or the collector is stopping",
        )
    }

    fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self { status, body: json!({"message": message, "code": code}) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl Request {
    /// Reads the query of a URL: `filter`, `columns` with commas between them, and `rate`.
    ///
    /// # Errors
    ///
    /// What is wrong with it; of a filter all diagnostics.
    pub(crate) fn parse(query: &str, config: &Config) -> Result<Self, Refusal> {
        let (mut text, mut columns, mut rate) = (String::new(), None, USUAL_RATE);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "filter" => text = value.into_owned(),
                "columns" => columns = Some(value.into_owned()),
                "rate" => {
                    rate = value.parse().ok().filter(|rate| (1..=MOST_RATE).contains(rate)).ok_or_else(
                        || Refusal::bad_request(&format!("`rate` must be an integer from 1 to {MOST_RATE}")),
                    )?;
                }
                other => {
                    return Err(Refusal::bad_request(&format!(
                        "unknown parameter `{other}`: there are `filter`, `columns` and `rate`"
                    )));
                }
            }
        }
        let schema = &config.schema;
        let shown = match columns {
            Some(names) => named(schema, &names)?,
            None => usual(schema),
        };
        let reader = ColumnReader::new(schema, &shown);
        known(&reader)?;
        let columns = shown.iter().map(|&id| schema.column(id));
        let columns = columns.map(|column| (column.name.to_string(), Shape::of(column))).collect();
        Ok(Self { filter: checked(&text, config)?, reader, columns, rate })
    }

    /// The same for somebody who may see only the flows that `forced` selects: both must hold.
    ///
    /// # Errors
    ///
    /// That `forced` asks for what only the database knows: nothing is shown then.
    pub(crate) fn within(self, forced: &Filter, config: &Config) -> Result<Self, Refusal> {
        let group = |filter: &Filter| Filter::Group(Box::new(filter.clone()));
        let both = match &self.filter {
            Some(filter) => Filter::And(vec![group(forced), group(filter)]),
            None => forced.clone(),
        };
        evaluable(&both, config)?;
        Ok(Self { filter: Some(both), ..self })
    }

    /// A row of a block as a JSON object, without what is zero or empty.
    pub(crate) fn line(&self, values: &[Values<'_>], row: usize) -> String {
        let mut line = "{".to_owned();
        for ((name, shape), values) in self.columns.iter().zip(values) {
            let Some(value) = shape.json(&values.value(row)) else { continue };
            let comma = if line.len() > 1 { "," } else { "" };
            // Writing to a text does not fail.
            let _ = write!(line, "{comma}\"{name}\":{value}");
        }
        line + "}"
    }
}

/// The enabled columns that blocks come with.
fn usual(schema: &Schema) -> Vec<ColumnId> {
    let enabled = schema.columns().iter().filter(|column| !column.disabled && Batch::has(column));
    enabled.filter_map(|column| schema.find(&column.name)).collect()
}

/// The columns of these names.
fn named(schema: &Schema, names: &str) -> Result<Vec<ColumnId>, Refusal> {
    let mut columns = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let id = schema.find(name).filter(|&id| !schema.column(id).disabled);
        let id = id.ok_or_else(|| Refusal::bad_request(&format!("there is no column `{name}`")))?;
        if !columns.contains(&id) {
            columns.push(id);
        }
    }
    if columns.is_empty() {
        return Err(Refusal::bad_request("`columns` names none"));
    }
    Ok(columns)
}

/// Checks a filter.
fn checked(text: &str, config: &Config) -> Result<Option<Filter>, Refusal> {
    let checked = config.compiler().check(text, Options::default());
    let errors: Vec<_> = checked.diagnostics.iter().filter(|found| found.is_error()).collect();
    if let Some(first) = errors.first() {
        let positions = Positions::new(text);
        let place = positions.of(first.span.start);
        let reports: Vec<_> =
            checked.diagnostics.iter().map(|found| Report::new(found, &positions)).collect();
        let message = format!("at line {}, position {}: {}", place.line, place.column, first.message);
        let body = json!({"message": message, "code": "bad_filter", "diagnostics": reports});
        return Err(Refusal { status: StatusCode::BAD_REQUEST, body });
    }
    let Some(filter) = checked.filter else { return Ok(None) };
    evaluable(&filter, config)?;
    Ok(Some(filter))
}

/// Refuses a filter that cannot be asked of flows as they are written.
fn evaluable(filter: &Filter, config: &Config) -> Result<(), Refusal> {
    let evaluator =
        Evaluator::new(&config.schema, filter).map_err(|error| Refusal::bad_request(&error.to_string()))?;
    known(&ColumnReader::new(&config.schema, evaluator.columns()))
}

/// Refuses columns that only the database knows.
fn known(reader: &ColumnReader) -> Result<(), Refusal> {
    let missing: Vec<String> =
        reader.missing(Batch::has).iter().map(|column: &&Column| format!("`{}`", column.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let are = if missing.len() == 1 { "is" } else { "are" };
    Err(Refusal::bad_request(&format!(
        "{} {are} known when a flow is in the database, and not before: ask `flowql query`",
        missing.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> (u16, String) {
        let refusal = Request::parse(query, &Config::default()).unwrap_err();
        (refusal.status.as_u16(), refusal.body["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn requests_are_read() {
        let config = Config::default();
        let request =
            Request::parse("filter=DstPort+%3D+53&columns=dstport,%20PacketSize,DstPort&rate=7", &config);
        let request = request.unwrap();
        assert!(request.filter.is_some());
        assert_eq!(request.rate, 7);
        let names: Vec<&str> = request.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["DstPort", "PacketSize"]);
        let all = Request::parse("", &config).unwrap();
        assert!(all.filter.is_none() && all.columns.len() > 30 && all.rate == USUAL_RATE);
    }

    #[test]
    fn what_only_the_database_has_is_not_watched() {
        let mut config = Config::default();
        config.schema = flowql::Schema::all_columns();
        let refusal = Request::parse("filter=DstRPKI+%3D+%22valid%22", &config).unwrap_err();
        let message = "`DstRPKI` is known when a flow is in the database, and not before: ask `flowql query`";
        assert_eq!(refusal.body["message"], message);
    }

    #[test]
    fn who_may_see_a_part_watches_no_more() {
        let config = Config::default();
        let check = |text: &str| config.compiler().check(text, Options::default()).filter.unwrap();
        let forced = check("DstPort = 53");
        let within = |query: &str| Request::parse(query, &config).unwrap().within(&forced, &config).unwrap();
        assert_eq!(within("").filter, Some(forced.clone()));
        let Some(Filter::And(both)) = within("filter=SrcAS+%3D+1+OR+SrcAS+%3D+2").filter else {
            panic!("both must hold")
        };
        assert_eq!(both.first(), Some(&Filter::Group(Box::new(forced.clone()))));
        assert!(matches!(both.last(), Some(Filter::Group(inner)) if matches!(**inner, Filter::Or(_))));
        // What cannot be asked of flows as they are written shows nothing.
        let mut all = Config::default();
        all.schema = flowql::Schema::all_columns();
        let unknown = all.compiler().check("DstRPKI = \"valid\"", Options::default()).filter.unwrap();
        assert!(Request::parse("", &all).unwrap().within(&unknown, &all).is_err());
    }

    #[test]
    fn what_cannot_be_watched_is_said() {
        for (query, message) in [
            ("rate=0", "`rate` must be an integer from 1 to 1000"),
            ("rate=x", "`rate` must be an integer from 1 to 1000"),
            ("filtre=1", "unknown parameter `filtre`: there are `filter`, `columns` and `rate`"),
            ("columns=Nothing", "there is no column `Nothing`"),
            ("columns=,", "`columns` names none"),
            ("filter=SrcAS+%3D", "at line 1, position 8: expecting a value"),
        ] {
            let (status, said) = refused(query);
            assert_eq!(status, 400);
            assert!(said.starts_with(message), "{query}: {said}");
        }
    }

    #[test]
    fn a_bad_filter_has_its_diagnostics() {
        let refusal = Request::parse("filter=SrcAS+%3D+x+AND+Nope+%3D+1", &Config::default()).unwrap_err();
        assert_eq!(refusal.body["code"], "bad_filter");
        let found = refusal.body["diagnostics"].as_array().unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((&found[1]["line"], &found[1]["start"]), (&json!(1), &json!(14)));
    }
}
