//! What the keys, the indexes and the choice of the table save, and how quick queries and values are, on generated
//! flows. `tests/bench/store` runs it.

use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql::{Compiler, SavedFilters, Schema};
use flowql_backend::{Direction, FlowFilter, FlowQuery, Kind, QueryOptions, TimeRange, Unit, ValueQuery};
use flowql_client::testing;
use flowql_client::{Sql, Statement, sql};
use flowql_embedded::install;
use flowql_simulate::{Demo, load};
use flowql_tables::StoredSchema;
use flowql_tables::{self as tables, Change, Layout};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Filters, what is asked of the flows that they select, and of the last how many hours.
const CASES: [(&str, Asked, u64); 7] = [
    ("Proto = \"tcp\"", Asked::Top("SrcAS"), 24),
    ("Proto = \"tcp\"", Asked::Top("SrcAS"), 1),
    ("SrcAS = AS15169", Asked::Top("DstPort"), 24),
    ("SrcAS = AS62597", Asked::Top("DstPort"), 24),
    ("SrcAddr = 198.18.0.77", Asked::Top("DstAS"), 24),
    ("InIfBoundary = external", Asked::Series, 24),
    ("DstPort = \"https\"", Asked::Flows, 24),
];

#[derive(Clone, Copy, Debug)]
enum Asked {
    Top(&'static str),
    Series,
    Flows,
}

/// What is typed after a column.
const VALUES: [(&str, &str); 6] = [
    ("SrcAS", "goo"),
    ("SrcAS", "15"),
    ("DstPort", "44"),
    ("InIfName", "et"),
    ("SrcCountry", "F"),
    ("SrcAddr", "198.18."),
];

fn main() -> Outcome<()> {
    let rows = std::env::args().nth(1).map_or(Ok(10_000_000), |rows| rows.parse())?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(rows))
}

async fn run(rows: u64) -> Outcome<()> {
    // Fetched once.
    install::install(None, &mut |_| {})?;
    let client = testing::client().await;
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let schema = Schema::default();
    let found = tables::Catalog::read(&client, &layout.database).await?;
    tables::apply(&client, &tables::statements(&layout, &schema, &found, Change::Nothing, None), |_| {})
        .await?;
    let now = UNIX_EPOCH.elapsed()?.as_secs() / 3600 * 3600;
    let demo =
        Demo { seed: 1, rows, end: UNIX_EPOCH + Duration::from_secs(now), span: Duration::from_secs(86_400) };
    let start = Instant::now();
    load(&client, &layout, &schema, &demo, Duration::from_secs(600), |_| {}).await?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "loaded {rows} flows in {seconds:.1} s, {:.0} thousand a second",
        rows as f64 / seconds / 1000.0
    );
    for table in ["flows", "flows_1m0s", "flows_5m0s", "flows_1h0m0s"] {
        let merge =
            Statement::write(sql!("OPTIMIZE TABLE {table} FINAL", table)).deadline(Duration::from_secs(3600));
        client.execute(&merge).await?;
        let cost = client.statistics(&Statement::read(sql!("SELECT sum(Bytes) FROM {table}", table))).await?;
        println!("{table}: {} rows", cost.rows_read);
    }

    let stored = StoredSchema::read(&client).await?;
    println!(
        "\n{:<26} {:<12} {:>3}  {:<13} {:>10} {:>10} {:>7} {:>8} {:>8}",
        "FILTER", "ASKED", "H", "TABLE", "READ", "NAIVE", "LESS", "MS", "NAIVE MS"
    );
    for (filter, asked, hours) in CASES {
        let query = query(&schema, demo, filter, asked, hours)?;
        let plan = query.plan(&schema, &stored)?;
        let cost = client.statistics(&plan.statement()).await?;
        // As one would ask without keys, indexes and sums: every flow of the time.
        let naive = client.statistics(&naive(&query)).await?;
        let less = naive.rows_read as f64 / cost.rows_read.max(1) as f64;
        let asked = match asked {
            Asked::Top(column) => format!("top {column}"),
            Asked::Series => "series".to_owned(),
            Asked::Flows => "flows".to_owned(),
        };
        println!(
            "{filter:<26} {asked:<12} {hours:>3}  {:<13} {:>10} {:>10} {less:>6.1}x {:>8.1} {:>8.1}",
            plan.table,
            cost.rows_read,
            naive.rows_read,
            cost.elapsed * 1000.0,
            naive.elapsed * 1000.0
        );
    }

    let query = query(&schema, demo, "SrcAS = AS15169", Asked::Series, 24)?;
    for clients in [1, 4] {
        let start = Instant::now();
        let times = timed(clients, 50, || async {
            query.run(&client, &schema, &stored).await.map(drop).map_err(Into::into)
        });
        let times = times.await?;
        let rate = times.len() as f64 / start.elapsed().as_secs_f64();
        println!("\na series of a day, {clients} at once: {rate:.0} queries a second, {}", spread(times));
    }
    for (column, typed) in VALUES {
        let times = timed(1, 20, || async {
            let query = ValueQuery::of(column, None, typed, 20);
            flowql_backend::values::ask(&client, &query, &schema, &stored).await.map(drop).map_err(Into::into)
        });
        println!("values of {column} for `{typed}`: {}", spread(times.await?));
    }
    Ok(())
}

fn query(schema: &Schema, demo: Demo, filter: &str, asked: Asked, hours: u64) -> Outcome<FlowQuery> {
    let saved = SavedFilters::default();
    let filter = FlowFilter::compile(&Compiler::new(schema, &saved), filter, Direction::Forward, None)
        .map_err(|found| format!("{found:?}"))?;
    let kind = match asked {
        Asked::Top(column) => Kind::Top { columns: vec![column.to_owned()], unit: Unit::Bits },
        Asked::Series => Kind::Series { columns: Vec::new(), unit: Unit::Bits, points: 96 },
        Asked::Flows => Kind::Flows { columns: Vec::new() },
    };
    let range = TimeRange { from: demo.end - Duration::from_secs(3600 * hours), to: demo.end };
    Ok(FlowQuery { filter, range, kind, limit: 10, options: QueryOptions::default(), id: None })
}

/// The traffic of the flows that a filter selects, by a scan of the whole table.
fn naive(query: &FlowQuery) -> Statement {
    let time = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (from, to) = (time(query.range.from), time(query.range.to));
    // The time as a number is none that a key helps with.
    let sql = sql!(
        "SELECT sum(Bytes * SamplingRate) FROM flows WHERE {filter} \
         AND toUnixTimestamp(TimeReceived) + 0 * Bytes BETWEEN {from} AND {to}",
        filter = Sql::filter(&query.filter.compiled),
        from,
        to
    );
    Statement::read(sql).setting("use_skip_indexes", 0)
}

/// How long each of some calls takes, with some at once.
async fn timed<F: Future<Output = Outcome<()>>>(
    at_once: usize,
    calls: usize,
    call: impl Fn() -> F,
) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..calls.div_ceil(at_once) {
        let one = || async {
            let start = Instant::now();
            call().await.map(|()| start.elapsed())
        };
        times.extend(futures_util::future::try_join_all((0..at_once).map(|_| one())).await?);
    }
    Ok(times)
}

/// The middle and the slow end, in milliseconds.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let at =
        |part: usize| times.get(times.len() * part / 100).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    format!("half within {:.1} ms, 95 % within {:.1} ms", at(50), at(95))
}
