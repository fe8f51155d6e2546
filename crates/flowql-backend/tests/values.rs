//! Values for completion, asked of a real ClickHouse: each column's are found, by what a person types of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::time::Duration;

use flowql::ide::Suggestion;
use flowql::tables::Operator;
use flowql::{Compiler, SavedFilters, Schema};
use flowql_backend::clickhouse::{Client, Statement};
use flowql_backend::tables::{Change, Found, Layout, SETTINGS, statements, write_columns};
use flowql_backend::values::ask;
use flowql_backend::{
    Direction, FlowFilter, StoredColumn, StoredSchema, StoredTable, ValueQuery, Values, testing,
};

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
    for made in statements(&layout, schema, &Found::default(), Change::Nothing, None) {
        let sql = format!("{}\n{}", made.sql, made.data.unwrap_or_default());
        let statement =
            SETTINGS.iter().fold(Statement::write(sql), |all, (name, value)| all.setting(name, value));
        client.execute(&statement).await.unwrap();
    }
    let columns: Vec<_> = write_columns(schema).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_ref()).collect();
    let values: Vec<String> = columns.iter().map(|column| expression(column)).collect();
    let (names, values) = (names.join(", "), values.join(", "));
    run(&client, &format!("INSERT INTO flows_raw ({names}) SELECT {values} FROM numbers(5000)")).await;
    let stored = stored(&client).await;
    (client, stored)
}

async fn run(client: &Client, sql: &str) {
    client.execute(&Statement::write(sql)).await.unwrap();
}

/// What the database has.
async fn stored(client: &Client) -> StoredSchema {
    #[derive(serde::Deserialize)]
    struct Row {
        table: String,
        name: String,
        kind: String,
    }
    let sql = "SELECT table, name, type AS kind FROM system.columns WHERE database = currentDatabase() ORDER BY position";
    let rows: Vec<Row> = client.all(&Statement::read(sql)).await.unwrap();
    let columns = |table: &str| -> Vec<StoredColumn> {
        let rows = rows.iter().filter(|row| row.table == table);
        rows.map(|row| StoredColumn { name: row.name.clone(), kind: row.kind.clone() }).collect()
    };
    let table = |(name, seconds): (&str, u64)| StoredTable {
        name: name.to_owned(),
        resolution: Duration::from_secs(seconds),
        oldest: Some(std::time::SystemTime::UNIX_EPOCH),
        columns: columns(name),
    };
    StoredSchema {
        tables: [("flows", 0), ("flows_1m0s", 60), ("flows_5m0s", 300), ("flows_1h0m0s", 3600)]
            .map(table)
            .to_vec(),
        exporters: columns("exporters"),
        dictionaries: ["asns", "protocols", "icmp", "tcp", "udp"].map(str::to_owned).to_vec(),
    }
}

fn values(found: &Values) -> Vec<&str> {
    found.suggestions.iter().map(|found| found.value.as_str()).collect()
}

fn query(column: &str, operator: Operator, prefix: &str) -> ValueQuery {
    ValueQuery::of(column, Some(operator), prefix, 20)
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
        ("InIfName", Operator::Like, "50", &[("50\\%\\_off\\\\InIfName", "50%_off\\InIfDescription")]),
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
