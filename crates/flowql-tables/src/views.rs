//! The views that carry flows from table to table.

use std::time::Duration;

use flowql::Schema;
use flowql_schema::Storage;

use super::Statement;
use super::computed;
use super::definition::{Value, columns_of};
use super::layout::{Aggregation, FLOWS_TABLE, INGEST_TABLE, Layout, aggregated_name};

/// A view that writes what it selects to a table.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) target: String,
    /// The columns that it selects.
    pub(crate) columns: Vec<String>,
    pub(crate) select: String,
}

impl View {
    pub(crate) fn create(&self, layout: &Layout) -> Statement {
        let (view, target, select) = (layout.table(&self.name), layout.table(&self.target), &self.select);
        Statement::new(
            format!("fill {} from now on", self.target),
            format!("CREATE MATERIALIZED VIEW IF NOT EXISTS {view} TO {target} AS\n{select}"),
        )
    }

    pub(crate) fn modify(&self, layout: &Layout) -> Statement {
        let (view, select) = (layout.table(&self.name), &self.select);
        Statement::new(
            format!("change what {} is filled with", self.target),
            format!("ALTER TABLE {view} MODIFY QUERY\n{select}"),
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
            Some(value) => format!("{value} AS {}", column.name),
            None => column.name.to_string(),
        });
    }
    View {
        name: format!("{INGEST_TABLE}_consumer"),
        target: FLOWS_TABLE.to_owned(),
        columns,
        select: select(&items, &layout.table(INGEST_TABLE)),
    }
}

/// From `flows` to an aggregated table.
pub(crate) fn aggregated(layout: &Layout, schema: &Schema, aggregation: &Aggregation) -> View {
    let name = aggregation.name();
    let (columns, select) = sums(layout, schema, aggregation.interval);
    View { name: format!("{name}_consumer"), target: name, columns, select }
}

/// The columns of an aggregated table, and the query that gives them out of `flows`. The table adds up by itself.
pub(crate) fn sums(layout: &Layout, schema: &Schema, interval: Duration) -> (Vec<String>, String) {
    let stored = columns_of(layout, schema, true);
    let columns: Vec<String> = stored
        .into_iter()
        .filter(|column| !matches!(column.value, Some(Value::Alias(_))))
        .map(|column| column.name)
        .collect();
    let items: Vec<String> = columns
        .iter()
        .map(|name| match name.as_str() {
            "TimeReceived" => {
                format!(
                    "toStartOfInterval(TimeReceived, toIntervalSecond({})) AS TimeReceived",
                    interval.as_secs()
                )
            }
            _ => name.clone(),
        })
        .collect();
    (columns, select(&items, &layout.table(FLOWS_TABLE)))
}

/// Moves the rows that a condition selects into a new aggregated table.
pub(crate) fn backfill(
    layout: &Layout,
    schema: &Schema,
    aggregation: &Aggregation,
    condition: &str,
) -> Statement {
    let (columns, select) = sums(layout, schema, aggregation.interval);
    let name = aggregated_name(aggregation.interval);
    Statement::new(
        format!("fill {name} with the flows that are there"),
        // Equal sums of different flows are no repetition.
        format!(
            "INSERT INTO {} ({})\n{select}\nWHERE {condition}\nSETTINGS insert_deduplicate = 0",
            layout.table(&name),
            columns.join(", ")
        ),
    )
}

/// From `flows` to `exporters`: a row for the interface that a flow came in by, and one for that it went out by.
pub(crate) fn exporters(layout: &Layout, schema: &Schema) -> View {
    let mut columns = vec!["TimeReceived".to_owned()];
    let mut pairs = Vec::new();
    for (id, column) in schema.ids().map(|id| (id, schema.column(id))).filter(|(_, column)| !column.disabled)
    {
        match (column.storage().exporters, schema.counterpart(id)) {
            (Some(name), None) => columns.push(name.to_owned()),
            (Some(name), Some(Ok(output))) if !columns.iter().any(|other| other == name) => {
                pairs.push(format!("[{}, {}] AS {name}", column.name, schema.column(output).name));
                columns.push(name.to_owned());
            }
            _ => {}
        }
    }
    let join = if pairs.is_empty() { String::new() } else { format!("\nARRAY JOIN {}", pairs.join(", ")) };
    let select =
        format!("SELECT DISTINCT\n  {}\nFROM {}{join}", columns.join(",\n  "), layout.table(FLOWS_TABLE));
    View { name: "exporters_consumer".to_owned(), target: "exporters".to_owned(), columns, select }
}

fn select(items: &[String], table: &str) -> String {
    format!("SELECT\n  {}\nFROM {table}", items.join(",\n  "))
}
