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
