//! The views that carry flows from table to table.

use std::time::{Duration, UNIX_EPOCH};

use flowql::Schema;
use flowql_client::{Sql, sql};
use flowql_schema::Storage;

use super::Statement;
use super::aggregate::{ingest_view_of, view_of};
use super::computed;
use super::definition::{Value, columns_of};
use super::layout::{Aggregation, FLOWS_TABLE, INGEST_TABLE, Layout, aggregated_name};

/// The table of the interfaces.
const EXPORTERS_TABLE: &str = "exporters";

/// The view that fills `exporters`.
pub(crate) const EXPORTERS_VIEW: &str = "exporters_consumer";

/// What comes before the first time that a view on another aggregated table takes.
const BEGINNING: &str = "TimeReceived >= toDateTime(";

/// How long a statement may take from when it is made until it is done.
const AHEAD: Duration = Duration::from_secs(600);

/// A view that writes what it selects to a table.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) target: String,
    /// The columns that it selects.
    pub(crate) columns: Vec<String>,
    pub(crate) select: Sql,
}

impl View {
    pub(crate) fn create(&self, layout: &Layout) -> Statement {
        let (view, target, select) = (layout.table(&self.name), layout.table(&self.target), &self.select);
        Statement::new(
            format!("fill {} from now on", self.target),
            sql!(
                "CREATE MATERIALIZED VIEW IF NOT EXISTS {view} TO {target} AS\n{select}",
                view,
                target,
                select
            ),
        )
    }

    pub(crate) fn modify(&self, layout: &Layout) -> Statement {
        let (view, select) = (layout.table(&self.name), &self.select);
        Statement::new(
            format!("change what {} is filled with", self.target),
            sql!("ALTER TABLE {view} MODIFY QUERY\n{select}", view, select),
        )
    }
}

/// From the table that writers write to, to `flows`.
pub(crate) fn raw(layout: &Layout, schema: &Schema) -> View {
    let stored = schema.columns().iter().filter(|column| !column.disabled && !column.is_computed_at_query());
    let mut columns = Vec::new();
    let mut items = Vec::new();
    for column in stored {
        columns.push(column.name.to_string());
        items.push(match computed::expression(layout, column) {
            Some(value) => sql!("{value} AS {name}", value, name = Sql::name(&column.name)),
            None => Sql::name(&column.name),
        });
    }
    View {
        name: format!("{INGEST_TABLE}_consumer"),
        target: FLOWS_TABLE.to_owned(),
        columns,
        select: select(items, layout.table(INGEST_TABLE)),
    }
}

/// From `flows` to an aggregated table.
pub(crate) fn aggregated(layout: &Layout, schema: &Schema, aggregation: &Aggregation) -> View {
    let name = aggregation.name();
    let (columns, select) = sums(layout, schema, aggregation.interval);
    View { name: view_of(&name), target: name, columns, select }
}

/// From the table that writers write to, to an aggregated table: where the collector sums up, for those who do not.
pub(crate) fn ingested(layout: &Layout, schema: &Schema, aggregation: &Aggregation) -> View {
    let name = aggregation.name();
    let (columns, select) = sums_of(layout, schema, INGEST_TABLE, aggregation.interval);
    View { name: ingest_view_of(&name), target: name, columns, select }
}

/// From the finest aggregated table to another one. `from`, in seconds since 1970, is when the first flow counts: where the
/// finest table has older rows, the other one begins with a whole interval.
pub(crate) fn coarser(
    layout: &Layout,
    schema: &Schema,
    (finest, aggregation): (&Aggregation, &Aggregation),
    from: Option<u64>,
) -> View {
    let name = aggregation.name();
    let (columns, select) = sums_of(layout, schema, &finest.name(), aggregation.interval);
    let select = match from {
        Some(from) => sql!("{select}\nWHERE {BEGINNING}{from})", select, BEGINNING, from),
        None => select,
    };
    View { name: view_of(&name), target: name, columns, select }
}

/// The first time that a view on another aggregated table takes, by its query.
pub(crate) fn beginning(query: &str) -> Option<u64> {
    let (_, rest) = query.split_once(BEGINNING)?;
    rest.split_once(')')?.0.parse().ok()
}

