//! `flowql columns` and `flowql codes`: the tables.

use flowql::Schema;

use super::{Place, run, snapshot};

#[test]
fn columns_are_listed_by_pattern() {
    snapshot("columns-pattern", &run(&["columns", "*PORT"]).has_status(0));
    snapshot("columns-all", &run(&["columns", "--all", "vlan"]).has_status(0));
    snapshot("columns-none", &run(&["columns", "vlan"]).has_status(0));
    let misspelt = run(&["columns", "SrcASM"]).has_status(0);
    assert!(misspelt.stderr.contains("did you mean `SrcAS`?"), "{misspelt}");
    assert_eq!(run(&["columns", "-q", "SrcASM"]).has_status(0).stderr, "");
}

#[test]
fn every_column_is_listed_once() {
    let enabled = run(&["columns"]).has_status(0).stdout.lines().count();
    let all = run(&["columns", "--all"]).has_status(0).stdout;
    let schema = Schema::default();
    assert_eq!(all.lines().count(), schema.columns().len() + 1);
    assert_eq!(enabled, schema.columns().iter().filter(|column| !column.disabled).count() + 1);
    assert_eq!(all.lines().filter(|line| line.contains("disabled")).count(), all.lines().count() - enabled);
}

#[test]
fn columns_as_json_say_everything() {
    snapshot("columns-json", &run(&["columns", "--json", "tcpflags", "--all"]).has_status(0));
    let all = run(&["columns", "--json", "--all"]).has_status(0).json();
    assert_eq!(all.as_array().unwrap().len(), Schema::default().columns().len());
}

#[test]
fn custom_columns_are_listed() {
    let config = "[schema]\nmaterialize = [\"SrcNetPrefix\"]\n[[schema.column]]\nname = \"SrcAddrRole\"\n\
        type = \"string\"\ndescription = \"The role of the source.\"\n";
    let place = Place::new().with("flowql.toml", config);
    snapshot("columns-custom", &place.run(&["columns", "src*r*e*"]).has_status(0));
}

#[test]
fn codes_are_listed_and_explained() {
    let list = run(&["codes"]).has_status(0).stdout;
    assert_eq!(list.lines().count(), flowql::Code::ALL.len());
    for (line, code) in list.lines().zip(flowql::Code::ALL) {
        assert!(line.starts_with(code.number()) && line.ends_with(code.doc()), "{line}");
        assert!(line.contains(code.name()) && line.contains(code.severity().name()), "{line}");
    }
    snapshot("codes-one", &run(&["codes", "e101"]).has_status(0));
    snapshot("codes-json", &run(&["codes", "--json", "like-without-wildcard"]).has_status(0));
    snapshot("codes-unknown", &run(&["codes", "unknown-colum"]).has_status(2));
    let all = run(&["codes", "--json"]).has_status(0).json();
    assert_eq!(all.as_array().unwrap().len(), flowql::Code::ALL.len());
}
