//! `flowql.toml`: found, given, ignored, wrong.

use super::{Place, run, snapshot};

const CONFIG: &str = "[schema]\nenable = [\"SrcVlan\", \"DstVlan\"]\n\n[filters]\nedge = 'ExporterName = \"edge\"'\n\
    broken = 'SrcASN = 1'\n\n[communities]\n\"65000:666\" = \"our-blackhole\"\n\n[limits]\nlength = 100\n";

#[test]
fn the_file_of_the_directory_or_of_a_parent_is_found() {
    let place = Place::new().with("flowql.toml", CONFIG).with("a/b/empty.txt", "");
    let filter = "SrcVlan = 1 AND @edge AND DstCommunities = our-blackhole";
    let sql = "SrcVlan = 1 AND (ExporterName = 'edge') AND has(DstCommunities, 4259840666)\n";
    assert_eq!(place.run(&["compile", "-q", filter]).has_status(0).stdout, sql);
    let mut command = place.command(&["compile", "-q", filter]);
    command.current_dir(place.path("a/b"));
    assert_eq!(super::finish(command, &[], b"").has_status(0).stdout, sql);
    place.run(&["compile", "-q", "--no-config", filter]).has_status(1);
}

#[test]
fn a_file_is_given() {
    let place = Place::new().with("flowql.toml", "wrong = 1").with("other.toml", CONFIG);
    let ran = place.run(&["--config", "other.toml", "compile", "SrcVlan = 1"]).has_status(0);
    assert_eq!(ran.stdout, "SrcVlan = 1\n");
    place.run(&["compile", "--config", "other.toml", "SrcVlan = 1"]).has_status(0);
    place.run(&["compile", "--config", "other.toml", "--no-config", "SrcVlan = 1"]).has_status(2);
    snapshot("config-missing", &place.run(&["config", "--config", "missing.toml"]).has_status(2));
}

#[test]
fn what_is_wrong_has_its_line_and_the_closest_name() {
    let text = "[schema]\nenable = [\"SrcVlan\"]\nenabel = []\n\n[filters]\n\"1x\" = 'SrcAS = 1'\n[limts]\n";
    let place = Place::new().with("flowql.toml", text);
    for command in ["compile", "check", "fmt"] {
        place.run(&[command, "SrcAS = 1"]).has_status(2);
    }
    snapshot("config-unknown-key", &place.run(&["config"]).has_status(2));
    let text = "[schema]\nenable = [\n  \"SrcVlam\",\n]\n[filters]\n\"1x\" = 'SrcAS = 1'\n";
    snapshot("config-bad-values", &Place::new().with("flowql.toml", text).run(&["config"]).has_status(2));
    let bad = Place::new().with("flowql.toml", "[schema\n").run(&["config"]).has_status(2);
    assert!(bad.stderr.starts_with("error: flowql.toml:1:8: "), "{bad}");
    let bad = Place::new().with("flowql.toml", b"# \xFF").run(&["config"]).has_status(2);
    assert!(bad.stderr.contains("not valid UTF-8 (at byte 2)"), "{bad}");
}

#[test]
fn the_configuration_in_effect_is_printed() {
    let place = Place::new().with("flowql.toml", CONFIG);
    let ran = place.run(&["config"]).has_status(0);
    snapshot("config", &ran);
    assert_eq!(place.run(&["config", "--quiet"]).has_status(0).stderr, "");
    snapshot("config-json", &place.run(&["config", "--json"]).has_status(0));
    // What is printed is a configuration that says the same.
    let again = Place::new().with("flowql.toml", &ran.stdout).run(&["config"]).has_status(0);
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn a_password_is_not_printed() {
    let place = Place::new().with("flowql.toml", "[clickhouse]\nuser = \"flows\"\npassword = \"s3cret\"\n");
    for arguments in [&["config"][..], &["config", "--json"]] {
        let ran = place.run(arguments).has_status(0);
        assert!(ran.stdout.contains("(hidden)") && !ran.stdout.contains("s3cret"), "{ran}");
    }
}

#[test]
fn the_defaults_are_printed_where_there_is_no_file() {
    snapshot("config-defaults", &run(&["config", "--no-config"]).has_status(0));
    assert_eq!(
        run(&["config", "--no-config", "--json"]).has_status(0).json()["path"],
        serde_json::Value::Null
    );
}

#[test]
fn the_reference_has_every_setting() {
    let text = run(&["config", "--reference"]).has_status(0);
    snapshot("config-reference", &text);
    let rows = run(&["config", "--reference", "--json"]).has_status(0).json();
    let keys = rows.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned());
    let in_text = text.stdout.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
    let in_text: Vec<_> =
        in_text.filter(|(key, _)| !key.contains(' ')).map(|(key, _)| key.to_owned()).collect();
    assert_eq!(keys.collect::<Vec<_>>(), in_text);
    // The page of the documentation has the same.
    let page = run(&["config", "--reference", "--markdown"]).has_status(0).stdout;
    let page = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    assert_eq!(page.map(|(key, _)| key).collect::<Vec<_>>(), in_text);
}

#[test]
fn a_limit_holds() {
    let place = Place::new().with("flowql.toml", "[limits]\nlength = 12\nnesting = 2\ndiagnostics = 1\n");
    let found = |filter: &str| place.run(&["check", filter]).has_status(1).stderr;
    assert!(found("SrcAS = 12345").contains("E001"));
    assert!(found("(((SrcAS=1))").contains("E002"));
    assert!(found("a = 1 OR b").contains("E901"));
}
