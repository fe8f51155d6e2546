//! No filter, however hostile, gives SQL that is anything but one expression over the schema's columns.

use flowql::{Compiler, Options, SavedFilters, Schema, SchemaConfig};
use flowql_tests::mutate::mutate;
use flowql_tests::random::Random;
use flowql_tests::{corpus, generate, sql_safety};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[test]
fn of_the_corpus() {
    let mut valid = 0;
    for file in corpus::read_all().unwrap() {
        let compiler = Compiler::new(&file.schema, &file.saved);
        for entry in &file.entries {
            for database in [None, Some("a'b\\")] {
                let options = Options { database, ..file.options };
                match sql_safety::check(&compiler, &entry.text, options) {
                    Ok(checked) => valid += usize::from(checked),
                    Err(message) => panic!("{}: {message}", entry.place),
                }
            }
        }
    }
    assert!(valid > 900, "only {valid} were valid");
}

#[test]
fn of_generated_filters() {
    let prefixes = || vec!["SrcNetPrefix".to_owned(), "DstNetPrefix".to_owned()];
    let config = SchemaConfig { materialize: prefixes(), ..SchemaConfig::default() };
    let schemas = [Schema::all_columns(), Schema::configured(&config).unwrap().with_all_columns()];
    let saved = SavedFilters::default();
    let config = Config { cases: 3000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (generate::filter(&schemas[0]), any::<u64>());
    runner
        .run(&strategy, |(filter, seed)| {
            for schema in &schemas {
                let options = Options { reverse: seed % 2 == 0, ..Options::default() };
                let compiler = Compiler::new(schema, &saved);
                let checked = sql_safety::check(&compiler, &filter.laid_out(seed), options);
                prop_assert_eq!(checked, Ok(true));
            }
            Ok(())
        })
        .unwrap();
}

/// A text as a filter writes it.
fn quoted(text: &str, quote: char) -> String {
    let escaped = text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
    format!("{quote}{escaped}{quote}")
}

#[test]
fn of_hostile_strings() {
    let schema = Schema::all_columns();
    let saved = SavedFilters::default();
    let compiler = Compiler::new(&schema, &saved);
    for hostile in sql_safety::HOSTILE {
        for quote in ['"', '\''] {
            let text = quoted(hostile, quote);
            let pattern = quoted(&format!("{hostile}%"), quote);
            let regexp = quoted(&format!("\\Q{hostile}\\E"), quote);
            let two = quoted("FR", quote);
            for filter in [
                format!("ExporterName = {text}"),
                format!("ExporterName != {text} AND SrcAS = 1"),
                format!("ExporterName IN ({text},{text}) OR InIfName NOTIN({text})"),
                format!("ExporterName LIKE {pattern} OR InIfName IUNLIKE {pattern}"),
                format!("ExporterName NOT REGEXP {regexp}"),
                format!("NOT SrcCountry = {text} AND DstCountry IN ({two})"),
                format!("Proto = {text} OR Proto IN ({text}, 6, {text})"),
            ] {
                let database = Some(*hostile);
                let checked =
                    sql_safety::check(&compiler, &filter, Options { database, ..Options::default() });
                assert_eq!(checked, Ok(true), "{filter}");
                let found = compiler.compile(&filter, Options { bound: true, ..Options::default() });
                let exact = |value: &str| {
                    found.parameters.iter().any(|parameter| parameter.value.to_string() == value)
                };
                let wanted = [(*hostile).to_owned(), format!("{hostile}%"), format!("\\Q{hostile}\\E")];
                assert!(wanted.iter().any(|wanted| exact(wanted)), "{filter}: {:?}", found.parameters);
            }
        }
    }
}

#[test]
fn of_mutated_filters() {
    let files = corpus::read_all().unwrap();
    let mut random = Random::new(7);
    let mut valid = 0;
    for round in 0..10_000 {
        let file = &files[round % files.len()];
        let entry = &file.entries[random.below(file.entries.len())];
        if entry.text.len() > 2000 {
            continue;
        }
        let text = mutate(&entry.text, &mut random);
        let compiler = Compiler::new(&file.schema, &file.saved);
        match sql_safety::check(&compiler, &text, file.options) {
            Ok(checked) => valid += usize::from(checked),
            Err(message) => panic!("{text:?}: {message}"),
        }
    }
    assert!(valid > 400, "only {valid} were valid");
}
