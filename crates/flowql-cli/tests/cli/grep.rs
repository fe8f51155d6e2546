//! `flowql grep`: the flows of JSON lines that a filter selects.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use super::{Place, snapshot};

const FLOWS: &str = concat!(
    "{\"SrcAS\":15169,\"DstPort\":443,\"SrcAddr\":\"192.0.2.1\",\"Proto\":6}\n",
    "{\"SrcAS\":64512,\"DstPort\":53,\"SrcAddr\":\"2001:db8::1\",\"Proto\":17}\n",
    "\n",
    "{\"SrcAS\":13335,\"DstPort\":443,\"SrcAddr\":\"192.0.2.77\",\"Proto\":17}\r\n",
    "{\"SrcAS\":1}",
);

fn lines(numbers: &[usize]) -> String {
    numbers
        .iter()
        .filter_map(|&number| FLOWS.lines().nth(number - 1))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn selected_flows_are_printed_as_they_are() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    for (filter, selected) in [
        ("DstPort = \"https\"", &[1, 4][..]),
        ("SrcAddr << 192.0.2.0/26", &[1]),
        ("Proto = \"udp\" AND SrcAddr << 2001:db8::/32", &[2]),
        ("SrcAS != AS15169", &[2, 4, 5]),
        ("DstPort = 0", &[5]),
        ("", &[1, 2, 4, 5]),
    ] {
        let ran = place.run(&["grep", filter, "flows.jsonl"]).has_status(0);
        assert_eq!((ran.stdout, ran.stderr), (lines(selected), String::new()), "{filter}");
        let ran = place.run_with(&["grep", filter], FLOWS).has_status(0);
        assert_eq!(ran.stdout, lines(selected), "{filter}");
        let inverted = place.run_with(&["grep", "--invert", filter, "-"], FLOWS);
        let others: Vec<usize> =
            [1, 2, 4, 5].into_iter().filter(|number| !selected.contains(number)).collect();
        assert_eq!(inverted.stdout, lines(&others), "{filter}");
        assert_eq!(inverted.status, Some(i32::from(others.is_empty())));
    }
}

#[test]
fn the_exit_status_is_that_of_grep() {
    let place = Place::new().with("flows.jsonl", FLOWS);
    for (arguments, status) in [
        (&["SrcAS = AS1", "flows.jsonl"][..], 0),
        (&["SrcAS = AS2", "flows.jsonl"], 1),
        (&["-v", "SrcAS >= 0", "flows.jsonl"], 2),
        (&["SrcASN = 1", "flows.jsonl"], 2),
        (&["SrcAS = AS1", "nowhere.jsonl", "flows.jsonl"], 2),
        (&["-q", "SrcAS = AS1", "flows.jsonl", "nowhere.jsonl"], 0),
        (&["-q", "SrcAS = AS2", "flows.jsonl"], 1),
        (&["ExporterName REGEXP \"\\p{Nowhere}\"", "flows.jsonl"], 2),
    ] {
        let ran = place.run(&[&["grep"], arguments].concat()).has_status(status);
        let quiet = arguments.contains(&"-q");
        assert!(!quiet || ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran}");
    }
}

#[test]
fn options_of_the_output() {
    let place = Place::new().with("a.jsonl", FLOWS).with("b.jsonl", FLOWS);
    let out = |arguments: &[&str]| {
        place.run(&[&["grep", "DstPort = 443"], arguments].concat()).has_status(0).stdout
    };
    assert_eq!(out(&["--count", "a.jsonl"]), "2\n");
    assert_eq!(out(&["--count", "a.jsonl", "b.jsonl"]), "a.jsonl:2\nb.jsonl:2\n");
    assert_eq!(out(&["--max-count", "1", "a.jsonl", "b.jsonl"]), lines(&[1, 1]));
    assert_eq!(out(&["-c", "-m", "1", "a.jsonl"]), "1\n");
    let [first, fourth] = [lines(&[1]), lines(&[4])];
    assert_eq!(out(&["-n", "-H", "a.jsonl"]), format!("a.jsonl:1:{first}a.jsonl:4:{fourth}"));
    let reversed =
        place.run(&["grep", "--reverse", "SrcPort = 443 AND DstAS = AS15169", "a.jsonl"]).has_status(0);
    assert_eq!(reversed.stdout, first);
}

#[test]
fn what_cannot_be_used_is_reported_with_its_line() {
    let mut input = b"{\"SrcAS\":1}\nSrcAS=1\n{\"SrcAS\":-1}\n\xFF\n{\"SrcAS\":1,\"SrcPort\":-1}\n".to_vec();
    let ran = Place::new().with("bad.jsonl", &input).run(&["grep", "SrcAS = AS1", "bad.jsonl"]).has_status(2);
    snapshot("grep-bad", &ran);
    input.extend("no flow\n".repeat(20).as_bytes());
    let ran = Place::new().with("bad.jsonl", &input).run(&["grep", "SrcAS = AS1", "bad.jsonl"]).has_status(2);
    assert!(ran.stderr.contains("bad.jsonl: 13 more lines are no flows"), "{ran}");
    assert_eq!(ran.stderr.lines().count(), 11, "{ran}");
}

#[test]
fn a_column_that_no_flow_has_is_a_warning() {
    let ran = Place::new().run_with(&["grep", "SrcVlan = 7", "--all-columns"], FLOWS).has_status(1);
    assert!(ran.stderr.contains("no flow has `SrcVlan`"), "{ran}");
    let ran = Place::new().run_with(&["grep", "SrcAS = 7"], "").has_status(1);
    assert_eq!(ran.stderr, "", "there were no flows at all");
}

#[test]
fn saved_filters_and_columns_of_the_configuration_are_known() {
    let config = "[filters]\nours = 'Rack = 7'\n[[schema.column]]\nname = \"Rack\"\ntype = \"uint\"\n";
    let place = Place::new().with("flowql.toml", config);
    let ran = place.run_with(&["grep", "@ours"], "{\"Rack\":7}\n{\"Rack\":8}\n").has_status(0);
    assert_eq!(ran.stdout, "{\"Rack\":7}\n");
}

#[test]
fn a_selected_flow_is_printed_before_the_input_ends() {
    let place = Place::new();
    let mut child =
        place.command(&["grep", "SrcAS = AS1"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for _ in 0..3 {
        stdin.write_all(b"{\"SrcAS\":2}\n{\"SrcAS\":1}\n").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "{\"SrcAS\":1}\n");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
