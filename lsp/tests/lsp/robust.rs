//! What no client should do, and what becomes of the server.

use serde_json::{Value, json};

use super::client::Start;

#[test]
fn what_is_no_message_is_answered_and_the_session_goes_on() {
    let mut client = Start::new().run();
    for (bad, code) in [
        ("{\"jsonrpc\":\"2.0\",\"method\":", -32700),
        ("[1, 2]", -32600),
        ("{}", -32600),
        ("\"x\"", -32600),
        ("\u{FEFF}", -32700),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"shutdown\"}", -32600),
    ] {
        client.write(format!("Content-Length: {}\r\n\r\n{bad}", bad.len()).as_bytes());
        let refused = client.refused();
        assert_eq!(refused["error"]["code"], json!(code), "{bad}");
    }
    client.write(b"what is this?\r\n\r\n");
    assert_eq!(client.refused()["error"]["code"], json!(-32700));
    client.end();
}

#[test]
fn the_exit_status_is_what_the_protocol_says() {
    let mut client = Start::new().run();
    client.notify("exit", Value::Null);
    assert_eq!(client.wait(), Some(1));
    client.is_read();
    let mut client = Start::new().silent();
    client.hang_up();
    assert_eq!(client.wait(), Some(1));
    client.is_read();
    let mut client = Start::new().run();
    client.request("shutdown", Value::Null);
    client.hang_up();
    assert_eq!(client.wait(), Some(0));
    client.is_read();
}

#[test]
fn needless_parameters_of_the_end_are_no_fault() {
    // As lsp-mode of Emacs has them.
    let mut client = Start::new().run();
    client.request("shutdown", json!({}));
    client.notify("exit", json!({}));
    assert_eq!(client.wait(), Some(0));
    client.is_read();
}

#[test]
fn requests_out_of_order_are_refused() {
    let start = Start::new();
    let params = start.initialize();
    let mut client = start.silent();
    let hover = client.at("a.flowql", 0, 0);
    assert_eq!(client.error("textDocument/hover", hover.clone())["code"], json!(-32002));
    client.open_as("a.flowql", "flowql", "SrcAS = 1");
    assert_eq!(client.error("initialize", json!(3))["code"], json!(-32602));
    client.request("initialize", params.clone());
    assert_eq!(client.error("initialize", params)["code"], json!(-32600));
    client.notify("initialized", json!({}));
    client.answer("client/registerCapability", Value::Null);
    // What was opened before the session began is not open.
    client.change("a.flowql", 2, json!([{"text": "x"}]));
    client.notification("window/logMessage");
    assert_eq!(client.request("textDocument/hover", hover.clone()), Value::Null);
    assert_eq!(client.error("textDocument/nonsense", json!({}))["code"], json!(-32601));
    assert_eq!(client.error("textDocument/hover", json!({"x": 1}))["code"], json!(-32602));
    client.notify("$/nonsense", json!({}));
    client.notify("textDocument/didOpen", json!([1]));
    client.request("shutdown", Value::Null);
    assert_eq!(client.error("textDocument/hover", hover)["code"], json!(-32600));
    client.notify("exit", Value::Null);
    assert_eq!(client.wait(), Some(0));
    client.is_read();
}

#[test]
fn the_server_ends_with_its_client() {
    // The client is gone, but something else holds the input of the server open.
    let mut parent = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let start = Start::new();
    let mut params = start.initialize();
    params["processId"] = json!(parent.id());
    let mut client = start.silent();
    client.request("initialize", params);
    client.notify("initialized", json!({}));
    client.answer("client/registerCapability", Value::Null);
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_eq!(client.wait(), Some(1));
    client.is_read();
}

#[test]
fn huge_and_hostile_documents_are_answered() {
    let mut client = Start::new().run();
    let at = client.at("a.flowql", 0, 0);
    let document = json!({"textDocument": client.document("a.flowql")});
    let mut version = 1;
    client.open("a.flowql", "");
    for text in [
        "(".repeat(60_000),
        "SrcAS = 1 AND ".repeat(600_000),
        "-- name: a\n@a\n".repeat(20_000),
        "\"".to_owned(),
        "\u{0}\r\u{2028}\u{FEFF}".repeat(1000),
        "/*".repeat(30_000),
    ] {
        version += 1;
        client.replace("a.flowql", version, &text);
        for method in ["hover", "completion", "definition", "documentHighlight"] {
            client.request(&format!("textDocument/{method}"), at.clone());
        }
        for method in ["documentSymbol", "foldingRange", "semanticTokens/full", "codeLens"] {
            client.request(&format!("textDocument/{method}"), document.clone());
        }
    }
    client.end();
}

#[test]
fn a_message_beyond_every_limit_is_refused() {
    let mut client = Start::new().run();
    let length = 65 * 1024 * 1024;
    client.write(format!("Content-Length: {length}\r\n\r\n").as_bytes());
    for _ in 0..65 {
        client.write(&vec![b' '; 1024 * 1024]);
    }
    assert_eq!(client.refused()["error"]["code"], json!(-32700));
    client.end();
}
