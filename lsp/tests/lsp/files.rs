//! The files of the workspace, and Markdown.

use serde_json::{Value, json};

use super::client::Start;
use super::{codes, snapshot};

#[test]
fn names_are_found_across_files() {
    let mut client = Start::new()
        .with("one.flowql", "-- name: edge\nInIfBoundary = external\n")
        .with("deep/two.flowql", "-- name: web\n@edge AND DstPort = 443\n")
        .run();
    assert_eq!(codes(&client.open("three.flowql", "@web OR @edge OR @nothing")), [(0, "E301")]);
    client.transcript();
    let place = client.at("three.flowql", 0, 9);
    client.request("textDocument/definition", place.clone());
    let mut references = place.clone();
    references["context"] = json!({"includeDeclaration": true});
    client.request("textDocument/references", references);
    client.request("textDocument/prepareRename", place.clone());
    let mut rename = place.clone();
    rename["newName"] = json!("border");
    client.request("textDocument/rename", rename.clone());
    for bad in ["web", "1x", "a b", "a--b"] {
        rename["newName"] = json!(bad);
        assert_eq!(client.error("textDocument/rename", rename.clone())["code"], json!(-32602), "{bad}");
    }
    client.request("workspace/symbol", json!({"query": "e"}));
    snapshot("across-files", &client.transcript());
    client.end();
}

#[test]
fn two_files_with_one_name_are_an_error_at_each_reference() {
    let mut client = Start::new()
        .with("one.flowql", "-- name: edge\nSrcAS = 1\n")
        .with("two.flowql", "-- name: edge\nSrcAS = 2\n")
        .run();
    assert_eq!(
        codes(&client.open("three.flowql", "@edge AND DstAS = 1\nAND @edge")),
        [(0, "E304"), (1, "E304")]
    );
    let place = client.at("three.flowql", 0, 2);
    assert_eq!(client.request("textDocument/definition", place).as_array().unwrap().len(), 2);
    // In a file that defines the name it is its own.
    assert_eq!(codes(&client.open("one.flowql", "-- name: edge\nSrcAS = 1\n-- name: x\n@edge")), []);
    client.end();
}

#[test]
fn a_name_that_changes_is_told_to_the_files_that_use_it() {
    let mut client = Start::new().run();
    client.open("one.flowql", "-- name: edge\nSrcAS = 1\n");
    assert_eq!(codes(&client.open("two.flowql", "@edge")), []);
    client.replace("one.flowql", 2, "-- name: border\nSrcAS = 1\n");
    assert_eq!(codes(&client.published("two.flowql", 1)), [(0, "E301")]);
    client.replace("one.flowql", 3, "-- name: edge\nSrcAS == 1\n");
    assert_eq!(codes(&client.published("two.flowql", 1)), [(0, "E305")]);
    client.end();
}

#[test]
fn files_that_change_on_disk_are_read_again() {
    let mut client = Start::new().run();
    assert_eq!(codes(&client.open("two.flowql", "@edge")), [(0, "E301")]);
    let changed = |client: &mut super::client::Client, name: &str, kind: u32| {
        let uri = client.uri(name);
        client.notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri, "type": kind}]}));
    };
    std::fs::write(client.path("one.flowql"), "-- name: edge\nSrcAS = 1\n").unwrap();
    changed(&mut client, "one.flowql", 1);
    assert_eq!(codes(&client.published("two.flowql", 1)), []);
    std::fs::remove_file(client.path("one.flowql")).unwrap();
    changed(&mut client, "one.flowql", 3);
    assert_eq!(codes(&client.published("two.flowql", 1)), [(0, "E301")]);
    std::fs::write(client.path("flowql.toml"), "[filters]\nedge = 'SrcAS = 1'\n").unwrap();
    changed(&mut client, "flowql.toml", 1);
    assert_eq!(codes(&client.published("two.flowql", 1)), []);
    // A bad configuration is shown in its file, and the one before stays.
    std::fs::write(client.path("flowql.toml"), "[filters]\n\n[shcema]\n").unwrap();
    changed(&mut client, "flowql.toml", 2);
    let log = client.notification("window/logMessage");
    assert!(log["message"].as_str().unwrap().contains("shcema"), "{log}");
    let blamed = client.notification("textDocument/publishDiagnostics");
    assert_eq!(blamed["uri"], json!(client.uri("flowql.toml")));
    assert_eq!(blamed["diagnostics"][0]["range"]["start"]["line"], json!(2));
    client.replace("two.flowql", 2, "@edge AND SrcAS = 2");
    std::fs::write(client.path("flowql.toml"), "[filters]\nedge = 'SrcAS = 1'\n").unwrap();
    changed(&mut client, "flowql.toml", 2);
    assert_eq!(client.notification("textDocument/publishDiagnostics")["diagnostics"], json!([]));
    client.end();
}

