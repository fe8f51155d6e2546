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
use flowql_client::{Client, ClientOptions, ServerOptions, Sql, Statement, sql};
use flowql_tables::{self as tables, Change, Layout};
use futures_util::{StreamExt as _, future, stream};

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

/// The filters, by what is large in them, but for lists.
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
        ("subnets", filled("", |n| format!("SrcAddr << {}", address(n)), " OR ", "")),
        ("subnets not", filled("", |n| format!("DstAddr !<< {}", address(n)), " AND ", "")),
        ("patterns", filled("", |n| format!("ExporterName LIKE \"%e\\\\_{n}%\""), " OR ", "")),
        ("one string", filled("ExporterName = \"", |_| "'".to_owned(), "", "\"")),
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
        (Type::Uint, list("DstPort", &|_| "\"https\"".to_owned())),
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

/// So many queries run at a time: the largest take much memory, and one processor each.
const AT_A_TIME: usize = 2;

/// The settings of ClickHouse that say how large a query may be.
const SETTINGS: [&str; 3] = ["max_query_size", "max_ast_elements", "max_expanded_ast_elements"];

/// A client as a user, with the time that the largest queries take on a machine that does much else.
fn client_of(user: &str, url: &str) -> Client {
    let server = ServerOptions { user: Some(user.to_owned()), ..ServerOptions::at(url) };
    let (database, deadline) = ("flows".to_owned(), Duration::from_secs(900));
    Client::remote(&server, ClientOptions { database, deadline, ..ClientOptions::default() }).unwrap()
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
async fn filters_up_to_the_limits_run_and_those_of_the_server_are_named() {
    let folder = tempfile::tempdir().unwrap();
    // Users who may only read: of the first ones each has one low limit, which it may not raise, of the last one all.
    let limits = |low: &dyn Fn(&str) -> bool| {
        SETTINGS.map(|setting| (setting, if low(setting) { "1000" } else { "100000000" }))
    };
    let low = |setting: &'static str| [&[("readonly", "1")], &limits(&|other| other == setting)[..]].concat();
    let mut profiles: Vec<(&str, Vec<(&str, &str)>)> =
        SETTINGS.iter().map(|setting| (*setting, low(setting))).collect();
    profiles.push(("reader1", vec![("readonly", "1")]));
    profiles.push(("reader2", [&[("readonly", "2")], &limits(&|_| true)[..]].concat()));
    let users: Vec<testing::User<'_>> = profiles.iter().map(|(name, set)| (*name, set.as_slice())).collect();
    let engine = testing::engine_with_users(folder.path(), &users).await;
    let client = client_of("default", &engine.url());
    let create = Statement::write("CREATE DATABASE flows ENGINE = Atomic").without_database();
    client.execute(&create).await.unwrap();
    let schema = Schema::default().with_all_columns();
    with_tables(&client, &schema).await;

    the_limits_of_a_user_who_may_not_change_them_are_named(&engine.url()).await;
    the_longest_list_of_each_type_runs_as_a_query(&client, &schema).await;
    the_largest_filters_run_in_both_forms(&client, &schema).await;
}

async fn the_longest_list_of_each_type_runs_as_a_query(client: &Client, schema: &Schema) {
    let saved = SavedFilters::default();
    let compiler = Compiler::new(schema, &saved);
    let backend = ClickHouse::new(client.clone(), schema.clone());
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
    let (compiler, backend) = (&compiler, &backend);
    let asked = stream::iter(texts).map(|text| async move {
        let filter = FlowFilter::compile(compiler, &text, Direction::Forward, None).unwrap();
        let ran = async { backend.query(&top_of(filter)).await?.collect().await }.await;
        ran.err().map(|error| {
            let start: String = text.chars().take(40).collect();
            format!("{start}: {}", error.to_string().chars().take(200).collect::<String>())
        })
    });
    let failures: Vec<String> = asked.buffer_unordered(AT_A_TIME).filter_map(future::ready).collect().await;
    assert!(failures.is_empty(), "{failures:#?}");
    let count = |count| FlowFilter::compile(compiler, &ports(count), Direction::Forward, None).unwrap();
    assert_eq!((count(950).compiled.parameters.len(), count(951).compiled.parameters.len()), (950, 0));
}

async fn the_limits_of_a_user_who_may_not_change_them_are_named(url: &str) {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let text = filled("SrcAddr IN (", |n| format!("10.{}.{}.0/24", n / 256 % 256, n % 256), ", ", ")");
    let filter = FlowFilter::compile(&compiler, &text, Direction::Forward, None).unwrap();
    let statement = || {
        let sql = sql!("SELECT count() FROM flows WHERE {filter}", filter = Sql::filter(&filter.compiled));
        Statement::read(sql)
    };
    // The profile of the last one has the limits of ClickHouse itself.
    for (user, setting) in
        SETTINGS.map(|setting| (setting, setting)).into_iter().chain([("reader1", SETTINGS[0])])
    {
        let error = runs(&client_of(user, url), statement()).await.unwrap_err();
        assert_eq!(error, flowql_client::Error::TooLarge { setting }.into(), "{user}");
        assert!(error.to_string().contains(setting), "{error}");
    }
    // Who may change settings raises the limits.
    runs(&client_of("reader2", url), statement()).await.unwrap();
}

async fn runs(client: &Client, statement: Statement) -> Result<(), flowql_backend::Error> {
    let rows = client.rows(&statement).await?.collect().await?;
    assert_eq!(rows.len(), 1);
    Ok(())
}

async fn the_largest_filters_run_in_both_forms(client: &Client, schema: &Schema) {
    let saved = SavedFilters::default();
    let compiler = Compiler::new(schema, &saved);
    let compiler = &compiler;
    let asked = stream::iter(largest()).map(|(what, text)| async move {
        assert!(text.len() <= Limits::DEFAULT.length);
        let bound = FlowFilter::compile(compiler, &text, Direction::Forward, None).unwrap().compiled;
        let inline = compiler.compile(&text, Options::default());
        // Where nothing is bound both forms are one.
        let forms = [Some(&bound), Some(&inline).filter(|inline| inline.sql != bound.sql)];
        for compiled in forms.into_iter().flatten() {
            let errors: Vec<_> = compiled.diagnostics.iter().filter(|found| found.is_error()).collect();
            assert!(errors.is_empty(), "{what}: {errors:?}");
            let sql = sql!("SELECT count() FROM flows WHERE {filter}", filter = Sql::filter(compiled));
            if let Err(error) = runs(client, Statement::read(sql)).await {
                let message: String = error.to_string().chars().take(200).collect();
                return Some(format!("{what} ({} bound): {message}", compiled.parameters.len()));
            }
        }
        None
    });
    let failures: Vec<String> = asked.buffer_unordered(AT_A_TIME).filter_map(future::ready).collect().await;
    assert!(failures.is_empty(), "{failures:#?}");
}
