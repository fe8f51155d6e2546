//! What those who run the service rely on: limits, logs, metrics, signals.

use std::io::{BufReader, Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_client::testing;
use serde_json::json;

use crate::service::{Answer, JSON, PATIENCE, Service, request};

const VALIDATE: &str = "/api/v0/console/filter/validate";

#[test]
fn it_lives_is_ready_and_says_its_version() {
    let service = Service::start("", &[]);
    assert_eq!(service.get("/healthz").has(200).json(), json!({"status": "ok"}));
    let ready = service.get("/readyz").has(200).json();
    assert_eq!(ready, json!({"ready": true, "backend": null, "saved_filters": true, "collector": null}));
    assert_eq!(service.get("/version").has(200).json()["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_service_without_a_collector_says_where_to_ask() {
    let service = Service::start("", &[]);
    for path in ["/api/v1/exporters", "/api/v1/tail?filter=SrcAS+%3D+1"] {
        let refusal = service.get(path).has(404).json();
        assert_eq!(refusal["code"], "no_collector", "{path}");
    }
}

#[test]
fn every_answer_has_the_security_headers_and_a_request_id() {
    let service = Service::start("", &[]);
    for path in ["/healthz", "/nope", "/api/v1/schema", "/openapi.json"] {
        let answer = service.get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!answer.header("x-request-id").unwrap().is_empty());
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let given = service.send("GET", "/healthz", &[("X-Request-Id", "abc-1")], b"");
    assert_eq!(given.header("x-request-id"), Some("abc-1"));
    let page = service.get("/docs/").has(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe-eval"), "{policy}");
}

#[test]
fn other_sites_may_call_only_where_they_are_named() {
    let config = "[server]\ncors_origins = [\"https://console.example.net\"]\n";
    let service = Service::start(config, &[]);
    let preflight = |origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "POST")];
        service.send("OPTIONS", "/api/v1/validate", &headers, b"")
    };
    let allowed = preflight("https://console.example.net");
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://console.example.net"));
    assert_eq!(preflight("https://evil.example").header("access-control-allow-origin"), None);
}

#[test]
fn a_client_that_sends_too_much_is_told_so_and_others_are_not() {
    let config = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[server.limits]\nrate = 1\nburst = 3\n";
    let service = Service::start(config, &[]);
    let call = |user: &str| {
        let headers = [JSON, ("Remote-User", user)];
        service.send("POST", VALIDATE, &headers, b"{\"filter\": \"\"}")
    };
    let statuses: Vec<u16> = (0..3).map(|_| call("alice").status).collect();
    assert_eq!(statuses, [200, 200, 200]);
    // A slow machine earns a call meanwhile.
    let start = Instant::now();
    let refused = loop {
        let answer = call("alice");
        if answer.status == 429 {
            break answer;
        }
        assert!(start.elapsed() < PATIENCE, "no call is refused");
    };
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.json()["code"], "too_fast");
    call("bob").has(200);
    // What watches the service is not counted.
    assert!((0..10).all(|_| service.get("/healthz").status == 200));
    while call("alice").status == 429 {
        assert!(start.elapsed() < PATIENCE, "every call is refused");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn overload_is_answered_at_once_and_those_in_work_are_answered() {
    let service = Service::start("[server.limits]\nconcurrency = 2\nrate = 0\n", &[]);
    // Two requests whose bodies are not whole yet hold the two places.
    let half = |_| {
        let mut stream = service.connect();
        let whole = request(service.address, "POST", VALIDATE, &[JSON], b"{\"filter\": \"\"}");
        let (head, tail) = whole.split_at(whole.len() - 3);
        stream.write_all(head).unwrap();
        (stream, tail.to_vec())
    };
    let held: Vec<_> = (0..2).map(half).collect();
    while !service.get("/metrics").text().contains("flowql_http_requests_in_flight 3") {}
    let refused = service.post(VALIDATE, "{\"filter\": \"\"}").has(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    // At once: the two others do not end before the test lets them.
    service.post(VALIDATE, "{\"filter\": \"\"}").has(503);
    service.get("/healthz").has(200);
    for (mut stream, tail) in held {
        stream.write_all(&tail).unwrap();
        Answer::read(&mut BufReader::new(stream)).has(200);
    }
    service.post(VALIDATE, "{\"filter\": \"\"}").has(200);
}

#[test]
fn slow_clients_do_not_hold_it() {
    let service = Service::start("[server.limits]\nheader_ms = 300\nbody_ms = 300\n", &[]);
    // No headers, half of the headers, and nothing after an answer: the connection is closed.
    let whole = request(service.address, "GET", "/healthz", &[], b"");
    for sent in [&b""[..], b"GET /healthz HTTP/1.1\r\nHost:", &whole] {
        let mut stream = service.connect();
        stream.write_all(sent).unwrap();
        let start = Instant::now();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(start.elapsed() < PATIENCE);
    }
    // A body that never ends is answered.
    let mut stream = service.connect();
    let whole = request(service.address, "POST", VALIDATE, &[JSON], b"{\"filter\": \"\"}");
    stream.write_all(&whole[..whole.len() - 1]).unwrap();
    assert_eq!(Answer::read(&mut BufReader::new(stream)).has(408).json()["code"], "slow_body");
}

#[test]
fn connections_beyond_the_limit_are_refused() {
    let service = Service::start("[server.limits]\nconnections = 1\n", &[]);
    let mut first = service.connect();
    first.write_all(&request(service.address, "GET", "/healthz", &[], b"")).unwrap();
    let mut first = BufReader::new(first);
    Answer::read(&mut first).has(200);
    let second = service.connect();
    let refused = Answer::read(&mut BufReader::new(second)).has(503);
    assert_eq!((refused.header("retry-after"), &refused.json()["code"]), (Some("1"), &json!("overloaded")));
}

#[test]
fn requests_and_diagnostics_are_counted() {
    let service = Service::start("", &[]);
    service.post(VALIDATE, "{\"filter\": \"SrcASN = 1\"}").has(200);
    service.post(VALIDATE, "{").has(400);
    let metrics = service.get("/metrics").has(200);
    for line in [
        "flowql_http_requests_total{route=\"/api/v0/console/filter/validate\",method=\"POST\",status=\"200\"} 1",
        "flowql_http_requests_total{route=\"/api/v0/console/filter/validate\",method=\"POST\",status=\"400\"} 1",
        "flowql_http_request_duration_seconds_count{route=\"/api/v0/console/filter/validate\"} 2",
        "flowql_diagnostics_total{code=\"E101\"} 1",
        "flowql_http_requests_in_flight 1",
    ] {
        assert!(metrics.text().contains(line), "{line} is not in {}", metrics.text());
    }
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let accept = [("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2")];
    let open = service.send("GET", "/metrics", &accept, b"").has(200);
    assert_eq!(open.header("content-type"), Some(kind));
    assert!(open.text().ends_with("# EOF\n"));
}

#[test]
fn sigterm_ends_it_after_the_requests_in_work() {
    let mut service = Service::start("", &[]);
    let mut stream = service.connect();
    let whole = request(service.address, "POST", VALIDATE, &[JSON], b"{\"filter\": \"\"}");
    stream.write_all(&whole[..whole.len() - 1]).unwrap();
    // It is known that the request has begun when it is counted.
    while !service.get("/metrics").text().contains("flowql_http_requests_in_flight 2") {}
    service.signal("TERM");
    service.logged("stopping");
    assert!(std::net::TcpStream::connect(service.address).is_err());
    stream.write_all(&whole[whole.len() - 1..]).unwrap();
    Answer::read(&mut BufReader::new(stream)).has(200);
    assert!(service.wait().success());
}

#[test]
fn a_stop_has_a_bound() {
    let mut service = Service::start("[server.limits]\nstop_ms = 200\n", &[]);
    let mut stream = service.connect();
    stream.write_all(b"POST /api/v1/validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n").unwrap();
    while !service.get("/metrics").text().contains("flowql_http_requests_in_flight 2") {}
    service.signal("INT");
    assert!(service.wait().success());
}

#[test]
fn sighup_reads_the_filters_of_the_file_again() {
    let mut service = Service::start("[filters]\na = 'SrcAS = 1'\n", &[]);
    let file = service.path("flowql.toml");
    let mut reload = |text: &str, message: &str| {
        std::fs::write(&file, text).unwrap();
        service.signal("HUP");
        service.logged(message);
        let compiled = service.post("/api/v1/compile", "{\"filter\": \"@a\"}").json();
        compiled["sql"].as_str().unwrap_or_default().to_owned()
    };
    let good = "the saved filters of the configuration are read again";
    assert_eq!(reload("[filters]\na = 'SrcAS = 2'\n", good), "(SrcAS = 2)");
    let bad = "a saved filter is bad, all stay as they are";
    assert_eq!(reload("[filters]\na = 'SrcAS = 3'\nb = 'SrcASN = 3'\n", bad), "(SrcAS = 2)");
    let broken = "the configuration is bad, the saved filters stay as they are";
    assert_eq!(reload("[filters\n", broken), "(SrcAS = 2)");
}

#[test]
fn what_cannot_start_says_why() {
    let service = Service::start("", &[]);
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(testing::program())
            .arg("serve")
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let taken = service.address.to_string();
    let error = run(&["--listen", &taken, "--data", "data"]);
    assert!(error.contains(&format!("error: cannot listen on {taken}: ")), "{error}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = run(&["--listen", "127.0.0.1:0", "--data", "file"]);
    assert!(error.contains("error: cannot make the folder file: "), "{error}");
    let error = run(&["--backend", "static"]);
    assert!(error.contains("error: the backend `static` lacks the key `values`"), "{error}");
}
