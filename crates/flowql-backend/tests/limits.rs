//! Every filter within the limits runs: the largest ones, in both forms, on a real ClickHouse.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::time::{Duration, UNIX_EPOCH};

use flowql::tables::{Operator, Type, rules};
use flowql::{Compiler, Limits, Options, SavedFilters, Schema};
use flowql_backend::{
    Backend as _, ClickHouse, Direction, FlowFilter, FlowQuery, Kind, QueryOptions, TimeRange, Unit,
};
use flowql_client::testing;
use flowql_client::{Client, ClientOptions, Sql, Statement, sql};
use flowql_tables::{self as tables, Change, Layout};
use tokio::sync::{Mutex, MutexGuard};

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
            let numbers: Vec<String> = (0..950).map(|number| number.to_string()).collect();
            format!("SrcAS IN ({})", numbers.join(","))
        }),
        ("services", filled("DstPort IN (", |_| "\"https\"".to_owned(), ",", ")")),
        ("parentheses", nested("(", ")")),
        ("NOT", nested("NOT ", "")),
        ("levels of AND and OR, and long", tail(levels, deep)),
        ("levels of NOT, and long", tail(nots, deep / 2)),
    ]
}

/// The longest list of each type that has lists, and of each form of its values.
fn longest_lists() -> Vec<(Type, String)> {
    let byte = |number: usize| format!("{}.{}", number / 256 % 256, number % 256);
    let list =
        |name: &str, piece: &dyn Fn(usize) -> String| filled(&format!("{name} IN ("), piece, ", ", ")");
    let rare = |number: usize| format!("{}", 1_000_000 + number);
    vec![
        (Type::Ip, list("SrcAddr", &|n| format!("10.{}.0/24", byte(n)))),
        (Type::Ip, list("DstAddr", &|n| format!("2001:db8:{:x}::/48", 2 * n))),
        (Type::Ip, list("SrcAddr", &|n| format!("10.{}.{}", byte(n / 128), 2 * n % 256))),
        (Type::Ip, list("ExporterAddress", &|n| format!("2001:db8::{n:x}"))),
        (Type::Prefix, list("SrcNetPrefix", &|n| format!("10.{}.0/24", byte(n)))),
        (Type::Prefix, list("DstNetPrefix", &|n| format!("2001:db8:{n:x}::/48"))),
        (Type::Mac, list("SrcMAC", &|n| format!("02:00:00:00:{:02x}:{:02x}", n / 256 % 256, n % 256))),
        (Type::String, list("ExporterName", &|n| format!("\"e'\\\\{n}\""))),
        (Type::Uint, list("DstPort", &|n| (n % 65_536).to_string())),
        (Type::Uint, list("SrcPort", &|n| format!("{}-{}", 3 * n % 65_000, 3 * n % 65_000 + 1))),
        (Type::Uint, list("InIfSpeed", &rare)),
        (Type::Asn, list("SrcAS", &|n| format!("AS{n}"))),
        (Type::AsPath, list("DstASPath", &rare)),
        (Type::Community, list("DstCommunities", &|n| format!("{}:{}", 64_000 + n / 65_536, n % 65_536))),
        (Type::Community, list("DstCommunities", &|n| format!("64500:{n}:{n}"))),
        (Type::Community, list("DstCommunities", &|n| format!("{n}:*"))),
        (Type::UintArray, list("MPLSLabels", &rare)),
        (Type::Boundary, list("InIfBoundary", &|_| "external".to_owned())),
        (Type::Direction, list("FlowDirection", &|_| "ingress".to_owned())),
        (Type::EType, list("EType", &|_| "IPv6".to_owned())),
        (Type::Proto, list("Proto", &|n| (n % 256).to_string())),
    ]
}

/// One test at a time has an engine: the largest queries take much memory, and their time.
static TURN: Mutex<()> = Mutex::const_new(());

/// A client of an engine, with the time that the largest queries take on a machine that does much else.
async fn client() -> (MutexGuard<'static, ()>, Client) {
    let turn = TURN.lock().await;
    let (database, deadline) = ("flows".to_owned(), Duration::from_secs(900));
    let options = ClientOptions { database, deadline, ..ClientOptions::default() };
    (turn, testing::client_with(testing::options(), options).await)
}

/// The tables of every column, empty.
async fn with_tables(client: &Client, schema: &Schema) {
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let found = tables::Catalog::read(client, &layout.database).await.unwrap();
    let made = tables::statements(&layout, schema, &found, Change::Nothing, None);
    tables::apply(client, &made, |_| {}).await.unwrap();
}

