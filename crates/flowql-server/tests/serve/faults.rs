//! The service before a database that is dead, silent or broken: only the values of the network are missing.

use std::time::{Duration, Instant};

use flowql_client::testing::{self, READERS};
use serde_json::{Value, json};

use crate::service::Service;
use crate::store::Store;
use flowql_client::testing::proxy::{Fault, Proxy};

/// How long an answer may take: the two seconds that values have, and plenty for a busy machine.
const IN_TIME: Duration = Duration::from_secs(20);

const BAD_GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 11\r\n\r\nbad gateway";
const REFUSED: &str = "HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: 241\r\nContent-Length: 69\r\n\r\nCode: 241. DB::Exception: Memory limit exceeded (MEMORY_LIMIT_EXCEEDED)";

/// A service whose database is behind a proxy with a fault.
fn behind(url: &str) -> Service {
    behind_as("default", url)
}

/// A service that asks its database as a user.
fn behind_as(user: &str, url: &str) -> Service {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("flowql.toml"), "[backend]\ndeadline = 3\n").unwrap();
    let arguments = ["--backend", "clickhouse", "--server", url, "--user", user, "--database", "flowql"];
    Service::start_in(folder, &arguments)
}

/// `flowql query` as a user.
fn query_as(user: &str, url: &str, filter: &str) -> std::process::Output {
    std::process::Command::new(testing::program())
        .args(["query", "--no-config", "--top", "SrcAS", "--from", "-26h", "--database", "flowql"])
        .args(["--server", url, "--user", user, "--", filter])
        .output()
        .unwrap()
}

