//! The API of the project: whole texts and cursors.

use serde_json::{Value, json};

use crate::service::{JSON, Service};

const CONFIG: &str = "[filters]\ncustomers = 'DstNetRole = \"customers\"'\n";

#[test]
fn filters_compile_in_both_forms_and_directions() {
    let service = Service::start(CONFIG, &[]);
    let compile =
        |question: serde_json::Value| service.post("/api/v1/compile", &question.to_string()).has(200).json();
    let answer = compile(json!({"filter": "SrcAS = AS15169 AND Proto = \"tcp\""}));
    assert_eq!(answer["sql"], "SrcAS = 15169 AND Proto = 6");
    assert_eq!(answer["parameters"], json!({}));
    assert_eq!(answer["columns"], json!(["SrcAS", "Proto"]));
    assert_eq!(answer["main_table_required"], false);
    let answer = compile(json!({"filter": "SrcAS = AS15169", "direction": "reverse", "form": "bound"}));
    assert_eq!(answer["sql"], "DstAS = {p0:UInt32}");
    assert_eq!(answer["parameters"], json!({"p0": 15169}));
    let answer = compile(json!({"filter": "Proto = \"nope\"", "database": "flows"}));
    assert!(answer["sql"].as_str().unwrap().contains("'flows.protocols'"), "{answer}");
    let answer = compile(json!({"filter": "@customers"}));
    assert_eq!(answer["sql"], "(DstNetRole = 'customers')");
    let answer = compile(json!({"filter": " "}));
    assert_eq!(answer["sql"], "");
    let answer = compile(json!({"filter": "SrcASN = 1"}));
    assert_eq!((&answer["sql"], &answer["diagnostics"][0]["code"]), (&json!(null), &json!("E101")));
}

#[test]
fn ranges_come_in_bytes_and_in_utf16() {
    let service = Service::start(CONFIG, &[]);
    let answer =
        service.post("/api/v1/validate", r#"{"filter": "InIfName = \"é😀\" AND SrcASN = 1"}"#).json();
    assert_eq!(answer["valid"], false);
    let found = &answer["diagnostics"][0];
    assert_eq!((&found["start"], &found["end"]), (&json!(24), &json!(30)));
    assert_eq!((&found["start_utf16"], &found["end_utf16"]), (&json!(21), &json!(27)));
    let edit = &found["fixes"][0]["edits"][0];
    assert_eq!((&edit["start_utf16"], &edit["text"]), (&json!(21), &json!("SrcAS")));

    let question = json!({"filter": "InIfName = \"é😀\" AND srcas", "cursor_utf16": 26});
    let answer = service.post("/api/v1/complete", &question.to_string()).has(200).json();
    assert_eq!(answer["replace"], json!({"start": 24, "end": 29, "start_utf16": 21, "end_utf16": 26}));
    assert_eq!(answer["candidates"][0]["label"], "SrcAS");

    let question = json!({"filter": "InIfName = \"é😀\" AND SrcAS = 1", "cursor_utf16": 22});
    let answer = service.post("/api/v1/hover", &question.to_string()).has(200).json();
    assert_eq!(answer["range"], json!({"start": 24, "end": 29, "start_utf16": 21, "end_utf16": 26}));
    assert!(answer["markdown"].as_str().unwrap().contains("SrcAS"), "{answer}");
}

#[test]
fn filters_are_formatted_or_left_as_they_are() {
    let service = Service::start(CONFIG, &[]);
    let format =
        |text: &str| service.post("/api/v1/format", &json!({"filter": text}).to_string()).has(200).json();
    assert_eq!(
        format("srcas=15169  and dstport in (80,443)")["formatted"],
        "SrcAS = 15169 AND DstPort IN (80, 443)"
    );
    let answer = format("srcas =");
    assert_eq!(answer["formatted"], json!(null));
    assert!(answer["diagnostics"][0]["message"].is_string());
}

#[test]
fn completion_has_the_values_of_the_backend_and_the_limit() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("values.toml"), "[columns]\nExporterName = [\"edge1\", \"edge2\"]\n")
        .unwrap();
    let service = Service::start_in(folder, &["--backend", "static", "--values", "values.toml"]);
    let complete =
        |question: serde_json::Value| service.post("/api/v1/complete", &question.to_string()).has(200).json();
    let answer = complete(json!({"filter": "ExporterName = edge"}));
    assert_eq!(answer["candidates"][0]["insert"], "\"edge1\"");
    assert_eq!(answer.get("incomplete"), None);
    let answer = complete(json!({"filter": "", "limit": 3}));
    assert_eq!(answer["candidates"].as_array().unwrap().len(), 3);
    let metrics = service.get("/metrics").has(200);
    assert!(
        metrics.text().contains("flowql_backend_calls_total{call=\"values\",result=\"ok\"} 1"),
        "{}",
        metrics.text()
    );
}

