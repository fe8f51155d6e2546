//! Saved filters: whose they are, what they may be, and that they are kept.

use std::io::Write as _;
use std::sync::Arc;

use flowql_client::testing;
use serde_json::{Value, json};

use crate::service::{Answer, JSON, PATIENCE, Service};

/// Everyone on this machine is a trusted proxy.
const PROXY: &str =
    "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n[server.limits]\nrate = 0\nsaved_filters = 5\n";

fn call(service: &Service, user: &str, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    service.send(method, path, &[JSON, ("Remote-User", user)], body.as_bytes())
}

fn names(service: &Service, user: &str) -> Vec<String> {
    let listed = call(service, user, "GET", "/api/v1/filters", &Value::Null).has(200).json();
    listed["filters"].as_array().unwrap().iter().map(|filter| filter["name"].to_string()).collect()
}

fn sql(service: &Service, user: &str, filter: &str) -> Value {
    call(service, user, "POST", "/api/v1/compile", &json!({"filter": filter})).has(200).json()["sql"].clone()
}

#[test]
fn filters_are_created_replaced_and_deleted() {
    let service = Service::start(PROXY, &[]);
    let new = json!({"name": "google", "description": "all of it", "content": "SrcAS = AS15169"});
    let made = call(&service, "alice", "POST", "/api/v1/filters", &new).has(201).json();
    assert_eq!(made["user"], "alice");
    let path = format!("/api/v1/filters/{}", made["id"]);
    assert_eq!(sql(&service, "alice", "@google"), "(SrcAS = 15169)");

    let other = json!({"name": "google", "content": "DstAS = AS15169"});
    assert_eq!(call(&service, "alice", "PUT", &path, &other).has(200).json()["content"], "DstAS = AS15169");
    assert_eq!(sql(&service, "alice", "@google"), "(DstAS = 15169)");

    assert_eq!(call(&service, "bob", "PUT", &path, &other).has(404).json()["code"], "not_found");
    call(&service, "bob", "DELETE", &path, &Value::Null).has(404);
    call(&service, "alice", "DELETE", &path, &Value::Null).has(204);
    call(&service, "alice", "DELETE", &path, &Value::Null).has(404);
    call(&service, "alice", "DELETE", "/api/v1/filters/x", &Value::Null).has(400);
    assert_eq!(sql(&service, "alice", "@google"), Value::Null);
}

#[test]
fn the_page_of_another_site_saves_nothing() {
    let service = Service::start("[server.limits]\nrate = 0\n", &[]);
    let own = format!("http://{}", service.address);
    // As a page may send it without asking: so does an old front end.
    let save = |name: &str, origin: &[(&str, &str)]| {
        let headers = [&[("Content-Type", "text/plain")], origin].concat();
        let body = json!({"description": name, "content": "SrcAS = 1"}).to_string();
        service.send("POST", "/api/v0/console/filter/saved", &headers, body.as_bytes())
    };
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(save("foreign", &[("Origin", foreign)]).has(403).json()["code"], "cross_site");
    }
    assert_eq!(save("foreign", &[("Sec-Fetch-Site", "cross-site")]).has(403).json()["code"], "cross_site");
    save("own", &[("Origin", &own)]).has(204);
    save("program", &[]).has(204);
    let listed = service.get("/api/v0/console/filter/saved").has(200);
    assert!(listed.text().contains("program") && !listed.text().contains("foreign"), "{}", listed.text());
}

#[test]
fn filters_are_checked_when_they_are_saved() {
    let service = Service::start(PROXY, &[]);
    let refused =
        |new: Value, status: u16| call(&service, "alice", "POST", "/api/v1/filters", &new).has(status).json();
    let problem = refused(json!({"content": "SrcASN = 1"}), 400);
    assert_eq!(
        (&problem["code"], &problem["diagnostics"][0]["code"]),
        (&json!("bad_filter"), &json!("E101"))
    );
    assert_eq!(problem["diagnostics"][0]["fixes"][0]["edits"][0]["text"], "SrcAS");
    let problem = refused(json!({"name": "loop", "content": "@loop"}), 400);
    assert!(problem["message"].as_str().unwrap().contains("refers to itself"), "{problem}");
    assert_eq!(refused(json!({"name": "1x", "content": ""}), 400)["code"], "bad_request");
    assert_eq!(refused(json!({"description": "x".repeat(1001), "content": ""}), 400)["code"], "bad_request");
    assert_eq!(names(&service, "alice"), [""; 0]);
}

