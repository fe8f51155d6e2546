//! The service on the embedded engine with the flows of a demonstration: values, saved filters, queries.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::service::{Answer, Service};
use crate::store::{ROWS, Store};

const V0_COMPLETE: &str = "/api/v0/console/filter/complete";

/// The labels of an answer of either completion.
fn labels(answer: &Value) -> Vec<&str> {
    let list = answer.get("completions").or_else(|| answer.get("candidates")).unwrap().as_array().unwrap();
    list.iter().map(|found| found["label"].as_str().unwrap()).collect()
}

#[test]
fn the_console_completes_values_of_the_store() {
    let service = Store::filled().serve("", &[]);
    let complete = |column: &str, prefix: &str| {
        let question = json!({"what": "value", "column": column, "prefix": prefix});
        let answer = service.post(V0_COMPLETE, &question.to_string()).has(200).json();
        assert_eq!(answer.get("incomplete"), None, "{answer}");
        answer["completions"].clone()
    };
    assert_eq!(
        complete("ExporterName", "par1")[0],
        json!({"label": "par1-edge1", "detail": "exporter name", "quoted": true})
    );
    assert_eq!(
        complete("InIfDescription", "france-ix")[0],
        json!({"label": "IX: France-IX Paris", "detail": "interface description", "quoted": true})
    );
    assert_eq!(complete("InIfProvider", "arel")[0]["label"], "arelion");
    let google = &complete("SrcAS", "AS15169")[0];
    assert_eq!(google["label"], "AS15169");
    assert!(google["detail"].as_str().unwrap().to_lowercase().contains("google"), "{google}");
    assert_eq!(complete("SrcCountry", "fr")[0]["label"], "FR");
    assert_eq!(complete("ExporterName", "no such exporter"), json!([]));

    // Every value that is offered makes a filter that is valid.
    for column in ["ExporterName", "InIfName", "SrcAS", "DstPort", "DstCommunities", "SrcNetRole"] {
        let values = complete(column, "");
        assert!(values.as_array().unwrap().len() > 1, "{column}: {values}");
        for value in values.as_array().unwrap() {
            let label = value["label"].as_str().unwrap();
            let label = if value["quoted"] == true { json!(label).to_string() } else { label.to_owned() };
            let question = json!({"filter": format!("{column} = {label}")});
            let answer =
                service.post("/api/v0/console/filter/validate", &question.to_string()).has(200).json();
            assert_eq!(answer["message"], "ok", "{question}");
        }
    }
}

#[test]
fn a_filter_is_completed_with_values_that_fit_its_rest() {
    let service = Store::filled().serve("", &[]);
    let complete = |filter: &str| {
        let question = json!({"filter": filter});
        let answer = service.post("/api/v1/complete", &question.to_string()).has(200).json();
        assert_eq!(answer.get("incomplete"), None, "{answer}");
        answer
    };
    let answer = complete("ExporterName = par");
    assert_eq!(answer["candidates"][0]["insert"], "\"par1-edge1\"");
    // The interfaces of one exporter, not those of the others.
    let all = complete("InIfDescription = \"Transit");
    let some = complete("ExporterName = \"par1-edge1\" AND InIfDescription = \"Transit");
    assert!(labels(&all).len() > labels(&some).len(), "{all} {some}");
    assert!(labels(&some).contains(&"Transit: Arelion PAR-4711"), "{some}");
    // The same question again asks nobody.
    let calls = |result: &str| {
        let metrics = service.get("/metrics").has(200);
        let start = format!("flowql_values_cache_total{{result=\"{result}\"}} ");
        let line = metrics.text().lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        line.parse::<u64>().unwrap()
    };
    let (hits, misses) = (calls("hit"), calls("miss"));
    assert_eq!((hits, misses), (0, 3));
    assert_eq!(complete("ExporterName = par"), answer);
    assert_eq!((calls("hit"), calls("miss")), (1, 3));
    service.wait_for_metric("flowql_backend_calls_total{call=\"values\",result=\"ok\"} 3");
    service.wait_for_metric("flowql_backend_call_duration_seconds_count{call=\"values\"} 3");
}

