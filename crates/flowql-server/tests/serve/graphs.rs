//! The graphs that Akvorado's console asks for, on the embedded engine with the flows of a demonstration.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::service::{Answer, Service};
use crate::store::{ROWS, Store};

const LINE: &str = "/api/v0/console/graph/line";
const SANKEY: &str = "/api/v0/console/graph/sankey";
const TABLE: &str = "/api/v0/console/graph/table-interval";

fn rfc(seconds: u64) -> String {
    Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap().to_string()
}

/// A question over the day of the store, with more members.
fn question(more: Value) -> Value {
    let end = Store::filled().end;
    let mut question = json!({
        "start": rfc(end - 86_400), "end": rfc(end), "dimensions": ["SrcAS"], "limit": 5, "limitType": "avg",
        "filter": "", "truncate-v4": 0, "truncate-v6": 0, "units": "l3bps", "points": 24,
        "bidirectional": false, "previous-period": false,
    });
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    question
}

/// As the console does, which declares no type of its body.
fn ask(service: &Service, route: &str, more: Value) -> Answer {
    service.send("POST", route, &[], question(more).to_string().as_bytes())
}

fn list(answer: &Value, name: &str) -> Vec<Value> {
    answer[name].as_array().unwrap_or_else(|| panic!("no {name}: {answer}")).clone()
}

fn numbers(answer: &Value) -> Vec<f64> {
    answer.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// That two numbers are the same but for rounding.
#[track_caller]
fn near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1.0 + other.abs() * 1e-6, "{one} is not {other}");
}

#[test]
fn a_line_has_the_shape_of_the_peer() {
    let service = Store::filled().serve("", &[]);
    let answer = ask(&service, LINE, json!({})).has(200);
    assert!(answer.header("x-sql-query").unwrap().starts_with("SELECT "), "{answer:?}");
    let answer = answer.json();
    let mut names: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected =
        ["95th", "average", "axis", "axis-names", "last", "max", "min", "points", "rows", "t", "total"];
    assert_eq!(names, expected);
    assert_eq!(answer["axis-names"], json!({"1": "Direct"}));
    assert_eq!(list(&answer, "axis"), vec![json!(1); 6]);
    let rows = list(&answer, "rows");
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[5], json!(["Other"]));
    assert!(rows.contains(&json!(["15169: Google"])), "{rows:?}");
    let times = list(&answer, "t");
    let end = Store::filled().end;
    assert_eq!((times.len(), &times[0]), (24, &json!(rfc(end - 86_400))));
    for (place, points) in list(&answer, "points").iter().enumerate() {
        let points = numbers(points);
        assert_eq!(points.len(), 24);
        let mut sorted = points.clone();
        sorted.sort_by(f64::total_cmp);
        let sum: f64 = points.iter().sum();
        let number = |name: &str| answer[name][place].as_f64().unwrap();
        assert_eq!((number("min"), number("max")), (sorted[0], sorted[23]));
        assert_eq!((number("last"), number("95th")), (points[23], sorted[22]));
        near(number("average"), sum / 24.0);
        assert!((number("total") - sum * 3600.0).abs() <= 24.0 * 3600.0, "{answer}");
        assert!(answer["average"][place].is_u64(), "{answer}");
    }
    // The total is that of the store.
    let total: f64 = numbers(&answer["total"]).iter().sum();
    let sql = format!("SELECT sum(Bytes * SamplingRate) * 8 FROM flowql.flows WHERE TimeReceived < {end}");
    let stored: f64 = Store::filled().ask(&sql).parse().unwrap();
    assert!((total / stored - 1.0).abs() < 1e-6, "{total} {stored}");
    // The first rows have the most traffic.
    let averages = numbers(&answer["average"]);
    assert!(averages[..5].is_sorted_by(|one, other| one >= other), "{averages:?}");
}