#[test]
fn the_server_looks_itself_where_the_client_does_not() {
    let watch = "/workspace/didChangeWatchedFiles/dynamicRegistration";
    let mut client = Start::new().can(watch, json!(false)).run();
    assert_eq!(codes(&client.open("two.flowql", "@edge")), [(0, "E301")]);
    // What the server compares with is older than the diagnostics, which come when the files have been read.
    std::fs::write(client.path("one.flowql"), "-- name: edge\nSrcAS = 1\n").unwrap();
    assert_eq!(codes(&client.published("two.flowql", 1)), []);
    client.end();
}

#[test]
fn the_whole_workspace_is_checked_on_request() {
    let mut client = Start::new()
        .with("one.flowql", "SrcAS == 1\n")
        .with("two.flowql", "SrcAS = 1\n")
        .with("node_modules/three.flowql", "SrcAS == 1\n")
        .run();
    let id = client.ask("workspace/executeCommand", json!({"command": "flowql.checkWorkspace"}));
    client.answer("window/workDoneProgress/create", Value::Null);
    let mut kinds = Vec::new();
    while kinds.last() != Some(&json!("end")) {
        kinds.push(client.notification("$/progress")["value"]["kind"].clone());
    }
    assert_eq!(kinds, ["begin", "report", "report", "end"].map(|kind| json!(kind)));
    assert_eq!(client.response(id)["result"], json!({"files": 2, "errors": 1, "warnings": 0}));
    let mut found = [0, 1].map(|_| {
        let published = client.notification("textDocument/publishDiagnostics");
        (published["uri"].as_str().unwrap().to_owned(), published["diagnostics"].as_array().unwrap().len())
    });
    found.sort();
    assert_eq!(found, [(client.uri("one.flowql"), 1), (client.uri("two.flowql"), 0)]);
    client.end();
}

#[test]
fn the_whole_workspace_is_pulled_with_progress() {
    let mut client = Start::new()
        .can("/textDocument/diagnostic", json!({}))
        .with("one.flowql", "SrcAS == 1\n")
        .with("two.flowql", "@x\n")
        .run();
    let found = client.request("workspace/diagnostic", json!({"previousResultIds": [], "workDoneToken": 7}));
    let items: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| codes(&item["items"])).collect();
    assert_eq!(items, [[(0, "E031")], [(0, "E301")]]);
    let mut last = Value::Null;
    while last != json!("end") {
        let progress = client.notification("$/progress");
        assert_eq!(progress["token"], json!(7));
        last = progress["value"]["kind"].clone();
    }
    let known: Vec<Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!({"uri": item["uri"], "value": item["resultId"]}))
        .collect();
    let again = client.request("workspace/diagnostic", json!({"previousResultIds": known}));
    assert!(again["items"].as_array().unwrap().iter().all(|item| item["kind"] == json!("unchanged")));
    client.end();
}

#[test]
fn fences_in_markdown_are_filters() {
    let text = "# A page\n\n```flowql\nSrcAS == 1\n```\n\nSrcAS ==\n\n```flowql\nSrcAS = 1 AND InIfB\n```\n";
    let mut client = Start::new().run();
    client.open_as("page.md", "markdown", text);
    let found = codes(&client.published("page.md", 1)).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    assert_eq!(found, [3, 9, 9]);
    let place = client.at("page.md", 9, 19);
    let items = client.request("textDocument/completion", place)["items"].clone();
    assert_eq!(items[0]["label"], json!("InIfBoundary"));
    let place = client.at("page.md", 6, 3);
    assert_eq!(client.request("textDocument/completion", place.clone()), Value::Null);
    assert_eq!(client.request("textDocument/hover", place), Value::Null);
    client.end();
}
