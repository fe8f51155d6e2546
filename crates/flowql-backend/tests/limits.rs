//! Every filter within the limits runs: the largest ones, in both forms, on a real ClickHouse.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking, its helpers too")]

use std::time::Duration;

use flowql::{Compiler, Limits, Options, SavedFilters, Schema};
use flowql_backend::{Direction, FlowFilter};
use flowql_client::testing;
use flowql_client::{Client, Sql, Statement, sql};
use flowql_tables::{self as tables, Change, Layout};

/// As many pieces as fit into the longest filter, joined.
fn filled(start: &str, piece: impl Fn(usize) -> String, between: &str, end: &str) -> String {
    let mut text = start.to_owned();
    for number in 0.. {
        let next = piece(number);
        let joint = if number == 0 { "" } else { between };
        if text.len() + joint.len() + next.len() + end.len() > Limits::DEFAULT.length {
            break;
        }
        text.push_str(joint);
        text.push_str(&next);
    }
    text + end
}

/// The filters, by what is large in them.
fn largest() -> Vec<(&'static str, String)> {
    let deep = Limits::DEFAULT.nesting;
    let address = |number: usize| format!("10.{}.{}.0/24", number / 256 % 256, number % 256);
    let nested = |open: &str, close: &str| format!("{}SrcAS = 1{}", open.repeat(deep), close.repeat(deep));
    // Each level has two operands, so that no level can be left out.
    let levels: String =
        (0..deep).map(|level| format!("SrcPort = {level} {} (", ["OR", "AND"][level % 2])).collect();
    let nots: String = (0..deep / 2).map(|level| format!("SrcPort = {level} OR NOT (")).collect();
    let tail =
        |text: String, close: usize| filled(&text, |n| format!("DstAS = {n}"), " OR ", &")".repeat(close));
    vec![
        ("OR of comparisons", filled("", |n| format!("SrcAS={n}"), " OR ", "")),
        ("AND of comparisons", filled("", |n| format!("SrcAS!={n}"), " AND ", "")),
        ("AND and OR by turns", filled("", |n| format!("SrcAS={n} AND DstAS={n}"), " OR ", "")),
        ("NOT of each", filled("", |n| format!("NOT SrcAS={n}"), " AND ", "")),
        ("a list of numbers", filled("SrcAS IN (", |n| n.to_string(), ",", ")")),
        ("a list of ports and ranges", filled("DstPort NOTIN (", |n| format!("{n}-{}", n + 1), ",", ")")),
        (
            "a list of addresses",
            filled("SrcAddr IN (", |n| format!("10.0.{}.{}", n / 256 % 256, n % 256), ",", ")"),
        ),
        ("subnets", filled("", |n| format!("SrcAddr << {}", address(n)), " OR ", "")),
        ("subnets not", filled("", |n| format!("DstAddr !<< {}", address(n)), " AND ", "")),
        ("strings", filled("ExporterName IN (", |n| format!("\"e'\\\\{n}\""), ",", ")")),
        ("patterns", filled("", |n| format!("ExporterName LIKE \"%e\\\\_{n}%\""), " OR ", "")),
        ("one string", filled("ExporterName = \"", |_| "'".to_owned(), "", "\"")),
        ("as many values as go beside the text", {
            let numbers: Vec<String> = (0..500).map(|number| number.to_string()).collect();
            format!("SrcAS IN ({})", numbers.join(","))
        }),
        ("services", filled("DstPort IN (", |_| "\"https\"".to_owned(), ",", ")")),
        ("parentheses", nested("(", ")")),
        ("NOT", nested("NOT ", "")),
        ("levels of AND and OR, and long", tail(levels, deep)),
        ("levels of NOT, and long", tail(nots, deep / 2)),
    ]
}

async fn runs(client: &Client, statement: Statement) -> Result<(), flowql_backend::Error> {
    let statement = statement.deadline(Duration::from_secs(900));
    let rows = client.rows(&statement).await?.collect().await?;
    assert_eq!(rows.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_largest_filters_run_in_both_forms() {
    let schema = Schema::default();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let client = testing::client().await;
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let found = tables::Catalog::read(&client, &layout.database).await.unwrap();
    let made = tables::statements(&layout, &schema, &found, Change::Nothing, None);
    tables::apply(&client, &made, |_| {}).await.unwrap();
    let run = async |what: &str, text: &str, bound: bool| {
        let compiled = if bound {
            FlowFilter::compile(&compiler, text, Direction::Forward, None).unwrap().compiled
        } else {
            compiler.compile(text, Options::default())
        };
        let errors: Vec<_> = compiled.diagnostics.iter().filter(|found| found.is_error()).collect();
        assert!(errors.is_empty(), "{what}: {errors:?}");
        let sql = sql!("SELECT count() FROM flows WHERE {filter}", filter = Sql::filter(&compiled));
        let ran = runs(&client, Statement::read(sql)).await;
        ran.err().map(|error| {
            let message: String = error.to_string().chars().take(200).collect();
            format!("{what} (bound: {bound}): {message}")
        })
    };
    let mut failures = Vec::new();
    for (what, text) in largest() {
        assert!(text.len() <= Limits::DEFAULT.length);
        // Side by side: the engine reads a query in one thread.
        let both = tokio::join!(run(what, &text, false), run(what, &text, true));
        failures.extend([both.0, both.1].into_iter().flatten());
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