#[test]
fn a_line_without_dimensions_is_one_series() {
    let service = Store::filled().serve("", &[]);
    let answer = ask(&service, LINE, json!({"dimensions": []})).has(200).json();
    assert_eq!(answer["rows"], json!([[]]));
    let none = ask(&service, LINE, json!({"filter": "SrcAS = 64999"})).has(200).json();
    assert_eq!((&none["rows"], &none["points"], list(&none, "t").len()), (&json!([]), &json!([]), 24));
}

#[test]
fn a_line_has_its_reverse_and_the_period_before() {
    let service = Store::filled().serve("", &[]);
    let end = Store::filled().end;
    let half = json!({
        "start": rfc(end - 7200), "bidirectional": true, "previous-period": true,
        "dimensions": ["SrcAS", "Proto"], "filter": "DstPort = 443",
    });
    let answer = ask(&service, LINE, half).has(200);
    assert_eq!(answer.header("x-sql-query").unwrap().matches("; SELECT").count(), 3);
    let answer = answer.json();
    let names = json!({"1": "Direct", "2": "Reverse", "3": "Previous day", "4": "Previous day (reverse)"});
    assert_eq!(answer["axis-names"], names);
    let axes: Vec<u64> = list(&answer, "axis").iter().map(|axis| axis.as_u64().unwrap()).collect();
    assert!(axes.is_sorted(), "{axes:?}");
    let of = |axis: u64| -> Vec<usize> {
        axes.iter().enumerate().filter(|(_, found)| **found == axis).map(|(place, _)| place).collect()
    };
    assert_eq!((of(1).len(), of(2).len(), of(3).len(), of(4).len()), (6, 6, 1, 1));
    // The period before has lost its dimensions.
    assert_eq!(answer["rows"][of(3)[0]], json!([]));
    assert_eq!(answer["rows"][of(1)[0]][1], "TCP");
    let reverse = json!({
        "start": rfc(end - 7200), "dimensions": ["DstAS", "Proto"], "filter": "SrcPort = 443",
    });
    let reverse = ask(&service, LINE, reverse).has(200).json();
    let first = of(2)[0];
    assert_eq!(answer["rows"][first], reverse["rows"][0]);
    assert_eq!(answer["points"][first], reverse["points"][0]);
    // Nothing is there before the day of the store.
    assert!(numbers(&answer["points"][of(3)[0]]).iter().all(|&value| value == 0.0));

    // Of an hour, the hour before.
    let hour = json!({"start": rfc(end - 3600), "points": 60, "dimensions": [], "previous-period": true});
    let answer = ask(&service, LINE, hour).has(200).json();
    assert_eq!(answer["axis-names"]["3"], "Previous hour");
    let before = json!({"start": rfc(end - 7200), "end": rfc(end - 3600), "points": 60, "dimensions": []});
    let before = ask(&service, LINE, before).has(200).json();
    assert_eq!(answer["points"][1], before["points"][0]);
    assert_ne!(answer["points"][0], before["points"][0]);
}

#[test]
fn a_line_is_in_the_unit_that_is_asked_for() {
    let service = Store::filled().serve("", &[]);
    let store = Store::filled();
    let total = |units: &str| {
        let answer = ask(&service, LINE, json!({"units": units, "dimensions": []})).has(200).json();
        answer["total"][0].as_f64().unwrap()
    };
    let sum = |what: &str| -> f64 {
        let sql = format!("SELECT {what} FROM flowql.flows WHERE TimeReceived < {}", store.end);
        store.ask(&sql).parse().unwrap()
    };
    for (units, sql) in [
        ("l2bps", "sum((Bytes + 38 * Packets) * SamplingRate) * 8"),
        ("pps", "sum(Packets * SamplingRate)"),
        ("fps", "count()"),
    ] {
        let (found, expected) = (total(units), sum(sql));
        assert!((found / expected - 1.0).abs() < 1e-6, "{units}: {found} {expected}");
    }
    assert!(sum("count()") <= ROWS as f64);
    let share = json!({"units": "inl2%", "dimensions": ["ExporterName", "InIfName"], "limit": 3});
    let answer = ask(&service, LINE, share).has(200).json();
    assert_eq!(answer.get("total"), None);
    let averages = numbers(&answer["average"]);
    assert!(averages.iter().all(|&percent| percent > 0.0 && percent < 100.0), "{averages:?}");
    // The flows of the database are the flows of the console.
    let bits = json!({"units": "l2bps", "dimensions": ["ExporterName", "InIfName"], "limit": 50});
    let bits = ask(&service, LINE, bits).has(200).json();
    let row = answer["rows"][0].as_array().unwrap();
    let place = list(&bits, "rows").iter().position(|found| found.as_array() == Some(row)).unwrap();
    let speed = sum(&format!(
        "maxIf(InIfSpeed, ExporterName = '{}' AND InIfName = '{}') * 1e6",
        row[0].as_str().unwrap(),
        row[1].as_str().unwrap()
    ));
    let percent = bits["average"][place].as_f64().unwrap() * 100.0 / speed;
    assert!((percent - averages[0]).abs() < 0.001, "{percent} {averages:?}");
}

