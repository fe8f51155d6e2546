//! Values for completion, asked of a real ClickHouse: each column's are found, by what a person types of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql::ide::{CandidateKind, Suggestion};
use flowql::tables::Operator;
use flowql::{Compiler, CustomColumn, SavedFilters, Schema, SchemaConfig};
use flowql_backend::ClickHouse;
use flowql_backend::values::ask;
use flowql_backend::{
    Direction, FlowFilter, SourceOptions, ValueQuery, ValueSource, Values, complete, suggest,
};
use flowql_client::testing;
use flowql_client::{Client, ClientOptions, ServerOptions, Sql, Statement};
use flowql_tables::StoredSchema;
use flowql_tables::{Catalog, Change, Layout, SETTINGS, statements, write_columns};

/// Flows in which each column has some values, the first of them most.
fn expression(column: &flowql::Column) -> String {
    use flowql::tables::Type;
    // Few high numbers, many low ones.
    let few = "toUInt64(sqrt(number % 37))";
    match (column.name.as_ref(), column.filter_type) {
        ("TimeReceived", _) => "now() - number % 300".to_owned(),
        ("SamplingRate", _) => "1000".to_owned(),
        ("Bytes", _) => "1000 + 7000 * (number % 3)".to_owned(),
        ("Packets", _) => "10".to_owned(),
        ("ExporterName", _) => "concat('edge', toString(number % 3))".to_owned(),
        ("ExporterAddress", _) => "toIPv6(concat('203.0.113.', toString(number % 3)))".to_owned(),
        ("SrcNetMask" | "DstNetMask", _) => "if(number % 2 = 0, 24, 48)".to_owned(),
        ("EType", _) => "if(number % 2 = 0, 2048, 34525)".to_owned(),
        ("Proto", _) => "[6, 17, 1, 58, 47][1 + number % 5]".to_owned(),
        ("SrcPort" | "DstPort", _) => "[443, 80, 53, 8443, 40000][1 + number % 5]".to_owned(),
        ("ICMPv4Type" | "ICMPv6Type", _) => "[8, 0, 128][1 + number % 3]".to_owned(),
        ("ICMPv4Code" | "ICMPv6Code", _) => "0".to_owned(),
        (_, Some(Type::Ip)) => format!(
            "if(number % 2 = 0, toIPv6(concat('192.0.2.', toString({few}))), toIPv6(concat('2001:db8::', toString({few}))))"
        ),
        (_, Some(Type::Mac)) => format!("MACStringToNum('00:1a:22:33:44:50') + {few}"),
        (_, Some(Type::Asn)) => "[15169, 64500, 3215, 174][1 + number % 4]".to_owned(),
        (_, Some(Type::AsPath)) => "[174, 3356, 64500 + number % 3]".to_owned(),
        (_, Some(Type::Community)) => format!("[65000 * 65536 + 100 + {few}, 65535 * 65536 + 666]"),
        (_, Some(Type::UintArray)) => format!("[16000 + {few}, 3]"),
        (_, Some(Type::Boundary)) => "['external', 'internal', 'undefined'][1 + number % 3]".to_owned(),
        (_, Some(Type::Direction)) => "['ingress', 'egress'][1 + number % 2]".to_owned(),
        (name, _) if name.ends_with("LargeCommunities") => format!(
            "[bitShiftLeft(toUInt128(4200000000), 64) + bitShiftLeft(toUInt128(7), 32) + toUInt128({few})]"
        ),
        (_, Some(Type::String)) if column.country => "['FR', 'DE', 'US', ''][1 + number % 4]".to_owned(),
        (_, Some(Type::String)) if !column.words().is_empty() => "1 + number % 2".to_owned(),
        (name, Some(Type::String)) => {
            format!(
                "concat(['Transit: Éxample', 'Peer \\'q\"', '50%_off\\\\', ''][1 + number % 4], '{name}')"
            )
        }
        _ => few.to_owned(),
    }
}

