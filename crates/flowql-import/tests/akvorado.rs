//! Configurations made up after Akvorado's public documentation, and what is made of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use flowql_import::{ImportError, Imported, Source, akvorado};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/akvorado")
}

fn source(name: &str) -> Source {
    Source { file: name.to_owned(), text: std::fs::read_to_string(folder().join(name)).unwrap() }
}

fn included(_: &str, name: &str) -> Result<(String, String), String> {
    let text = std::fs::read_to_string(folder().join(name)).map_err(|error| error.to_string())?;
    Ok((name.to_owned(), text))
}

fn imported(text: &str) -> Imported {
    akvorado(&[Source { file: "a.yaml".to_owned(), text: text.to_owned() }], &included).unwrap()
}

#[test]
fn a_whole_configuration_is_taken_over() {
    insta::assert_snapshot!(akvorado(&[source("akvorado.yaml")], &included).unwrap().toml);
}

#[test]
fn the_files_of_the_services_may_be_given_by_themselves() {
    let files = ["inlet.yaml", "outlet.yaml", "console.yaml"].map(source);
    let parts = akvorado(&files, &included).unwrap();
    let whole = akvorado(&[source("akvorado.yaml")], &included).unwrap();
    for section in ["[[collect.listen]]", "[[snmp.agent]]", "[[classify.interface]]", "[filters]"] {
        let count = |imported: &Imported| imported.toml.matches(section).count();
        assert!(count(&parts) > 0 && count(&parts) == count(&whole), "{section}: {}", parts.toml);
    }
}

#[test]
fn older_versions_are_read_too() {
    let old = "
inlet:
  snmp:
    communities:
      ::/0: private
    security-parameters:
      192.0.2.0/24: {user-name: alfred, authentication-protocol: SHA, authentication-passphrase: hello-hello}
  bmp: {listen: ':10179', keep: 10m}
  geoip: {country-database: [/c.mmdb]}
";
    let made = imported(old);
    assert_eq!(made.left_out, []);
    assert_eq!(
        made.toml,
        r#"[[snmp.agent]]
match = "0.0.0.0/0"
community = "private"

[[snmp.agent]]
match = "::/0"
community = "private"

[[snmp.agent]]
match = "192.0.2.0/24"
version = "v3"
user = "alfred"
authentication = "sha1"
authentication_password = "hello-hello"

[geoip]
databases = ["/c.mmdb"]

[bmp]
listen = "[::]:10179"
keep_seconds = 600
"#
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let fault = |text: &str| {
        let source = Source { file: "a.yaml".to_owned(), text: text.to_owned() };
        akvorado(&[source], &included).unwrap_err()
    };
    assert!(matches!(fault("a: [b"), ImportError::Syntax { .. }));
    assert!(matches!(fault("a: b"), ImportError::Unknown { .. }));
    assert!(matches!(fault("inlet: !include nothing.yaml"), ImportError::Include { .. }));
    let endless = |_: &str, name: &str| Ok((name.to_owned(), format!("inlet: !include {name}")));
    let source = Source { file: "a.yaml".to_owned(), text: "inlet: !include a.yaml".to_owned() };
    assert!(matches!(akvorado(&[source], &endless), Err(ImportError::Include { .. })));
}
