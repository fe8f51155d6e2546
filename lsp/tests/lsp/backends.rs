//! Values of a backend: a running service, and one that hangs.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowql_client::testing;
use serde_json::{Value, json};

use super::client::{Client, Start};

/// A `flowql serve` that is killed when the test ends.
struct Service {
    process: Child,
    address: String,
}

impl Service {
    /// With the file `values.toml` of a folder, in which it keeps its own files too.
    fn start(folder: &std::path::Path) -> Self {
        let mut process = Command::new(testing::program())
            .args([
                "serve",
                "--no-config",
                "--listen",
                "127.0.0.1:0",
                "--data",
                "data",
                "--values",
                "values.toml",
            ])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut lines = log.lines();
        let address = loop {
            let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            if line["message"] == json!("listening") {
                break format!("http://{}", line["address"].as_str().unwrap());
            }
        };
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(url: &str) -> Value {
    json!({"settings": {"backend": {"kind": "service", "url": url}}})
}

fn labels(client: &mut Client, name: &str, text: &str) -> Vec<String> {
    client.open(name, text);
    let place = client.at(name, 0, u32::try_from(text.len()).unwrap());
    let found = client.request("textDocument/completion", place);
    let items = found["items"].as_array().unwrap();
    items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn values_come_from_a_running_service() {
    let folder = tempfile::tempdir().unwrap();
    let values = "[types]\nasn = [{ value = \"AS64500\", detail = \"Example\" }]\n[columns]\nExporterName = [\"edge \\\"1\\\"\", \"core\"]\n";
    std::fs::write(folder.path().join("values.toml"), values).unwrap();
    let service = Service::start(folder.path());
    let mut client = Start::new().options(settings(&service.address)).run();
    assert_eq!(labels(&mut client, "a.flowql", "SrcPort = 1 AND DstAS = exam"), ["AS64500"]);
    let found = labels(&mut client, "b.flowql", "ExporterName IN (\"core\", \"edge \\\"");
    assert_eq!(found, ["edge \"1\""]);
    client.open("c.flowql", "SrcAS = 64500");
    let place = client.at("c.flowql", 0, 10);
    let hover = client.request("textDocument/hover", place);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("organisation: Example"), "{hover}");
    client.end();
}

#[test]
fn a_backend_that_hangs_costs_its_values_only_and_says_so() {
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut client = Start::new().options(settings(&url)).run();
    client.open("a.flowql", "Proto = ");
    let place = client.at("a.flowql", 0, 8);
    let began = Instant::now();
    let found = client.request("textDocument/completion", place.clone());
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    assert_eq!(found["items"][0]["label"], json!("tcp"));
    let log = client.notification("window/logMessage");
    let message = log["message"].as_str().unwrap();
    assert!(message.contains("`service`") && message.contains("no answer within"), "{message}");
    // Words lack their order only, which is not worth a message.
    assert_eq!(labels(&mut client, "w.flowql", "InIfBoundary = ")[..2], ["external", "internal"]);
    // It is said once, and the answer comes at once while the backend rests.
    let times = [0; 5].map(|_| {
        let began = Instant::now();
        client.request("textDocument/completion", place.clone());
        began.elapsed()
    });
    assert!(times.iter().any(|time| *time < Duration::from_millis(250)), "it took {times:?}");
    client.end();
}

#[test]
fn a_backend_that_cannot_be_opened_is_told() {
    let mut client = Start::new().options(settings("ftp://x")).run();
    let log = client.notification("window/logMessage");
    assert!(log["message"].as_str().unwrap().contains("ftp://x"), "{log}");
    client.end();
}

#[test]
fn flows_are_shown_or_it_is_said_why_not() {
    let mut client = Start::new().run();
    client.open("a.flowql", "SrcAS = 1");
    let run = json!({"command": "flowql.run", "arguments": [{"uri": client.uri("a.flowql")}]});
    let shown = client.request("workspace/executeCommand", run);
    assert_eq!((&shown["failed"], &shown["language"]), (&json!(true), &json!("plaintext")));
    assert!(shown["text"].as_str().unwrap().contains("[backend]"), "{shown}");
    client.end();
}
