use std::time::{Duration, SystemTime};

use flowql::tables::Operator;
use flowql::{Compiler, CustomColumn, SavedFilters, SchemaConfig};

use super::*;
use crate::Direction;

/// What a database has that was made for the schema.
fn stored(schema: &Schema) -> StoredSchema {
    let column = |column: &Column| StoredColumn {
        name: column.name.to_string(),
        kind: column.clickhouse_type.to_string(),
    };
    let table = |name: &str, seconds: u64| StoredTable {
        name: name.to_owned(),
        resolution: Duration::from_secs(seconds),
        oldest: Some(SystemTime::UNIX_EPOCH),
        newest: None,
        rows: None,
        columns: schema
            .columns()
            .iter()
            .filter(|column| !column.disabled && (seconds == 0 || !column.main_only))
            .map(column)
            .collect(),
    };
    let text = |name: &str| StoredColumn { name: name.to_owned(), kind: "String".to_owned() };
    StoredSchema {
        tables: vec![table("flows", 0), table("flows_1m0s", 60), table("flows_1h0m0s", 3600)],
        exporters: ["ExporterAddress", "ExporterName", "IfName", "IfDescription", "IfBoundary"]
            .map(text)
            .to_vec(),
        dictionaries: ["asns", "protocols", "icmp", "tcp", "udp", "inventory"].map(str::to_owned).to_vec(),
        reach: None,
    }
}

fn filter(schema: &Schema, text: &str) -> FlowFilter {
    let saved = SavedFilters::default();
    FlowFilter::compile(&Compiler::new(schema, &saved), text, Direction::Forward, None).unwrap()
}

fn query(column: &str, operator: Operator, prefix: &str) -> ValueQuery {
    ValueQuery::of(column, Some(operator), prefix, 20)
}

fn planned(query: &ValueQuery) -> ValuePlan {
    let schema = Schema::all_columns();
    plan(query, &schema, &stored(&schema))
}

/// The names and values of the parameters.
fn parameters(statement: &Sql) -> Vec<(String, String)> {
    let parameters = statement.parameters().into_iter();
    parameters.map(|parameter| (parameter.name, parameter.value.to_string())).collect()
}

/// The table that the flows are read from.
fn table(plan: &ValuePlan) -> String {
    let sql = plan.recent[0].statement.to_string();
    let (_, rest) = sql.split_once(" AS weight_ FROM ").unwrap();
    rest.split(' ').next().unwrap().to_owned()
}

#[test]
fn the_smallest_table_is_read_that_has_the_columns() {
    let schema = Schema::all_columns();
    for (column, rest, expected) in [
        ("SrcAS", "", "flows_1h0m0s"),
        ("SrcAS", "InIfBoundary = external AND Proto = \"tcp\"", "flows_1h0m0s"),
        ("SrcAS", "DstPort = 443", "flows"),
        ("SrcAS", "DstCommunities = 65000:1:1", "flows"),
        ("SrcAddr", "", "flows"),
        ("DstCommunities", "", "flows"),
        ("PacketSize", "", "flows_1h0m0s"),
    ] {
        let rest = (!rest.is_empty()).then(|| filter(&schema, rest));
        let query = ValueQuery { rest, ..query(column, Operator::Eq, "") };
        assert_eq!(table(&planned(&query)), expected, "{column}");
    }
    // A table without rows is no help, and neither is a rest about columns that are not there.
    let mut empty = stored(&schema);
    empty.tables[2].oldest = None;
    assert_eq!(table(&plan(&query("SrcAS", Operator::Eq, ""), &schema, &empty)), "flows_1m0s");
    empty.tables.remove(0);
    let rest = Some(filter(&schema, "DstPort = 443"));
    let wider = plan(&ValueQuery { rest, ..query("SrcAS", Operator::Eq, "") }, &schema, &empty);
    assert_eq!(table(&wider), "flows_1m0s");
    assert!(!wider.recent[0].statement.to_string().contains("DstPort"));
    assert_eq!(plan(&query("SrcPort", Operator::Eq, ""), &schema, &empty).recent, []);
}

#[test]
fn windows_widen_up_to_everything() {
    let plan = planned(&query("DstPort", Operator::Eq, ""));
    let windows: Vec<_> = plan
        .recent
        .iter()
        .map(|window| {
            let sql = window.statement.to_string();
            let seconds = sql.split_once("now()) - ").and_then(|(_, rest)| rest.split(' ').next());
            (seconds.and_then(|seconds| seconds.parse().ok()), window.extent.seconds)
        })
        .collect();
    // The exporters tell the rest.
    assert_eq!(planned(&query("InIfName", Operator::Eq, "")).recent.len(), 2);
    assert_eq!(
        windows,
        [(Some(600), Some(600)), (Some(10_800), Some(10_800)), (Some(86_400), Some(86_400)), (None, None)]
    );
}

