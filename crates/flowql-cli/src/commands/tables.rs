//! `flowql tables`: the flow tables.

use std::collections::BTreeMap;
use std::fs;
use std::iter;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use flowql::Schema;
use flowql_client::Client;
use flowql_tables::{
    self as tables, Aggregate, AsNames, Catalog, Change, FLOWS_TABLE, Layout, Login, Reach, SETTINGS,
    Statement,
};
use flowql_tables::{StoredSchema, StoredTable};
use serde::Serialize;

use super::database::{Database, caution};
use super::{load, runtime};
use crate::args::{Global, Making, Tables, TablesAction};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};

/// How long a question about the tables may take.
const DEADLINE: Duration = Duration::from_secs(60);

pub(super) fn run(global: &Global, args: &Tables) -> Result<Status, Failure> {
    let config = load(global, None)?;
    let runtime = runtime()?;
    match &args.action {
        TablesAction::Create { making, target } => runtime.block_on(async {
            make(global, &config.schema, &Database::named(&config, target)?, making, Change::Nothing).await
        }),
        TablesAction::Migrate { making, expire, target } => runtime.block_on(async {
            let change = if *expire { Change::AddAndExpire } else { Change::Add };
            make(global, &config.schema, &Database::named(&config, target)?, making, change).await
        }),
        TablesAction::Show { json, target } => runtime.block_on(async {
            show(global, &config.schema, &Database::named(&config, target)?, *json).await
        }),
    }
}

async fn make(
    global: &Global,
    schema: &Schema,
    database: &Database,
    making: &Making,
    change: Change,
) -> Result<Status, Failure> {
    let names = making.as_names.as_deref().map(as_names).transpose()?;
    let client = database.outside(DEADLINE)?;
    let statements = missing(&client, schema, database, change, names.as_ref(), making.dry_run).await?;
    if making.dry_run {
        return print(&statements);
    }
    let say = |what: &str| {
        if !global.quiet {
            console::message(what);
        }
    };
    if statements.is_empty() {
        say("all is there already");
        return Ok(Status::Good);
    }
    if let Some(caution) = tables::caution(&statements) {
        say(&format!("note: {caution}"));
    }
    let say = |statement: &Statement| say(&statement.what);
    tables::make(&client, &database.layout, schema, change, names.as_ref(), say).await?;
    Ok(Status::Good)
}

/// The statements that are left to do. Those that are shown hold no password.
async fn missing(
    client: &Client,
    schema: &Schema,
    database: &Database,
    change: Change,
    names: Option<&AsNames>,
    shown: bool,
) -> Result<Vec<Statement>, Failure> {
    let mut layout = database.layout.clone();
    let found = Catalog::read(client, &layout.database).await?;
    if let (true, Some(login)) = (shown, &mut layout.login) {
        *login = Login { password: "***".to_owned(), user: login.user.clone() };
    }
    Ok(tables::statements(&layout, schema, &found, change, names))
}

/// Makes the tables where they are missing.
pub(super) async fn ensure(schema: &Schema, database: &Database) -> Result<(), Failure> {
    let client = database.outside(DEADLINE)?;
    if missing(&client, schema, database, Change::Nothing, None, false).await?.is_empty() {
        return Ok(());
    }
    Ok(tables::make(&client, &database.layout, schema, Change::Nothing, None, |_| {}).await?)
}

/// The statements as a script for `clickhouse-client`; long data only in their number of lines.
fn print(statements: &[Statement]) -> Result<Status, Failure> {
    let mut output = Output::new();
    for (name, value) in SETTINGS.iter().filter(|_| !statements.is_empty()) {
        output.line(&format!("SET {name} = {value};"))?;
    }
    if let Some(caution) = tables::caution(statements) {
        output.line(&format!("-- note: {caution}"))?;
    }
    for Statement { what, sql, data, waits } in statements {
        output.line(&match data {
            Some(data) => format!("\n-- {what}: {} rows follow\n-- {sql}", data.lines().count()),
            None if *waits => format!("\n-- {what}, until this is zero\n-- {sql}"),
            None => format!("\n-- {what}\n{sql};"),
        })?;
    }
    output.finish()?;
    Ok(Status::Good)
}

fn as_names(path: &Path) -> Result<AsNames, Failure> {
    let help = "its lines are a number, a comma and a name: 15169,Google";
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display()), help))?;
    AsNames::parse(&text)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display()), help))
}

/// The tables as JSON has them.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    stored: &'a StoredSchema,
    /// For how many seconds a table keeps its rows; null is for ever.
    kept: BTreeMap<&'a str, Option<u64>>,
    /// Who makes the rows of the aggregated tables.
    aggregate: Aggregate,
    /// Where the configuration says otherwise.
    notes: Vec<String>,
}

