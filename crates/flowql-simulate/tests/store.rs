//! The tables, the flows of a demonstration and the queries, on a real ClickHouse.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flowql::{Compiler, SavedFilters, Schema, SchemaConfig};
use flowql_backend::{Direction, FlowFilter, FlowQuery, Kind, Plan, QueryOptions, TimeRange, Unit};
use flowql_client::testing;
use flowql_client::{Client, Sql, Statement};
use flowql_simulate::{Demo, Loaded, load};
use flowql_tables::StoredSchema;
use flowql_tables::{self as tables, Aggregation, Change, Layout};
use serde_json::Value;

/// Two batches, the second a small one.
const ROWS: u64 = 104_000;
const PATIENCE: Duration = Duration::from_secs(60);

fn demo() -> Demo {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs() / 3600 * 3600;
    Demo {
        seed: 1,
        rows: ROWS,
        end: UNIX_EPOCH + Duration::from_secs(now),
        span: Duration::from_secs(86_400),
    }
}

async fn migrate(client: &Client, layout: &Layout, schema: &Schema) -> usize {
    let found = tables::Catalog::read(client, &layout.database).await.unwrap();
    let statements = tables::statements(layout, schema, &found, Change::AddAndExpire, None);
    tables::apply(client, &statements, |_| {}).await.unwrap();
    statements.len()
}

async fn rows(client: &Client, sql: &str) -> Vec<Vec<Value>> {
    client.rows(&Statement::read(Sql::of_test(sql))).await.unwrap().collect().await.unwrap()
}

async fn number(client: &Client, sql: &str) -> u64 {
    rows(client, sql).await[0][0].as_u64().unwrap()
}

/// Bytes and packets of a table.
async fn sums(client: &Client, table: &str) -> Vec<Value> {
    rows(client, &format!("SELECT sum(Bytes), sum(Packets) FROM {table}")).await.remove(0)
}

async fn loaded() -> (Client, Layout, Schema) {
    let client = testing::client().await;
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let schema = Schema::default();
    assert!(migrate(&client, &layout, &schema).await > 20);
    let mut seen = Vec::new();
    let done =
        load(&client, &layout, &schema, &demo(), PATIENCE, |loaded| seen.push(loaded.rows)).await.unwrap();
    assert_eq!(done, Loaded { rows: ROWS, batches: 2, retries: 0 });
    assert_eq!(seen, [100_000, ROWS]);
    (client, layout, schema)
}

#[tokio::test]
async fn flows_are_stored_once_in_every_table_and_survive_a_migration() {
    let (client, mut layout, schema) = loaded().await;
    let summed = ["flows_1m0s", "flows_5m0s", "flows_1h0m0s"];
    let all = sums(&client, "flows").await;
    assert_eq!(number(&client, "SELECT count() FROM flows").await, ROWS);
    for table in summed {
        assert_eq!(sums(&client, table).await, all, "{table}");
    }
    // What is there is as it should be, and the same batches change nothing.
    assert_eq!(migrate(&client, &layout, &schema).await, 0);
    load(&client, &layout, &schema, &demo(), PATIENCE, |_| {}).await.unwrap();
    assert_eq!(number(&client, "SELECT count() FROM flows").await, ROWS);
    for table in summed {
        assert_eq!(sums(&client, table).await, all, "{table}");
    }

    let shape = SchemaConfig {
        enable: vec!["SrcVlan".to_owned(), "L3L4".to_owned()],
        materialize: vec!["SrcNetPrefix".to_owned()],
        every_table: vec!["SrcNetPrefix".to_owned()],
        ..SchemaConfig::default()
    };
    let more = Schema::configured(&shape).unwrap();
    let prefixes = "SELECT SrcNetPrefix, count() FROM flows GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5";
    let before = rows(&client, prefixes).await;
    let ttl = Duration::from_secs(86_400 * 3);
    layout.aggregated.insert(0, Aggregation { interval: Duration::from_secs(10), ttl });
    layout.ttl *= 2;
    assert!(migrate(&client, &layout, &more).await > 8);
    assert_eq!(migrate(&client, &layout, &more).await, 0);
    assert_eq!(number(&client, "SELECT count() FROM flows").await, ROWS);
    for table in summed.iter().chain(&["flows_10s"]) {
        assert_eq!(sums(&client, table).await, all, "{table}");
    }
    // The rows that were there have the prefix that they had.
    assert_eq!(rows(&client, prefixes).await, before);

    let other = Demo { seed: 2, rows: 1000, ..demo() };
    load(&client, &layout, &more, &other, PATIENCE, |_| {}).await.unwrap();
    let tagged = "SELECT count() FROM flows WHERE SrcVlan > 0 AND IPTTL > 0";
    assert!(number(&client, tagged).await > 100);
    let tagged = "SELECT sum(Bytes) > 0 FROM flows_1h0m0s WHERE SrcVlan > 0 AND SrcNetPrefix LIKE '198.18.%'";
    assert_eq!(number(&client, tagged).await, 1);
}

