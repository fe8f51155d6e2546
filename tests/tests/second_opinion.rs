//! The core agrees with the hand-written second implementation: on every filter of the corpus, on generated
//! filters and on mutated ones.

use flowql::Schema;
use flowql_tests::corpus;
use flowql_tests::generate;
use flowql_tests::mutate::mutate;
use flowql_tests::random::Random;
use flowql_tests::second_opinion::{Verdict, compare};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The filters of the corpus that both can compile: neither saved filters nor materialised prefixes.
fn filters() -> Vec<(String, bool)> {
    let mut filters = Vec::new();
    for file in corpus::read_all().unwrap() {
        let folder = file.path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        if folder == "materialized" {
            continue;
        }
        filters.extend(file.entries.into_iter().map(|entry| (entry.text, folder == "all-columns")));
    }
    filters
}

/// Compares on all texts and shows the first differences together.
fn compare_all(texts: impl Iterator<Item = (String, bool)>) -> [usize; 3] {
    let (default, all) = (Schema::default(), Schema::all_columns());
    let (mut counts, mut failures) = ([0; 3], Vec::new());
    for (text, all_columns) in texts {
        match compare(if all_columns { &all } else { &default }, all_columns, &text) {
            Ok(verdict) => counts[verdict as usize] += 1,
            Err(message) => failures.push(format!("{text:?}\n  {message}")),
        }
    }
    failures.sort_by_key(String::len);
    let count = failures.len();
    failures.truncate(12);
    assert!(failures.is_empty(), "{count} differences:\n{}", failures.join("\n"));
    counts
}

#[test]
fn on_the_corpus() {
    let filters = filters();
    assert!(filters.len() > 1000);
    let counts = compare_all(filters.into_iter());
    assert!(counts[Verdict::Valid as usize] > 350, "{counts:?}");
    assert!(counts[Verdict::Invalid as usize] > 500, "{counts:?}");
}

#[test]
fn on_generated_filters() {
    let schema = Schema::all_columns();
    let config = Config { cases: 5000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (generate::filter(&schema), any::<u64>());
    runner
        .run(&strategy, |(filter, seed)| {
            for text in [filter.canonical(), filter.laid_out(seed)] {
                let verdict = compare(&schema, true, &text).map_err(TestCaseError::fail)?;
                prop_assert_eq!(verdict, Verdict::Valid, "{}", text);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn on_mutated_filters() {
    let filters: Vec<_> = filters().into_iter().filter(|(text, _)| text.len() < 2000).collect();
    let mut random = Random::new(42);
    let texts = (0..30_000).map(|round| {
        let (text, all_columns) = &filters[round % filters.len()];
        (mutate(text, &mut random), *all_columns)
    });
    let counts = compare_all(texts);
    assert!(counts[Verdict::Valid as usize] > 800, "{counts:?}");
    assert!(counts[Verdict::Invalid as usize] > 10_000, "{counts:?}");
}
