//! What the log shows, in which form, and what it never does.

use std::net::SocketAddr;
use std::process::Command;

use flowql_client::testing;
use rexpect::session::spawn_command;
use serde_json::{Value, json};

use crate::service::{JSON, PATIENCE, Service, send};
use crate::store::Store;

const VALIDATE: &str = "/api/v0/console/filter/validate";

/// A word that stands in filters only.
const SECRET: &str = "s3cret";

/// A request to every route that takes a filter, good ones and bad ones, all with the word in the filter.
fn requests() -> Vec<(&'static str, Value)> {
    let good = format!("ExporterName = \"{SECRET}\"");
    let bad = format!("ExporterNme = {SECRET} AND");
    let mut requests = vec![
        ("/api/v1/complete", json!({"filter": format!("ExporterName = \"{SECRET}")})),
        ("/api/v1/hover", json!({"filter": good, "cursor": 1})),
        (
            "/api/v0/console/filter/complete",
            json!({"what": "value", "column": "ExporterName", "prefix": SECRET}),
        ),
        ("/api/v0/console/filter/saved", json!({"description": "x", "content": good})),
        ("/api/v1/filters", json!({"name": "x2", "content": good})),
        ("/api/v1/filters", json!({"name": "x3", "content": bad})),
    ];
    for path in ["/api/v1/validate", "/api/v1/compile", "/api/v1/format", VALIDATE] {
        requests.extend([(path, json!({"filter": good})), (path, json!({"filter": bad}))]);
    }
    for filter in [good, bad] {
        let question = json!({"filter": filter, "kind": "flows", "from": 1, "to": 4_000_000_000_u32});
        requests.push(("/api/v1/query", question));
    }
    requests
}

#[test]
fn the_log_is_json_with_ids() {
    let mut service = Service::start("", &[]);
    let answer = service.post(VALIDATE, "{\"filter\": \"\"}").has(200);
    let line = service.logged("answered");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["span"]["id"], answer.header("x-request-id").unwrap());
    assert_eq!((&line["route"], &line["status"]), (&json!(VALIDATE), &json!(200)));
    assert!(line["ms"].is_number() && line["timestamp"].is_string(), "{line}");
}

#[test]
fn no_filter_is_in_the_log_above_the_level_debug() {
    let store = Store::filled();
    let service = store.serve("", &[]);
    let requests = requests();
    for (path, question) in &requests {
        assert!(service.post(path, &question.to_string()).status < 500, "{path} {question}");
    }
    service.wait_for_log("answered", requests.len());
    assert!(!format!("{:?}", service.log()).contains(SECRET), "{:?}", service.log());

    let mut service = store.serve("", &["--log-level", "debug"]);
    for (path, question) in &requests {
        service.post(path, &question.to_string());
    }
    for message in ["validate", "compile", "complete", "format", "hover", "query"] {
        assert!(service.logged(message)["filter"].as_str().unwrap().contains(SECRET), "{message}");
    }
}

#[test]
fn what_the_database_quotes_of_a_filter_is_not_in_the_log() {
    let store = Store::filled();
    store.ask("CREATE DATABASE changing");
    store.ask(
        "CREATE TABLE changing.flows ENGINE = MergeTree ORDER BY TimeReceived AS \
         SELECT TimeReceived, toString(ExporterName) AS ExporterName FROM flowql.flows LIMIT 10",
    );
    let mut service = store.serve("", &["--database", "changing"]);
    let filter = format!("ExporterName = \"{SECRET}\"");
    let question = json!({
        "filter": filter, "kind": "flows", "columns": ["TimeReceived"], "from": 1, "to": 4_000_000_000_u32
    });
    service.post("/api/v1/query", &question.to_string()).has(200);
    // The service still takes the column for there.
    store.ask("ALTER TABLE changing.flows DROP COLUMN ExporterName");
    let problem = service.post("/api/v1/query", &question.to_string()).has(502).json();
    assert!(problem["message"].as_str().unwrap().contains(SECRET), "the database quotes it: {problem}");
    let line = service.logged("the backend");
    assert_eq!((&line["level"], &line["call"]), (&json!("WARN"), &json!("query")));
    assert!(line["error"].as_str().unwrap().starts_with("the database reports error "), "{line}");
    assert!(!format!("{:?}", service.log()).contains(SECRET), "{:?}", service.log());
}

#[test]
fn on_a_terminal_the_log_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(testing::program());
    command
        .args(["serve", "--no-config", "--listen", "127.0.0.1:0", "--data", "data", "--backend", "none"])
        .current_dir(folder.path());
    let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
    // It is told to end when the session is dropped, also when the test fails.
    let mut session = spawn_command(command, Some(patience)).unwrap();
    let (start, address) = session.exp_regex(r"127\.0\.0\.1:\d+").unwrap();
    assert!(start.contains("INFO") && start.contains("listening"), "{start:?}");
    assert!(start.contains("\x1b[") && !start.contains('{'), "{start:?}");
    let address: SocketAddr = address.parse().unwrap();
    let body = json!({"filter": format!("ExporterName = \"{SECRET}\"")}).to_string();
    send(address, "POST", VALIDATE, &[JSON], body.as_bytes()).has(200);
    let line = session.exp_string("answered").unwrap();
    assert!(line.contains("request") && !line.contains(SECRET), "{line:?}");
    session.exp_string(VALIDATE).unwrap();
}
