//! `flowql import`: a configuration of another collector, and what the tool says of what it made.

use std::path::Path;

use super::{Place, run};

const AKVORADO: &str = r#"
inlet: !include inlet.yaml
clickhouse:
  networks: {192.0.2.0/24: servers}
  asns: {64500: Example}
schema: {enabled: [SrcVlan]}
console:
  database:
    saved-filters:
      - {description: To the servers, content: 'DstNetName = "servers" AND SrcVlan = 7'}
"#;

const INLET: &str = r#"
core:
  interface-classifiers:
    - |
      ClassifyProviderRegex(Interface.Description, "^Transit: (\\S+)", "$1") && ClassifyExternal()
    - Reject()
"#;

#[test]
fn a_configuration_is_made_that_the_tool_takes() {
    let place = Place::new().with("old/akvorado.yaml", AKVORADO).with("old/inlet.yaml", INLET);
    let args = ["import", "akvorado", "old/akvorado.yaml", "--output", "flowql.toml"];
    let ran = place.run(&args).has_status(0);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("2 settings were not taken over"), "{ran}");
    let config = place.run(&["config"]).has_status(0);
    assert_eq!(config.stderr, "", "{config}");
    assert!(config.stdout.contains("provider = \"{provider:lower}\""), "{config}");
    let filter = place.run(&["compile", "@to-the-servers"]).has_status(0);
    assert_eq!(filter.stdout, "(DstNetName = 'servers' AND SrcVlan = 7)\n");
    // A file that is there is not written over.
    let again = place.run(&args).has_status(2);
    assert!(again.stderr.contains("cannot write `flowql.toml`"), "{again}");
}

#[test]
fn all_that_can_be_taken_over_is_a_configuration() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../flowql-import/tests/akvorado");
    let file = folder.join("akvorado.yaml");
    let made = run(&["import", "akvorado", "--quiet", file.to_str().unwrap()]).has_status(0);
    let config = Place::new().with("flowql.toml", &made.stdout).run(&["config"]).has_status(0);
    assert_eq!(config.stderr, "", "{config}");
}

#[test]
fn what_is_left_out_has_its_reason() {
    let place = Place::new().with("akvorado.yaml", AKVORADO).with("inlet.yaml", INLET);
    let text = place.run(&["import", "akvorado", "akvorado.yaml", "--quiet"]).has_status(0);
    assert!(
        text.stdout.contains("# inlet.core.interface-classifiers[1]: Reject()\n#   `Reject` drops"),
        "{text}"
    );
    assert_eq!(text.stderr, "");
    let json = place.run(&["import", "akvorado", "akvorado.yaml", "--json"]).has_status(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["toml"].as_str(), Some(text.stdout.as_str()));
    assert_eq!(json["left_out"][1]["path"], "clickhouse.asns");
}

#[test]
fn what_cannot_be_read_is_named() {
    let place = Place::new().with("bad.yaml", "a: [b").with("other.yaml", "a: b");
    for (file, message) in [
        ("bad.yaml", "`bad.yaml` cannot be read: "),
        ("other.yaml", "`other.yaml` has no section of Akvorado"),
        ("none.yaml", "cannot read `none.yaml`: "),
    ] {
        let ran = place.run(&["import", "akvorado", file]).has_status(2);
        assert!(ran.stderr.contains(message), "{ran}");
    }
    run(&["import", "akvorado"]).has_status(2);
}
