//! `flowql query`: a filter, run on flows.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql_backend::{AnswerTable, Direction, FlowFilter, FlowQuery, Kind, Plan, TimeRange, Unit};
use flowql_client::{Client, Statement, query_id, sql};
use flowql_tables::StoredSchema;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::{Map, Value};

use super::database::{Database, caution};
use super::{compile, load, runtime};
use crate::args::{By, Global, Query, RowFormat};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input;
use crate::progress::{ProgressLine, of_query};
use crate::render::chart;
use crate::when;

/// After so long, and so often, it is shown how far a query is.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn run(global: &Global, args: Query) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let input = input::filter(args.filter.clone(), &config.limits)?;
    let direction = if args.reverse { Direction::Reverse } else { Direction::Forward };
    let filter = match FlowFilter::compile(&config.compiler(), &input.text, direction, None) {
        Ok(filter) => filter,
        Err(diagnostics) => return Ok(compile::report(global, input, diagnostics)),
    };
    let bad = |message| Failure::new(message, "see `flowql help query`");
    let now = SystemTime::now();
    let range = TimeRange {
        from: when::parse(&args.from, now).map_err(bad)?,
        to: when::parse(&args.to, now).map_err(bad)?,
    };
    let deadline = when::duration(&args.timeout).map_err(bad)?;
    let query = FlowQuery { filter, range, kind: kind(&args), limit: args.limit };
    runtime()?.block_on(async {
        let client = Database::named(&config, &args.target)?.client(deadline)?;
        let stored = StoredSchema::read(&client).await?;
        caution(global, &client);
        let plan = query.plan(&config.schema, &stored)?;
        if args.explain {
            return explain(&client, &plan, args.format).await;
        }
        let table = answer(global, &client, &plan).await?;
        print(global, &args, &plan, &table)
    })
}

fn kind(args: &Query) -> Kind {
    let unit = match args.by {
        By::Bits => Unit::Bits,
        By::Packets => Unit::Packets,
        By::Flows => Unit::Flows,
    };
    let columns = args.top.clone();
    match (args.flows, args.series || args.top.is_empty()) {
        (true, _) => Kind::Flows { columns: args.columns.clone() },
        (false, true) => Kind::Series { columns, unit, points: args.points },
        (false, false) => Kind::Top { columns, unit },
    }
}

/// All rows. At a terminal, what takes long says how far it is.
async fn answer(global: &Global, client: &Client, plan: &Plan) -> Result<AnswerTable, Failure> {
    let id = query_id("query");
    let collect = async {
        let answer = client.rows(&plan.statement().named(&id)).await?;
        Ok(AnswerTable { rows: answer.rows.try_collect().await?, columns: answer.columns })
    };
    tokio::select! {
        table = collect => table,
        never = watch(client, &id, global.quiet || !io::stderr().is_terminal()) => match never {},
    }
}

/// Shows how far a statement is, for as long as this is asked.
async fn watch(client: &Client, id: &str, is_quiet: bool) -> Infallible {
    let start = Instant::now();
    let mut line = ProgressLine::new(is_quiet);
    loop {
        tokio::time::sleep(PATIENCE).await;
        if !is_quiet {
            // A user who may not see the processes of the server sees the time.
            let progress = client.progress(id).await.ok().flatten().unwrap_or_default();
            line.show(|| of_query(&progress, start.elapsed()));
        }
    }
}

/// An answer as JSON has it.
#[derive(Serialize)]
struct Report<'a> {
    table: &'a str,
    reason: &'a str,
    from: String,
    to: String,
    /// Between the points of a series, in seconds.
    interval: Option<u64>,
    rows: Vec<Map<String, Value>>,
}

fn print(global: &Global, args: &Query, plan: &Plan, table: &AnswerTable) -> Result<Status, Failure> {
    let mut output = Output::new();
    match args.format {
        RowFormat::Json => output.json(&Report {
            table: &plan.table,
            reason: &plan.reason,
            from: clock(plan.range.from),
            to: clock(plan.range.to),
            interval: plan.interval.map(|interval| interval.as_secs()),
            rows: table.objects(),
        })?,
        RowFormat::Csv => output.text(&table.csv())?,
        RowFormat::Markdown => output.text(&table.markdown())?,
        RowFormat::Table => {
            let lines = if plan.interval.is_some() { chart::lines(table) } else { table.lines() };
            for line in lines.iter().filter(|_| !table.rows.is_empty()) {
                output.line(line)?;
            }
        }
    }
    output.finish()?;
    if table.rows.is_empty() && !global.quiet {
        console::message("no flow matches");
    }
    Ok(Status::Good)
}