/// When a table that another one feeds is to begin: at a whole interval that no flow is of yet.
pub(crate) fn next_beginning(interval: Duration) -> u64 {
    let now = UNIX_EPOCH.elapsed().unwrap_or_default() + AHEAD;
    (now.as_secs() + 1).next_multiple_of(interval.as_secs().max(1))
}

/// The columns of an aggregated table, and the query that gives them out of `flows`. The table adds up by itself.
pub(crate) fn sums(layout: &Layout, schema: &Schema, interval: Duration) -> (Vec<String>, Sql) {
    sums_of(layout, schema, FLOWS_TABLE, interval)
}

/// The same out of another table of flows.
fn sums_of(layout: &Layout, schema: &Schema, source: &str, interval: Duration) -> (Vec<String>, Sql) {
    let stored = columns_of(layout, schema, true);
    let columns: Vec<String> = stored
        .into_iter()
        .filter(|column| !matches!(column.value, Some(Value::Alias(_))))
        .map(|column| column.name)
        .collect();
    // What writers do not send is computed.
    let computed = |name: &str| {
        let column = schema.find(name).filter(|_| source == INGEST_TABLE);
        computed::expression(layout, schema.column(column?))
    };
    let items: Vec<Sql> = columns
        .iter()
        .map(|name| match (name.as_str(), computed(name)) {
            ("TimeReceived", _) => sql!(
                "toStartOfInterval(TimeReceived, toIntervalSecond({seconds})) AS TimeReceived",
                seconds = interval.as_secs()
            ),
            (name, Some(value)) => sql!("{value} AS {name}", value, name = Sql::name(name)),
            (name, None) => Sql::name(name),
        })
        .collect();
    (columns, select(items, layout.table(source)))
}

/// Moves the rows that a condition selects into a new aggregated table.
pub(crate) fn backfill(
    layout: &Layout,
    schema: &Schema,
    aggregation: &Aggregation,
    condition: Sql,
) -> Statement {
    let (columns, select) = sums(layout, schema, aggregation.interval);
    let name = aggregated_name(aggregation.interval);
    Statement::new(
        format!("fill {name} with the flows that are there"),
        // Equal sums of different flows are no repetition.
        sql!(
            "INSERT INTO {table} ({columns})\n{select}\nWHERE {condition}\nSETTINGS insert_deduplicate = 0",
            table = layout.table(&name),
            columns = Sql::names(columns.iter().map(String::as_str)),
            select,
            condition
        ),
    )
}

/// From `flows` to `exporters`: a row for the interface that a flow came in by, and one for that it went out by.
pub(crate) fn exporters(layout: &Layout, schema: &Schema) -> View {
    exporters_of(layout, schema, FLOWS_TABLE, EXPORTERS_VIEW.to_owned())
}

/// The same of what writers write who do not list the interfaces themselves.
pub(crate) fn ingested_exporters(layout: &Layout, schema: &Schema) -> View {
    exporters_of(layout, schema, INGEST_TABLE, ingest_view_of(EXPORTERS_TABLE))
}

fn exporters_of(layout: &Layout, schema: &Schema, source: &str, view: String) -> View {
    let mut columns = vec!["TimeReceived".to_owned()];
    let mut pairs = Vec::new();
    for (id, column) in schema.ids().map(|id| (id, schema.column(id))).filter(|(_, column)| !column.disabled)
    {
        match (column.storage().exporters, schema.counterpart(id)) {
            (Some(name), None) => columns.push(name.to_owned()),
            (Some(name), Some(Ok(output))) if !columns.iter().any(|other| other == name) => {
                let (first, second) = (Sql::name(&column.name), Sql::name(&schema.column(output).name));
                pairs.push(sql!("[{first}, {second}] AS {name}", first, second, name));
                columns.push(name.to_owned());
            }
            _ => {}
        }
    }
    let pairs = Sql::list(pairs, ", ");
    let select = sql!(
        "SELECT DISTINCT\n  {columns}\nFROM {flows}{join}",
        columns = Sql::list(columns.iter().map(|name| Sql::name(name)), ",\n  "),
        flows = layout.table(source),
        join = if pairs.is_empty() { pairs } else { sql!("\nARRAY JOIN {pairs}", pairs) }
    );
    View { name: view, target: EXPORTERS_TABLE.to_owned(), columns, select }
}

fn select(items: Vec<Sql>, table: Sql) -> Sql {
    sql!("SELECT\n  {items}\nFROM {table}", items = Sql::list(items, ",\n  "), table)
}
