//! Answering a [`ValueQuery`] by its plan, as far as the time allows.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::time::Duration;

use flowql::Schema;
use flowql::ide::Suggestion;
use flowql::sql::Parameter;
use futures_util::future::join;
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, ValueRow};
use super::plan::{ValuePlan, Window, plan};
use super::window::Extent;
use crate::{FlowFilter, ValueQuery, Values};
use flowql_client::{Error, Sql};
use flowql_tables::StoredSchema;

/// What runs the statements.
pub trait ValueRows: Sync {
    /// All rows of a statement. Dropping the future cancels the statement.
    fn rows(&self, statement: &Sql) -> impl Future<Output = Result<Vec<ValueRow>, Error>> + Send;
}

/// Fewer values than this, and less than was asked for, are little: a wider window may have more.
const ENOUGH: usize = 10;
/// How long a wider window may take where something was found already.
const QUICK: Duration = Duration::from_millis(400);

/// Said of values that flows have which the rest of the filter does not select.
const OTHER_FLOWS: &str = "only without the rest of the filter";

/// What one of the sources of values gave, and why not all.
#[derive(Default)]
struct Found {
    rows: Vec<ValueRow>,
    error: Option<Error>,
}

/// Answers a query with what is known by its deadline.
///
/// # Errors
///
/// Why nothing at all is known.
pub async fn ask(
    database: &impl ValueRows,
    query: &ValueQuery,
    schema: &Schema,
    stored: &StoredSchema,
) -> Result<Values, Error> {
    let until = Instant::now() + query.deadline;
    let planned = plan(query, schema, stored);
    let reads_flows = !planned.recent.is_empty();
    let mut found = gather(database, query, planned, until).await;
    let is_refused = |found: &Found| matches!(found.error, Some(Error::Database { .. }));
    let mut incomplete = None;
    if is_refused(&found.0) && !stored.dictionaries.is_empty() {
        // A dictionary that cannot be loaded must not cost the values whose names it has.
        let without = StoredSchema { dictionaries: Vec::new(), ..stored.clone() };
        let plain = gather(database, query, plan(query, schema, &without), until).await;
        if plain.0.error.is_none() {
            incomplete = found.0.error.map(|error| format!("no names: {error}"));
            found = plain;
        }
    }
    let (recent, names) = found;
    let is_empty = recent.rows.is_empty() && names.rows.is_empty();
    let has_rest = query.rest.as_ref().map(sql_of) != query.forced.as_ref().map(sql_of);
    let no_flow_fits = reads_flows && recent.rows.is_empty() && has_rest;
    if no_flow_fits && recent.error.is_none() && names.error.is_none() {
        let deadline = until.saturating_duration_since(Instant::now());
        let any = ValueQuery { rest: query.forced.clone(), deadline, ..query.clone() };
        match Box::pin(ask(database, &any, schema, stored)).await {
            Ok(values) => return Ok(of_other_flows(values)),
            Err(error) if is_empty => return Err(error),
            // The names are better than nothing.
            Err(_) => {}
        }
    }
    for (what, error) in [("recent flows", recent.error), ("names", names.error)] {
        match error {
            Some(error) if is_empty => return Err(error),
            Some(error) => {
                incomplete.get_or_insert(format!("no {what}: {error}"));
            }
            None => {}
        }
    }
    let answer = Answer::new(query, schema);
    let suggestions = answer.ranked(merged(recent.rows, names.rows));
    Ok(Values { suggestions, incomplete })
}

/// What a filter asks of flows.
fn sql_of(filter: &FlowFilter) -> (Option<&str>, &[Parameter]) {
    (filter.compiled.sql.as_deref(), &filter.compiled.parameters)
}

/// Values of any flow and names, where the rest of the filter selects no flow that has one: each says so.
fn of_other_flows(mut values: Values) -> Values {
    for Suggestion { detail, .. } in &mut values.suggestions {
        let separator = if detail.is_empty() { "" } else { ", " };
        *detail = format!("{detail}{separator}{OTHER_FLOWS}");
    }
    values
}

/// The recent flows and the names, at the same time.
async fn gather(
    database: &impl ValueRows,
    query: &ValueQuery,
    plan: ValuePlan,
    until: Instant,
) -> (Found, Found) {
    join(recent(database, query, &plan.recent, until), names(database, &plan.names, until)).await
}

async fn recent(database: &impl ValueRows, query: &ValueQuery, windows: &[Window], until: Instant) -> Found {
    let start = Instant::now();
    let mut found = Found::default();
    let mut last: Option<(&Window, Duration)> = None;
    for window in windows {
        // Nobody knows how much that is.
        if window.extent == Extent::UNKNOWN && !found.rows.is_empty() {
            break;
        }
        // A window that would not be read in time is not begun: the answer is that of the recent flows.
        let left = until.saturating_duration_since(Instant::now());
        let patience = if found.rows.is_empty() { left } else { left.min(QUICK) };
        if last.is_some_and(|(narrower, took)| {
            took.saturating_mul(narrower.extent.growth(window.extent)) > patience
        }) {
            break;
        }
        let before = found.rows.len();
        let begun = Instant::now();
        match timeout_at(until, database.rows(&window.statement)).await {
            Ok(Ok(rows)) => found.rows = rows,
            // What a narrower window gave stays.
            Ok(Err(error)) => return Found { error: Some(error), ..found },
            Err(_) => return Found { error: Some(Error::Deadline(start.elapsed())), ..found },
        }
        last = Some((window, begun.elapsed()));
        let few = found.rows.len() < query.limit.min(ENOUGH);
        if !few || (before > 0 && found.rows.len() == before) {
            break;
        }
    }
    found
}

async fn names(database: &impl ValueRows, statements: &[Sql], until: Instant) -> Found {
    let start = Instant::now();
    let mut found = Found::default();
    for statement in statements {
        match timeout_at(until, database.rows(statement)).await {
            Ok(Ok(rows)) => found.rows.extend(rows),
            Ok(Err(error)) => found.error = Some(error),
            Err(_) => return Found { error: Some(Error::Deadline(start.elapsed())), ..found },
        }
    }
    found
}

/// The values of both, each once; the names add what the flows do not say.
fn merged(recent: Vec<ValueRow>, names: Vec<ValueRow>) -> Vec<ValueRow> {
    let mut rows: Vec<ValueRow> = Vec::with_capacity(recent.len() + names.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in recent.into_iter().chain(names) {
        match places.entry(row.value.clone()) {
            Entry::Vacant(place) => {
                place.insert(rows.len());
                rows.push(row);
            }
            Entry::Occupied(place) => {
                if let Some(known) = rows.get_mut(*place.get()).filter(|known| known.detail.is_empty()) {
                    known.detail = row.detail;
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests;
