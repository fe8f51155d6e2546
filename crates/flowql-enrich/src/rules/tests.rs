//! What rules set, and what is said of them.

use flowql::Severity;
use flowql::tables::Type;
use flowql_config::{Config, KnownSection, Registry};

use super::*;
use crate::facts::{Boundary, ExporterFacts, InterfaceFacts};

const SECTIONS: Registry = &[KnownSection::of::<ClassifySection>()];

fn read(text: &str) -> ClassifySection {
    let config = Config::parse(text, "f", SECTIONS).unwrap();
    ClassifySection::clone(&config.section::<ClassifySection>())
}

fn errors(text: &str) -> Vec<String> {
    let errors = Config::parse(text, "f", SECTIONS).unwrap_err();
    errors.to_string().lines().map(|line| line.trim_start_matches("f:").to_owned()).collect()
}

fn exporter(name: &str) -> ClassifiedExporter {
    let facts = ExporterFacts { name: name.to_owned(), ..ExporterFacts::default() };
    ClassifiedExporter { address: "192.0.2.1".parse().unwrap(), facts }
}

/// What an interface of this description and speed becomes.
fn classified(rules: &InterfaceRules, description: &str, speed: u32) -> InterfaceFacts {
    let facts = InterfaceFacts { description: description.to_owned(), speed, ..InterfaceFacts::default() };
    let exporter = ExporterFacts { name: "edge1".to_owned(), ..ExporterFacts::default() };
    let exporter = ExporterSubject { address: "2001:db8::1".parse().unwrap(), facts: &exporter };
    let mut subject = ClassifiedInterface { exporter, index: 7, facts };
    rules.classify(&mut subject, |_| false);
    subject.facts
}

/// The rules of the design.
const RULES: &str = r#"
[[classify.exporter]]
when = 'Name REGEXP "^(?P<site>[a-z]{3})[0-9]-"'
set = { site = "{site:upper}", region = "europe" }

[[classify.interface]]
when = 'Description REGEXP "^Transit: (?P<provider>[^ ]+)"'
set = { connectivity = "transit", provider = "{provider}", boundary = "external" }

[[classify.interface]]
when = 'Speed > 1000 AND NOT Description LIKE "%customer%"'
set = { boundary = "internal" }
"#;

#[test]
fn rules_set_attributes_in_their_order() {
    let section = read(RULES);
    let exporters = ExporterRules::compile_exporters(&section.exporter).unwrap();
    let mut subject = exporter("par1-edge");
    let given = exporters.classify(&mut subject, |key| key == "region");
    assert_eq!((subject.facts.site.as_str(), subject.facts.region.as_str()), ("PAR", ""));
    assert_eq!(given, [Given { rule: 0, attribute: "site", value: "PAR".to_owned() }]);
    let mut subject = exporter("edge");
    assert_eq!(exporters.classify(&mut subject, |_| false), []);

    let interfaces = InterfaceRules::compile_interfaces(&section.interface).unwrap();
    let transit = classified(&interfaces, "Transit: Example line 3", 10_000);
    assert_eq!((transit.provider.as_str(), transit.connectivity.as_str()), ("Example", "transit"));
    assert_eq!(transit.boundary, Boundary::External);
    assert_eq!(classified(&interfaces, "to core", 10_000).boundary, Boundary::Internal);
    assert_eq!(classified(&interfaces, "customer 7", 10_000).boundary, Boundary::Undefined);
    assert!(interfaces.warnings().is_empty() && exporters.warnings().is_empty());
}

#[test]
fn override_and_stop_change_what_later_rules_do() {
    let rules = |text: &str| InterfaceRules::compile_interfaces(&read(text).interface).unwrap();
    let first = "[[classify.interface]]\nwhen = 'Speed > 1'\nset.provider = \"a\"\n";
    let second = "[[classify.interface]]\nwhen = 'Index = 7'\nset = { provider = \"b\", vrf = \"v\" }\n";
    let third = "[[classify.interface]]\nwhen = 'Provider = \"b\"'\nset.connectivity = \"c\"\n";
    let found = |text: &str| {
        let facts = classified(&rules(text), "", 10);
        (facts.provider, facts.vrf, facts.connectivity)
    };
    let expected = |provider: &str, vrf: &str, connectivity: &str| {
        (provider.to_owned(), vrf.to_owned(), connectivity.to_owned())
    };
    assert_eq!(found(&format!("{first}{second}{third}")), expected("a", "v", ""));
    assert_eq!(found(&format!("{first}{second}override = true\n{third}")), expected("b", "v", "c"));
    assert_eq!(found(&format!("{first}stop = true\n{second}{third}")), expected("a", "", ""));
}

