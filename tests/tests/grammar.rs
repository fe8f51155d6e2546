//! The parser that pest derives gives the same matches on pest's own runtime as on the one that the program has.

// Derived code names it so.
extern crate alloc;

use flowql_grammar::{Match, Rule};
use flowql_tests::fuzz;
use flowql_tests::random::Random;
use pest::Parser as _;

mod derived {
    #![allow(missing_docs)]

    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/filter.pest"]
    pub(super) struct FilterParser;
}

/// The matches on pest's own runtime, each as its rule, its start and its end.
fn on_pest(text: &str) -> Vec<(String, usize, usize)> {
    let pairs = derived::FilterParser::parse(derived::Rule::filter, text).unwrap();
    let of = |pair: pest::iterators::Pair<'_, derived::Rule>| {
        (format!("{:?}", pair.as_rule()), pair.as_span().start(), pair.as_span().end())
    };
    pairs.flatten().map(of).collect()
}

fn check(text: &str) {
    let of = |found: Match| (format!("{:?}", found.rule), found.start, found.end);
    let ours: Vec<_> = flowql_grammar::parse(text).unwrap().into_iter().map(of).collect();
    assert_eq!(ours, on_pest(text), "{text:?}");
}

#[test]
fn both_runtimes_agree_on_the_seeds_and_where_they_are_cut() {
    let seeds = fuzz::seeds("parse").unwrap();
    assert!(seeds.len() > 900);
    for seed in &seeds {
        check(seed);
        let ends = seed.char_indices().map(|(end, _)| end);
        ends.step_by(1 + seed.len() / 40).for_each(|end| check(&seed[..end]));
    }
}

#[test]
fn both_runtimes_agree_on_soups_of_tokens() {
    let pieces = [
        "SrcAS",
        "and",
        "OR",
        "Not",
        "in",
        "notin",
        "like",
        "unlike",
        "between",
        "regexp",
        "has",
        "android",
        "@a",
        "=",
        "==",
        "!=",
        "!==",
        "<",
        "<<",
        "!<<",
        "<=",
        "=<",
        ">",
        ">>",
        "!>>",
        ">=",
        "=>",
        "=~",
        "!~",
        "<>",
        "(",
        ")",
        ",",
        "\"a\"",
        "'b\\'",
        "\"",
        "'",
        "“c”",
        "«",
        "&&",
        "||",
        "&",
        "|",
        ";",
        "--",
        "-- x\n",
        "/*",
        "/* y */",
        "*/",
        "\\",
        " ",
        "\t",
        "\r\n",
        "\u{a0}",
        "\u{feff}",
        "é",
        "\u{1F600}",
        "10.0.0.0/8",
        "1-2",
        "*",
    ];
    let mut random = Random::new(7);
    for _ in 0..20_000 {
        let length = random.below(12);
        let soup: Vec<&str> = (0..length).map(|_| random.pick(&pieces)).collect();
        check(&soup.concat());
        check(&soup.join(" "));
    }
}

#[test]
fn the_rules_have_one_order() {
    let names = |rules: &[Rule]| rules.iter().map(|rule| format!("{rule:?}")).collect::<Vec<_>>();
    let derived: Vec<_> = derived::Rule::all_rules().iter().map(|rule| format!("{rule:?}")).collect();
    assert_eq!(names(Rule::all_rules()), derived);
}
