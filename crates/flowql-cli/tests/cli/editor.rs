//! The commands on the editor layer: `explain`, `complete`, `tokens`, `repl`, and `help`.

use super::{Place, finish, run, snapshot};

const FILTER: &str = "InIfBoundary = external AND NOT (DstPort IN (\"https\", 8000-8100) OR Proto = 47)";

#[test]
fn filters_are_explained() {
    snapshot("explain", &run(&["explain", FILTER]).has_status(0));
    snapshot("explain-json", &run(&["explain", "--json", "--reverse", "SrcAS = AS15169"]).has_status(0));
    snapshot("explain-bad", &run(&["explain", "SrcAS = "]).has_status(1));
    assert_eq!(run(&["explain", ""]).has_status(0).stdout, "every flow\n");
}

#[test]
fn candidates_are_listed() {
    snapshot("complete", &run(&["complete", "--limit", "5", "SrcAS = AS15169 AND dst"]).has_status(0));
    let ran = run(&["complete", "--json", "InIfBoundary = external AND ExporterName IN (\"a\", \"b"]);
    snapshot("complete-json", &ran.has_status(0));
    let ran = run(&["complete", "--json", "--cursor", "3", "src = 1"]).has_status(0).json();
    assert_eq!(ran["replace"], serde_json::json!({"start": 0, "end": 3}));
    assert_eq!(ran["candidates"][0]["insert"], "SrcAS");
    for cursor in ["8", "1"] {
        let ran = run(&["complete", "--cursor", cursor, "é = 1"]).has_status(2);
        assert!(ran.stderr.contains("--cursor counts bytes, from 0 to 6"), "{ran}");
    }
}

#[test]
fn values_come_from_a_file() {
    let toml = "[types]\nasn = [{ value = \"AS15169\", detail = \"Google\" }, \"AS64500\"]\n";
    let json = r#"{"columns": {"DstPort": [{"value": 8443, "detail": "our proxy"}]}}"#;
    let place = Place::new().with("values.toml", toml).with("values.json", json);
    let ran = place.run(&["complete", "--values", "values.toml", "DstAS = goo"]).has_status(0);
    assert_eq!(ran.stdout, "AS15169  Google\n");
    let ran =
        place.run(&["complete", "--values", "values.json", "--limit", "1", "SrcPort IN ("]).has_status(0);
    assert_eq!(ran.stdout, "8443  our proxy\n");
    let ran = place.run(&["complete", "--json", "--values", "values.toml", "SrcAS != "]).has_status(0).json();
    assert_eq!(ran["candidates"][1]["insert"], "AS64500");
    assert_eq!(ran.get("incomplete"), None);
    let ran = place
        .with("bad.toml", "[columns]\nSrcAS = [\"x\"]\n")
        .run(&["complete", "--values", "bad.toml", "S"]);
    snapshot("complete-bad-values", &ran.has_status(2));
}

#[test]
fn a_dead_backend_costs_its_values_only() {
    let ran =
        run(&["complete", "--server", "http://127.0.0.1:9", "--limit", "1", "DstPort = https"]).has_status(0);
    assert_eq!(ran.stdout, "443  https\n");
    assert!(
        ran.stderr.contains("values of the network are missing: cannot reach http://127.0.0.1:9"),
        "{ran}"
    );
    let json = run(&["complete", "--server", "http://127.0.0.1:9", "--json", "DstPort = https"])
        .has_status(0)
        .json();
    assert!(json["incomplete"].as_str().unwrap().starts_with("cannot reach "), "{json}");
    // Nobody asks for a store where there is none.
    let ran = run(&["complete", "--limit", "1", "DstPort = https"]).has_status(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("443  https\n", ""));
    let ran = run(&["complete", "--backend", "static", "SrcAS = "]).has_status(2);
    assert!(ran.stderr.contains("the backend `static` lacks the key `values`"), "{ran}");
}

#[test]
fn tokens_have_their_classes() {
    snapshot("tokens", &run(&["tokens", "SrcAS = AS15169 AND @x -- é"]).has_status(0));
    let json = run(&["tokens", "--json", "SrcAS"]).has_status(0).json();
    assert_eq!(json, serde_json::json!([{"start": 0, "end": 5, "class": "column"}]));
    let painted = run(&["tokens", "--paint", "SrcAS = 1 /* \u{1b}[31m */"]).has_status(0).stdout;
    assert!(painted.starts_with("\u{1b}[34mSrcAS\u{1b}[0m"), "{painted:?}");
    assert!(!painted.contains("\u{1b}[31m"), "{painted:?}");
}

#[test]
fn help_shows_the_reference_and_the_commands() {
    let reference = run(&["help", "language"]).has_status(0).stdout;
    assert!(reference.starts_with("# ") && reference.contains("BETWEEN"), "{reference}");
    for topic in ["columns", "configuration", "diagnostics", "words", "coming-from"] {
        assert!(run(&["help", topic]).has_status(0).stdout.starts_with("# "), "{topic}");
    }
    assert!(run(&["help", "compile"]).has_status(0).stdout.contains("--reverse"));
    assert!(run(&["help"]).has_status(0).stdout.contains("flowql help language"));
    let ran = run(&["help", "langage"]).has_status(2);
    assert!(ran.stderr.contains("did you mean `flowql help language`?"), "{ran}");
}

#[test]
fn the_prompt_answers_lines_and_keeps_them() {
    let place = Place::new();
    let input =
        "SrcAS = AS15169\n:explain DstAS = 1\n:format dstas=1\n:columns vlan\n:nothing\nSrcASN = 1\n:quit\n";
    let session = |input: &str| {
        let mut command = place.command(&["repl", "--quiet", "--all-columns"]);
        command.env("XDG_STATE_HOME", place.path("state"));
        finish(command, &["repl"], input.as_bytes()).has_status(0)
    };
    let ran = session(input);
    for expected in ["SrcAS = 15169\n", "DstAS is AS1\n", "DstAS = 1\n", "DstVlan"] {
        assert!(ran.stdout.contains(expected), "{expected}: {ran}");
    }
    for expected in ["there is no command `:nothing`", "unknown column `SrcASN`"] {
        assert!(ran.stderr.contains(expected), "{expected}: {ran}");
    }
    assert!(place.text("state/flowql/history").contains("SrcAS = AS15169"));
    session("DstAS = 3\n");
    let history = place.text("state/flowql/history");
    assert!(history.contains("SrcAS = AS15169") && history.contains("DstAS = 3"), "{history}");
}