/// A query with a filter.
fn top_of(filter: FlowFilter) -> FlowQuery {
    let time = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    FlowQuery {
        filter,
        range: TimeRange { from: time(1_769_853_600), to: time(1_769_857_200) },
        kind: Kind::Top { columns: vec!["Proto".to_owned()], unit: Unit::Bits },
        limit: 10,
        options: QueryOptions::default(),
        id: None,
    }
}

#[tokio::test]
async fn the_longest_list_of_each_type_runs_as_a_query() {
    let (schema, saved) = (Schema::default().with_all_columns(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let (_turn, client) = client().await;
    with_tables(&client, &schema).await;
    let backend = ClickHouse::new(client, schema.clone());
    let lists = longest_lists();
    for kind in Type::ALL {
        let has_lists = rules(kind).iter().any(|rule| rule.operators.contains(&Operator::In));
        assert_eq!(lists.iter().any(|(listed, _)| *listed == kind), has_lists, "{kind:?}");
    }
    // As many values as there may be parameters, and one more.
    let ports = |count: usize| {
        let ports: Vec<String> = (0..count).map(|port| (2 * port).to_string()).collect();
        format!("DstPort IN ({})", ports.join(", "))
    };
    let texts = lists.into_iter().map(|(_, text)| text).chain([ports(950), ports(951)]);
    let mut failures = Vec::new();
    for text in texts {
        let filter = FlowFilter::compile(&compiler, &text, Direction::Forward, None).unwrap();
        let ran = async { backend.query(&top_of(filter)).await?.collect().await }.await;
        failures.extend(ran.err().map(|error| {
            let start: String = text.chars().take(40).collect();
            format!("{start}: {}", error.to_string().chars().take(200).collect::<String>())
        }));
    }
    assert!(failures.is_empty(), "{failures:#?}");
    let count = |count| FlowFilter::compile(&compiler, &ports(count), Direction::Forward, None).unwrap();
    assert_eq!((count(950).compiled.parameters.len(), count(951).compiled.parameters.len()), (950, 0));
}

#[tokio::test]
async fn a_user_who_may_not_change_settings_hears_which_one_is_too_low() {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let (_turn, client) = client().await;
    with_tables(&client, &schema).await;
    let text = filled("SrcAddr IN (", |n| format!("10.{}.{}.0/24", n / 256 % 256, n % 256), ", ", ")");
    let filter = FlowFilter::compile(&compiler, &text, Direction::Forward, None).unwrap();
    for (setting, value) in
        [("max_query_size", "1000"), ("max_ast_elements", "1000"), ("max_expanded_ast_elements", "1000")]
    {
        let sql = sql!("SELECT count() FROM flows WHERE {filter}", filter = Sql::filter(&filter.compiled));
        // As the server of such a user would: it has this limit, whatever is asked.
        let error = runs(&client, Statement::read(sql).setting(setting, value)).await.unwrap_err();
        assert_eq!(error, flowql_client::Error::TooLarge { setting }.into());
        assert!(error.to_string().contains(setting), "{error}");
    }
}

async fn runs(client: &Client, statement: Statement) -> Result<(), flowql_backend::Error> {
    let rows = client.rows(&statement).await?.collect().await?;
    assert_eq!(rows.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_largest_filters_run_in_both_forms() {
    let schema = Schema::default();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let (_turn, client) = client().await;
    with_tables(&client, &schema).await;
    let mut failures = Vec::new();
    for (what, text) in largest() {
        assert!(text.len() <= Limits::DEFAULT.length);
        let bound = FlowFilter::compile(&compiler, &text, Direction::Forward, None).unwrap().compiled;
        let inline = compiler.compile(&text, Options::default());
        // Where nothing is bound both forms are one.
        let forms = [Some(&bound), Some(&inline).filter(|inline| inline.sql != bound.sql)];
        for compiled in forms.into_iter().flatten() {
            let errors: Vec<_> = compiled.diagnostics.iter().filter(|found| found.is_error()).collect();
            assert!(errors.is_empty(), "{what}: {errors:?}");
            let sql = sql!("SELECT count() FROM flows WHERE {filter}", filter = Sql::filter(compiled));
            let ran = runs(&client, Statement::read(sql)).await;
            failures.extend(ran.err().map(|error| {
                let message: String = error.to_string().chars().take(200).collect();
                format!("{what} ({} bound): {message}", compiled.parameters.len())
            }));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
