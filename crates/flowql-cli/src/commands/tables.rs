//! `flowql tables`: the flow tables.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use flowql::Schema;
use flowql_backend::clickhouse::Client;
use flowql_backend::tables::{self, AsNames, Change, Login, SETTINGS, Statement};
use flowql_backend::{StoredSchema, StoredTable};

use super::database::Database;
use super::{load, runtime};
use crate::args::{Global, Making, Tables, TablesAction};
use crate::console::{self, Output};
use crate::failure::{Failure, Status};
use crate::when;

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
            let stored = StoredSchema::read(&Database::named(&config, target)?.client(DEADLINE)?).await?;
            show(&stored, *json)
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
    tables::apply(&client, &statements, |statement| {
        if !global.quiet {
            console::message(&statement.what);
        }
    })
    .await?;
    if statements.is_empty() && !global.quiet {
        console::message("all is there already");
    }
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
    let found = tables::find(client, &layout).await?;
    if let (true, Some(login)) = (shown, &mut layout.login) {
        *login = Login { password: "***".to_owned(), user: login.user.clone() };
    }
    Ok(tables::statements(&layout, schema, &found, change, names))
}

/// Makes the tables where they are missing.
pub(super) async fn ensure(schema: &Schema, database: &Database) -> Result<(), Failure> {
    let client = database.outside(DEADLINE)?;
    let statements = missing(&client, schema, database, Change::Nothing, None, false).await?;
    Ok(tables::apply(&client, &statements, |_| {}).await?)
}

/// The statements as a script for `clickhouse-client`; long data only in their number of lines.
fn print(statements: &[Statement]) -> Result<Status, Failure> {
    let mut output = Output::new();
    for (name, value) in SETTINGS.iter().filter(|_| !statements.is_empty()) {
        output.line(&format!("SET {name} = {value};"))?;
    }
    for Statement { what, sql, data } in statements {
        output.line(&match data {
            Some(data) => format!("\n-- {what}: {} rows follow\n-- {sql}", data.lines().count()),
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

fn show(stored: &StoredSchema, json: bool) -> Result<Status, Failure> {
    let mut output = Output::new();
    if json {
        output.json(stored)?;
    } else if stored.tables.is_empty() {
        output.line("there are no flow tables; `flowql tables create` makes them")?;
    } else {
        output.line(&format!("{:<14}  {:<10}  {:<20}  {:>7}", "TABLE", "RESOLUTION", "OLDEST", "COLUMNS"))?;
        for StoredTable { name, resolution, oldest, columns } in &stored.tables {
            let resolution = if resolution.is_zero() {
                "every flow".to_owned()
            } else {
                format!("{} s", resolution.as_secs())
            };
            let oldest = oldest.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let oldest = oldest.map_or_else(|| "empty".to_owned(), |time| when::format(time.as_secs()));
            output.line(&format!("{name:<14}  {resolution:<10}  {oldest:<20}  {:>7}", columns.len()))?;
        }
        let exporters = if stored.exporters.is_empty() {
            "missing".to_owned()
        } else {
            format!("{} columns", stored.exporters.len())
        };
        output.line(&format!("exporters: {exporters}"))?;
        output.line(&format!("dictionaries: {}", stored.dictionaries.join(", ")))?;
    }
    output.finish()?;
    Ok(Status::Good)
}
