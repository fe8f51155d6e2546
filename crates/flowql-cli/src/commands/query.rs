//! `flowql query`: a filter, run on flows.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql_backend::{
    Backend, Direction, Error, Explanation, FlowFilter, FlowQuery, Kind, Plan, TimeRange, Unit,
};
use flowql_client::{AnswerTable, query_id};
use flowql_config::Config;
use flowql_connect::{BackendArgs, BackendOptions};
use serde::Serialize;
use serde_json::{Map, Value};

use super::database::caution;
use super::{compile, load, runtime};
use crate::args::{By, Global, Query, RowFormat};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::input;
use crate::progress::{ProgressLine, of_query};
use crate::render::chart;
use crate::time_range;

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
        from: time_range::parse(&args.from, now).map_err(bad)?,
        to: time_range::parse(&args.to, now).map_err(bad)?,
    };
    let deadline = time_range::duration(&args.timeout).map_err(bad)?;
    let query =
        FlowQuery { filter, range, kind: kind(&args), limit: args.limit, id: Some(query_id("query")) };
    runtime()?.block_on(async {
        let backend = flows(&config, &args.target, deadline)?;
        if args.explain {
            let explanation = backend.explain(&query).await?;
            caution(global, backend.caution());
            return explain(&explanation, args.format);
        }
        let (plan, table) = answer(global, backend.as_ref(), &query).await?;
        print(global, &args, &plan, &table)
    })
}

/// The backend of the flows.
fn flows(config: &Config, args: &BackendArgs, deadline: Duration) -> Result<Arc<dyn Backend>, Failure> {
    let mut options = BackendOptions::new(config, args)?;
    options.client.deadline = deadline;
    let backend = options.open()?;
    if !backend.capabilities().queries {
        return Err(Error::unsupported(backend.name(), "runs no queries").into());
    }
    Ok(backend)
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

/// How the query ran, and all rows. At a terminal, what takes long says how far it is.
async fn answer(
    global: &Global,
    backend: &dyn Backend,
    query: &FlowQuery,
) -> Result<(Plan, AnswerTable), Failure> {
    let collect = async {
        let answer = backend.query(query).await?;
        caution(global, backend.caution());
        let plan = answer.plan.clone();
        Ok((plan, answer.collect().await?))
    };
    tokio::select! {
        table = collect => table,
        never = watch(backend, query, global.quiet || !io::stderr().is_terminal()) => match never {},
    }
}

/// Shows how far a query is, for as long as this is asked.
async fn watch(backend: &dyn Backend, query: &FlowQuery, is_quiet: bool) -> Infallible {
    let start = Instant::now();
    let mut line = ProgressLine::new(is_quiet);
    loop {
        tokio::time::sleep(PATIENCE).await;
        if !is_quiet {
            // A user who may not see the processes of the server sees the time.
            let id = query.id.as_deref().unwrap_or_default();
            let progress = backend.progress(id).await.ok().flatten().unwrap_or_default();
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

/// Prints how a query ran.
fn explain(explanation: &Explanation, format: RowFormat) -> Result<Status, Failure> {
    let mut output = Output::new();
    if format == RowFormat::Json {
        output.json(explanation)?;
    } else {
        let Explanation { plan, rows_estimated, rows_read, bytes_read, seconds, .. } = explanation;
        output.line(&format!("table: {}: {}", plan.table, plan.reason))?;
        output.line(&format!("time: {} to {}", clock(plan.range.from), clock(plan.range.to)))?;
        output.line(&format!("read: {rows_read} rows, {bytes_read} bytes, in {seconds:.3} s"))?;
        output.line(&format!("keys: {rows_estimated} rows are left to read"))?;
        for line in &explanation.indexes {
            output.line(&format!("  {line}"))?;
        }
        if !plan.sql.is_empty() {
            output.line("sql:")?;
            output.line(&plan.sql.to_string())?;
        }
        for parameter in plan.sql.parameters() {
            let value = serde_json::to_string(&parameter.value.to_string())?;
            output.line(&format!("{}:{} = {value}", parameter.name, parameter.kind))?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}
