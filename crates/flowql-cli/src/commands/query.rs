//! `flowql query`: a filter, run on flows.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql::{Diagnostic, Positions};
use flowql_backend::{
    Backend, Direction, Error, Explanation, FlowFilter, FlowQuery, Kind, Plan, QueryOptions, Statistic,
    TimeRange, Unit, both,
};
use flowql_client::{AnswerTable, query_id};
use flowql_config::Config;
use flowql_connect::{BackendArgs, BackendOptions};
use serde::Serialize;
use serde_json::{Map, Value};

use super::database::caution;
use super::{compile, load, runtime};
use crate::args::{By, Global, Query, Rank, RowFormat};
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
    let question = match Question::new(&config, &args, &input.text)? {
        Ok(question) => question,
        Err(diagnostics) => return Ok(compile::report(global, input, diagnostics)),
    };
    compile::report(global, input, question.diagnostics.clone());
    let bad = |message| Failure::new(message, "see `flowql help query`");
    let deadline = time_range::duration(&args.timeout).map_err(bad)?;
    runtime()?.block_on(async {
        let backend = flows(&config, &args.target, deadline)?;
        if args.explain {
            let explanation = backend.explain(&question.forward).await?;
            caution(global, backend.caution());
            return explain(&explanation, args.format);
        }
        let (plan, table) = answer(global, backend.as_ref(), &question).await?;
        print(global, &args, &question, &plan, &table)
    })
}

/// What is asked, in one direction or both.
struct Question {
    forward: FlowQuery,
    reverse: Option<FlowQuery>,
    /// The warnings and hints of the filter.
    diagnostics: Vec<Diagnostic>,
}

impl Question {
    /// The question of the options; or what is wrong with the filter.
    fn new(config: &Config, args: &Query, text: &str) -> Result<Result<Self, Vec<Diagnostic>>, Failure> {
        let bad = |message| Failure::new(message, "see `flowql help query`");
        let direction = if args.reverse { Direction::Reverse } else { Direction::Forward };
        let filter = match FlowFilter::compile(&config.compiler(), text, direction, None) {
            Ok(filter) => filter,
            Err(diagnostics) => return Ok(Err(diagnostics)),
        };
        let mut diagnostics = filter.compiled.diagnostics.clone();
        let now = SystemTime::now();
        let range = TimeRange {
            from: time_range::parse(&args.from, now).map_err(bad)?,
            to: time_range::parse(&args.to, now).map_err(bad)?,
        };
        if range.to <= now && now < range.from {
            return Err(bad("the time begins in the future".to_owned()));
        }
        let options = QueryOptions {
            statistic: statistic(args.rank),
            step: args.step.as_deref().map(time_range::duration).transpose().map_err(bad)?,
            points: Some(args.points),
            is_plain: false,
        };
        let (kind, limit) = (kind(args), args.limit);
        let forward = FlowQuery { filter, range, kind, limit, options, id: Some(query_id("query")) };
        let mut reverse = None;
        if args.both {
            let filter = match FlowFilter::compile(&config.compiler(), text, direction.opposite(), None) {
                Ok(filter) => filter,
                Err(diagnostics) => return Ok(Err(diagnostics)),
            };
            let new = filter.compiled.diagnostics.iter().filter(|found| !diagnostics.contains(found));
            diagnostics.extend(new.cloned().collect::<Vec<_>>());
            reverse = Some(forward.reversed(&config.schema, filter)?);
        }
        Ok(Ok(Self { forward, reverse, diagnostics }))
    }
}

fn statistic(rank: Rank) -> Statistic {
    match rank {
        Rank::Average => Statistic::Average,
        Rank::Maximum => Statistic::Maximum,
        Rank::Last => Statistic::Last,
        Rank::P95 => Statistic::P95,
    }
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
        By::L2bits => Unit::L2Bits,
        By::Packets => Unit::Packets,
        By::Flows => Unit::Flows,
        By::Inspeed => Unit::InSpeed,
        By::Outspeed => Unit::OutSpeed,
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
    question: &Question,
) -> Result<(Plan, AnswerTable), Failure> {
    let collect = async {
        let answer = match &question.reverse {
            Some(reverse) => both(backend, &question.forward, reverse).await?,
            None => backend.query(&question.forward).await?,
        };
        caution(global, backend.caution());
        let plan = answer.plan.clone();
        Ok((plan, answer.collect().await?))
    };
    tokio::select! {
        table = collect => table,
        never = watch(backend, &question.forward, global.quiet || !io::stderr().is_terminal()) => match never {},
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
    #[serde(flatten)]
    plan: Planned<'a>,
    /// Of the opposite direction, where both are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverse: Option<Planned<'a>>,
    /// The warnings and hints of the filter.
    diagnostics: Vec<flowql::Report<'a>>,
    rows: Vec<Map<String, Value>>,
}

/// How a query ran.
#[derive(Serialize)]
struct Planned<'a> {
    table: &'a str,
    reason: &'a str,
    /// The time that is covered: whole intervals of the table.
    from: String,
    to: String,
    /// Between the points of a series, in seconds.
    interval: Option<u64>,
}

impl<'a> Planned<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            table: &plan.table,
            reason: &plan.reason,
            from: clock(plan.range.from),
            to: clock(plan.range.to),
            interval: plan.interval.map(|interval| interval.as_secs()),
        }
    }
}

fn print(
    global: &Global,
    args: &Query,
    question: &Question,
    plan: &Plan,
    table: &AnswerTable,
) -> Result<Status, Failure> {
    let mut output = Output::new();
    match args.format {
        RowFormat::Json => {
            let positions = Positions::new(&question.forward.filter.text);
            let report = |found| flowql::Report::new(found, &positions);
            output.json(&Report {
                plan: Planned::new(plan),
                reverse: plan.reverse.as_deref().map(Planned::new),
                diagnostics: question.diagnostics.iter().map(report).collect(),
                rows: table.objects(),
            })?;
        }
        RowFormat::Csv => output.text(&table.csv())?,
        RowFormat::Markdown => output.text(&table.markdown())?,
        RowFormat::Table => {
            let is_series = matches!(question.forward.kind, Kind::Series { .. });
            let lines = if is_series { chart::lines(table) } else { table.lines() };
            for line in lines.iter().filter(|_| !table.rows.is_empty()) {
                output.line(line)?;
            }
        }
    }
    output.finish()?;
    if !global.quiet && question.forward.range.from > SystemTime::now() {
        console::message("all of the time is in the future");
    } else if !global.quiet && table.rows.is_empty() {
        console::message("no flow matches");
    }
    if !global.quiet && args.format != RowFormat::Json {
        widened(plan, question.forward.range);
        // Mostly the other direction is of the same time.
        if let Some(reverse) = plan.reverse.as_deref().filter(|reverse| reverse.range != plan.range) {
            widened(reverse, question.forward.range);
        }
    }
    Ok(Status::Good)
}

/// Says that a query covers more time than was asked for.
fn widened(plan: &Plan, asked: TimeRange) {
    let second = Duration::from_secs(1);
    let TimeRange { from, to } = plan.range;
    // To the second is close enough.
    if from + second <= asked.from || asked.to + second <= to {
        let (table, from, to) = (&plan.table, clock(from), clock(to));
        console::message(&format!("the time is widened to whole intervals of {table}: {from} to {to}"));
    }
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