#[test]
fn words_are_ranked_by_the_flows_of_the_store() {
    let service = Store::filled().serve("", &[]);
    // Most leaves by internal interfaces; the language has the external ones first.
    let ranked = ["internal", "external", "undefined"];
    for (route, question) in [
        ("/api/v1/complete", json!({"filter": "OutIfBoundary = "})),
        (V0_COMPLETE, json!({"what": "value", "column": "OutIfBoundary", "prefix": ""})),
    ] {
        let start = Instant::now();
        loop {
            let answer = service.post(route, &question.to_string()).has(200).json();
            assert_eq!(answer.get("incomplete"), None, "{answer}");
            let mut found = labels(&answer);
            // Columns may follow.
            found.truncate(3);
            if found == ranked {
                break;
            }
            // A ranking that comes too late for one answer is there for the next.
            assert_eq!(found, ["external", "internal", "undefined"]);
            assert!(start.elapsed() < Duration::from_secs(120), "{route}: {answer}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The first line of an answer to a query, its rows, and the last line.
fn lines(answer: &Answer) -> (Value, Vec<Vec<Value>>, Value) {
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let mut lines: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.pop().unwrap();
    let head = lines.remove(0);
    let rows: Vec<Vec<Value>> = lines.into_iter().map(|line| serde_json::from_value(line).unwrap()).collect();
    assert_eq!(last, json!({"rows": rows.len()}));
    let width = head["columns"].as_array().unwrap().len();
    assert!(rows.iter().all(|row| row.len() == width), "{head}");
    (head, rows, last)
}

/// A query over all the flows, with more members.
fn query(service: &Service, more: Value) -> Answer {
    let end = Store::filled().end;
    let mut question = json!({"filter": "", "kind": "top", "from": end - 86_400, "to": end + 1});
    question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    service.post("/api/v1/query", &question.to_string())
}

#[test]
fn queries_give_the_traffic_of_the_store() {
    let store = Store::filled();
    let service = store.serve("[filters]\nweb = 'DstPort IN (80, 443)'\n", &[]);
    let (head, rows, _) = lines(&query(&service, json!({"columns": ["srcas"], "limit": 5})).has(200));
    let names: Vec<_> = head["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["SrcAS", "SrcASName", "bits", "packets", "share"]);
    assert!(head["sql"].as_str().unwrap().contains("GROUP BY SrcAS"), "{head}");
    assert!(head["table"].as_str().unwrap().starts_with("flows_"), "{head}");
    let top = store.ask(
        "SELECT SrcAS FROM flowql.flows GROUP BY SrcAS ORDER BY sum(Bytes * SamplingRate) DESC, SrcAS LIMIT 5",
    );
    let found: Vec<String> = rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(found, top.lines().collect::<Vec<_>>());

    // The direction, the unit and the filter count; a saved filter is one of them.
    let flows = |question: Value| {
        let (_, rows, _) = lines(&query(&service, question).has(200));
        rows.iter().map(|row| row[3].as_u64().unwrap()).sum::<u64>()
    };
    let by = json!({"columns": ["EType"], "unit": "flows"});
    assert_eq!(flows(by.clone()), ROWS);
    let selected = |text: &str, direction: &str| {
        let mut question = by.clone();
        question["filter"] = json!(text);
        question["direction"] = json!(direction);
        flows(question)
    };
    let count = |condition: &str| -> u64 {
        store.ask(&format!("SELECT count() FROM flowql.flows WHERE {condition}")).parse().unwrap()
    };
    assert_eq!(selected("@web", "forward"), count("DstPort IN (80, 443)"));
    assert_eq!(selected("@web", "reverse"), count("SrcPort IN (80, 443)"));

    let series = json!({"kind": "series", "unit": "packets", "points": 24, "to": store.end});
    let (head, rows, _) = lines(&query(&service, series).has(200));
    assert_eq!(head["interval"], 3600);
    assert_eq!(rows.len(), 24);
    assert!(rows.iter().all(|row| row[1].as_f64().unwrap() > 0.0), "{rows:?}");
    let series = json!({"kind": "series", "columns": ["SrcAS"], "limit": 2, "points": 4, "to": store.end});
    let (_, rows, _) = lines(&query(&service, series).has(200));
    // For each point the two at the top, and the rest; of points six hours apart the first and the last may be parts.
    let times: std::collections::BTreeSet<u64> = rows.iter().map(|row| row[0].as_u64().unwrap()).collect();
    assert!((4..=5).contains(&times.len()), "{times:?}");
    assert_eq!(rows.len(), times.len() * 3);
}

#[test]
fn queries_take_steps_prefixes_statistics_and_both_directions() {
    let store = Store::filled();
    let service = store.serve("", &[]);
    let (head, rows, _) = lines(
        &query(&service, json!({"kind": "series", "unit": "l2bits", "step": 7200, "to": store.end})).has(200),
    );
    assert_eq!(head["interval"], 7200);
    assert!((12..=13).contains(&rows.len()), "{rows:?}");
    assert!(
        head["from"].as_u64().unwrap() <= store.end - 86_400 && head["to"].as_u64().unwrap() >= store.end
    );
    let top =
        json!({"columns": ["srcaddr/16/32", "InIfName"], "unit": "inspeed", "statistic": "p95", "limit": 3});
    let (head, rows, _) = lines(&query(&service, top).has(200));
    let names: Vec<_> = head["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
    assert_eq!(names, ["SrcAddr/16/32", "InIfName", "bits", "packets", "inspeed", "inspeed_p95", "share"]);
    assert!(rows.iter().all(|row| row[0].as_str().unwrap().contains('/')), "{rows:?}");
    assert!(rows.is_sorted_by(|first, second| first[5].as_f64() >= second[5].as_f64()), "{rows:?}");
    let both = json!({"columns": ["SrcAS"], "both": true, "filter": "Proto = \"ospfx\" OR DstPort = 443"});
    let (head, rows, _) = lines(&query(&service, both).has(200));
    let directions: std::collections::BTreeSet<_> = rows.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(directions, ["forward", "reverse"].into());
    assert_eq!(head["reverse"]["table"], head["table"]);
    // What there is to say of the filter comes with the answer.
    let codes: Vec<_> = head["diagnostics"].as_array().unwrap().iter().map(|found| &found["code"]).collect();
    assert!(codes.contains(&&json!("W508")), "{head}");
}

#[test]
fn flows_are_streamed_the_newest_first_and_no_more_than_asked_for() {
    let service = Store::filled().serve("", &[]);
    let flows = json!({"kind": "flows", "columns": ["TimeReceived", "SrcAddr", "Bytes"], "limit": 10_000});
    let answer = query(&service, flows).has(200);
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    let (_, rows, _) = lines(&answer);
    assert_eq!(rows.len(), 10_000);
    let times: Vec<u64> = rows.iter().map(|row| row[0].as_u64().unwrap()).collect();
    assert!(times.is_sorted_by(|first, second| first >= second));
    // The next page ends where this one did.
    let last = *times.last().unwrap();
    let next = json!({"kind": "flows", "columns": ["TimeReceived"], "limit": 10, "to": last});
    let (_, rows, _) = lines(&query(&service, next).has(200));
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row[0].as_u64().unwrap() < last));
    let (head, rows, _) = lines(&query(&service, json!({"kind": "flows"})).has(200));
    assert_eq!((rows.len(), head["columns"].as_array().unwrap().len() > 10), (100, true));
    let nothing = json!({"kind": "flows", "filter": "SrcAS = 4200000000 AND DstAS = 4200000001"});
    assert_eq!(lines(&query(&service, nothing).has(200)).1.len(), 0);
}

#[test]
fn queries_that_cannot_be_asked_are_refused() {
    let service = Store::filled().serve("", &[]);
    for (more, status, code, message) in [
        (json!({"columns": []}), 400, "bad_request", "`top` needs a column"),
        (json!({"columns": ["SrcASN"]}), 400, "bad_request", "no such column: did you mean `SrcAS`?"),
        (json!({"columns": ["SrcVlan"]}), 400, "bad_request", "`SrcVlan` is not enabled"),
        (json!({"columns": ["Bytes"]}), 400, "bad_request", "nothing to group by"),
        (json!({"columns": ["SrcAS"], "limit": 0}), 400, "bad_request", "`limit` must be from 1 to 10000"),
        (json!({"columns": ["SrcAS"], "limit": 10_001}), 400, "bad_request", "`limit` must be"),
        (json!({"kind": "series", "points": 10_001}), 400, "bad_request", "`points` must be"),
        (json!({"kind": "flows", "columns": vec!["SrcAS"; 33]}), 400, "bad_request", "more than 32 columns"),
        (json!({"columns": ["SrcAS"], "from": 2, "to": 2}), 400, "bad_request", "`from` must be before"),
        (
            json!({"kind": "series", "from": 1_769_853_600_123_u64, "to": 1_769_857_200_456_u64}),
            400,
            "bad_request",
            "`from` is too late for flows: it is the seconds since 1970, not the milliseconds",
        ),
        (json!({"columns": ["SrcAddr/33"]}), 400, "bad_request", "`SrcAddr/33` is not a length"),
        (
            json!({"columns": ["Dst1stAS"], "both": true}),
            400,
            "bad_request",
            "none for the opposite direction",
        ),
        (json!({"kind": "series", "step": 0}), 400, "bad_request", "a step has at least a second"),
        (json!({"kind": "series", "step": 1}), 400, "bad_request", "more than 10000 points"),
        (json!({"kind": "all"}), 400, "bad_request", "unknown variant"),
        (json!({"kind": "flows", "page": 2}), 400, "bad_request", "unknown field"),
        (json!({"kind": "flows", "filter": "SrcASN = 1"}), 400, "bad_filter", "at line 1, position 1"),
        (json!({"kind": "flows", "filter": "@nobody"}), 400, "bad_filter", "at line 1, position 1"),
    ] {
        let answer = query(&service, more.clone());
        assert_eq!(answer.status, status, "{more}: {}", answer.text());
        let problem = answer.json();
        assert_eq!(problem["code"], code, "{more}");
        assert!(problem["message"].as_str().unwrap().contains(message), "{more}: {problem}");
    }
    service.wait_for_metric("flowql_diagnostics_total{code=\"E101\"} 1");
    // Without tables, and without flows at all.
    let empty = Store::filled().serve("", &["--database", "nothing"]);
    let answer = query(&empty, json!({"kind": "flows"})).has(400).json();
    assert_eq!(answer["code"], "no_table");
    let none = Service::start("", &[]);
    assert_eq!(query(&none, json!({"kind": "flows"})).has(404).json()["code"], "no_flows");
}

#[test]
fn a_saved_filter_is_kept_checked_and_used_in_a_query() {
    let service = Store::filled().serve("", &[]);
    let saved = json!({"name": "google", "description": "of Google", "content": "SrcAS = AS15169"});
    service.post("/api/v1/filters", &saved.to_string()).has(201);
    let top = json!({"filter": "@google", "columns": ["SrcAS"]});
    let (_, rows, _) = lines(&query(&service, top).has(200));
    assert_eq!((rows.len(), &rows[0][0]), (1, &json!(15169)));
    let list = service.get("/api/v0/console/filter/saved").has(200).json();
    assert_eq!(list["filters"][0]["description"], "of Google");
    let bad = json!({"name": "bad", "content": "SrcASN = 1"});
    let problem = service.post("/api/v1/filters", &bad.to_string()).has(400).json();
    assert_eq!(problem["diagnostics"][0]["code"], "E101");
}

#[test]
fn the_service_is_ready_and_knows_the_tables() {
    let service = Store::filled().serve("", &[]);
    let ready = service.get("/readyz").has(200).json();
    assert_eq!((&ready["ready"], &ready["backend"]["name"]), (&json!(true), &json!("embedded")));
    assert!(ready["backend"]["version"].as_str().unwrap().starts_with("26."), "{ready}");
    let schema = service.get("/api/v1/schema").has(200).json();
    let tables: Vec<_> = schema["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert!(tables.contains(&&json!("flows")) && tables.len() > 2, "{tables:?}");
}

#[test]
fn a_query_whose_client_goes_away_is_cancelled_in_the_database() {
    let store = Store::filled();
    store.make_slow("slow_query");
    let service = store.serve("", &["--database", "slow_query"]);
    let question =
        json!({"filter": "", "kind": "top", "columns": ["SrcNetName"], "from": 1, "to": 4_000_000_000_u32});
    let client = service.begin("/api/v1/query", &question);
    store.wait_for_running("slow_query", 1);
    let gone = Instant::now();
    drop(client);
    store.wait_for_running("slow_query", 0);
    // The query itself would take minutes, and its deadline is one.
    assert!(gone.elapsed() < Duration::from_secs(30), "{:?}", gone.elapsed());
    service.wait_for_metric("flowql_backend_calls_total{call=\"query\",result=\"cancelled\"} 1");
    service.wait_for_metric("flowql_http_requests_in_flight 1");
}

#[test]
fn a_completion_whose_client_goes_away_is_cancelled_in_the_database() {
    let store = Store::filled();
    store.make_slow("slow_values");
    let service = store.serve("", &["--database", "slow_values"]);
    // What is stored is known before, so that only the values take their time.
    let quick = json!({"filter": "DstNetName = net1"});
    service.post("/api/v1/complete", &quick.to_string()).has(200);
    for (number, (path, question)) in [
        ("/api/v1/complete", json!({"filter": "SrcNetName = a"})),
        (V0_COMPLETE, json!({"what": "value", "column": "SrcNetName", "prefix": "b"})),
    ]
    .into_iter()
    .enumerate()
    {
        let client = service.begin(path, &question);
        store.wait_for_running("slow_values", 1);
        drop(client);
        store.wait_for_running("slow_values", 0);
        // It did not end by its deadline.
        let cancelled = number + 1;
        service.wait_for_metric(&format!(
            "flowql_backend_calls_total{{call=\"values\",result=\"cancelled\"}} {cancelled}"
        ));
        assert!(!service.get("/metrics").text().contains("call=\"values\",result=\"deadline\""));
    }
    // A client that stays is told by the deadline, and gets what the language knows at once for other columns.
    let start = Instant::now();
    let question = json!({"filter": "SrcNetName = c"});
    let answer = service.post("/api/v1/complete", &question.to_string()).has(200).json();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(answer["incomplete"].as_str().unwrap().starts_with("no answer within "), "{answer}");
    store.wait_for_running("slow_values", 0);
}
