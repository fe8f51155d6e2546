//! The SQL of every hand-written case, in both forms.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flowql::sql::ParameterValue;
use flowql::{Compiler, Options, SavedFilters};
use flowql_tests::cases::{self, Case};
use flowql_tests::corpus;

fn json(value: &ParameterValue) -> serde_json::Value {
    match value {
        ParameterValue::Integer(number) if *number <= 1 << 53 => (*number).into(),
        other => other.to_string().into(),
    }
}

fn failures(case: &Case) -> Vec<String> {
    let schema = case.schema().unwrap();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    let options = Options { reverse: case.has("reverse"), bound: false, database: case.option("database") };
    let inline = compiler.compile(&case.filter, options);
    let bound = compiler.compile(&case.filter, Options { bound: true, ..options });
    let mut failures = Vec::new();
    let mut compare = |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        if format!("{expected:?}") != format!("{found:?}") {
            failures.push(format!("{what}\n    expected {expected:?}\n    found    {found:?}"));
        }
    };
    if let Some(expected) = &case.inline {
        compare("inline", &Some(expected), &inline.sql.as_ref());
    }
    if inline.sql.is_none() {
        compare("diagnostics", &Vec::<()>::new(), &inline.diagnostics);
    }
    if let Some(expected) = &case.bound {
        compare("bound", &Some(expected), &bound.sql.as_ref());
    }
    if let Some(expected) = &case.params {
        let found: BTreeMap<_, _> = bound
            .parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), json(&parameter.value)))
            .collect();
        let found = serde_json::to_value(found).unwrap();
        compare("params", expected, &found);
    }
    if let Some(expected) = &case.columns {
        let found: Vec<_> = inline.columns.iter().map(|&id| schema.column(id).name.to_string()).collect();
        compare("columns", expected, &found);
    }
    if let Some(expected) = case.main {
        compare("main", &expected, &inline.main_table_required);
    }
    assert!(inline.parameters.is_empty());
    failures
}

#[test]
fn every_case_compiles_to_its_sql() {
    let mut report = String::new();
    let mut count = 0;
    let mut paths: Vec<_> =
        std::fs::read_dir(corpus::root().join("sql")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        for case in cases::read(&path).unwrap() {
            count += 1;
            for failure in failures(&case) {
                writeln!(report, "{}: {:?}\n  {failure}", case.place, case.filter).unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(count >= 600, "only {count} cases were found");
}
