//! `flowql check` for machines: JSON, GitHub, SARIF.

use flowql::Code;
use serde_json::{Value, json};

use super::{Place, run, snapshot};

fn place() -> Place {
    Place::new().with(
        "my filters/a,b.flowql",
        "-- name: edge\n\n-- name: web\nExporterName LIKE \"\u{e9}\" AND SrcAS == 1\n",
    )
}

#[test]
fn json_has_the_diagnostics_and_a_summary() {
    let ran = place().run(&["check", "--json", "--file", "my filters"]).has_status(1);
    assert_eq!(ran.stderr, "");
    snapshot("check-json", &ran);
    assert_eq!(place().run(&["check", "--format", "json", "--file", "my filters"]).stdout, ran.stdout);
    let one = run(&["check", "--json", "SrcAS = 1"]).has_status(0).json();
    let summary = json!({"errors": 0, "warnings": 0, "hints": 0, "filters": 1});
    assert_eq!(one, json!({"diagnostics": [], "summary": summary}));
    run(&["check", "--json", "--format", "sarif", "SrcAS = 1"]).has_status(2);
}

#[test]
fn github_has_a_command_for_each_diagnostic() {
    let ran = place().run(&["check", "--format", "github", "--file", "my filters"]).has_status(1);
    snapshot("check-github", &ran);
    let ran = run(&["check", "--format", "github", "SrcAS = 1 100%\n"]).has_status(1);
    assert!(ran.stdout.lines().all(|line| line.starts_with("::")), "{ran}");
}

#[test]
fn sarif_has_the_rules_and_the_results() {
    let ran = place().run(&["check", "--format", "sarif", "--file", "my filters"]).has_status(1);
    let mut log = ran.json();
    assert_eq!(log["version"], "2.1.0");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].take();
    let rules = rules.as_array().unwrap();
    assert_eq!(rules.len(), Code::ALL.len());
    for (rule, code) in rules.iter().zip(Code::ALL) {
        assert_eq!(rule["id"], code.number());
        assert!(rule["help"]["text"].as_str().unwrap().starts_with(code.doc()), "{rule}");
    }
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]["id"]);
    }
    let mut shown = ran;
    log["runs"][0]["tool"]["driver"]["version"] = json!("(version)");
    shown.stdout = serde_json::to_string_pretty(&log).unwrap();
    snapshot("check-sarif", &shown);
}

#[test]
fn sarif_of_nothing_is_an_empty_run() {
    let log = run(&["check", "--format", "sarif", "SrcAS = 1"]).has_status(0).json();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
}