#[test]
fn a_statement_is_as_it_should_be() {
    let schema = Schema::all_columns();
    let rest = Some(filter(&schema, "ExporterName = \"x'y\" AND DstPort = 443"));
    let query = ValueQuery { rest, ..query("SrcAS", Operator::Eq, "goo") };
    let plan = planned(&query);
    let statement = &plan.recent[0].statement;
    assert_eq!(
        statement.to_string(),
        "SELECT value_ AS value, argMax(detail_, weight_) AS detail, sum(weight_) AS weight FROM (SELECT \
         concat('AS', toString(item_)) AS value_, toString(item_) AS key_, \
         dictGetOrDefault('asns', 'name', toUInt64(item_), '') AS detail_, item_, weight_ FROM (SELECT SrcAS AS item_, \
         '' AS about_, sum(toFloat64(Bytes) * SamplingRate) AS weight_ FROM flows WHERE TimeReceived >= \
         least((SELECT max(TimeReceived) FROM flows), now()) - 600 AND \
         (ExporterName = {p0:String} AND DstPort = {p1:UInt16}) GROUP BY item_, about_)) WHERE item_ != 0 AND \
         (0 OR positionCaseInsensitiveUTF8(detail_, {v0:String}) > 0) GROUP BY value_ ORDER BY \
         max(startsWith(lowerUTF8(key_), lowerUTF8({v1:String})) OR \
         startsWith(lowerUTF8(detail_), lowerUTF8({v2:String}))) DESC, weight DESC, length(value_), value_ LIMIT 20"
    );
    let expected = [("p0", "x'y"), ("p1", "443"), ("v0", "goo"), ("v1", "goo"), ("v2", "goo")];
    assert_eq!(parameters(statement), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(plan.names.len(), 1);
    assert!(plan.names[0].to_string().contains("FROM asns"));
}

#[test]
fn what_is_typed_is_only_ever_a_parameter() {
    const HOSTILE: [&str; 9] = [
        "xq'xq",
        "xq') UNION ALL SELECT xq --",
        "xq\\' OR 1 = 1 /* xq",
        "{v0:xq}",
        "xq\0\n\r\txq",
        "`xq`",
        "xq\"; DROP TABLE xq",
        "xq%_\\%xq",
        "192.0.2.1' OR xq",
    ];
    let schema = Schema::all_columns();
    let stored = stored(&schema);
    let rest =
        Some(filter(&schema, "InIfDescription LIKE \"%xq'xq\\%\" OR ExporterName REGEXP \"xq{2}\\\\\\\\\""));
    let mut statements = 0;
    for id in schema.filterable() {
        for typed in HOSTILE {
            for operator in [Operator::Eq, Operator::Like, Operator::Within] {
                let exclude = vec![typed.to_owned()];
                let query = ValueQuery {
                    rest: rest.clone(),
                    exclude,
                    ..query(&schema.column(id).name, operator, typed)
                };
                let ValuePlan { recent, names } = plan(&query, &schema, &stored);
                for statement in recent.iter().map(|window| &window.statement).chain(&names) {
                    statements += 1;
                    let sql = statement.to_string();
                    assert!(!sql.contains("xq") && !sql.contains('"') && !sql.contains(';'), "{sql}");
                    assert!(!sql.contains("--") && !sql.contains("/*"), "{sql}");
                    // Every parameter that the text names is there, once.
                    let mut named: Vec<&str> =
                        sql.split('{').skip(1).map(|rest| rest.split(':').next().unwrap()).collect();
                    let mut given: Vec<String> =
                        parameters(statement).into_iter().map(|(name, _)| name).collect();
                    named.sort_unstable();
                    given.sort_unstable();
                    assert_eq!(named, given, "{sql}");
                    // The quotes of the program alone.
                    assert_eq!(sql.matches('\'').count() % 2, 0, "{sql}");
                }
            }
        }
    }
    assert!(statements > 1000, "{statements}");
}

#[test]
fn a_column_of_a_dictionary_has_the_values_of_its_attribute() {
    let custom = CustomColumn {
        name: "DstAddrRole".to_owned(),
        kind: "string".to_owned(),
        dictionary: Some("inventory".to_owned()),
        attribute: Some("role".to_owned()),
        key: Some("DstAddr".to_owned()),
        ..CustomColumn::default()
    };
    let schema =
        Schema::configured(&SchemaConfig { column: vec![custom], ..SchemaConfig::default() }).unwrap();
    let plan = plan(&query("DstAddrRole", Operator::Eq, ""), &schema, &stored(&schema));
    assert!(plan.recent[0].statement.to_string().contains("SELECT DstAddrRole AS item_"));
    let names = plan.names[0].to_string();
    assert!(names.contains("SELECT DISTINCT role AS item_") && names.contains("FROM inventory"), "{names}");
}

#[test]
fn nothing_is_asked_for_what_cannot_be() {
    for (column, typed) in [
        ("DstAddr", "x"),
        ("SrcMAC", "example"),
        ("TCPFlags", "SYN"),
        ("DstCommunities", "no-export"),
        ("SrcNetPrefix", "net"),
        ("Nothing", ""),
    ] {
        assert_eq!(planned(&query(column, Operator::Eq, typed)), ValuePlan::default(), "{column}");
    }
    // By their names, these can be found all the same.
    for (column, typed) in [("ExporterAddress", "edge"), ("DstPort", "http"), ("SrcAS", "x"), ("Proto", "t")]
    {
        assert_ne!(planned(&query(column, Operator::Eq, typed)), ValuePlan::default(), "{column}");
    }
}

#[test]
fn the_rest_holds_for_exporters_where_it_speaks_of_them_alone() {
    let schema = Schema::all_columns();
    let names = |rest: &str| {
        let query = ValueQuery { rest: Some(filter(&schema, rest)), ..query("InIfName", Operator::Eq, "") };
        planned(&query).names[0].to_string()
    };
    assert!(names("ExporterName = \"edge1\"").contains("FROM exporters WHERE (ExporterName = {p0:String})"));
    assert!(!names("ExporterName = \"edge1\" AND Proto = 6").contains("p0"));
}

#[test]
fn the_whole_groups_of_an_address_help_the_index() {
    let schema = Schema::all_columns();
    let plan = planned(&query("SrcAddr", Operator::Eq, "192.0.2.1"));
    let statement = &plan.recent[0].statement;
    assert!(statement.to_string().contains("SrcAddr BETWEEN {v0:IPv6} AND {v1:IPv6}"), "{statement}");
    assert_eq!(parameters(statement)[0], ("v0".to_owned(), "::ffff:192.0.2.0".to_owned()));
    // Where subnets are wanted, the routed prefixes are what there is; of other addresses, subnets of the usual size.
    let subnets = plan_sql(&schema, "SrcAddr", Operator::Within);
    assert!(subnets.contains("SrcNetPrefix AS item_"), "{subnets}");
    assert!(plan_sql(&schema, "NextHop", Operator::Within).contains("'/24'"));
}

fn plan_sql(schema: &Schema, column: &str, operator: Operator) -> String {
    plan(&query(column, operator, ""), schema, &stored(schema)).recent[0].statement.to_string()
}

#[test]
fn who_sees_a_part_of_the_flows_gets_values_of_that_part_alone() {
    let schema = Schema::all_columns();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let forced = compiler.check("DstNetTenant = \"acme\"", flowql::Options::default()).filter.unwrap();
    for column in ["SrcAS", "ExporterName", "InIfName", "DstPort", "Proto"] {
        let asked = query(column, Operator::Eq, "").within(&compiler, &forced).unwrap();
        let found = planned(&asked);
        assert!(found.names.is_empty(), "{column}: names are of all flows");
        assert!(!found.recent.is_empty());
        for window in &found.recent {
            assert!(
                window.statement.to_string().contains("DstNetTenant = {p0:String}"),
                "{}",
                window.statement
            );
        }
    }
    // Where no table has the columns of both, the rest goes, and what is forced stays.
    let rest = Some(filter(&schema, "SrcMAC = 00:00:5e:00:53:01"));
    let asked = ValueQuery { rest, ..query("SrcAS", Operator::Eq, "") }.within(&compiler, &forced).unwrap();
    let mut without = stored(&schema);
    for table in &mut without.tables {
        table.columns.retain(|column| column.name != "SrcMAC");
    }
    let found = plan(&asked, &schema, &without).recent[0].statement.to_string();
    assert!(found.contains("DstNetTenant") && !found.contains("SrcMAC"), "{found}");
    // Where none has what is forced, nothing is read.
    for table in &mut without.tables {
        table.columns.retain(|column| column.name != "DstNetTenant");
    }
    assert_eq!(plan(&asked, &schema, &without), ValuePlan::default());
}
