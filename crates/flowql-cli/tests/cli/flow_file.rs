//! `flowql query` over a file of flows, without a database.

use super::{Place, snapshot};

const FLOWS: &str = r#"{"TimeReceived":"2026-01-30 10:00:00","SrcAS":15169,"DstPort":443,"Bytes":9000,"Packets":6,"SamplingRate":100}
{"TimeReceived":"2026-01-30 10:00:30","SrcAS":64500,"DstPort":443,"Bytes":3000,"Packets":2,"SamplingRate":100}

{"TimeReceived":"2026-01-30 10:01:00","SrcAS":15169,"DstPort":53,"Bytes":200,"Packets":1,"SamplingRate":100}
"#;

/// The arguments before those of a test.
fn asked<'a>(filter: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let file = ["--flows-from", "flows.jsonl", "--from", "2026-01-30T10:00", "--to", "2026-01-30T10:02"];
    [&["query", "--no-config", filter], &file[..], more].concat()
}

#[test]
fn a_file_answers_a_top_a_series_and_flows() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    let run = |name: &str, filter: &str, more: &[&str]| {
        snapshot(name, &place.run(&asked(filter, more)).has_status(0));
    };
    run("file-top", "DstPort = \"https\"", &["--top", "SrcAS", "--backend", "file"]);
    run("file-series", "", &["--series", "--top", "SrcAS", "--points", "2", "--format", "csv"]);
    run("file-flows", "", &["--flows", "--columns", "TimeReceived,SrcAS,DstPort", "--format", "markdown"]);
    let none = place.run(&asked("SrcAS = 1", &["--flows"])).has_status(0);
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no flow matches\n"));
}

#[test]
fn a_query_of_a_file_is_explained_without_sql() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    let ran = place.run(&asked("", &["--explain", "--format", "json"])).has_status(0).json();
    assert_eq!((&ran["table"], &ran["sql"]), (&"flows.jsonl".into(), &"".into()), "{ran}");
    assert_eq!((&ran["rows_read"], &ran["bytes_read"]), (&3.into(), &FLOWS.len().into()), "{ran}");
}

#[test]
fn a_bad_flow_is_named_by_its_line() {
    let bad = format!("{FLOWS}{{\"TimeReceived\":1,\"SrcAS\":-1}}\n");
    snapshot(
        "file-bad-flow",
        &Place::new().with("flows.jsonl", bad).run(&asked("", &["--top", "SrcAS"])).has_status(2),
    );
    snapshot("file-missing", &Place::new().run(&asked("", &["--flows"])).has_status(2));
    let values =
        Place::new().with("values.toml", "").run(&["query", "--no-config", "", "--backend", "static"]);
    assert_eq!(values.has_status(2).stdout, "");
}
