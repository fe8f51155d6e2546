//! The OpenAPI document: committed, and complete.

use std::path::Path;

#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == flowql_server::openapi(),
        "not up to date: run `cargo run -p flowql-server --example openapi > crates/flowql-server/openapi.json`"
    );
}

#[test]
fn every_operation_has_its_summary_and_its_refusals() {
    let document: serde_json::Value = serde_json::from_str(&flowql_server::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let mut operations = 0;
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["summary"].is_string(), "{method} {path} says nothing");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("421"), "{method} {path}");
            if operation.get("requestBody").is_some() {
                for status in ["400", "413", "429", "503"] {
                    assert!(responses.contains_key(status), "{method} {path} lacks {status}");
                }
            }
            operations += 1;
        }
    }
    assert!(operations >= 18, "{operations}");
}