/// An engine with users, and some flows of a demonstration.
fn engine_with_users(folder: &std::path::Path, users: &[testing::User<'_>]) -> flowql_embedded::Embedded {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(testing::engine_with_users(folder, users));
    let fill = std::process::Command::new(testing::program())
        .args(["demo-data", "--quiet", "--no-config", "--rows", "5k", "--folder"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(fill.status.success(), "{}", String::from_utf8_lossy(&fill.stderr));
    engine
}

/// Asks the routes that need no value of the network: they answer as ever.
fn the_rest_works(service: &Service) {
    let start = Instant::now();
    let validated = service.post("/api/v1/validate", "{\"filter\": \"SrcAS = AS15169\"}").has(200).json();
    assert_eq!(validated["valid"], true);
    let columns = service.post("/api/v1/complete", "{\"filter\": \"InIfBou\"}").has(200).json();
    assert_eq!(columns["candidates"][0]["label"], "InIfBoundary");
    assert_eq!(columns.get("incomplete"), None);
    let words = service.post("/api/v1/complete", "{\"filter\": \"InIfBoundary = ext\"}").has(200).json();
    assert_eq!(words["candidates"][0]["label"], "external");
    assert_eq!(words.get("incomplete"), None, "{words}");
    assert_eq!(service.get("/healthz").has(200).json()["status"], "ok");
    assert!(start.elapsed() < IN_TIME, "{:?}", start.elapsed());
}

/// Completes values by both families of routes: what the language knows comes in time, with the reason for the rest.
fn values_are_missed(service: &Service, reason: &str) {
    let check = |answer: &Value, list: &str| {
        let offered = answer[list].as_array().unwrap();
        assert!(offered.iter().any(|found| found["label"] == "443"), "{answer}");
        let text = answer["incomplete"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(text.contains(reason), "{text}");
    };
    let start = Instant::now();
    let question = json!({"filter": "DstPort = ht"});
    let answer = service.post("/api/v1/complete", &question.to_string()).has(200).json();
    assert!(start.elapsed() < IN_TIME, "{:?}", start.elapsed());
    check(&answer, "candidates");
    let start = Instant::now();
    let question = json!({"what": "value", "column": "SrcPort", "prefix": "ht"});
    let answer = service.post("/api/v0/console/filter/complete", &question.to_string()).has(200).json();
    assert!(start.elapsed() < IN_TIME, "{:?}", start.elapsed());
    check(&answer, "completions");
}

#[test]
fn a_broken_database_costs_its_values_only() {
    let engine = Store::filled().url();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (fault, reason, result, status) in [
        (Fault::Closed, "broke off", "interrupted", 502),
        (Fault::CutAfter(40), "broke off", "interrupted", 502),
        (Fault::Answer(BAD_GATEWAY), "cannot reach", "unreachable", 503),
        (Fault::Answer(REFUSED), "error 241", "database", 502),
        (Fault::Silent, "no answer within", "deadline", 504),
    ] {
        println!("{fault:?}");
        let proxy = runtime.block_on(Proxy::new(&engine, fault));
        let service = behind(&proxy.url());
        values_are_missed(&service, reason);
        the_rest_works(&service);
        service
            .wait_for_metric(&format!("flowql_backend_calls_total{{call=\"values\",result=\"{result}\"}} 3"));
        service.wait_for_metric("flowql_backend_call_duration_seconds_count{call=\"values\"} 3");
        let question = json!({"filter": "", "kind": "flows", "from": 1, "to": 4_000_000_000_u32});
        let answer = service.post("/api/v1/query", &question.to_string()).has(status);
        assert!(answer.json()["message"].as_str().unwrap().contains(reason), "{}", answer.text());
        assert!(proxy.connections() > 0);
    }
}

#[test]
fn a_user_who_may_not_set_limits_is_served_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (user, _) = READERS[0];
    let engine = engine_with_users(folder.path(), &READERS);
    let caution = "the database user may not change settings (readonly = 1, or a constraint)";
    let service = behind_as(user, &engine.url());
    let ready = service.get("/readyz").has(200).json();
    assert!(ready["backend"]["caution"].as_str().unwrap().starts_with(caution), "{ready}");
    let question =
        json!({"filter": "", "kind": "top", "columns": ["SrcAS"], "from": 1, "to": 4_000_000_000_u32});
    assert!(service.post("/api/v1/query", &question.to_string()).has(200).text().lines().count() > 3);
    let output = query_as(user, &engine.url(), "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !output.stdout.is_empty(), "{said}");
    assert!(said.starts_with(&format!("warning: {caution}")), "{said}");
    assert_eq!(said.matches("warning").count(), 1, "{said}");
}

#[test]
fn a_limit_of_a_user_who_may_not_change_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ["max_query_size", "max_ast_elements", "max_expanded_ast_elements"];
    let profiles = limits.map(|limit| [("readonly", "1"), (limit, "2000")]);
    let users: Vec<testing::User<'_>> =
        limits.iter().zip(&profiles).map(|(limit, profile)| (*limit, profile.as_slice())).collect();
    let engine = engine_with_users(folder.path(), &users);
    let networks = |count: u32| {
        let networks: Vec<_> = (0..count).map(|n| format!("10.{}.{}.0/24", n / 128, 2 * n % 256)).collect();
        format!("SrcAddr IN ({})", networks.join(", "))
    };
    let range = json!({"from": 1, "to": 4_000_000_000_u32});
    for limit in limits {
        let service = behind_as(limit, &engine.url());
        let ask = |filter: &str| {
            let mut question = json!({"filter": filter, "kind": "top", "columns": ["SrcAS"]});
            question.as_object_mut().unwrap().extend(range.as_object().unwrap().clone());
            service.post("/api/v1/query", &question.to_string())
        };
        assert!(ask(&networks(2)).has(200).text().lines().count() > 1, "what is within the limit runs");
        let refused = ask(&networks(2000)).has(400).json();
        assert_eq!(refused["code"], "query_too_large", "{refused}");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains(&format!("`{limit}`")), "{message}");
        let output = query_as(limit, &engine.url(), &networks(2000));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(&format!("`{limit}`")), "{said}");
        assert!(!said.contains("cannot reach"), "{said}");
    }
}

#[test]
fn a_dead_database_costs_its_values_only_and_is_said() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let service = behind(&format!("http://{gone}"));
    values_are_missed(&service, "cannot reach");
    the_rest_works(&service);
    let ready = service.get("/readyz").has(503).json();
    assert_eq!((&ready["ready"], &ready["saved_filters"]), (&json!(false), &json!(true)));
    assert!(ready["backend"]["error"].as_str().unwrap().starts_with("cannot reach"), "{ready}");
    let schema = service.get("/api/v1/schema").has(200).json();
    assert!(schema["incomplete"].as_str().unwrap().starts_with("cannot reach"), "{schema}");
    let question = json!({"filter": "", "kind": "flows", "from": 1, "to": 4_000_000_000_u32});
    let refused = service.post("/api/v1/query", &question.to_string()).has(503);
    assert_eq!(
        (refused.header("retry-after"), &refused.json()["code"]),
        (Some("1"), &json!("backend_unreachable"))
    );
}
