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

#[test]
fn a_top_is_ranked_by_points_and_cut_to_prefixes() {
    let flow = |time: u64, address: &str, packets: u64| {
        format!(
            "{{\"TimeReceived\":{time},\"SrcAddr\":\"{address}\",\"Packets\":{packets},\"SamplingRate\":1}}\n"
        )
    };
    // 2026-01-30T10:00: one prefix all the time, and one in the first minute alone.
    let start = 1_769_767_200;
    let mut flows: String = (0..10).map(|minute| flow(start + 60 * minute, "192.0.2.1", 100)).collect();
    flows += &(flow(start, "198.51.100.1", 300) + &flow(start, "198.51.100.2", 300));
    flows += &flow(start + 60, "2001:db8::1", 60);
    let place = Place::new().with("flows.jsonl", flows);
    let top = |more: &[&str]| {
        let fixed =
            ["query", "--no-config", "", "--flows-from", "flows.jsonl", "--format", "csv", "--by", "packets"];
        let time =
            ["--from", "2026-01-30T10:00", "--to", "2026-01-30T10:10", "--top", "SrcAddr/24", "--step", "1m"];
        let ran = place.run(&[&fixed[..], &time, more].concat()).has_status(0);
        let rows = ran.stdout.lines().map(|line| line.split(',').collect::<Vec<_>>());
        rows.map(|cells| (cells[0].to_owned(), cells[3].to_owned())).collect::<Vec<_>>()
    };
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let (many, once, v6) = ("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/48");
    let steady = (100.0_f64 / 60.0).to_string();
    assert_eq!(
        top(&["--rank", "max"]),
        pairs(&[("SrcAddr/24", "packets_maximum"), (once, "10.0"), (many, &steady), (v6, "1.0")])
    );
    // Of ten points the last is the 95th percentile.
    assert_eq!(top(&["--rank", "p95"])[1..], pairs(&[(once, "10.0"), (many, &steady), (v6, "1.0")]));
    let last = top(&["--rank", "last"]);
    assert_eq!(last[1..], pairs(&[(many, &steady), (once, "0.0"), (v6, "0.0")]));
    assert_eq!(top(&[])[1].0, many);
}

#[test]
fn both_directions_and_their_warnings_are_in_one_answer() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    let more = ["--top", "DstPort", "--both", "--format", "json"];
    let ran = place.run(&asked("DstPort = 443 OR Proto = \"ospfx\"", &more)).has_status(0);
    assert!(ran.stderr.contains("warning[W508]: unknown protocol `ospfx`"), "{ran}");
    let answer = ran.json();
    let rows: Vec<_> = answer["rows"].as_array().unwrap().iter().map(|row| &row["direction"]).collect();
    assert_eq!(rows, ["forward"], "no flow comes from port 443: {answer}");
    assert_eq!(answer["reverse"]["from"], "2026-01-30T10:00:00Z");
    let codes: Vec<_> =
        answer["diagnostics"].as_array().unwrap().iter().map(|found| &found["code"]).collect();
    assert!(codes.contains(&&"W508".into()), "{answer}");
}

#[test]
fn a_limit_of_nothing_and_a_step_of_too_many_points_are_refused() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    for (more, message) in [
        (&["--limit", "0"][..], "invalid value '0' for '--limit <N>'"),
        (&["--points", "0"], "invalid value '0' for '--points <N>'"),
        (&["--step", "0s"], "`0s` is not a length of time"),
        (&["--step", "1s", "--from", "2026-01-01"], "makes more than 10000 points"),
        (&["--top", "SrcAS/24"], "the column `SrcAS` has no addresses to cut"),
        (&["--top", "Dst1stAS", "--both"], "has none for the opposite direction"),
    ] {
        let mut arguments = asked("", more);
        if more.contains(&"--from") {
            arguments.retain(|argument| !argument.starts_with("2026-01-30T10:00"));
            let place = arguments.iter().position(|argument| *argument == "--from").unwrap();
            arguments.remove(place);
        }
        let ran = place.run(&arguments).has_status(2);
        assert!(ran.stderr.contains(message), "{more:?}: {ran}");
    }
}

#[test]
fn a_time_without_flows_is_said_to_be_such() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    let run = |from: &str, to: &str| {
        place.run(&["query", "--no-config", "", "--flows-from", "flows.jsonl", "--from", from, "--to", to])
    };
    for (from, to, message) in [
        ("2100-01-01", "now", "the time begins in the future"),
        ("1769853600", "1769853600", "the time is empty: it ends when it begins"),
        ("-1h", "-2h", "the time ends before it begins"),
        ("1769853600123", "now", "a number is the seconds since 1970, not the milliseconds"),
    ] {
        let ran = run(from, to).has_status(2);
        assert!(ran.stderr.contains(message), "{ran}");
    }
    let ahead = run("2100-01-01", "2100-01-02").has_status(0);
    assert!(ahead.stderr.contains("all of the time is in the future"), "{ahead}");
    assert!(!run("2026-01-30", "2026-01-31").has_status(0).stderr.contains("future"));
}
