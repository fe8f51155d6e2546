//! The help, the completions and the manual pages.

use super::{Place, run, snapshot};

const COMMANDS: [&str; 30] = [
    "compile",
    "check",
    "fmt",
    "grep",
    "decode",
    "explain",
    "complete",
    "tokens",
    "repl",
    "lsp",
    "collect",
    "exporters",
    "classify",
    "tail",
    "up",
    "routes",
    "detect",
    "serve",
    "columns",
    "codes",
    "config",
    "import",
    "engine",
    "tables",
    "demo-data",
    "simulate",
    "query",
    "completions",
    "man",
    "help",
];

/// The commands below a command.
const ACTIONS: [&str; 18] = [
    "import-akvorado",
    "detect-announce",
    "detect-approve",
    "detect-extend",
    "detect-off",
    "detect-on",
    "detect-replay",
    "detect-rules",
    "detect-show",
    "detect-status",
    "detect-withdraw",
    "engine-install",
    "engine-start",
    "engine-status",
    "engine-stop",
    "tables-create",
    "tables-migrate",
    "tables-show",
];

#[test]
fn every_command_has_its_help() {
    snapshot("help", &run(&["--help"]).has_status(0));
    for command in COMMANDS {
        let ran = run(&[command, "--help"]).has_status(0);
        assert!(ran.stdout.contains("Examples:\n"), "{ran}");
        snapshot(&format!("help-{command}"), &ran);
        run(&[command, "-h"]).has_status(0);
    }
}

#[test]
fn without_a_command_the_help_is_shown() {
    let ran = run(&[]).has_status(2);
    assert!(ran.stderr.contains("Usage: flowql"), "{ran}");
}

#[test]
fn the_version_is_shown() {
    assert_eq!(run(&["--version"]).has_status(0).stdout, format!("flowql {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_says_what_is_right() {
    let ran = run(&["compile", "--revers", "SrcAS = 1"]).has_status(2);
    assert!(ran.stderr.contains("--reverse"), "{ran}");
    run(&["compyle"]).has_status(2);
    run(&["check", "--format", "xml", "SrcAS = 1"]).has_status(2);
    run(&["check", "--color", "sometimes", "SrcAS = 1"]).has_status(2);
    run(&["completions", "tcsh"]).has_status(2);
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = run(&["completions", shell]).has_status(0);
        for command in COMMANDS {
            assert!(ran.stdout.contains(command), "{shell} does not know {command}");
        }
    }
}

#[test]
fn manual_pages_are_printed_or_written() {
    let page = run(&["man"]).has_status(0).stdout;
    assert!(page.contains(".TH flowql 1"), "{page}");
    let place = Place::new();
    place.run(&["man", "--dir", "pages/man1"]).has_status(0);
    let mut pages: Vec<_> = std::fs::read_dir(place.path("pages/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let commands = COMMANDS.iter().chain(&ACTIONS);
    let mut expected: Vec<_> = commands.map(|command| format!("flowql-{command}.1")).collect();
    expected.push("flowql.1".to_owned());
    expected.sort();
    assert_eq!(pages, expected);
    Place::new().with("file", "").run(&["man", "--dir", "file/x"]).has_status(2);
}
