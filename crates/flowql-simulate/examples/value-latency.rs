//! How long values for completion take, on the embedded engine with generated flows: `tests/bench/values` runs it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement fails by panicking")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use flowql::tables::Operator;
use flowql::{Compiler, SavedFilters, Schema};
use flowql_backend::values::{ValueRow, ValueRows, ask};
use flowql_backend::{Direction, FlowFilter, ValueQuery};
use flowql_client::testing;
use flowql_client::{Client, Error, Sql, Statement};
use flowql_embedded::install;
use flowql_simulate::{Demo, load};
use flowql_tables::StoredSchema;
use flowql_tables::{Catalog, Change, Layout, apply, statements};
use futures_util::future::join_all;

/// A column, what is typed of its value, and the rest of the filter.
const QUESTIONS: &[(&str, &str, &str)] = &[
    ("SrcAS", "", ""),
    ("SrcAS", "goo", ""),
    ("SrcAS", "AS1", ""),
    ("SrcAS", "", "InIfBoundary = external AND ExporterName ILIKE \"%1%\""),
    ("SrcAS", "", "DstPort = 443"),
    ("DstASPath", "", ""),
    ("SrcAddr", "", ""),
    ("SrcAddr", "1", ""),
    ("DstAddr", "192.0.2.", ""),
    ("DstAddr", "2a", ""),
    ("DstAddr", "", "SrcAS = AS15169 AND DstPort = 443"),
    ("SrcNetPrefix", "", ""),
    ("DstPort", "", ""),
    ("DstPort", "http", ""),
    ("DstPort", "65123", ""),
    ("DstCommunities", "65", ""),
    ("ExporterName", "", ""),
    ("InIfName", "", ""),
    ("InIfDescription", "trans", ""),
    ("InIfDescription", "nothing like it", ""),
    ("SrcCountry", "fr", ""),
    ("Proto", "", ""),
];
const REPEATS: usize = 10;

#[tokio::main]
async fn main() {
    let rows = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(10_000_000);
    let schema = Schema::default();
    // Fetched once.
    install::install(None, &mut |_| {}).unwrap();
    let client = testing::client().await;
    fill(&client, &schema, rows).await;
    let stored = StoredSchema::read(&client).await.unwrap();
    println!(
        "{:16} {:16} {:52} {:>6} {:>9} {:>8} {:>8}",
        "column", "typed", "rest", "values", "read", "p50 ms", "max ms"
    );
    let mut all = Vec::new();
    for (column, typed, rest) in QUESTIONS {
        let query = query(&schema, column, typed, rest);
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..REPEATS {
            let start = Instant::now();
            // On a slow machine the deadline may leave nothing.
            let values = ask(&client, &query, &schema, &stored).await.unwrap_or_default();
            times.push(start.elapsed());
            found = values.suggestions.len();
        }
        times.sort_unstable();
        let counted = Counted { client: &client, read: AtomicU64::new(0) };
        let _ = ask(&counted, &query, &schema, &stored).await;
        let (half, most) = (milliseconds(times[times.len() / 2]), milliseconds(times[times.len() - 1]));
        let read = counted.read.load(Ordering::Relaxed);
        println!("{column:16} {typed:16} {rest:52} {found:>6} {read:>9} {half:>8.1} {most:>8.1}");
        all.extend(times);
    }
    all.sort_unstable();
    let part = |share: usize| milliseconds(all[(all.len() - 1) * share / 100]);
    println!("all: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", part(50), part(95), part(99));
    let start = Instant::now();
    let (client, schema, stored) = (&client, &schema, &stored);
    let askers = (0..4).map(|first| async move {
        let mut answers = 0_u32;
        let questions = QUESTIONS.iter().cycle().skip(first).step_by(3);
        for (column, typed, rest) in questions {
            if start.elapsed() > Duration::from_secs(10) {
                break;
            }
            let _ = ask(client, &query(schema, column, typed, rest), schema, stored).await;
            answers += 1;
        }
        answers
    });
    let answers: u32 = join_all(askers).await.into_iter().sum();
    println!("four askers: {:.1} answers/s", f64::from(answers) / start.elapsed().as_secs_f64());
}

/// Counts the rows that statements read.
struct Counted<'a> {
    client: &'a Client,
    read: AtomicU64,
}

impl ValueRows for Counted<'_> {
    async fn rows(&self, statement: &Sql) -> Result<Vec<ValueRow>, Error> {
        let cost = self.client.statistics(&Statement::read(statement)).await?;
        self.read.fetch_add(cost.rows_read, Ordering::Relaxed);
        ValueRows::rows(self.client, statement).await
    }
}

async fn fill(client: &Client, schema: &Schema, rows: u64) {
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let found = Catalog::read(client, &layout.database).await.unwrap();
    apply(client, &statements(&layout, schema, &found, Change::Add, None), |_| {}).await.unwrap();
    let (end, span) = (SystemTime::now(), Duration::from_secs(24 * 3600));
    let start = Instant::now();
    load(client, &layout, schema, &Demo { seed: 1, rows, end, span }, Duration::from_secs(60), |_| {})
        .await
        .unwrap();
    println!("{rows} flows of a day, loaded in {:.0} s\n", start.elapsed().as_secs_f64());
}

fn query(schema: &Schema, column: &str, typed: &str, rest: &str) -> ValueQuery {
    let saved = SavedFilters::default();
    let compiler = Compiler::new(schema, &saved);
    let compile = |rest| FlowFilter::compile(&compiler, rest, Direction::Forward, None).unwrap();
    let rest = (!rest.is_empty()).then(|| compile(rest));
    ValueQuery { rest, ..ValueQuery::of(column, Some(Operator::Eq), typed, 50) }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
