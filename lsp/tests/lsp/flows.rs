//! The language server on a store with flows.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use flowql_client::testing;
use serde_json::{Value, json};

use super::client::{Client, Start};

/// A folder with a store of flows. Its engine is stopped when the test ends, also when it fails.
struct Store(tempfile::TempDir);

impl Store {
    fn with_flows() -> Self {
        let store = Self(tempfile::tempdir().unwrap());
        let output = store.command(&["demo-data", "--no-config", "--rows", "20k", "--folder", "data"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        store
    }

    fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(testing::program());
        command.args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    fn settings(&self) -> Value {
        let folder = self.0.path().join("data");
        json!({"settings": {"backend": {"kind": "embedded"}, "embedded": {"folder": folder}}})
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.command(&["store", "stop", "--folder", "data"]);
    }
}

fn run(client: &mut Client, name: &str, columns: &[&str]) -> Value {
    let argument = json!({"uri": client.uri(name), "columns": columns});
    client.request("workspace/executeCommand", json!({"command": "flowql.run", "arguments": [argument]}))
}

/// The cells of the rows of a Markdown table, without its head.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn a_filter_is_run_and_completed_with_what_the_flows_have() {
    let store = Store::with_flows();
    let mut client = Start::new().options(store.settings()).run();
    client.open("a.flowql", "Proto = \"tcp\" AND DstPort = 443");
    let shown = run(&mut client, "a.flowql", &["DstPort", "Proto"]);
    assert_eq!((&shown["failed"], &shown["language"]), (&json!(false), &json!("markdown")), "{shown}");
    let text = shown["text"].as_str().unwrap();
    println!("{text}");
    assert_eq!(rows(text).len(), 1, "one port and one protocol: {text}");
    assert!(text.contains("443") && text.contains("TCP"), "{text}");
    // The usual columns, when none are named.
    assert!(!rows(run(&mut client, "a.flowql", &[])["text"].as_str().unwrap()).is_empty());

    client.open("none.flowql", "SrcPort = 1 AND DstPort = 2 AND SrcAS = 3");
    let shown = run(&mut client, "none.flowql", &[]);
    assert!(shown["text"].as_str().unwrap().contains("No flow"), "{shown}");

    client.open("b.flowql", "ExporterName = ");
    let place = client.at("b.flowql", 0, 15);
    // The engine may need longer than an answer waits: then it comes with one of the next.
    let began = Instant::now();
    let found = loop {
        let found = client.request("textDocument/completion", place.clone());
        client.forget("window/logMessage");
        if !found["items"].as_array().unwrap().is_empty() {
            break found;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "no value came");
        std::thread::sleep(Duration::from_millis(200));
    };
    // Words are there at once, and in the order of the flows as soon as that is known.
    client.open("d.flowql", "OutIfBoundary = ");
    let place = client.at("d.flowql", 0, 16);
    loop {
        let words = client.request("textDocument/completion", place.clone());
        let labels: Vec<_> = (0..3).map(|index| words["items"][index]["label"].clone()).collect();
        if labels == ["internal", "external", "undefined"] {
            break;
        }
        assert_eq!(labels, ["external", "internal", "undefined"]);
        assert!(began.elapsed() < Duration::from_secs(120), "no ranking came");
        std::thread::sleep(Duration::from_millis(100));
    }
    let label = found["items"][0]["label"].as_str().unwrap();
    client.open("c.flowql", &format!("ExporterName = \"{label}\""));
    let shown = run(&mut client, "c.flowql", &["ExporterName"]);
    assert!(rows(shown["text"].as_str().unwrap())[0][0].contains(label), "{shown}");
    client.end();
}

#[test]
fn a_store_without_flows_is_said() {
    let store = Store(tempfile::tempdir().unwrap());
    let mut client = Start::new().options(store.settings()).run();
    client.open("a.flowql", "SrcAS = 1");
    let shown = run(&mut client, "a.flowql", &[]);
    assert_eq!(shown["failed"], json!(true));
    assert!(shown["text"].as_str().unwrap().contains("flowql tables create"), "{shown}");
    client.end();
}
