//! What the server answers.

use serde_json::{Value, json};

use super::client::{Client, Start};
use super::{codes, snapshot};

const FILTERS: &str = "-- name: google\nSrcAS = AS15169 AND DstPort = 443\n\n-- name: web\n@google OR (SrcPort = 80\n  AND Proto = 6)\n";

fn opened(text: &str) -> Client {
    let mut client = Start::new().run();
    client.open("a.flowql", text);
    client.transcript();
    client
}

#[test]
fn a_session_begins_and_ends() {
    let start = Start::new();
    let params = start.initialize();
    let mut client = start.silent();
    client.request("initialize", params);
    let capabilities = client.transcript();
    client.notify("initialized", json!({}));
    client.answer("client/registerCapability", Value::Null);
    let id = regex_free(&capabilities);
    snapshot("initialize", &id);
    client.end();
}

/// The transcript of the first message without the number of our process.
fn regex_free(transcript: &str) -> String {
    let process = format!("\"processId\": {}", std::process::id());
    transcript.replace(&process, "\"processId\": 1")
}

#[test]
fn diagnostics_are_published_for_each_version() {
    let mut client = Start::new().run();
    assert_eq!(codes(&client.open("a.flowql", "SrcAS == 1\nAND Nope = 2")), [(0, "E031"), (1, "E101")]);
    assert_eq!(codes(&client.replace("a.flowql", 2, "SrcAS = 1")), []);
    let range = json!({"start": {"line": 0, "character": 8}, "end": {"line": 0, "character": 9}});
    client.change("a.flowql", 3, json!([{"range": range, "text": "x"}]));
    assert_eq!(codes(&client.published("a.flowql", 3)), [(0, "E209")]);
    snapshot("diagnostics", &client.transcript());
    client.notify("textDocument/didClose", json!({"textDocument": client.document("a.flowql")}));
    let closed = client.notification("textDocument/publishDiagnostics");
    assert_eq!(closed["diagnostics"], json!([]));
    client.end();
}

#[test]
fn completion_hover_and_the_rest_answer() {
    let mut client = opened(FILTERS);
    let at = client.at("a.flowql", 4, 1);
    let found = client.request("textDocument/completion", at.clone());
    assert_eq!(found["items"][0]["label"], json!("@google"));
    let hover = client.request("textDocument/hover", at.clone());
    assert!(hover["contents"]["value"].as_str().unwrap().contains("saved filter"), "{hover}");
    let definition = client.request("textDocument/definition", at.clone());
    assert_eq!(definition[0]["range"]["start"], json!({"line": 0, "character": 9}));
    let mut rename = at.clone();
    rename["newName"] = json!("alphabet");
    client.request("textDocument/rename", rename);
    client.request("textDocument/documentHighlight", at);
    let document = json!({"textDocument": client.document("a.flowql")});
    for method in ["documentSymbol", "foldingRange", "codeLens", "semanticTokens/full"] {
        client.request(&format!("textDocument/{method}"), document.clone());
    }
    snapshot("answers", &client.transcript());
    client.end();
}

#[test]
fn the_configuration_comes_from_options_the_command_line_or_the_workspace() {
    const TEXT: &str = "@own AND SrcAS = 1";
    let settings = json!({"settings": {"filters": {"own": "DstAS = 1"}}});
    let mut client = Start::new().options(settings).run();
    assert_eq!(codes(&client.open("a.flowql", TEXT)), []);
    client.end();
    let file = "[filters]\nown = 'DstAS = 1'\n";
    let mut client = Start::new().with("other.toml", file).arguments(&["--config", "other.toml"]).run();
    assert_eq!(codes(&client.open("a.flowql", TEXT)), []);
    client.end();
    let mut client = Start::new().with("other.toml", file).options(json!({"config": "other.toml"})).run();
    assert_eq!(codes(&client.open("a.flowql", TEXT)), []);
    client.end();
    let mut client = Start::new().with("flowql.toml", file).run();
    assert_eq!(codes(&client.open("a.flowql", TEXT)), []);
    client.end();
    let mut client = Start::new().with("flowql.toml", file).arguments(&["--no-config"]).run();
    assert_eq!(codes(&client.open("a.flowql", TEXT)), [(0, "E301")]);
    client.end();
}

#[test]
fn a_client_that_pulls_diagnostics_gets_none_pushed() {
    let mut client = Start::new().can("/textDocument/diagnostic", json!({})).run();
    client.open_as("a.flowql", "flowql", "SrcAS == 1");
    let document = json!({"textDocument": client.document("a.flowql")});
    let found = client.request("textDocument/diagnostic", document.clone());
    assert_eq!(codes(&found["items"]), [(0, "E031")]);
    let mut again = document;
    again["previousResultId"] = found["resultId"].clone();
    assert_eq!(client.request("textDocument/diagnostic", again)["kind"], json!("unchanged"));
    client.end();
}
