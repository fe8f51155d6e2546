//! Completion over the protocol.

use serde_json::{Value, json};

use super::client::{Client, Start};
use super::snapshot;

/// The candidates at the end of a text.
fn candidates(client: &mut Client, name: &str, text: &str) -> Value {
    client.open(name, text);
    let line = u32::try_from(text.matches('\n').count()).unwrap();
    let column = u32::try_from(text.rsplit('\n').next().unwrap().encode_utf16().count()).unwrap();
    let place = client.at(name, line, column);
    let found = client.request("textDocument/completion", place);
    assert_eq!(found["isIncomplete"], json!(true));
    found["items"].clone()
}

/// The candidate of a label.
fn labelled<'a>(items: &'a Value, label: &str) -> &'a Value {
    let found = items.as_array().unwrap().iter().find(|item| item["label"] == json!(label));
    found.unwrap_or_else(|| panic!("no {label} in {items}"))
}

#[test]
fn candidates_have_edits_and_documentation_on_demand() {
    let mut client = Start::new().run();
    let items = candidates(&mut client, "a.flowql", "SrcAS = 1 AND InIfBou");
    let item = labelled(&items, "InIfBoundary");
    assert_eq!(item["textEdit"]["newText"], json!("InIfBoundary "));
    // The blank that is inserted with it must not be typed again.
    assert_eq!(item["commitCharacters"], json!(["=", "!", "<", ">"]));
    assert_eq!(item["documentation"], Value::Null);
    let resolved = client.request("completionItem/resolve", item.clone());
    assert!(resolved["documentation"]["value"].as_str().unwrap().contains("boundary"), "{resolved}");
    // One of an older list has none any more, and stays as it is.
    candidates(&mut client, "b.flowql", "");
    assert_eq!(client.request("completionItem/resolve", item.clone()), *item);
    client.end();
}

#[test]
fn the_cursor_in_a_word_has_two_ranges() {
    let mut client = Start::new().run();
    client.open("a.flowql", "SrcPort = 1");
    let place = client.at("a.flowql", 0, 3);
    let items = client.request("textDocument/completion", place)["items"].clone();
    let edit = &labelled(&items, "SrcAS")["textEdit"];
    let range =
        |end: u32| json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": end}});
    assert_eq!((&edit["insert"], &edit["replace"]), (&range(3), &range(7)));
    client.end();
}

#[test]
fn clients_get_what_they_can_do() {
    let mut client = Start::new().run();
    let items = candidates(&mut client, "a.flowql", "SrcPort ");
    assert_eq!(labelled(&items, "IN")["textEdit"]["newText"], json!("IN ($1)$0"));
    assert_eq!(labelled(&items, "IN")["insertTextFormat"], json!(2));
    let items = candidates(&mut client, "b.flowql", "InIfBoundary IN (");
    assert!(labelled(&items, "external").get("insertTextFormat").is_none());
    client.end();
    let item = "/textDocument/completion/completionItem";
    let mut client = Start::new()
        .can(&format!("{item}/snippetSupport"), json!(false))
        .can(&format!("{item}/insertReplaceSupport"), json!(false))
        .can(&format!("{item}/commitCharactersSupport"), json!(false))
        .can(&format!("{item}/resolveSupport"), json!({"properties": []}))
        .run();
    let items = candidates(&mut client, "a.flowql", "SrcPort ");
    let item = labelled(&items, "IN");
    assert_eq!(item["textEdit"]["newText"], json!("IN ("));
    assert!(item["textEdit"].get("range").is_some());
    assert!(item.get("commitCharacters").is_none() && item["documentation"].is_object(), "{item}");
    client.end();
}

#[test]
fn values_of_a_file_are_offered_and_name_as_numbers() {
    let values = "[types]\nasn = [{ value = \"AS64500\", detail = \"Example [Networks]\" }]\n";
    let mut client = Start::new().with("v.toml", values).arguments(&["--values", "v.toml"]).run();
    let items = candidates(&mut client, "a.flowql", "SrcAS IN (exam");
    let item = labelled(&items, "AS64500");
    assert_eq!(item["filterText"], json!("exam AS64500"));
    assert_eq!(item["commitCharacters"], json!([",", ")"]));
    client.open("b.flowql", "SrcAS = AS64500 AND Proto = 6 AND DstAS = 64500");
    let place = client.at("b.flowql", 0, 10);
    let hover = client.request("textDocument/hover", place);
    assert!(hover["contents"]["value"].as_str().unwrap().ends_with("organisation: Example \\[Networks\\]\n"));
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 40}});
    client.transcript();
    let document = client.document("b.flowql");
    client.request("textDocument/inlayHint", json!({"textDocument": document, "range": range}));
    snapshot("inlay-hints", &client.transcript());
    client.end();
}

#[test]
fn a_filter_is_not_offered_itself() {
    let mut client = Start::new().run();
    client.open("a.flowql", "-- name: a\n@c OR @\n-- name: b\n@a\n-- name: c\nSrcAS = 1\n");
    let place = client.at("a.flowql", 1, 7);
    let items = client.request("textDocument/completion", place)["items"].clone();
    let labels: Vec<&str> =
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["@c"]);
    client.end();
}

#[test]
fn comments_and_places_outside_of_filters_have_no_candidates() {
    let mut client = Start::new().run();
    assert_eq!(candidates(&mut client, "a.flowql", "-- Src"), json!([]));
    client.open("b.flowql", "-- name: abc\nSrcAS = 1");
    let place = client.at("b.flowql", 0, 5);
    assert_eq!(client.request("textDocument/completion", place), Value::Null);
    client.end();
}