async fn show(global: &Global, schema: &Schema, database: &Database, json: bool) -> Result<Status, Failure> {
    let client = database.outside(DEADLINE)?;
    let found = Catalog::read(&client, &database.layout.database).await?;
    caution(global, client.caution());
    let stored = match found.tables.is_empty() {
        true => StoredSchema::default(),
        false => StoredSchema::of(&database.client(DEADLINE)?, &found).await?,
    };
    let of_flows =
        found.tables.iter().filter(|(name, _)| stored.tables.iter().any(|table| table.name == **name));
    let kept: BTreeMap<&str, Option<Duration>> =
        of_flows.map(|(name, table)| (name.as_str(), table.kept())).collect();
    let mut notes = notes(&database.layout, &kept);
    let (wanted, why) = database.layout.aggregate_of(schema);
    let aggregate = found.aggregate().unwrap_or(wanted);
    if !stored.tables.is_empty() {
        notes.extend(why.map(|why| format!("views fill the aggregated tables: {why}")));
        notes.extend((aggregate != wanted).then(|| {
            let filled = filled_by(wanted);
            format!("the aggregated tables are to be filled by {filled}; `flowql tables migrate` changes it")
        }));
    }
    let mut output = Output::new();
    if json {
        let seconds = kept.into_iter().map(|(name, kept)| (name, kept.map(|kept| kept.as_secs())));
        output.json(&Shown { stored: &stored, kept: seconds.collect(), aggregate, notes })?;
    } else if stored.tables.is_empty() {
        output.line("there are no flow tables; `flowql tables create` makes them")?;
    } else {
        let line = |name: &str, resolution: &str, kept: &str, oldest: &str, columns: &str| {
            format!("{name:<14}  {resolution:<10}  {kept:<10}  {oldest:<20}  {columns:>7}")
        };
        output.line(&line("TABLE", "RESOLUTION", "KEPT", "OLDEST", "COLUMNS"))?;
        for StoredTable { name, resolution, oldest, columns, .. } in &stored.tables {
            let resolution = match resolution.as_secs() {
                0 => "every flow".to_owned(),
                seconds => format!("{seconds} s"),
            };
            let kept = length(kept.get(name.as_str()).copied().flatten());
            let oldest = oldest.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let oldest =
                oldest.map_or_else(|| "empty".to_owned(), |time| flowql_client::iso_time(time.as_secs()));
            output.line(&line(name, &resolution, &kept, &oldest, &columns.len().to_string()))?;
        }
        let exporters = if stored.exporters.is_empty() {
            "missing".to_owned()
        } else {
            format!("{} columns", stored.exporters.len())
        };
        output.line(&format!("exporters: {exporters}"))?;
        output.line(&format!("dictionaries: {}", stored.dictionaries.join(", ")))?;
        output.line(&format!("aggregated tables: filled by {}", filled(aggregate, stored.reach.as_ref())))?;
        for note in &notes {
            output.line(&format!("note: {note}"))?;
        }
    }
    output.finish()?;
    Ok(Status::Good)
}

const fn filled_by(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Collector => "the collector",
        Aggregate::Views => "views",
    }
}

/// Who fills the aggregated tables, and up to when.
fn filled(aggregate: Aggregate, reach: Option<&Reach>) -> String {
    let mut text = filled_by(aggregate).to_owned();
    let Some(Reach { time, silent }) = reach else { return text };
    if let Some(time) = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()) {
        text.push_str(&format!(" up to {}", flowql_client::iso_time(time.as_secs())));
    }
    if !silent.is_empty() {
        text.push_str(&format!("; left out: {}", silent.join(", ")));
    }
    text
}

/// Where the tables are not what the configuration asks for.
fn notes(layout: &Layout, kept: &BTreeMap<&str, Option<Duration>>) -> Vec<String> {
    let wanted = layout.aggregated.iter().map(|table| (table.name(), table.ttl));
    let wanted = iter::once((FLOWS_TABLE.to_owned(), layout.ttl)).chain(wanted);
    let of = |(name, ttl): (String, Duration)| {
        let ttl = (!ttl.is_zero()).then_some(ttl);
        match kept.get(name.as_str()) {
            None => Some(format!("{name} is missing; `flowql tables migrate` makes it")),
            Some(kept) if *kept != ttl => Some(format!(
                "{name} is to be kept for {}; `flowql tables migrate --expire` changes it",
                length(ttl)
            )),
            Some(_) => None,
        }
    };
    wanted.filter_map(of).collect()
}

/// As `15 days`.
fn length(kept: Option<Duration>) -> String {
    match kept.map(|kept| kept.as_secs()) {
        None => "ever".to_owned(),
        Some(86_400) => "1 day".to_owned(),
        Some(seconds) if seconds % 86_400 == 0 => format!("{} days", seconds / 86_400),
        Some(seconds) => format!("{seconds} s"),
    }
}