#[test]
fn a_line_cuts_addresses_and_ranks_by_what_is_asked_for() {
    let service = Store::filled().serve("", &[]);
    let cut = json!({"dimensions": ["SrcAddr", "DstPort"], "truncate-v4": 16, "truncate-v6": 32});
    let answer = ask(&service, LINE, cut).has(200).json();
    for row in list(&answer, "rows").iter().take(5) {
        let address = row[0].as_str().unwrap();
        assert!(address.ends_with(".0.0/16") || address.ends_with("::/32"), "{row}");
    }
    let ports = ask(&service, LINE, json!({"dimensions": ["SrcPort"]})).has(200).json();
    assert!(list(&ports, "rows").contains(&json!(["443/https"])), "{ports}");
    let whole =
        ask(&service, LINE, json!({"dimensions": ["SrcAddr"], "filter": "EType = IPv4"})).has(200).json();
    let address: Result<std::net::Ipv4Addr, _> = whole["rows"][0][0].as_str().unwrap().parse();
    assert!(address.is_ok(), "{whole}");
    for (limit, name) in [("max", "max"), ("last", "last"), ("avg", "average")] {
        let answer = ask(&service, LINE, json!({"limitType": limit, "limit": 4})).has(200).json();
        let ranks = numbers(&answer[name]);
        assert!(ranks[..4].is_sorted_by(|one, other| one >= other), "{limit}: {ranks:?}");
    }
}

#[test]
fn a_sankey_keeps_the_traffic_from_column_to_column() {
    let service = Store::filled().serve("", &[]);
    let dimensions = ["InIfProvider", "SrcAS", "ExporterName"];
    let asked = json!({"dimensions": dimensions, "limit": 10, "bidirectional": true});
    let answer = ask(&service, SANKEY, asked).has(200);
    assert!(answer.header("x-sql-query").is_some());
    let answer = answer.json();
    let mut names: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["axis", "axis-names", "links", "nodes", "rows", "xps"]);
    assert_eq!(answer["axis-names"], json!({"1": "Direct", "2": "Reverse"}));
    let (rows, nodes, links) = (list(&answer, "rows"), list(&answer, "nodes"), list(&answer, "links"));
    let axes = list(&answer, "axis");
    assert_eq!((rows.len(), axes.len()), (22, 22));
    assert_eq!(rows[10], json!(["Other", "Other", "Other"]));
    for axis in [1, 2] {
        let xps: f64 =
            (0..22).filter(|&row| axes[row] == axis).map(|row| answer["xps"][row].as_f64().unwrap()).sum();
        let columns = if axis == 1 { dimensions } else { ["OutIfProvider", "DstAS", "ExporterName"] };
        for column in &columns[..2] {
            let from = links.iter().filter(|link| {
                link["axis"] == axis && link["source"].as_str().unwrap().starts_with(&format!("{column}: "))
            });
            let sum: f64 = from.map(|link| link["xps"].as_f64().unwrap()).sum();
            assert!((sum - xps).abs() < 50.0, "{axis} {column}: {sum} {xps}");
        }
    }
    for link in &links {
        for end in ["source", "target"] {
            assert!(nodes.contains(&json!({"name": link[end], "axis": link["axis"]})), "{link}");
        }
    }
    // It is what the line over time has on average.
    let line =
        ask(&service, LINE, json!({"dimensions": dimensions, "limit": 10, "points": 100})).has(200).json();
    assert_eq!((&line["rows"][0], &line["average"][0]), (&rows[0], &answer["xps"][0]));
}