fn clock(time: SystemTime) -> String {
    flowql_client::iso_time(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

/// How a query runs, as JSON has it.
#[derive(Serialize)]
struct Explanation<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    /// Of the rows of the table, those in the parts and granules that the keys and indexes leave.
    rows_estimated: u64,
    /// What each key and index leaves, as ClickHouse tells it.
    indexes: Vec<String>,
    rows_read: u64,
    bytes_read: u64,
    seconds: f64,
}

async fn explain(client: &Client, plan: &Plan, format: RowFormat) -> Result<Status, Failure> {
    let sql = &plan.sql;
    let indexes = Statement::read(sql!("EXPLAIN indexes = 1 {sql}", sql));
    let indexes = client.rows(&indexes).await?.collect().await?;
    let indexes = index_lines(indexes.iter().filter_map(|row| row.first()?.as_str()));
    let estimate = client.rows(&Statement::read(sql!("EXPLAIN ESTIMATE {sql}", sql))).await?;
    let place = estimate.columns.iter().position(|column| column.name == "rows");
    let estimate = estimate.collect().await?;
    let rows_estimated = estimate.iter().filter_map(|row| row.get(place?)?.as_u64()).sum();
    let statistics = client.statistics(&plan.statement()).await?;
    let explanation = Explanation {
        plan,
        rows_estimated,
        indexes,
        rows_read: statistics.rows_read,
        bytes_read: statistics.bytes_read,
        seconds: statistics.elapsed,
    };
    let mut output = Output::new();
    if format == RowFormat::Json {
        output.json(&explanation)?;
    } else {
        let Explanation { rows_read, bytes_read, seconds, .. } = explanation;
        output.line(&format!("table: {}: {}", plan.table, plan.reason))?;
        output.line(&format!("time: {} to {}", clock(plan.range.from), clock(plan.range.to)))?;
        output.line(&format!("read: {rows_read} rows, {bytes_read} bytes, in {seconds:.3} s"))?;
        output.line(&format!("keys: {rows_estimated} rows are left to read"))?;
        for line in &explanation.indexes {
            output.line(&format!("  {line}"))?;
        }
        output.line("sql:")?;
        output.line(&plan.sql.to_string())?;
        for parameter in plan.sql.parameters() {
            let value = serde_json::to_string(&parameter.value.to_string())?;
            output.line(&format!("{}:{} = {value}", parameter.name, parameter.kind))?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}

/// Of `EXPLAIN indexes = 1`, a line for each index: `PrimaryKey: parts 2/10, granules 7/130`.
fn index_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut name = String::new();
    let mut parts = String::new();
    let mut kind = String::new();
    for line in lines.map(str::trim) {
        match line.split_once(": ") {
            None if ["MinMax", "Partition", "PrimaryKey", "Skip"].contains(&line) => {
                kind = line.to_owned();
                name.clear();
            }
            Some(("Name", index)) => name = format!(" {index}"),
            Some(("Parts", count)) => parts = count.to_owned(),
            Some(("Granules", count)) => {
                let text = format!("{kind}{name}: parts {parts}, granules {count}");
                if !found.contains(&text) {
                    found.push(text);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_indexes_leave_is_read() {
        let text = "Expression\n  ReadFromMergeTree (db.flows)\n  Indexes:\n    MinMax\n      Keys: \n        \
                    TimeReceived\n      Condition: x\n      Parts: 2/5\n      Granules: 30/90\n    PrimaryKey\n      \
                    Parts: 2/2\n      Granules: 7/30\n    Skip\n      Name: SrcAS_index\n      Description: \
                    bloom_filter GRANULARITY 4\n      Parts: 1/2\n      Granules: 3/7";
        assert_eq!(
            index_lines(text.lines()),
            [
                "MinMax: parts 2/5, granules 30/90",
                "PrimaryKey: parts 2/2, granules 7/30",
                "Skip SrcAS_index: parts 1/2, granules 3/7",
            ]
        );
    }
}