/// A database with the tables of a schema, and flows in them.
async fn database(schema: &Schema) -> (Client, StoredSchema) {
    let client = testing::client().await;
    let layout = Layout { database: client.options().database.clone(), ..Layout::default() };
    for made in statements(&layout, schema, &Catalog::default(), Change::Nothing, None) {
        let sql = Sql::of_test(format!("{}\n{}", made.sql, made.data.unwrap_or_default()));
        let statement =
            SETTINGS.iter().fold(Statement::write(sql), |all, (name, value)| all.setting(name, value));
        client.execute(&statement).await.unwrap();
    }
    let columns: Vec<_> = write_columns(schema).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_ref()).collect();
    let values: Vec<String> = columns.iter().map(|column| expression(column)).collect();
    let (names, values) = (names.join(", "), values.join(", "));
    run(&client, format!("INSERT INTO flows_raw ({names}) SELECT {values} FROM numbers(5000)")).await;
    let stored = StoredSchema::read(&client).await.unwrap();
    (client, stored)
}

async fn run(client: &Client, sql: impl Into<String>) {
    client.execute(&Statement::write(Sql::of_test(sql))).await.unwrap();
}

fn values(found: &Values) -> Vec<&str> {
    found.suggestions.iter().map(|found| found.value.as_str()).collect()
}

/// A query that a slow machine answers too.
fn query(column: &str, operator: Operator, prefix: &str) -> ValueQuery {
    ValueQuery { deadline: Duration::from_secs(60), ..ValueQuery::of(column, Some(operator), prefix, 20) }
}