#[tokio::test]
async fn computed_columns_and_dictionaries_say_what_they_should() {
    let (client, _, _) = loaded().await;
    let ok = |sql: &'static str| {
        let client = client.clone();
        async move { assert_eq!(number(&client, sql).await, 1, "{sql}") }
    };
    ok("SELECT countIf(Dst1stAS != 0 AND Dst1stAS != DstASPath[1]) = 0 FROM flows").await;
    ok("SELECT countIf(length(arrayCompact(DstASPath)) < length(DstASPath)) > 0 FROM flows").await;
    ok("SELECT countIf(Dst2ndAS = Dst1stAS AND Dst1stAS != 0) = 0 FROM flows").await;
    ok("SELECT countIf(NOT match(SrcNetPrefix, '^[0-9a-f:.]+/[0-9]+$')) = 0 FROM flows").await;
    ok("SELECT countIf(EType = 2048 AND SrcNetPrefix LIKE '%:%') = 0 FROM flows").await;
    ok("SELECT uniq(PacketSizeBucket) > 3 FROM flows").await;
    ok("SELECT uniq(ExporterAddress, IfName) BETWEEN 20 AND 40 FROM exporters").await;
    ok("SELECT countIf(IfBoundary = 'external' AND IfProvider != '') > 0 FROM exporters").await;
    // A flow without packets fails no query.
    client
        .execute(&Statement::write("INSERT INTO flows_raw (TimeReceived, Bytes) VALUES (now(), 7)"))
        .await
        .unwrap();
    ok("SELECT max(PacketSize) > 0 AND min(PacketSize) = 0 FROM flows WHERE PacketSizeBucket != ''").await;
    for (question, name) in [
        ("'asns', 'name', toUInt32(15169)", "Google"),
        ("'protocols', 'name', toUInt8(6)", "TCP"),
        ("'protocols', 'name', toUInt8(58)", "IPV6-ICMP"),
        ("'icmp', 'name', tuple(toUInt8(1), toUInt8(8), toUInt8(0))", "echo-request"),
        ("'tcp', 'name', toUInt16(443)", "https"),
        ("'udp', 'name', toUInt16(53)", "domain"),
    ] {
        let found = rows(&client, &format!("SELECT dictGetOrDefault({question}, '???')")).await;
        assert_eq!(found[0][0], name, "{question}");
    }
}

async fn ask(client: &Client, schema: &Schema, filter: &str, kind: Kind) -> (String, Vec<Vec<Value>>) {
    let Demo { end, span, .. } = demo();
    let (plan, rows) = ask_of(client, schema, filter, kind, TimeRange { from: end - span, to: end }).await;
    (plan.table, rows)
}

async fn ask_of(
    client: &Client,
    schema: &Schema,
    filter: &str,
    kind: Kind,
    range: TimeRange,
) -> (Plan, Vec<Vec<Value>>) {
    let saved = SavedFilters::default();
    let filter =
        FlowFilter::compile(&Compiler::new(schema, &saved), filter, Direction::Forward, None).unwrap();
    let query = FlowQuery { filter, range, kind, limit: 5, options: QueryOptions::default(), id: None };
    let stored = StoredSchema::read(client).await.unwrap();
    let mut answer = query.run(client, schema, &stored).await.unwrap();
    let mut rows = Vec::new();
    while let Some(row) = futures_util::StreamExt::next(&mut answer.rows).await {
        let row = row.unwrap();
        assert_eq!(row.len(), answer.columns.len());
        rows.push(row);
    }
    (answer.plan, rows)
}

fn near(first: f64, second: f64) -> bool {
    (first - second).abs() <= first.abs().max(second.abs()) / 1e6
}

