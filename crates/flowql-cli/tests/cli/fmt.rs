//! `flowql fmt`: arguments, standard input, files.

use super::{Place, run, snapshot};

const UGLY: &str = "-- name: edge\nsrcas=1 and dstport in(80,443)\n-- name: web\n@edge   or   @edge\n";

#[test]
fn an_argument_is_formatted() {
    let ran =
        run(&["fmt", "srcport in (80,443) and not (dstaddr<<192.0.2.0/24 or proto='icmp')"]).has_status(0);
    snapshot("fmt", &ran);
    assert_eq!(run(&["fmt", ""]).has_status(0).stdout, "");
}

#[test]
fn standard_input_is_formatted() {
    for input in ["srcas=1", "srcas=1\n"] {
        let ran = Place::new().run_with(&["fmt"], input).has_status(0);
        assert_eq!(ran.stdout, "SrcAS = 1\n");
    }
}

#[test]
fn bad_text_is_left_as_it_is_and_reported() {
    let ran = Place::new().run_with(&["fmt", "-"], "srcas=1   and").has_status(1);
    snapshot("fmt-bad", &ran);
    let place = Place::new().with("a.flowql", "srcas=1   and").with("b.flowql", "srcas=1");
    let ran = place.run(&["fmt", "--write", "--file", "."]).has_status(1);
    snapshot("fmt-bad-file", &ran);
    assert_eq!(place.text("a.flowql"), "srcas=1   and");
    assert_eq!(place.text("b.flowql"), "SrcAS = 1\n");
}

#[test]
fn check_says_what_would_change_and_changes_nothing() {
    let place = Place::new().with("ugly.flowql", UGLY).with("fine.flowql", "SrcAS = 1\n");
    snapshot("fmt-check", &place.run(&["fmt", "--check", "--file", "."]).has_status(1));
    assert_eq!(place.text("ugly.flowql"), UGLY);
    assert_eq!(place.run(&["fmt", "--check", "--file", "fine.flowql"]).has_status(0).stderr, "");
    assert_eq!(place.run(&["fmt", "--check", "--quiet", "--file", "ugly.flowql"]).has_status(1).stderr, "");
    place.run(&["fmt", "--check", "SrcAS = 1"]).has_status(0);
    place.run(&["fmt", "--check", "srcas = 1"]).has_status(1);
    place.run_with(&["fmt", "--check", "-"], "SrcAS = 1\n").has_status(0);
}

#[test]
fn write_changes_a_file_once() {
    let place = Place::new().with("ugly.flowql", UGLY);
    let first = place.run(&["fmt", "--write", "--file", "ugly.flowql"]).has_status(0);
    assert_eq!((first.stdout.as_str(), first.stderr.as_str()), ("", ""));
    let text = place.text("ugly.flowql");
    assert!(text.contains("-- name: edge\nSrcAS = 1 AND DstPort IN (80, 443)\n"), "{text}");
    let modified = || std::fs::metadata(place.path("ugly.flowql")).unwrap().modified().unwrap();
    let before = modified();
    place.run(&["fmt", "-w", "--file", "ugly.flowql"]).has_status(0);
    assert_eq!(place.text("ugly.flowql"), text);
    assert_eq!(modified(), before, "a file in order is not written");
    place.run(&["fmt", "--check", "--file", "ugly.flowql"]).has_status(0);
    let left: Vec<_> = std::fs::read_dir(place.path(".")).unwrap().collect();
    assert_eq!(left.len(), 1, "a temporary file was left behind");
}

#[cfg(unix)]
#[test]
fn write_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = Place::new().with("real/ugly.flowql", UGLY);
    symlink("real/ugly.flowql", place.path("link.flowql")).unwrap();
    let mode = |path: &str| std::fs::metadata(place.path(path)).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(place.path("real/ugly.flowql"), std::fs::Permissions::from_mode(0o640)).unwrap();
    place.run(&["fmt", "--write", "--file", "link.flowql"]).has_status(0);
    assert!(place.path("link.flowql").is_symlink());
    assert_ne!(place.text("real/ugly.flowql"), UGLY);
    assert_eq!(mode("real/ugly.flowql"), 0o640);
    std::fs::write(place.path("real/ugly.flowql"), UGLY).unwrap();
    std::fs::set_permissions(place.path("real/ugly.flowql"), std::fs::Permissions::from_mode(0o440)).unwrap();
    snapshot("fmt-read-only", &place.run(&["fmt", "--write", "--file", "link.flowql"]).has_status(2));
    assert_eq!(place.text("real/ugly.flowql"), UGLY);
}

#[test]
fn files_are_printed_without_write() {
    let place = Place::new().with("a.flowql", "srcas=1").with("b.txt", "dstas=2");
    let ran = place.run(&["fmt", "--file", "a.flowql", "b.txt"]).has_status(0);
    assert_eq!(ran.stdout, "SrcAS = 1\nDstAS = 2\n");
    assert_eq!(place.text("a.flowql"), "srcas=1");
}

#[test]
fn wrong_usage() {
    run(&["fmt", "--write", "SrcAS = 1"]).has_status(2);
    run(&["fmt", "--write", "--check", "--file", "x"]).has_status(2);
    run(&["fmt", "--file", "missing.flowql"]).has_status(2);
    assert_eq!(run(&["fmt", "--all-columns", "srcvlan=1"]).has_status(0).stdout, "SrcVlan = 1\n");
}