#[test]
fn a_file_of_flows_answers_queries() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let flow = r#"{"TimeReceived":1769853600,"SrcAS":15169,"Bytes":100,"Packets":1,"SamplingRate":10}"#;
    std::fs::write(folder.path().join("flows.jsonl"), flow).unwrap();
    let service = Service::start_in(folder, &["--flows-from", "flows.jsonl"]);
    let schema = service.get("/api/v1/schema").has(200).json();
    assert_eq!((&schema["backend"], &schema["queries"]), (&json!("file"), &json!(true)));
    assert_eq!(schema["tables"][0]["name"], "flows.jsonl");
    let question = json!({
        "filter": "SrcAS = AS15169", "kind": "top", "columns": ["SrcAS"], "from": 1_769_853_600, "to": 1_769_853_610
    });
    let answer = service.post("/api/v1/query", &question.to_string()).has(200);
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["table"], &lines[0]["sql"]), (&json!("flows.jsonl"), &json!("")));
    assert_eq!(lines[1][0], 15_169);
    assert_eq!(lines[2], json!({"rows": 1}));
    // It knows no values, which is no trouble for completion.
    let question = json!({"filter": "ExporterName = "}).to_string();
    let completed = service.post("/api/v1/complete", &question).has(200).json();
    assert_eq!(completed.get("incomplete"), None);
}

#[test]
fn the_schema_has_columns_operators_and_keywords() {
    let service = Service::start("[schema]\nenable = [\"SrcVlan\"]\n", &[]);
    let answer = service.get("/api/v1/schema").has(200).json();
    let column = |name: &str| {
        answer["columns"].as_array().unwrap().iter().find(|column| column["name"] == name).unwrap().clone()
    };
    assert_eq!(column("SrcVlan")["enabled"], true);
    assert_eq!(column("DstVlan")["enabled"], false);
    assert_eq!(column("InIfBoundary")["words"], json!(["external", "internal", "undefined"]));
    assert_eq!(column("DstASPath")["operators"], json!(["=", "!=", "IN", "NOTIN", "HAS", "NOT HAS"]));
    assert!(column("TCPFlags")["bits"].as_array().unwrap().contains(&json!("SYN")));
    assert_eq!(answer["operators"].as_array().unwrap().len(), 20);
    assert_eq!(answer["tables"], json!([]));
}

#[test]
fn the_console_gets_all_columns_where_it_gives_no_limit() {
    let service = Service::start("", &[]);
    let complete = |question: &str| {
        service.post("/api/v0/console/filter/complete", question).has(200).json()["completions"].clone()
    };
    let schema = service.get("/api/v1/schema").has(200).json();
    let usable = |column: &&serde_json::Value| column["enabled"] == true && column["type"].is_string();
    let columns = schema["columns"].as_array().unwrap().iter().filter(usable).count();
    assert!(columns > 50, "{columns}");
    assert_eq!(complete("{\"what\": \"column\"}").as_array().unwrap().len(), columns);
    assert_eq!(complete("{\"what\": \"column\", \"limit\": 20}").as_array().unwrap().len(), 20);
    let values = complete("{\"what\": \"value\", \"column\": \"Proto\"}");
    assert_eq!(values.as_array().unwrap().len(), 20);
}

#[test]
fn bad_requests_are_refused_with_a_code() {
    let service = Service::start("[server.limits]\nbody = 2000\nrate = 0\n", &[]);
    let long = format!("{{\"filter\": \"{}\"}}", "x".repeat(2000));
    for (method, path, headers, body, status, code) in [
        ("POST", "/api/v1/validate", vec![JSON], "{", 400, "bad_request"),
        ("POST", "/api/v1/validate", vec![JSON], "{\"filter\": 1}", 400, "bad_request"),
        ("POST", "/api/v1/validate", vec![JSON], "{\"filter\": \"\", \"extra\": 1}", 400, "bad_request"),
        ("POST", "/api/v1/validate", vec![JSON], " [\"SrcAS = 1\"]", 400, "bad_request"),
        ("POST", "/api/v0/console/filter/complete", vec![JSON], "[\"column\"]", 400, "bad_request"),
        ("POST", "/api/v1/validate", vec![JSON], &"[".repeat(1000), 400, "bad_request"),
        ("POST", "/api/v1/compile", vec![JSON], "{\"filter\": \"\", \"form\": \"x\"}", 400, "bad_request"),
        ("POST", "/api/v1/validate", vec![], "{\"filter\": \"\"}", 415, "not_json"),
        ("POST", "/api/v1/validate", vec![JSON], &long, 413, "too_large"),
        ("GET", "/api/v1/validate", vec![], "", 405, "method_not_allowed"),
        ("GET", "/api/v2/validate", vec![], "", 404, "not_found"),
        ("POST", "/api/v1/validate", vec![JSON, ("Host", "evil.example")], "{}", 421, "unknown_host"),
        ("POST", "/api/v1/validate", vec![JSON, ("Sec-Fetch-Site", "cross-site")], "{}", 403, "cross_site"),
        ("POST", "/api/v1/validate", vec![JSON, ("Origin", "http://evil.example")], "{}", 403, "cross_site"),
    ] {
        let answer = service.send(method, path, &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let problem = answer.json();
        assert_eq!(problem["code"], code);
        assert!(problem["message"].is_string());
    }
    let invalid = service.send("POST", "/api/v1/validate", &[JSON], b"{\"filter\": \"\xFF\"}");
    assert_eq!(invalid.has(400).json()["code"], "bad_request");
}
