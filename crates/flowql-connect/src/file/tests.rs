use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use flowql::{Compiler, SavedFilters};
use flowql_backend::{Direction, FlowFilter, QueryOptions, TimeRange, Unit};
use flowql_client::AnswerTable;
use serde_json::{Value as Json, json};

use super::*;

const START: u64 = 1_769_853_600;

/// A file of lines; it goes when this is dropped.
fn file(lines: &[&str]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{}", lines.join("\n")).unwrap();
    file
}

fn query(filter: &str, seconds: u64, kind: Kind) -> FlowQuery {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let filter = FlowFilter::compile(&compiler, filter, Direction::Forward, None).unwrap();
    let time = |seconds: u64| -> SystemTime { UNIX_EPOCH + Duration::from_secs(seconds) };
    let range = TimeRange { from: time(START), to: time(START + seconds) };
    FlowQuery {
        filter,
        range,
        kind,
        limit: 2,
        options: QueryOptions::default(),
        id: Some("the query".to_owned()),
    }
}

async fn ask(lines: &[&str], query: &FlowQuery) -> Result<AnswerTable, Error> {
    let file = file(lines);
    let backend = FlowFile::open(file.path(), &Schema::default(), &ClientOptions::default())?;
    let answer = backend.query(query).await?.collect().await;
    assert_eq!(backend.progress("the query").await?, None, "it does not run any more");
    answer
}

const FLOWS: [&str; 5] = [
    r#"{"TimeReceived":1769853600,"SrcAS":15169,"DstPort":443,"SrcAddr":"192.0.2.1","Bytes":100,"Packets":1,"SamplingRate":10}"#,
    "",
    r#"{"TimeReceived":"2026-01-31 10:00:09","SrcAS":64500,"DstPort":53,"Bytes":300,"Packets":2,"SamplingRate":10}"#,
    r#"{"TimeReceived":1769853605,"SrcAS":1,"DstPort":443,"SrcAddr":"2001:db8::1","Bytes":300,"Packets":1,"SamplingRate":10}"#,
    r#"{"TimeReceived":1769853610,"SrcAS":15169,"Bytes":9000,"Packets":9,"SamplingRate":10}"#,
];

#[tokio::test]
async fn a_top_has_rates_names_and_shares_and_breaks_ties_by_the_keys() {
    let top = Kind::Top { columns: vec!["SrcAS".to_owned()], unit: Unit::Bits };
    let table = ask(&FLOWS, &query("", 10, top)).await.unwrap();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["SrcAS", "SrcASName", "bits", "packets", "share"]);
    let expected: [Vec<Json>; 2] = [
        vec![json!(1), json!("Level 3"), json!(2400.0), json!(1.0), json!(24_000.0 / 56_000.0)],
        vec![json!(64_500), json!(""), json!(2400.0), json!(2.0), json!(24_000.0 / 56_000.0)],
    ];
    let rows: Vec<Vec<Json>> = table.rows;
    for (row, expected) in rows.iter().zip(&expected) {
        assert_eq!((&row[0], &row[2..]), (&expected[0], &expected[2..]));
    }
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn a_series_has_a_row_for_each_point_and_one_for_all_others() {
    let series = |columns: Vec<String>| Kind::Series { columns, unit: Unit::Packets, points: 2 };
    let table = ask(&FLOWS, &query("DstPort = 443", 10, series(Vec::new()))).await.unwrap();
    assert_eq!(table.rows, [[json!(START), json!(2.0)], [json!(START + 5), json!(2.0)]]);
    let one = FlowQuery { limit: 1, ..query("", 10, series(vec!["DstPort".to_owned()])) };
    let table = ask(&FLOWS, &one).await.unwrap();
    let expected = [
        // Both ports have as many packets, and 53 comes first.
        json!([START, 53, "domain", 0.0]),
        json!([START, null, null, 2.0]),
        json!([START + 5, 53, "domain", 4.0]),
        json!([START + 5, null, null, 2.0]),
    ];
    assert_eq!(json!(table.rows), json!(expected));
}

#[tokio::test]
async fn flows_are_the_newest_first() {
    let columns = ["TimeReceived", "SrcAddr"].map(str::to_owned).to_vec();
    let table = ask(&FLOWS, &query("SrcAS != 7", 3600, Kind::Flows { columns })).await.unwrap();
    assert_eq!(json!(table.rows), json!([[START + 10, "::"], [START + 9, "::"]]));
}

#[tokio::test]
async fn a_bad_flow_is_named_by_its_file_and_line() {
    let everything = || query("", 10, Kind::Flows { columns: Vec::new() });
    for (line, message) in [
        (
            "{\"TimeReceived\":1,\"SrcAS\":\"x\"}",
            "`SrcAS` takes an unsigned integer of at most 32 bits, not `\"x\"`",
        ),
        ("{\"SrcAS\":1}", "the flow has no `TimeReceived`"),
        (
            "[]",
            "not a JSON object: invalid type: sequence, expected an object with the columns of a flow at column 0",
        ),
        ("{\"TimeReceived\":1", "not a JSON object: EOF while parsing an object at column 17"),
    ] {
        let file = file(&[FLOWS[0], "", line]);
        let backend = FlowFile::open(file.path(), &Schema::default(), &ClientOptions::default()).unwrap();
        let error = backend.query(&everything()).await.unwrap_err();
        assert_eq!(error, Error::BadFlows(format!("{}:3: {message}", file.path().display())), "{line}");
    }
    let error = FlowFile::open(Path::new("/"), &Schema::default(), &ClientOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read flows from `/`: it is not a file");
}

#[test]
fn reading_stops_when_nobody_waits_any_more() {
    let (file, schema, work) = (file(&FLOWS), Schema::default(), Arc::new(Work::new(1)));
    let query = query("", 10, Kind::Flows { columns: Vec::new() });
    let scan = Scan::new(file.path(), &schema, &query, Arc::clone(&work)).unwrap();
    let mut flows = 0;
    let stopped = scan.each(&schema, &[], |_| {
        flows += 1;
        work.stop();
        Ok(())
    });
    assert!(stopped.is_err());
    assert_eq!(flows, 1);
}

#[tokio::test]
async fn what_it_costs_is_told() {
    let file = file(&FLOWS);
    let backend = FlowFile::open(file.path(), &Schema::default(), &ClientOptions::default()).unwrap();
    let series = Kind::Series { columns: vec!["SrcAS".to_owned()], unit: Unit::Flows, points: 5 };
    let found = backend.explain(&query("", 10, series)).await.unwrap();
    let size = file.path().metadata().unwrap().len();
    // Twice: once for the top, once for its points.
    assert_eq!((found.rows_read, found.bytes_read), (8, 2 * size));
    assert_eq!((found.plan.sql.is_empty(), found.plan.interval), (true, Some(Duration::from_secs(2))));
    assert_eq!(backend.stored().await.unwrap().tables.len(), 1);
    assert_eq!(backend.as_names(&[15_169, 64_500]).await.unwrap().len(), 1);
}
