//! Random filters on rows near their edges: the evaluator, the inline SQL and the bound SQL select the same.

use std::io::Write as _;

use flowql_tests::differential::{Amount, Case, Difference, compare, run_in_parallel};

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

#[test]
fn a_translation_that_is_a_little_wrong_is_found() {
    let mut missed = Vec::new();
    for (filter, right, wrong) in [
        ("SrcPort < 80", "<", "<="),
        ("SrcPort >= 80", ">=", ">"),
        ("SrcPort IN (80, 8000-8100)", "8100", "8101"),
        ("Proto NOT BETWEEN 5 AND 9", "5", "6"),
        ("SrcAddr << 192.0.2.0/24", "2.255", "2.254"),
        ("SrcAddr IN (192.0.2.1, 10.0.0.0/8)", "192.0.2.1", "::192.0.2.1"),
        ("SrcNetPrefix << 10.0.0.0/8", ">= 8", "= 8"),
        ("DstNetPrefix = 10.0.0.0/8", "/8", "/9"),
        ("SrcMAC = 0000.5e00.5301", "53:01", "53:00"),
        ("ExporterName = \"a\"", "'a'", "'A'"),
        ("ExporterName LIKE \"a%\"", "LIKE", "ILIKE"),
        ("ExporterName LIKE \"a\\%b%\"", "\\\\%", "%"),
        ("ExporterName ILIKE \"_a\"", "_a", "%a"),
        ("InIfName REGEXP \"^a.b\"", "^a", "a"),
        ("InIfName NOT REGEXP \"a$\"", "NOT ", ""),
        ("SrcCountry != \"F\"", "'F'", "'FR'"),
        ("DstCommunities = 65000:1:2", "+ 2::", "+ 3::"),
        ("DstCommunities = 65000:*", "c, 16", "c, 15"),
        ("DstASPath IN (AS1, AS2)", "[1, 2]", "[1]"),
        ("TCPFlags HAS (SYN, ACK)", "= 18", "!= 0"),
        ("InIfBoundary != external", "external", "internal"),
        ("EType = IPv6", "34525", "2048"),
        ("Proto = \"no such\" OR SrcAS = 1", "1", "2"),
        ("NOT (SrcAS = 1 AND DstAS = 2)", "AND", "OR"),
        ("SrcAS = DstAS", "=", "<="),
    ] {
        let mut case = Case::new(&SCHEMA, filter.to_owned(), false, 200, 3).unwrap();
        assert!(compare(&ENGINE, &SCHEMA, std::slice::from_ref(&case)).is_empty(), "{filter}");
        assert!(case.inline.contains(right), "{}", case.inline);
        case.inline = case.inline.replacen(right, wrong, 1);
        let found = compare(&ENGINE, &SCHEMA, std::slice::from_ref(&case));
        // The evaluator and the bound SQL agree, against the inline SQL.
        if !matches!(found[..], [(0, Difference::Row { evaluator, inline, bound, .. })] if evaluator == bound && inline != bound)
        {
            missed.push(format!("{filter} as {}: {found:?}", case.inline));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
