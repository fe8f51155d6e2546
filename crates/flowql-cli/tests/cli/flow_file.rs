//! `flowql query` over a file of flows, without a database.

use super::Place;

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
    let csv = |filter: &str, more: &[&str]| {
        let ran = place.run(&asked(filter, &[more, &["--format", "csv"]].concat())).has_status(0);
        ran.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let top = csv("DstPort = \"https\"", &["--top", "SrcAS", "--backend", "file"]);
    assert_eq!(top.len(), 3, "{top:#?}");
    assert_eq!(top[0], "SrcAS,SrcASName,bits,packets,share");
    assert!(top[1].starts_with("15169,") && top[1].ends_with(",60000.0,5.0,0.75"), "{top:#?}");
    assert!(top[2].starts_with("64500,,20000.0,") && top[2].ends_with(",0.25"), "{top:#?}");
    let series = csv("", &["--series", "--top", "SrcAS", "--points", "2"]);
    assert_eq!(series.len(), 5, "{series:#?}");
    assert!(series[1].starts_with("2026-01-30T10:00:00Z,15169,"), "{series:#?}");
    assert!(series[1].ends_with(",120000.0"), "{series:#?}");
    assert_eq!(series[4], "2026-01-30T10:01:00Z,64500,,0.0");
    let flows = csv("", &["--flows", "--columns", "TimeReceived,DstPort"]);
    assert_eq!(
        flows,
        [
            "TimeReceived,DstPort,DstPortName",
            "2026-01-30T10:01:00Z,53,domain",
            "2026-01-30T10:00:30Z,443,https",
            "2026-01-30T10:00:00Z,443,https",
        ]
    );
    let none = place.run(&asked("SrcAS = 1", &["--flows"])).has_status(0);
    assert_eq!(none.stdout, "");
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
    let ran = Place::new().with("flows.jsonl", bad).run(&asked("", &["--top", "SrcAS"])).has_status(2);
    let message = "flows.jsonl:5: `SrcAS` takes an unsigned integer of at most 32 bits, not `-1`";
    assert!(ran.stderr.contains(message), "{ran}");
    let ran = Place::new().run(&asked("", &["--flows"])).has_status(2);
    assert!(ran.stderr.contains("cannot read flows from `flows.jsonl`"), "{ran}");
    let values = Place::new().with("values.toml", "[types]\n");
    let ran = values.run(&["query", "--no-config", "", "--backend", "static"]).has_status(2);
    assert!(ran.stderr.contains("lacks the key `values`"), "{ran}");
}
