//! Random filters on rows near their edges: the evaluator, the inline SQL and the bound SQL select the same.

use std::io::Write as _;

use flowql_tests::differential::{Amount, run_in_parallel};

use crate::{ENGINE, SCHEMA};

#[test]
fn the_evaluator_and_the_engine_agree() {
    let amount = Amount { filters: 20_000, rows: 200, batch: 20, seed: 20_251 };
    let report = run_in_parallel(&ENGINE, &SCHEMA, amount);
    // Shown whether the test fails or not, which `println` would not do.
    let _ = writeln!(std::io::stderr(), "\n{report}");
    assert!(report.differences.is_empty(), "{} differences", report.differences.len());
    assert_eq!(report.filters, amount.filters);
    assert_eq!(report.missing(), [], "operators that never stood after a column of the type");
    let selective = 100 * report.selective / report.filters;
    assert!(selective >= 60, "only {selective} % of the filters select some of their rows and not all");
    assert!(report.reversed > report.filters / 8, "only {} were reversed", report.reversed);
}
