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

/// The request of code actions for a range on one line.
fn actions(client: &mut Client, range: [u32; 3], only: Option<&str>) -> Value {
    let [line, start, end] = range;
    let mut context = json!({"diagnostics": []});
    if let Some(only) = only {
        context["only"] = json!([only]);
    }
    let range = json!({"start": {"line": line, "character": start}, "end": {"line": line, "character": end}});
    let document = client.document("a.flowql");
    let asked = json!({"textDocument": document, "range": range, "context": context});
    client.request("textDocument/codeAction", asked)
}

#[test]
fn actions_fix_rewrite_extract_and_inline() {
    let text = "-- name: a\nSrcAS == 1 && (DstAS = 2 OR DstAS = 3)\n-- name: b\n@a AND Proto = 6\n\n-- name: b c\nSrcAS = 1\n";
    let mut client = opened(text);
    actions(&mut client, [1, 6, 6], Some("quickfix"));
    actions(&mut client, [1, 0, 0], Some("source.fixAll"));
    actions(&mut client, [5, 10, 10], None);
    actions(&mut client, [3, 1, 1], Some("refactor"));
    client.replace("a.flowql", 2, "SrcPort IN (1) AND (DstAS = 2 OR DstAS = 3)");
    client.transcript();
    actions(&mut client, [0, 0, 0], Some("refactor.rewrite"));
    actions(&mut client, [0, 19, 43], Some("refactor.extract"));
    snapshot("actions", &client.transcript());
    client.end();
}

#[test]
fn documents_and_ranges_are_formatted() {
    let mut client = opened("-- name: a\nsrcas=1\n\n\n-- name: b\ndstas=2 and( proto=6 )");
    let document = client.document("a.flowql");
    let options = json!({"tabSize": 2, "insertSpaces": true});
    client.request("textDocument/formatting", json!({"textDocument": document, "options": options}));
    let range = json!({"start": {"line": 5, "character": 0}, "end": {"line": 5, "character": 1}});
    let asked = json!({"textDocument": document, "options": options, "range": range});
    client.request("textDocument/rangeFormatting", asked);
    client.replace("a.flowql", 2, "-- name: a\nsrcas=\n-- name: b\ndstas=2\n");
    client.request("textDocument/formatting", json!({"textDocument": document, "options": options}));
    snapshot("formatting", &client.transcript());
    client.end();
}

#[test]
fn tokens_come_whole_as_a_range_and_as_a_difference() {
    let mut client = opened(FILTERS);
    let document = client.document("a.flowql");
    let whole = client.request("textDocument/semanticTokens/full", json!({"textDocument": document}));
    let range = json!({"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 7}});
    client.request("textDocument/semanticTokens/range", json!({"textDocument": document, "range": range}));
    client.replace("a.flowql", 2, &FILTERS.replace("443", "AS1"));
    let asked = json!({"textDocument": document, "previousResultId": whole["resultId"]});
    client.request("textDocument/semanticTokens/full/delta", asked.clone());
    // That was one of an older text: the tokens come whole.
    client.request("textDocument/semanticTokens/full/delta", asked);
    snapshot("tokens", &client.transcript());
    client.end();
}

#[test]
fn selections_grow_and_folds_are_found() {
    let mut client = opened("-- name: a\nSrcAS IN (1,\n  2) AND /* x\n y */ Proto = 6\n");
    let document = client.document("a.flowql");
    client.request(
        "textDocument/selectionRange",
        json!({"textDocument": document, "positions": [{"line": 1, "character": 10}, {"line": 0, "character": 10}]}),
    );
    client.request("textDocument/foldingRange", json!({"textDocument": document}));
    let column = client.at("a.flowql", 1, 2);
    client.request("textDocument/documentHighlight", column);
    snapshot("shape", &client.transcript());
    client.end();
}

#[test]
fn commands_give_documents_to_show() {
    let mut client = opened("-- name: a\nSrcAS = AS15169\n-- name: b\nSrcAS ==\n");
    let uri = client.uri("a.flowql");
    for (command, line) in [("showSql", 0), ("explain", 1), ("showSql", 3), ("explain", 3)] {
        let target = json!({"uri": uri, "position": {"line": line, "character": 0}});
        let asked = json!({"command": format!("flowql.{command}"), "arguments": [target]});
        client.request("workspace/executeCommand", asked);
    }
    let target = json!({"uri": uri, "reverse": true});
    client.request("workspace/executeCommand", json!({"command": "flowql.showSql", "arguments": [target]}));
    snapshot("commands", &client.transcript());
    for bad in [
        json!({"command": "flowql.showSql", "arguments": []}),
        json!({"command": "flowql.showSql", "arguments": [{"uri": "file:///nothing.flowql"}]}),
        json!({"command": "flowql.nonsense", "arguments": [{"uri": uri}]}),
    ] {
        assert_eq!(client.error("workspace/executeCommand", bad)["code"], json!(-32602));
    }
    client.end();
}