#[test]
fn names_are_unique_and_filters_counted() {
    let service = Service::start(PROXY, &[]);
    let add = |name: &str| {
        let new = json!({"name": name, "content": "SrcAS = 1"});
        call(&service, "alice", "POST", "/api/v1/filters", &new)
    };
    add("a").has(201);
    assert_eq!(add("a").has(409).json()["code"], "name_taken");
    let second = add("b").has(201).json();
    let path = format!("/api/v1/filters/{}", second["id"]);
    let taken = json!({"name": "a", "content": ""});
    assert_eq!(call(&service, "alice", "PUT", &path, &taken).has(409).json()["code"], "name_taken");
    for name in ["c", "d", "e"] {
        add(name).has(201);
    }
    assert_eq!(add("f").has(409).json()["code"], "too_many_filters");
}

#[test]
fn shared_filters_are_seen_by_others_and_private_ones_are_not() {
    let service = Service::start(&format!("{PROXY}[filters]\nbuiltin = 'DstAS = 9'\n"), &[]);
    for (name, shared) in [("open", true), ("own", false)] {
        let new = json!({"name": name, "content": "SrcAS = 1", "shared": shared});
        call(&service, "alice", "POST", "/api/v1/filters", &new).has(201);
    }
    assert_eq!(names(&service, "alice"), ["\"open\"", "\"own\"", "\"builtin\""]);
    assert_eq!(names(&service, "bob"), ["\"open\"", "\"builtin\""]);
    assert_eq!(sql(&service, "bob", "@open OR @builtin"), "(SrcAS = 1) OR (DstAS = 9)");
    assert_eq!(sql(&service, "bob", "@own"), Value::Null);
    // The user's own goes before that of another, and before that of the configuration.
    for name in ["open", "builtin"] {
        let new = json!({"name": name, "content": "SrcAS = 2"});
        call(&service, "bob", "POST", "/api/v1/filters", &new).has(201);
    }
    assert_eq!(sql(&service, "bob", "@open OR @builtin"), "(SrcAS = 2) OR (SrcAS = 2)");
    call(&service, "bob", "DELETE", "/api/v1/filters/-1", &Value::Null).has(404);
}

#[test]
fn only_a_trusted_proxy_says_who_calls() {
    let owner = |service: &Service, headers: &[(&str, &str)]| {
        let new = json!({"content": "SrcAS = 1"}).to_string();
        let headers = [headers, &[("Content-Type", "application/json")]].concat();
        service.send("POST", "/api/v1/filters", &headers, new.as_bytes()).has(201).json()["user"].clone()
    };
    let service = Service::start(PROXY, &[]);
    assert_eq!(owner(&service, &[("Remote-User", "alice")]), "alice");
    assert_eq!(owner(&service, &[]), "default");
    service.get("/api/v0/console/filter/saved").has(200);
    let two = [("Remote-User", "alice"), ("Remote-User", "bob")];
    let anonymous = service.send("GET", "/api/v1/filters", &two, b"").has(401).json();
    assert_eq!(anonymous["code"], "no_user");

    let other = "[server]\ntrusted_proxies = [\"192.0.2.1\"]\n";
    let service = Service::start(other, &[]);
    assert_eq!(owner(&service, &[("Remote-User", "alice")]), "default");
    assert_eq!(
        service.post("/api/v1/compile", "{\"filter\": \"SrcAS = 1\"}").has(200).json()["sql"],
        "SrcAS = 1"
    );

    let renamed = "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\nuser_header = \"X-Forwarded-User\"\n";
    let service = Service::start(renamed, &[]);
    assert_eq!(owner(&service, &[("Remote-User", "alice")]), "default");
    assert_eq!(owner(&service, &[("X-Forwarded-User", "alice")]), "alice");
}

#[test]
fn what_was_answered_survives_kill_9() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let add = |service: &Service, number: usize| {
        let new = json!({"name": format!("f{number}"), "content": "SrcAS = 1"});
        service.post("/api/v1/filters", &new.to_string())
    };
    let mut answered = 0;
    for round in 0..3 {
        let mut service = Service::start_in(Arc::clone(&folder), &[]);
        let listed = service.get("/api/v1/filters").has(200).json();
        assert_eq!(listed["filters"].as_array().unwrap().len(), answered);
        for _ in 0..10 {
            add(&service, answered).has(201);
            answered += 1;
        }
        if round == 1 {
            // In the middle of a request.
            let mut stream = service.connect();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream
                .write_all(
                    b"POST /api/v1/filters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
                )
                .unwrap();
        }
        service.signal("KILL");
        service.wait();
    }
}

#[test]
fn a_folder_has_one_service() {
    let service = Service::start("", &[]);
    let output = std::process::Command::new(testing::program())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(service.path("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use by another process"));
}