#[test]
fn a_group_is_that_of_the_expression_that_matches() {
    let text = r#"
[[classify.interface]]
when = 'Description REGEXP "^T (?P<who>.+)" OR (Description REGEXP "^P (?P<who>.+)" AND NOT Name REGEXP "(?P<no>x)")'
set = { provider = "{who:lower}" }
[[classify.interface]]
when = 'Description REGEXP "^(?P<word>internal|other)"'
set = { boundary = "{word}", provider = "none" }
[[classify.interface]]
when = 'Exporter = "edge1" AND ExporterAddress << 2001:db8::/32 AND Boundary = undefined'
set = { boundary = "External" }
"#;
    let rules = InterfaceRules::compile_interfaces(&read(text).interface).unwrap();
    assert_eq!(classified(&rules, "P Example", 0).provider, "example");
    assert_eq!(classified(&rules, "T Other", 0).provider, "other");
    assert_eq!(classified(&rules, "internal", 0).boundary, Boundary::Internal);
    // A word that is not a boundary is not taken, and the next rule sets it.
    assert_eq!(classified(&rules, "other", 0).boundary, Boundary::External);
}

#[test]
fn errors_are_at_the_lines_of_their_settings() {
    let text = r#"[[classify.exporter]]
when = 'Nam = "x"'
set = { site = "a" }
[[classify.exporter]]
when = 'Name REGEXP "(?P<a>.)" AND NOT Site REGEXP "(?P<b>.)"'
[classify.exporter.set]
site = "{a}"
region = "{b}"
[[classify.exporter]]
when = 'Name = "x"'
[[classify.interface]]
set = { boundary = "outer", provider = "{p", vrf = "{v}" }
[[classify.interface]]
when = 'Name REGEXP "(?P<a>.)(?P<a>.)"'
set = { provider = "{a:first}" }
"#;
    let found = errors(text);
    let expected = [
        "2:8: at column 1 of the filter: ",
        "8:10: no expression of the filter has the group `b`: write it as `REGEXP \"(?P<b>…)\"`",
        "9:1: the rule sets nothing: give it a `set`, or `stop = true`",
        "12:20: `outer` is not a boundary: write `external`, `internal` or `undefined`",
        "12:40: `{p` has a brace without its partner: write a group as `{name}`, a brace as `{{` or `}}`",
        "12:52: there is no group `v`: the rule has no `when`: write it as `REGEXP \"(?P<v>…)\"`",
        "14:8: ",
        "15:20: `first` is neither `lower` nor `upper`: write it as `{name:lower}`",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

#[test]
fn rules_that_come_to_nothing_are_warned_about() {
    let text = r#"
[[classify.interface]]
when = 'Speed > 5 AND Speed < 3'
set = { vrf = "a" }
[[classify.interface]]
set = { provider = "all" }
[[classify.interface]]
when = 'Index = 1'
set = { provider = "one", boundary = "internal" }
[[classify.interface]]
when = 'Index = 1'
set = { boundary = "external" }
[[classify.interface]]
when = 'Index = 1'
set = { boundary = "external" }
override = true
[[classify.interface]]
stop = true
[[classify.interface]]
set = { vrf = "z" }
"#;
    let rules = InterfaceRules::compile_interfaces(&read(text).interface).unwrap();
    let warnings: Vec<(usize, &str)> =
        rules.warnings().iter().map(|fault| (fault.rule, fault.setting.as_str())).collect();
    assert_eq!(warnings, [(0, "when"), (2, "set.provider"), (3, "set.boundary"), (6, "when")]);
    assert!(rules.warnings().iter().all(|fault| fault.severity == Severity::Warning));
    assert_eq!(rules.warnings()[1].message, "rule 2 sets `provider` already, and it stays");
}

#[test]
fn the_schemas_are_whole() {
    for schema in [exporter_schema(), interface_schema()] {
        assert!(schema.columns().len() >= 7);
        for column in schema.columns() {
            assert!(!column.doc.is_empty() && !column.example.is_empty(), "{}", column.name);
            assert!(column.filter_type.is_some(), "{}", column.name);
            // Each column has a value of its type: an unknown one would be an empty text.
            let value = if std::ptr::eq(schema, exporter_schema()) {
                exporter("x").value(&column.name)
            } else {
                let facts = ExporterFacts::default();
                let exporter = ExporterSubject { address: "::1".parse().unwrap(), facts: &facts };
                let subject = ClassifiedInterface { exporter, index: 1, facts: InterfaceFacts::default() };
                subject.value(&column.name)
            };
            let is_number = matches!(column.filter_type, Some(Type::Ip | Type::Uint));
            assert_eq!(matches!(value, Value::Number(_)), is_number, "{}", column.name);
        }
    }
}
