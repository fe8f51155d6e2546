//! `flowql check`: arguments, files, directories, fixes.

use super::{Place, run, snapshot};

/// A directory with a good file, a bad one below it, and files that are none of the language.
fn folder() -> Place {
    Place::new()
        .with(
            "filters/a.flowql",
            "-- name: edge\nExporterName = \"edge1\"\n\n-- name: web\n@edge AND DstAS = 1\n",
        )
        .with(
            "filters/deep/b.flowql",
            "DstAS = 7\n-- name: one\nSrcASN = 1\n-- name: one\n-- name: 2x\nDstAddr << 192.0.2.1\n\u{e9}\n",
        )
        .with("filters/readme.txt", "not a filter")
}

#[test]
fn a_good_filter() {
    let ran = run(&["check", "SrcAS = 1"]).has_status(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "no errors in 1 filter\n"));
    assert_eq!(run(&["check", "--quiet", "SrcAS = 1"]).has_status(0).stderr, "");
}

#[test]
fn a_bad_filter_is_underlined_with_help_and_fixes() {
    let filter = "SrcAS == 1 AND\nExporterName = \u{201c}\u{e9}dge\u{201d} AND\nDstPort IN (1, ) -- end";
    snapshot("check-bad", &run(&["check", filter]).has_status(1));
}

#[test]
fn standard_input_is_checked() {
    let ran = Place::new().run_with(&["check", "-"], "SrcPort = 70000\n").has_status(0);
    snapshot("check-stdin", &ran);
    Place::new().run_with(&["check"], "SrcPort =").has_status(1);
}

#[test]
fn the_filters_of_a_file_are_checked_each_on_its_own() {
    snapshot("check-files", &folder().run(&["check", "--file", "filters"]).has_status(1));
    let good = folder().run(&["check", "-f", "filters/a.flowql"]).has_status(0);
    assert_eq!(good.stderr, "no errors in 2 filters\n");
}

#[test]
fn the_files_of_the_working_directory_have_plain_names() {
    let ran = folder().run(&["check", "--json", "--file", "."]).has_status(1);
    assert_eq!(ran.json()["diagnostics"][0]["path"], "filters/deep/b.flowql");
}

#[test]
fn a_directory_without_files_is_worth_a_word() {
    let ran = Place::new().with("empty/readme.txt", "").run(&["check", "--file", "empty"]).has_status(0);
    assert!(ran.stderr.starts_with("warning: there is no *.flowql file below `empty`\n"), "{ran}");
}

#[test]
fn a_file_of_another_name_is_one_filter() {
    let place = Place::new().with("one.txt", "-- name: x\nSrcAS = 1 AND\n-- name: x\nDstAS = 2\n");
    let ran = place.run(&["check", "--file", "one.txt"]).has_status(0);
    assert_eq!(ran.stderr, "no errors in 1 filter\n");
}

#[test]
fn what_cannot_be_read_is_reported_and_the_rest_is_done() {
    let place = folder().with("latin.flowql", b"ExporterName = \"\xE9\"");
    let ran = place.run(&["check", "--file", "latin.flowql", "missing.flowql", "filters/deep"]).has_status(2);
    snapshot("check-unreadable", &ran);
}

#[test]
fn quiet_leaves_the_errors() {
    let ran = folder().run(&["check", "--quiet", "--file", "filters"]).has_status(1);
    assert!(ran.stderr.contains("error[E101]") && !ran.stderr.contains("warning["), "{ran}");
    assert!(!ran.stderr.contains("5 filters"), "{ran}");
}

#[test]
fn a_filter_and_files_exclude_each_other() {
    run(&["check", "SrcAS = 1", "--file", "x.flowql"]).has_status(2);
    run(&["check", "--fix", "SrcAS = 1"]).has_status(2);
}

#[test]
fn a_long_line_is_shown_in_part() {
    let conditions = |from: u32| (from..from + 200).map(|number| format!("ExporterName = \"{number}\""));
    let conditions: Vec<String> =
        conditions(1000).chain(["SrcASN = 1".to_owned()]).chain(conditions(2000)).collect();
    let filter = conditions.join(" OR ");
    let ran = run(&["check", "--quiet", &filter]).has_status(1);
    assert!(ran.stderr.contains(" --> <argument>:1:5001\n"), "{ran}");
    assert!(ran.stderr.lines().all(|line| line.chars().count() <= 160), "{ran}");
    assert!(ran.stderr.contains("fix: write `SrcAS`"), "{ran}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let ran = run(&["check", "SrcAS = \u{1b}[31mred"]).has_status(1);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn fixes_are_applied_to_files() {
    let text = "-- name: a\nSrcAS == 1 && DstAS <> 2\n-- name: b\nExporterName = edge AND SrcASM = 1\n";
    let place = Place::new().with("f.flowql", text);
    let ran = place.run(&["check", "--fix", "--file", "f.flowql"]).has_status(1);
    snapshot("check-fix", &ran);
    // What has several fixes is for the user to choose.
    let mended = "-- name: a\nSrcAS = 1 AND DstAS != 2\n-- name: b\nExporterName = \"edge\" AND SrcASM = 1\n";
    assert_eq!(place.text("f.flowql"), mended);
    let again = place.run(&["check", "--fix", "--quiet", "--file", "f.flowql"]).has_status(1);
    assert!(!again.stderr.contains("fixed"), "{again}");
    assert_eq!(place.text("f.flowql"), mended);
}

#[test]
fn the_filters_of_dashboards_and_views_are_checked_at_their_places() {
    let board = "title = 'T'\n[[panel]]\ntitle = 'P'\nfilter = \"\"\"\nSrcAS = 1 AND\nSrcASN = 1\n\"\"\"\n";
    let place =
        Place::new().with("boards/a.dashboard.toml", board).with("boards/b.view.toml", "title = 'V'\n");
    let ran = place.run(&["check", "--json", "--file", "boards"]).has_status(1);
    let found = &ran.json()["diagnostics"];
    assert_eq!(found.as_array().unwrap().len(), 1, "{ran}");
    assert_eq!(found[0]["path"], "boards/a.dashboard.toml");
    assert_eq!((&found[0]["line"], &found[0]["code"]), (&6.into(), &"E101".into()), "{ran}");
    // What is wrong with the file itself is said with its line.
    let place = Place::new().with("c.view.toml", "title = 'V'\ntype = 'pie'\nlimit = 3\n");
    let ran = place.run(&["check", "--file", "c.view.toml"]).has_status(2);
    assert!(ran.stderr.contains("c.view.toml:2:8: unknown variant `pie`"), "{ran}");
    // Formatting leaves them alone.
    let place = Place::new().with("boards/b.view.toml", "title = 'V'\n");
    assert!(place.run(&["fmt", "--check", "--file", "boards"]).stderr.contains("there is no *.flowql file"));
}
