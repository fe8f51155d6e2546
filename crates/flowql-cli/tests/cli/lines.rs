//! `flowql compile --lines`: a stream of filters.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Place, Ran, snapshot_of};

fn answers(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_line_is_answered_in_order() {
    let input = concat!(
        "{\"filter\": \"SrcAS = 1\"}\n",
        "{\"filter\": \"SrcAS = 1\", \"reverse\": true}\n",
        "{\"filter\": \"Proto = \\\"tpc\\\"\", \"database\": \"d\"}\n",
        "{\"filter\": \"SrcASN = 1\"}\n",
        "{\"filter\": \"\"}",
    );
    let ran = Place::new().run_with(&["compile", "--lines"], input).has_status(0);
    assert_eq!(ran.stderr, "", "a bad filter is answered, not reported");
    snapshot_of("lines", "flowql compile --lines", &format!("{input}\n---\n{ran}"));
}

#[test]
fn a_line_that_is_no_request_is_answered_with_its_number() {
    let input = concat!(
        "{\"filter\": \"SrcAS = 1\"}\n",
        "SrcAS = 1\n",
        "\n",
        "[\"SrcAS = 1\"]\n",
        "{\"filter\": 1}\n",
        "{}\n",
        "{\"filter\": \"SrcAS = 1\", \"revers\": true}\n",
        "{\"filter\": \"SrcAS = 1\", \"filter\": \"\"}\n",
        "{\"filter\": \"SrcAS = 1\"} {}\n",
        "{\"filter\": \"\\ud800\"}\n",
        "{\"filter\": \"SrcAS = 2\"}\r\n",
    );
    let ran = Place::new().run_with(&["compile", "--lines"], input).has_status(2);
    snapshot_of("lines-bad", "flowql compile --lines", &format!("{input}\n---\n{ran}"));
    let answers = answers(&ran);
    assert_eq!(answers.len(), 11);
    for (index, answer) in answers.iter().enumerate() {
        let refused = answer.get("error").is_some();
        assert_eq!(refused, !matches!(index, 0 | 10), "{answer}");
        assert_eq!(answer.get("line"), refused.then(|| json!(index + 1)).as_ref(), "{answer}");
    }
}

#[test]
fn invalid_utf_8_and_endless_lines_are_answered_too() {
    let mut input = b"{\"filter\": \"\xFF\"}\n".to_vec();
    input.extend(vec![b'x'; 3_000_000]);
    input.extend(b"\n{\"filter\": \"SrcAS = 3\"}\n");
    let answers = answers(&Place::new().run_with(&["compile", "--lines"], input).has_status(2));
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["line"], 1);
    assert_eq!(answers[1], json!({"error": "the line is longer than 1048576 bytes", "line": 2}));
    assert_eq!(answers[2]["sql"], "SrcAS = 3");
}

#[test]
fn the_options_hold_for_lines_that_do_not_say_otherwise() {
    let input = "{\"filter\": \"SrcVlan = 1\"}\n{\"filter\": \"SrcVlan = 1\", \"reverse\": false}\n";
    let arguments = ["compile", "--lines", "--bound", "--reverse", "--all-columns"];
    let answers = answers(&Place::new().run_with(&arguments, input).has_status(0));
    assert_eq!(answers[0]["sql"], "DstVlan = {p0:UInt16}");
    assert_eq!(answers[0]["parameters"], json!({"p0": 1}));
    assert_eq!(answers[1]["sql"], "SrcVlan = {p0:UInt16}");
}

#[test]
fn an_answer_comes_as_soon_as_the_input_pauses() {
    let place = Place::new();
    let mut command = place.command(&["compile", "--lines"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let begin = "{\"filter\": ";
    stdin.write_all(begin.as_bytes()).unwrap();
    for number in 1..=3 {
        // Half of the next line must not hold back the answer to this one.
        stdin.write_all(format!("\"SrcAS = {number}\"}}\n{begin}").as_bytes()).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.contains(&format!("\"sql\":\"SrcAS = {number}\"")), "{answer}");
    }
    drop(stdin);
    let mut answer = String::new();
    stdout.read_line(&mut answer).unwrap();
    assert!(answer.starts_with("{\"error\":") && answer.ends_with(",\"line\":4}\n"), "{answer}");
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn lines_exclude_a_filter() {
    Place::new().run(&["compile", "--lines", "SrcAS = 1"]).has_status(2);
    Place::new().run(&["compile", "--lines", "--json"]).has_status(2);
}
