//! `flowql compile`: the SQL, its JSON, its options.

use serde_json::json;

use super::{Place, run, snapshot};

#[test]
fn the_sql_is_printed() {
    let ran = run(&["compile", "srcas = as15169 and ExporterName = \"it's\""]).has_status(0);
    assert_eq!(ran.stdout, "SrcAS = 15169 AND ExporterName = 'it\\'s'\n");
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_filter_comes_from_standard_input_too() {
    let place = Place::new();
    for arguments in [&["compile", "-"][..], &["compile"]] {
        let ran = place.run_with(arguments, "SrcAS = 1\n").has_status(0);
        assert_eq!(ran.stdout, "SrcAS = 1\n");
    }
}

#[test]
fn an_empty_filter_has_an_empty_sql() {
    assert_eq!(run(&["compile", ""]).has_status(0).stdout, "\n");
    let json = run(&["compile", "--json", "-- nothing"]);
    assert_eq!(json.status, Some(2), "a filter that begins with a hyphen needs `--` before it");
    let json = run(&["compile", "--json", "--", "-- nothing"]).has_status(0).json();
    assert_eq!(json["sql"], "");
}

#[test]
fn a_bad_filter_is_reported() {
    snapshot("compile-bad", &run(&["compile", "SrcASN = 1 AND ExporterName = edge"]).has_status(1));
}

#[test]
fn warnings_and_hints_are_reported_unless_quiet() {
    let filter = "SrcPort = 70000 OR SrcAS = 1 AND DstAS = 2";
    snapshot("compile-warnings", &run(&["compile", filter]).has_status(0));
    let quiet = run(&["compile", "--quiet", filter]).has_status(0);
    assert_eq!(quiet.stderr, "");
    let quiet = run(&["compile", "-q", "SrcPort = 70000 OR SrcASN = 1"]).has_status(1);
    assert!(quiet.stderr.contains("E101") && !quiet.stderr.contains("H602"), "{quiet}");
}

#[test]
fn the_json_has_five_members() {
    let ran = run(&["compile", "--json", "DstAddr << 2001:db8::/64 AND SrcPort = 80"]).has_status(0);
    snapshot("compile-json", &ran);
    let bad = run(&["compile", "--json", "SrcAS ="]).has_status(1);
    assert_eq!(bad.stderr, "");
    let json = bad.json();
    assert_eq!(json["sql"], json!(null));
    assert_eq!(json["parameters"], json!({}));
    assert_eq!(json["diagnostics"][0]["code"], "E023");
    assert_eq!(json["diagnostics"][0]["fixes"], json!([]));
}

#[test]
fn bound_values_stand_beside_the_sql() {
    let filter = "ExporterName = \"a\\\\b\" AND SrcAS IN (AS1, AS2) AND DstCommunities = 4200000000:1:2";
    snapshot("compile-bound", &run(&["compile", "--quiet", "--bound", filter]).has_status(0));
    let json = run(&["compile", "--bound", "--json", filter]).has_status(0).json();
    let expected = json!({"p0": "a\\b", "p1": 1, "p2": 2, "p3": "77476325109580116791494967298"});
    assert_eq!(json["parameters"], expected);
}

#[test]
fn integers_that_some_reader_would_round_are_strings() {
    let filter = "SrcPort IN (9007199254740992, 9007199254740993, 18446744073709551615)";
    let json = run(&["compile", "--bound", "--json", filter]).has_status(0).json();
    let expected =
        json!({"p0": 9_007_199_254_740_992_u64, "p1": "9007199254740993", "p2": "18446744073709551615"});
    assert_eq!(json["parameters"], expected);
}

#[test]
fn parameters_are_in_the_order_of_the_sql() {
    let list: Vec<String> = (1..=12).map(|number| number.to_string()).collect();
    let filter = format!("SrcAS IN ({})", list.join(", "));
    let ran = run(&["compile", "--bound", "--json", &filter]).has_status(0);
    let at = |name: &str| ran.stdout.find(&format!("\"{name}\":")).unwrap();
    assert!(at("p2") < at("p10"), "{ran}");
}

#[test]
fn the_opposite_direction_and_the_database() {
    let ran = run(&["compile", "--reverse", "SrcAS = 1 AND InIfBoundary = external"]).has_status(0);
    assert_eq!(ran.stdout, "DstAS = 1 AND OutIfBoundary = 'external'\n");
    let ran = run(&["compile", "-q", "--database", "flows", "Proto = \"no-such\""]).has_status(0);
    assert_eq!(ran.stdout, "dictGetOrDefault('flows.protocols', 'name', Proto, '???') = 'no-such'\n");
    let kept = run(&["compile", "--reverse", "DstASPath = 1"]).has_status(0);
    assert!(kept.stderr.contains("H603"), "{kept}");
}

#[test]
fn every_column_can_be_enabled() {
    let disabled = run(&["compile", "SrcVlan = 10"]).has_status(1);
    assert!(disabled.stderr.contains("E102"), "{disabled}");
    assert_eq!(run(&["compile", "--all-columns", "SrcVlan = 10"]).has_status(0).stdout, "SrcVlan = 10\n");
}

#[test]
fn a_file_in_the_place_of_a_filter_is_a_slip() {
    let place = Place::new().with("edge.flowql", "SrcAS = 1");
    let ran = place.run(&["compile", "edge.flowql"]).has_status(2);
    snapshot("compile-file-as-filter", &ran);
}

#[test]
fn a_header_is_a_comment_here() {
    let ran = Place::new().run_with(&["compile"], "-- name: x\nSrcAS = 1\n-- name: y\nAND DstAS = 2");
    assert_eq!(ran.has_status(0).stdout, "SrcAS = 1 AND DstAS = 2\n");
}