#[test]
fn the_interval_is_a_multiple_of_that_of_the_table() {
    let service = Store::filled().serve("", &[]);
    let end = Store::filled().end;
    for (length, points, table, interval) in [
        (3600, 60, "flows_1m0s", 60),
        (3600, 1800, "flows", 2),
        (3600, 2000, "flows", 2),
        (86_400, 288, "flows_5m0s", 300),
        (86_400, 200, "flows_5m0s", 600),
        (86_400, 24, "flows_1h0m0s", 3600),
    ] {
        let asked = json!({"start": rfc(end - length), "end": rfc(end), "points": points});
        let answer = service.send("POST", TABLE, &[], asked.to_string().as_bytes()).has(200);
        assert_eq!(answer.json(), json!({"table": table, "interval": interval}), "{asked}");
    }
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_message() {
    let service = Store::filled().serve("", &[]);
    let end = Store::filled().end;
    let message = |route: &str, more: Value| {
        let answer = ask(&service, route, more.clone()).has(400).json();
        answer["message"].as_str().unwrap_or_else(|| panic!("{more}: {answer}")).to_owned()
    };
    assert_eq!(
        message(LINE, json!({"filter": "DstPort = \"443"})),
        "at line 1, position 11: string literal not terminated"
    );
    assert!(message(LINE, json!({"dimensions": ["SrcASN"]})).contains("`SrcASN`; did you mean `SrcAS`?"));
    for (more, part) in [
        (json!({"limit": 0}), "`limit` must be from 1 to 50"),
        (json!({"limit": 51}), "`limit` must be from 1 to 50"),
        (json!({"points": 4}), "`points` must be from 5 to 2000"),
        (json!({"points": 2001}), "`points` must be from 5 to 2000"),
        (json!({"units": "bps"}), "unknown variant `bps`"),
        (json!({"limitType": "sum"}), "unknown variant `sum`"),
        (json!({"truncate-v4": 33}), "`truncate-v4` must be from 0 to 32"),
        (json!({"truncate-v6": 129}), "`truncate-v6` must be from 0 to 128"),
        (json!({"start": "yesterday"}), "`start` must be a time"),
        (json!({"start": rfc(end), "end": rfc(end)}), "`start` must be before `end`"),
        (json!({"end": null}), "invalid type: null"),
        (json!({"dimensions": ["SrcAS", "srcas"]}), "names a column twice"),
        (json!({"dimensions": ["Bytes"]}), "nothing to group by"),
        (json!({"dimensions": ["Dst1stAS"], "bidirectional": true}), "opposite direction"),
    ] {
        let found = message(LINE, more.clone());
        assert!(found.contains(part), "{more}: {found}");
    }
    assert!(message(SANKEY, json!({"dimensions": ["SrcAS"]})).contains("at least two columns"));
    assert!(message(TABLE, json!({"points": 1})).contains("`points` must be from 5 to 2000"));
    let broken = service.send("POST", LINE, &[], b"{").has(400).json();
    assert!(broken["message"].is_string(), "{broken}");
    let none = Service::start("", &[]);
    assert_eq!(ask(&none, LINE, json!({})).has(404).json()["code"], "no_flows");
}

#[test]
fn the_saved_filters_of_the_user_are_known() {
    let service = Store::filled().serve("[filters]\nweb = 'DstPort IN (80, 443)'\n", &[]);
    let total = |filter: &str| {
        let answer = ask(&service, LINE, json!({"filter": filter, "dimensions": []})).has(200).json();
        answer["total"][0].as_f64().unwrap()
    };
    assert!(total("@web") > 0.0);
    near(total("@web"), total("DstPort IN (80, 443)"));
}
