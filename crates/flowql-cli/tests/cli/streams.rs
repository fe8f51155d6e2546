//! Encodings, pipes and colours.

use std::process::Stdio;

use super::{Place, finish, snapshot};

#[test]
fn input_that_is_no_utf_8_cannot_be_used() {
    let place = Place::new();
    snapshot("invalid-utf-8", &place.run_with(&["compile"], b"SrcAS = 1 -- \xE9").has_status(2));
    for command in ["check", "fmt"] {
        place.run_with(&[command, "-"], b"\xC3").has_status(2);
    }
    let place = place.with("x.flowql", b"\xFF");
    place.run(&["check", "--file", "x.flowql"]).has_status(2);
    place.run(&["fmt", "--file", "x.flowql"]).has_status(2);
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_utf_8_cannot_be_used() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let mut command = place.command(&["compile"]);
    command.arg(std::ffi::OsStr::from_bytes(b"SrcAS = \xFF"));
    finish(command, &[], b"").has_status(2);
}

#[test]
fn endless_input_is_refused_as_too_long() {
    let config = "[limits]\nlength = 20\nfile_length = 30\n";
    let place = Place::new().with("flowql.toml", config);
    // The cut falls inside a character, which is no fault of the input.
    let ran = place.run_with(&["compile"], "SrcAS = 1 -- \u{e9}".to_owned() + &"\u{e9}".repeat(100_000));
    assert!(ran.has_status(1).stderr.contains("E001"));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_error() {
    for arguments in [&["columns", "--all", "--json"][..], &["check", "--format", "sarif", "SrcAS = 1"]] {
        let place = Place::new();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = place.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.stderr, b"");
        assert_eq!(output.status.code(), Some(141));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let place = Place::new();
    let output = place.command(&["compile", "SrcAS = 1"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: cannot write the output: "));
}

/// Whether the diagnostics have colours, with an option and environment variables.
fn has_colours(option: Option<&str>, variables: &[(&str, &str)]) -> bool {
    let place = Place::new();
    let option = option.map(|option| ["--color", option]);
    let arguments: Vec<&str> = ["check", "SrcAS ="].into_iter().chain(option.into_iter().flatten()).collect();
    let mut command = place.command(&arguments);
    command.envs(variables.iter().copied());
    finish(command, &arguments, b"").has_status(1).stderr.contains("\u{1b}[")
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    assert!(!has_colours(None, &[]), "a pipe is no terminal");
    assert!(!has_colours(Some("auto"), &[]));
    assert!(has_colours(Some("always"), &[]));
    assert!(has_colours(Some("always"), &[("NO_COLOR", "1")]), "the option wins");
    assert!(!has_colours(Some("never"), &[("CLICOLOR_FORCE", "1")]));
    assert!(has_colours(None, &[("CLICOLOR_FORCE", "1")]));
    assert!(!has_colours(None, &[("CLICOLOR", "1")]));
    assert!(!has_colours(None, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
}

#[test]
fn coloured_diagnostics() {
    snapshot("check-colour", &Place::new().run(&["check", "--color", "always", "SrcASN = 1"]).has_status(1));
}