#[tokio::test]
async fn queries_give_the_traffic_of_the_flows() {
    let (client, _, schema) = loaded().await;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let volume =
        |filter: &str| format!("SELECT toUInt64(sum(Bytes * SamplingRate * 8)) FROM flows WHERE {filter}");
    let total = number(&client, &volume("1")).await as f64;

    let top = Kind::Top { columns: names(&["SrcAS"]), unit: Unit::Bits };
    let (table, rows) = ask(&client, &schema, "", top).await;
    assert_eq!((table.as_str(), rows.len()), ("flows_5m0s", 5));
    let number_of = rows[0][0].as_u64().unwrap();
    let direct = number(&client, &volume(&format!("SrcAS = {number_of}"))).await as f64;
    assert!(near(rows[0][2].as_f64().unwrap() * 86_400.0, direct), "{rows:?} {direct}");
    assert!(near(rows[0][4].as_f64().unwrap(), direct / total), "{rows:?}");
    assert!(rows.is_sorted_by(|first, second| first[2].as_f64() >= second[2].as_f64()));

    // All points, and each group at each; together they are everything.
    for (columns, groups) in [(names(&[]), 1), (names(&["SrcAS"]), 6), (names(&["InIfBoundary", "EType"]), 4)]
    {
        let width = columns.len();
        let (_, rows) =
            ask(&client, &schema, "", Kind::Series { columns, unit: Unit::Bits, points: 24 }).await;
        assert_eq!(rows.len(), 24 * groups, "{width} columns");
        assert_eq!(rows[groups][0].as_u64().unwrap() - rows[0][0].as_u64().unwrap(), 3600);
        let sum: f64 = rows.iter().map(|row| row.last().unwrap().as_f64().unwrap() * 3600.0).sum();
        assert!(near(sum, total), "{sum} {total}");
    }
    let (_, rows) = ask(
        &client,
        &schema,
        "SrcAS = 4200000000",
        Kind::Series { columns: names(&[]), unit: Unit::Flows, points: 24 },
    )
    .await;
    assert!(rows.len() == 24 && rows.iter().all(|row| row[1] == 0), "{rows:?}");

    // The conditions are on the columns, not on the values that are shown.
    let kind = Kind::Flows { columns: names(&["TimeReceived", "SrcAddr", "EType"]) };
    let (_, rows) = ask(&client, &schema, "EType = IPv4 AND SrcAddr << 198.18.0.0/15", kind).await;
    assert_eq!(rows.len(), 5);
    assert!(
        rows.iter().all(|row| row[1].as_str().unwrap().starts_with("198.1") && row[2] == "IPv4"),
        "{rows:?}"
    );
    assert!(rows.is_sorted_by(|first, second| first[0].as_u64() >= second[0].as_u64()));
}

/// Whatever the range, the points and the table: the points of a series, each times its length, are the traffic of the
/// range that the answer says, in which the one that was asked for lies.
#[tokio::test]
async fn a_series_is_all_of_its_range() {
    let (client, _, schema) = loaded().await;
    let Demo { end, span, .. } = demo();
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut tables = BTreeSet::new();
    for case in 0..60_u64 {
        // Ends in odd places, the last of them at the newest flow.
        let length = Duration::from_secs([59, 601, 3_599, 20_011, 86_399][(case % 5) as usize]);
        let back = Duration::from_secs(case.wrapping_mul(7_919) % (span - length).as_secs().max(1));
        let to = if case % 4 == 0 { end } else { end - back };
        let range = TimeRange { from: to - length, to };
        let points = [1, 2, 7, 24, 61, 500][(case % 6) as usize];
        let columns = if case % 3 == 0 { vec!["SrcAS".to_owned()] } else { vec![] };
        let groups = columns.len();
        let kind = Kind::Series { columns, unit: Unit::Bits, points };
        let (plan, rows) = ask_of(&client, &schema, "", kind, range).await;
        assert!(plan.range.from <= range.from && range.to <= plan.range.to, "{range:?} {:?}", plan.range);
        let (from, to) = (seconds(plan.range.from), seconds(plan.range.to));
        let times: BTreeSet<u64> = rows.iter().map(|row| row[0].as_u64().unwrap()).collect();
        assert_eq!(times.first(), Some(&from));
        let length_of = |time: u64| times.range(time + 1..).next().copied().unwrap_or(to) - time;
        let sum: f64 = rows
            .iter()
            .map(|row| row.last().unwrap().as_f64().unwrap() * length_of(row[0].as_u64().unwrap()) as f64)
            .sum();
        let within = format!("TimeReceived >= toDateTime({from}) AND TimeReceived < toDateTime({to})");
        let total =
            format!("SELECT toUInt64(sum(Bytes * SamplingRate * 8)) FROM {} WHERE {within}", plan.table);
        let total = number(&client, &total).await as f64;
        assert!(
            near(sum, total),
            "{range:?}, {points} points, {groups} columns of {}: {sum} {total}",
            plan.table
        );
        tables.insert(plan.table);
    }
    assert!(tables.len() > 2, "{tables:?}");
}

#[tokio::test]
async fn every_column_can_be_asked_for() {
    let client = testing::client().await;
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    let schema = Schema::all_columns();
    migrate(&client, &layout, &schema).await;
    assert_eq!(migrate(&client, &layout, &schema).await, 0);
    load(&client, &layout, &schema, &Demo { rows: 2000, ..demo() }, PATIENCE, |_| {}).await.unwrap();
    let mut asked = 0;
    for column in schema.columns() {
        let columns = vec![column.name.to_string()];
        let (_, rows) = ask(&client, &schema, "", Kind::Flows { columns: columns.clone() }).await;
        assert_eq!(rows.len(), 5, "{}", column.name);
        if !column.not_a_dimension {
            let top = Kind::Top { columns: columns.clone(), unit: Unit::Packets };
            assert!(!ask(&client, &schema, "", top).await.1.is_empty(), "{}", column.name);
            let series = Kind::Series { columns, unit: Unit::Bits, points: 3 };
            assert!(!ask(&client, &schema, "", series).await.1.is_empty(), "{}", column.name);
            asked += 1;
        }
    }
    assert!(asked > 70, "{asked}");
}
