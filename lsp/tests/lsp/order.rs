//! The order of messages, cancellation, encodings.

use serde_json::{Value, json};

use super::client::Start;
use super::codes;

#[test]
fn an_answer_never_belongs_to_an_older_text() {
    let mut client = Start::new().run();
    let filters = |count: usize| "SrcAS = 1 AND (DstAS = 2 OR Proto = 6)\nAND ".repeat(count) + "SrcPort = 1";
    client.open("a.flowql", &filters(500));
    let document = json!({"textDocument": client.document("a.flowql")});
    // A request and an edit that come together: the request is answered for the text before the edit, before the
    // edit is seen, or not at all.
    let (mut moved, mut version) = (0, 1);
    for _ in 0..20 {
        let id = client.ask("textDocument/semanticTokens/full", document.clone());
        version += 1;
        client.change(
            "a.flowql",
            version,
            json!([{"text": filters(if version % 2 == 0 { 400 } else { 500 })}]),
        );
        let response = client.response(id);
        if response.get("error").is_some() {
            assert_eq!(response["error"]["code"], json!(-32801), "{response}");
            moved += 1;
        }
        // What is asked after the edit is answered for the text after it.
        let tokens = client.request("textDocument/semanticTokens/full", document.clone());
        let lines: u64 =
            tokens["data"].as_array().unwrap().iter().step_by(5).map(|line| line.as_u64().unwrap()).sum();
        assert_eq!(lines, if version % 2 == 0 { 400 } else { 500 });
        client.published("a.flowql", version);
    }
    assert!(moved > 0, "no edit came in time");
    client.end();
}

#[test]
fn edits_are_applied_in_their_order() {
    let mut client = Start::new().run();
    client.open("a.flowql", "");
    // Many edits without waiting, each of which builds on the one before.
    let text: Vec<char> = "SrcAS = 1 AND ExporterName = \"\u{1F600}x\"".chars().collect();
    let mut column = 0;
    for (index, letter) in text.iter().enumerate() {
        let place = json!({"line": 0, "character": column});
        let edit = json!([{"range": {"start": place, "end": place}, "text": letter.to_string()}]);
        client.change("a.flowql", 2 + i64::try_from(index).unwrap(), edit);
        column += letter.len_utf16();
    }
    let last = 1 + i64::try_from(text.len()).unwrap();
    let sql = json!({"command": "flowql.showSql", "arguments": [{"uri": client.uri("a.flowql")}]});
    let shown = client.request("workspace/executeCommand", sql);
    assert_eq!(shown["text"], json!("SrcAS = 1 AND ExporterName = '\u{1F600}x'\n"));
    assert_eq!(codes(&client.published("a.flowql", last)), []);
    client.forget("textDocument/publishDiagnostics");
    client.end();
}

#[test]
fn an_old_version_is_ignored() {
    let mut client = Start::new().run();
    client.open("a.flowql", "SrcAS = 1");
    client.change("a.flowql", 1, json!([{"text": "nonsense"}]));
    let log = client.notification("window/logMessage");
    assert!(log["message"].as_str().unwrap().contains("version is 1"), "{log}");
    assert_eq!(codes(&client.replace("a.flowql", 2, "SrcAS = 2")), []);
    client.end();
}

#[test]
fn cancelled_requests_stop() {
    // A workspace that takes a while.
    let mut start = Start::new().can("/textDocument/diagnostic", json!({}));
    for file in 0..300 {
        let text = "SrcAS = 1 AND (DstAS = 2 OR Proto = 6)\nAND ".repeat(500) + "SrcPort = 1";
        start = start.with(&format!("{file}.flowql"), &text);
    }
    let mut client = start.run();
    let id = client.ask("workspace/diagnostic", json!({"previousResultIds": []}));
    client.notify("$/cancelRequest", json!({"id": id}));
    assert_eq!(client.response(id)["error"]["code"], json!(-32800));
    // The server goes on, and one that is not known is no matter.
    client.notify("$/cancelRequest", json!({"id": 12345}));
    assert_eq!(client.request("workspace/symbol", json!({"query": "x"})), json!([]));
    client.end();
}

#[test]
fn positions_are_in_the_unit_that_was_agreed_on() {
    for (offered, agreed, column) in [
        (json!(["utf-8"]), "utf-8", 28),
        (json!(["utf-16", "utf-8"]), "utf-16", 26),
        (json!(["utf-32", "utf-16"]), "utf-32", 25),
        (json!(["utf-7"]), "utf-16", 26),
        (json!([]), "utf-16", 26),
    ] {
        let start = Start::new().can("/general/positionEncodings", offered);
        let params = start.initialize();
        let mut client = start.silent();
        let result = client.request("initialize", params);
        assert_eq!(result["capabilities"]["positionEncoding"], json!(agreed));
        client.notify("initialized", json!({}));
        client.answer("client/registerCapability", Value::Null);
        let found = client.open("a.flowql", "ExporterName = \"\u{1F600}\" AND Nope = 1");
        let start = json!({"line": 0, "character": column - 2});
        assert_eq!(found[0]["range"]["start"], start, "{agreed}");
        // And back: an edit after the astral character.
        let end = json!({"line": 0, "character": column + 2});
        client.change("a.flowql", 2, json!([{"range": {"start": start, "end": end}, "text": "SrcAS"}]));
        assert_eq!(codes(&client.published("a.flowql", 2)), []);
        client.end();
    }
}