/// A question and its first answers, each a value with what it means.
type Case = (&'static str, Operator, &'static str, &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn values_are_found_by_what_a_person_types() {
    let schema = Schema::all_columns();
    let (client, stored) = database(&schema).await;
    let cases: &[Case] = &[
        // By number and by any part of the organisation's name; the network's own first, then the dictionary.
        ("SrcAS", Operator::Eq, "AS15", &[("AS15169", "Google")]),
        ("SrcAS", Operator::In, "oogl", &[("AS15169", "Google")]),
        ("SrcAS", Operator::Eq, "ogent", &[("AS174", "Cogent Communications")]),
        ("DstAS", Operator::Eq, "telefonica br", &[("AS10429", "Telefonica Brasil")]),
        ("DstASPath", Operator::Eq, "335", &[("AS3356", "Lumen")]),
        ("DstPort", Operator::Eq, "https", &[("443", "https")]),
        ("DstPort", Operator::In, "8", &[("80", "http"), ("8443", "pcsync-https")]),
        ("SrcAddr", Operator::Eq, "192.0.2.", &[("192.0.2.5", "")]),
        ("SrcAddr", Operator::Eq, "2001:DB8", &[("2001:db8::5", "")]),
        ("SrcAddr", Operator::Within, "192", &[("192.0.2.0/24", "")]),
        ("NextHop", Operator::Within, "", &[("2001:db8::/64", ""), ("192.0.2.0/24", "")]),
        ("ExporterAddress", Operator::Eq, "edge2", &[("203.0.113.2", "edge2")]),
        ("ExporterName", Operator::Eq, "DGE1", &[("edge1", "203.0.113.1")]),
        ("ExporterName", Operator::ILike, "%ge1%", &[("edge1", "203.0.113.1")]),
        ("InIfName", Operator::Like, "50", &[("50%_off\\InIfName", "50%_off\\InIfDescription")]),
        (
            "InIfName",
            Operator::Eq,
            "éxampleinifd",
            &[("Transit: ÉxampleInIfName", "Transit: ÉxampleInIfDescription")],
        ),
        (
            "InIfDescription",
            Operator::Eq,
            "peer 'q\"inifd",
            &[("Peer 'q\"InIfDescription", "Peer 'q\"InIfName")],
        ),
        ("SrcCountry", Operator::Eq, "f", &[("FR", "France")]),
        ("DstCountry", Operator::Eq, "germ", &[("DE", "Germany")]),
        ("SrcMAC", Operator::Eq, "001A.2233.4453", &[("00:1a:22:33:44:53", "")]),
        ("SrcMAC", Operator::Eq, "00-1a", &[("00:1a:22:33:44:55", "")]),
        ("DstCommunities", Operator::Eq, "65000:10", &[("65000:105", "")]),
        ("DstCommunities", Operator::Eq, "4200000000:7:*", &[("4200000000:7:5", "")]),
        ("DstCommunities", Operator::Eq, "65535", &[("65535:666", "blackhole")]),
        ("Proto", Operator::Lt, "", &[("1", "icmp")]),
        ("Proto", Operator::Lt, "ud", &[("17", "udp")]),
        ("InIfBoundary", Operator::Eq, "ext", &[("external", "")]),
        ("EType", Operator::Eq, "ipv4", &[("IPv4", "")]),
        ("ICMPv4", Operator::Eq, "echo-re", &[("echo-reply", "type 0"), ("echo-request", "type 8")]),
        ("MPLSLabels", Operator::Eq, "160", &[("16005", "")]),
        ("SrcNetPrefix", Operator::Eq, "2001", &[("2001:db8::/48", "")]),
        ("DstAddr", Operator::Eq, "nothing", &[]),
    ];
    for (column, operator, typed, expected) in cases {
        let found = ask(&client, &query(column, *operator, typed), &schema, &stored).await.unwrap();
        assert_eq!(found.incomplete, None, "{column} {typed}");
        let first: Vec<_> = found
            .suggestions
            .iter()
            .take(expected.len().max(1))
            .map(|found| (found.value.as_str(), found.detail.as_str()))
            .collect();
        assert_eq!(first, *expected, "{column} {typed}");
    }
    // In quotes, a port is a service.
    let quoted = ValueQuery { quoted: true, ..query("DstPort", Operator::Eq, "htt") };
    let found = ask(&client, &quoted, &schema, &stored).await.unwrap();
    assert_eq!(values(&found)[..2], ["http", "https"]);
    // What is in the list already is not offered again, and no more than asked for.
    let exclude = vec!["AS64500".to_owned()];
    let listed = ValueQuery { exclude, limit: 2, ..query("SrcAS", Operator::In, "") };
    assert_eq!(values(&ask(&client, &listed, &schema, &stored).await.unwrap()), ["AS3215", "AS174"]);
}

#[tokio::test]
async fn the_rest_of_the_filter_is_honoured() {
    let schema = Schema::all_columns();
    let (client, stored) = database(&schema).await;
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    for (rest, column, expected) in [
        ("EType = IPv4", "SrcAddr", &["192.0.2.5", "192.0.2.4", "192.0.2.3", "192.0.2.2", "192.0.2.1"][..]),
        ("InIfBoundary = external AND ExporterName = \"edge0\"", "ExporterAddress", &["203.0.113.0"]),
        ("SrcAS = AS15169 AND NOT DstPort = 443", "SrcAS", &["AS15169"]),
        ("SrcCommunities = 65000:101 AND SrcMAC != 00:00:00:00:00:01", "SrcVlan", &["1"]),
    ] {
        let rest = FlowFilter::compile(&compiler, rest, Direction::Forward, None).unwrap();
        let asked = ValueQuery { rest: Some(rest), limit: 5, ..query(column, Operator::Eq, "") };
        let found = ask(&client, &asked, &schema, &stored).await.unwrap();
        // The dictionary, which knows of no flows, comes after them.
        assert_eq!(values(&found)[..expected.len()], *expected, "{column}");
    }
}

#[tokio::test]
async fn old_flows_are_found_where_there_are_no_new_ones() {
    let schema = Schema::default();
    let (client, stored) = database(&schema).await;
    run(&client, "INSERT INTO flows_raw (TimeReceived, SrcPort, Bytes) VALUES (now() - 2 * 3600, 4711, 1), (now() - 5 * 86400, 4712, 1)").await;
    let found = ask(&client, &query("SrcPort", Operator::Eq, "471"), &schema, &stored).await.unwrap();
    assert!(values(&found).contains(&"4711"), "{found:?}");
    let found = ask(&client, &query("SrcPort", Operator::Eq, "4712"), &schema, &stored).await.unwrap();
    assert_eq!(values(&found)[0], "4712");
}

#[tokio::test]
async fn a_column_of_a_dictionary_has_its_values() {
    let custom = CustomColumn {
        name: "DstAddrRole".to_owned(),
        kind: "string".to_owned(),
        dictionary: Some("inventory".to_owned()),
        attribute: Some("role".to_owned()),
        key: Some("DstAddr".to_owned()),
        ..CustomColumn::default()
    };
    let (client, stored) = database(&Schema::default()).await;
    run(&client, "CREATE TABLE inventory_names (addr String, role String) ENGINE = MergeTree ORDER BY addr")
        .await;
    run(&client, "INSERT INTO inventory_names VALUES ('a', 'web'), ('b', 'mail'), ('c', 'web'), ('d', '')")
        .await;
    run(
        &client,
        "CREATE DICTIONARY inventory (addr String, role String) PRIMARY KEY addr \
         SOURCE(CLICKHOUSE(QUERY 'SELECT addr, role FROM flows.inventory_names')) LIFETIME(0) LAYOUT(COMPLEX_KEY_HASHED())",
    )
    .await;
    let schema =
        Schema::configured(&SchemaConfig { column: vec![custom], ..SchemaConfig::default() }).unwrap();
    // The tables lack the column as yet; the dictionary has its values.
    let ask = async |stored: &StoredSchema, typed| {
        values(&ask(&client, &query("DstAddrRole", Operator::Eq, typed), &schema, stored).await.unwrap())
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert!(ask(&stored, "").await.is_empty());
    let stored = StoredSchema::read(&client).await.unwrap();
    assert_eq!(ask(&stored, "").await, ["mail", "web"]);
    assert_eq!(ask(&stored, "AI").await, ["mail"]);
}

#[tokio::test]
async fn a_broken_dictionary_costs_its_names_only() {
    let schema = Schema::default();
    let (client, stored) = database(&schema).await;
    run(&client, "DROP DICTIONARY asns").await;
    let found = ask(&client, &query("SrcAS", Operator::Eq, "645"), &schema, &stored).await.unwrap();
    assert_eq!(values(&found), ["AS64500"]);
    assert!(found.incomplete.as_ref().unwrap().starts_with("no names: "), "{:?}", found.incomplete);
    run(&client, "DROP TABLE exporters").await;
    let found = ask(&client, &query("ExporterName", Operator::Eq, ""), &schema, &stored).await.unwrap();
    assert_eq!(values(&found), ["edge2", "edge1", "edge0"]);
    assert!(found.incomplete.as_ref().unwrap().starts_with("no names: "), "{:?}", found.incomplete);
    run(&client, "DROP TABLE flows").await;
    assert!(ask(&client, &query("DstAddr", Operator::Eq, ""), &schema, &stored).await.is_err());
}

#[tokio::test]
async fn hostile_texts_are_plain_texts() {
    const HOSTILE: [&str; 8] = [
        "'",
        "\\",
        "') UNION ALL SELECT 'x', 'y', 1 --",
        "\\N",
        "{v0:String}",
        "a\tb\nc\rd\0e",
        "é\u{1F980}`\"",
        "%_\\%",
    ];
    let schema = Schema::all_columns();
    let (client, stored) = database(&schema).await;
    // One of each form, those that texts match at all.
    for column in
        ["InIfDescription", "ExporterAddress", "SrcAS", "DstPort", "SrcCountry", "Proto", "SrcNetName"]
    {
        for typed in HOSTILE {
            let found = ask(&client, &query(column, Operator::Eq, typed), &schema, &stored).await;
            let found = found.unwrap_or_else(|error| panic!("{column} {typed:?}: {error}"));
            // What is found contains it.
            let contains = |found: &Suggestion| {
                let typed = typed.to_lowercase();
                found.value.to_lowercase().contains(&typed) || found.detail.to_lowercase().contains(&typed)
            };
            assert!(found.suggestions.iter().all(contains), "{column} {typed:?}: {found:?}");
        }
    }
    // Some texts are there, and found.
    for (column, typed) in [("InIfDescription", "'"), ("InIfDescription", "\\"), ("SrcNetName", "50%_off\\")]
    {
        let found = ask(&client, &query(column, Operator::Eq, typed), &schema, &stored).await.unwrap();
        assert!(!found.suggestions.is_empty(), "{column} {typed}");
    }
}

#[tokio::test]
async fn every_column_has_the_values_that_are_in_the_tables() {
    let schema = Schema::all_columns();
    let (client, stored) = database(&schema).await;
    let (saved, mut failures) = (SavedFilters::default(), Vec::new());
    let compiler = Compiler::new(&schema, &saved);
    let mut tried = 0;
    for id in schema.filterable() {
        let column = schema.column(id);
        let known = flowql::ide::values(&compiler, &column.name, None, "").unwrap();
        let asked = ValueQuery { quoted: known.quoted, limit: 50, ..query(&column.name, Operator::Eq, "") };
        let found = match ask(&client, &asked, &schema, &stored).await {
            Ok(found) => found,
            Err(error) => {
                failures.push(format!("{}: {error}", column.name));
                continue;
            }
        };
        println!(
            "{}: {:?} {:?}",
            column.name,
            found
                .suggestions
                .iter()
                .take(8)
                .map(|s| format!("{} ({})", s.value, s.detail))
                .collect::<Vec<_>>(),
            found.incomplete
        );
        // A filter by each of them selects flows.
        for Suggestion { value, .. } in &found.suggestions {
            known.check(&compiler, value).unwrap_or_else(|error| panic!("{}: {value}: {error}", column.name));
        }
        if found.suggestions.is_empty() {
            failures.push(format!("{}: nothing is found", column.name));
        }
        for Suggestion { value, .. } in found.suggestions.iter().take(2) {
            tried += 1;
            let half = value.chars().take(value.chars().count().div_ceil(2)).collect::<String>();
            for typed in [value.to_lowercase(), half] {
                let asked = ValueQuery { prefix: typed.clone(), ..asked.clone() };
                let again = ask(&client, &asked, &schema, &stored).await.unwrap();
                if !values(&again).contains(&value.as_str()) {
                    failures.push(format!(
                        "{}: {value} is not found by {typed:?}: {:?}",
                        column.name,
                        values(&again)
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(tried > 120, "{tried}");
}

/// A source of the values of a server.
fn source(client: Client, schema: &Schema) -> ValueSource {
    source_with(client, schema, SourceOptions::default())
}

#[tokio::test]
async fn the_names_of_as_numbers_are_looked_up_at_once() {
    let schema = Schema::default();
    let (client, _) = database(&schema).await;
    let patient = Duration::from_secs(60);
    let source =
        source_with(client, &schema, SourceOptions { deadline: patient, ..SourceOptions::default() });
    let names = source.as_names(&[15_169, 64_500, 3215], patient).await.unwrap();
    assert_eq!(names.keys().copied().collect::<Vec<_>>(), [3215, 15_169], "{names:?}");
    assert!(names.values().all(|name| !name.is_empty()), "{names:?}");
    assert_eq!(source.as_names(&[], patient).await.unwrap().len(), 0);
}

fn source_with(client: Client, schema: &Schema, options: SourceOptions) -> ValueSource {
    ValueSource::new(Arc::new(ClickHouse::new(client, schema.clone())), options)
}

#[tokio::test]
async fn words_are_ranked_by_their_traffic() {
    let schema = Schema::default();
    let (client, _) = database(&schema).await;
    run(&client, "INSERT INTO flows_raw (TimeReceived, EType, Bytes) VALUES (now(), 34525, 1000000000000)")
        .await;
    // A slow machine ranks too.
    let patient = Duration::from_secs(60);
    let options = SourceOptions { ranking: patient, deadline: patient, ..SourceOptions::default() };
    let source = source_with(client, &schema, options);
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    // Of the flows, the undefined are the largest and the external the smallest; of edge0, all are external.
    for (text, expected) in [
        ("InIfBoundary = ", &["undefined", "internal", "external"][..]),
        ("InIfBoundary = ext", &["external"]),
        ("InIfBoundary = n", &["undefined", "internal", "external"]),
        ("OutIfBoundary IN (undefined, ", &["internal", "external"]),
        ("ExporterName = \"edge0\" AND InIfBoundary = ", &["external", "internal", "undefined"]),
        ("EType = ", &["IPv6", "IPv4"]),
        ("EType = IPv4 AND FlowDirection != ", &["ingress", "egress", "undefined"]),
    ] {
        let completed =
            complete(&compiler, Some(&source), text, u32::try_from(text.len()).unwrap(), 50).await;
        assert_eq!(completed.incomplete, None, "{text}");
        let candidates = completed.completions.candidates.iter();
        let words: Vec<_> = candidates.filter(|found| found.kind == CandidateKind::Value).collect();
        let labels: Vec<_> = words.iter().map(|found| found.label.as_str()).collect();
        assert_eq!(labels, expected, "{text}");
        assert!(words.iter().all(|found| !found.documentation.is_empty()), "{text}: {words:?}");
    }
    // All that is typed of a value is answered by one ranking.
    assert_eq!(source.cache_counts().hits, 2);
    let suggested = suggest(&compiler, Some(&source), None, "inifboundary", None, "", 2).await.unwrap();
    let suggested: Vec<_> = suggested.values.iter().map(|found| found.value.as_str()).collect();
    assert_eq!(suggested, ["undefined", "internal"]);
}

#[tokio::test(start_paused = true)]
async fn words_do_not_wait_for_a_server_that_hangs() {
    let schema = Schema::default();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = ServerOptions::at(format!("http://{}", silent.local_addr().unwrap()));
    let source = source(Client::remote(&server, ClientOptions::default()).unwrap(), &schema);
    // The clock stands still until everyone waits: what passes is what was waited for.
    let start = tokio::time::Instant::now();
    for text in ["InIfBoundary = ", "InIfBoundary = e"] {
        let offset = u32::try_from(text.len()).unwrap();
        let completed = complete(&compiler, Some(&source), text, offset, 50).await;
        assert_eq!(completed.completions.candidates[0].label, "external");
        assert_eq!(completed.incomplete, None);
        let suggested = suggest(&compiler, Some(&source), None, "InIfBoundary", None, "", 9).await.unwrap();
        assert_eq!((suggested.values.len(), suggested.incomplete), (3, None));
    }
    let most = SourceOptions::default().ranking + Duration::from_millis(10);
    assert!(start.elapsed() <= most, "{:?}", start.elapsed());
    // Of other values it is said that they are missing.
    let completed = complete(&compiler, Some(&source), "DstPort = ht", 12, 50).await;
    assert!(completed.incomplete.unwrap().starts_with("no answer within "));
}

#[tokio::test]
async fn a_dead_or_silent_server_costs_its_values_only() {
    let schema = Schema::default();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let client =
        |address: String| Client::remote(&ServerOptions::at(address), ClientOptions::default()).unwrap();

    // Nobody listens any more.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = source(client(format!("http://{gone}")), &schema);
    let start = Instant::now();
    let completed = complete(&compiler, Some(&dead), "DstPort = ht", 12, 50).await;
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(completed.completions.candidates[0].label, "443");
    assert!(completed.incomplete.unwrap().starts_with("cannot reach "));

    // Someone takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let slow = source(client(format!("http://{address}")), &schema);
    let start = Instant::now();
    let completed = complete(&compiler, Some(&slow), "DstPort = ht", 12, 50).await;
    let elapsed = start.elapsed();
    assert!(elapsed > Duration::from_millis(1500) && elapsed < Duration::from_secs(20), "{elapsed:?}");
    assert_eq!(completed.completions.candidates[0].label, "443");
    assert!(completed.incomplete.unwrap().starts_with("no answer within "));
    // The next key is not held up.
    let start = Instant::now();
    let completed = complete(&compiler, Some(&slow), "DstPort = htt", 13, 50).await;
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(completed.completions.candidates[0].label, "443");
    assert!(completed.incomplete.is_some());
}

#[tokio::test]
async fn a_completion_has_the_values_of_the_network() {
    let schema = Schema::default();
    let (client, _) = database(&schema).await;
    let source = source(client, &schema);
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    for (text, expected) in [
        ("SrcAS = goo", "AS15169"),
        ("InIfBoundary = external AND ExporterName IN (\"edge2\", \"edg", "\"edge0\""),
        ("EType = IPv6 AND SrcAddr = 20", "2001:db8::5"),
        ("DstAddr << ", "2001:db8::/48"),
        ("DstNetPrefix = 192", "192.0.2.0/24"),
        ("DstPort BETWEEN 100 AND 8", "8443"),
        ("InIfDescription LIKE '50", "'50\\%\\_off\\\\\\InIfDescription'"),
        ("Proto < ", "1"),
        ("SrcCountry = german", "\"DE\""),
    ] {
        let completed =
            complete(&compiler, Some(&source), text, u32::try_from(text.len()).unwrap(), 50).await;
        assert_eq!(completed.incomplete, None, "{text}");
        assert_eq!(completed.completions.candidates[0].insert, expected, "{text}");
    }
}
