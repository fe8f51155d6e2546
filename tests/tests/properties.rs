//! The laws of the language, on generated filters and on soups of tokens.

use std::sync::LazyLock;

use flowql::sql::ParameterValue;
use flowql::{Compilation, Compiler, Options, SavedFilters, Schema, Scope};
use flowql_tests::generate::{self, Filter};
use flowql_tests::{laws, sexpr};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::all_columns);
static SAVED: LazyLock<SavedFilters> = LazyLock::new(|| {
    let mut saved = SavedFilters::default();
    saved.insert(Scope::User, "edge", "InIfBoundary = external -- ours");
    saved.insert(Scope::User, "bad", "SrcAS = x");
    saved.insert(Scope::User, "itself", "NOT @itself");
    saved
});

fn compiler() -> Compiler<'static> {
    Compiler::new(&SCHEMA, &SAVED)
}

const BOUND: Options<'static> = Options { reverse: false, bound: true, database: None };
const REVERSE: Options<'static> = Options { reverse: true, bound: false, database: None };

/// Runs a law on random values; the same values on every run.
fn check<S: Strategy>(cases: u32, strategy: S, law: impl Fn(S::Value) -> laws::Outcome) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&strategy, |value| law(value).map_err(TestCaseError::fail));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A filter and the seed of a layout.
fn laid_out() -> impl Strategy<Value = (Filter, u64)> {
    (generate::filter(&SCHEMA), any::<u64>())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, first: &T, second: &T) -> laws::Outcome {
    if first == second { Ok(()) } else { Err(format!("{what} differ:\n  {first:?}\n  {second:?}")) }
}

#[test]
fn generated_filters_compile_and_their_layout_does_not_matter() {
    check(2000, laid_out(), |(filter, seed)| {
        let (canonical, random) = (filter.canonical(), filter.laid_out(seed));
        for options in [Options::default(), BOUND] {
            let first = compiler().compile(&canonical, options);
            let second = compiler().compile(&random, options);
            if first.sql.is_none() || second.sql.is_none() {
                return Err(format!(
                    "{canonical}\n{random}\n{:?} {:?}",
                    first.diagnostics, second.diagnostics
                ));
            }
            let parts =
                |found: Compilation| (found.sql, found.parameters, found.columns, found.main_table_required);
            same("the layouts", &parts(first), &parts(second))
                .map_err(|error| format!("{random}\n{error}"))?;
        }
        Ok(())
    });
}

#[test]
fn formatting_keeps_everything() {
    check(2000, laid_out(), |(filter, seed)| {
        let text = filter.laid_out(seed);
        laws::formatting_keeps(&compiler(), &text, Options::default())
            .map_err(|error| format!("{text:?}\n{error}"))?;
        let formatted = compiler().format(&text).map_err(|errors| format!("{errors:?}"))?;
        // The case of columns and words is the formatter's to change, the tree is not.
        let tree = |text: &str| sexpr::of(text).map(|tree| tree.to_ascii_lowercase());
        same("the trees", &tree(&text), &tree(&formatted)).map_err(|error| format!("{formatted}\n{error}"))
    });
}

#[test]
fn the_canonical_text_of_a_short_filter_is_its_format() {
    check(500, generate::condition(&SCHEMA).prop_map(Filter::Condition), |filter| {
        let canonical = filter.canonical();
        let formatted = compiler().format(&canonical).map_err(|errors| format!("{errors:?}"))?;
        if canonical.contains(['\\', '\'']) || canonical.chars().count() > 70 || formatted == canonical {
            return Ok(());
        }
        // Words and AS numbers have one case in formatted text; nothing else changes.
        same("the texts", &canonical.to_ascii_lowercase(), &formatted.to_ascii_lowercase())
    });
}

/// The bound SQL with each parameter written where it stands.
fn put_in(bound: &Compilation) -> Option<String> {
    let mut sql = String::new();
    let mut rest = bound.sql.as_deref()?;
    while let Some((before, after)) = rest.split_once('{') {
        let (reference, after) = after.split_once('}')?;
        let (name, kind) = reference.split_once(':')?;
        let parameter = bound.parameters.iter().find(|parameter| parameter.name == name)?;
        sql.push_str(before);
        match &parameter.value {
            ParameterValue::Integer(number) => sql.push_str(&number.to_string()),
            ParameterValue::Large(number) => {
                let part = |shift: u32| number >> shift & 0xFFFF_FFFF;
                sql.push_str(&format!(
                    "bitShiftLeft({}::UInt128, 64) + bitShiftLeft({}::UInt128, 32) + {}::UInt128",
                    part(64),
                    part(32),
                    part(0)
                ));
            }
            ParameterValue::Text(text) if kind == "IPv6" => sql.push_str(&format!("toIPv6('{text}')")),
            ParameterValue::Text(text) => sql.push_str(&literal(text)),
        }
        rest = after;
    }
    sql.push_str(rest);
    Some(sql)
}

/// A text as a literal of ClickHouse.
fn literal(text: &str) -> String {
    let mut literal = String::from("'");
    for found in text.chars() {
        match found {
            '\\' | '\'' => literal.extend(['\\', found]),
            '\0' => literal.push_str("\\0"),
            '\u{7}' => literal.push_str("\\a"),
            '\u{8}' => literal.push_str("\\b"),
            '\t' => literal.push_str("\\t"),
            '\n' => literal.push_str("\\n"),
            '\u{b}' => literal.push_str("\\v"),
            '\u{c}' => literal.push_str("\\f"),
            '\r' => literal.push_str("\\r"),
            '\u{1}'..='\u{1f}' | '\u{7f}' => literal.push_str(&format!("\\x{:02X}", u32::from(found))),
            _ => literal.push(found),
        }
    }
    literal.push('\'');
    literal
}

#[test]
fn bound_sql_with_its_parameters_is_the_inline_sql() {
    check(2000, laid_out(), |(filter, seed)| {
        let text = filter.laid_out(seed);
        let inline = compiler().compile(&text, Options::default());
        let bound = compiler().compile(&text, BOUND);
        same("the forms", &inline.sql, &put_in(&bound))?;
        same("the columns", &inline.columns, &bound.columns)
    });
}

#[test]
fn reversed_twice_is_the_filter_itself() {
    check(2000, generate::filter(&SCHEMA), |filter| {
        let text = filter.canonical();
        let forward = compiler().compile(&text, Options::default());
        let reversed = compiler().compile(&text, REVERSE);
        let kept: Vec<&str> = reversed
            .diagnostics
            .iter()
            .filter(|found| found.code == flowql::Code::NotReversed)
            .map(|found| found.span.of(&text))
            .collect();
        let swap = |name: &str| {
            if SCHEMA.pair(name).is_some() {
                return None;
            }
            let outer = [("OuterSrc", "OuterDst"), ("OuterDst", "OuterSrc")];
            let vrfs = [("Ingress", "Egress"), ("Egress", "Ingress")];
            let pairs = [("Src", "Dst"), ("Dst", "Src"), ("In", "Out"), ("Out", "In")];
            let mut pairs = outer.iter().chain(&vrfs).chain(&pairs);
            pairs.find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)))
        };
        // A column is told to stay exactly when it has a direction and no counterpart.
        let mut swapped = filter.clone();
        let mut lonely = Vec::new();
        swap_columns(&mut swapped, &mut |name| match swap(name) {
            Some(other) if SCHEMA.columns().iter().any(|column| column.name == other.as_str()) => {
                *name = other
            }
            Some(_) => lonely.push(name.clone()),
            None => {}
        });
        same("the columns that stay", &kept.iter().map(|&name| name.to_owned()).collect(), &lonely)?;
        let by_hand = compiler().compile(&swapped.canonical(), Options::default());
        same("the reversed filters", &by_hand.sql, &reversed.sql)?;
        let back = compiler().compile(&swapped.canonical(), REVERSE);
        same("the filters", &forward.sql, &back.sql)
    });
}

fn swap_columns(filter: &mut Filter, swap: &mut impl FnMut(&mut String)) {
    match filter {
        Filter::Condition(condition) => {
            swap(&mut condition.column);
            for value in &mut condition.values {
                match value {
                    generate::Value::Word(word)
                        if SCHEMA.columns().iter().any(|column| column.name == word.as_str()) =>
                    {
                        swap(word);
                    }
                    _ => {}
                }
            }
        }
        Filter::Not(inner) | Filter::Group(inner) => swap_columns(inner, swap),
        Filter::And(terms) | Filter::Or(terms) => terms.iter_mut().for_each(|term| swap_columns(term, swap)),
    }
}

/// Texts of tokens, characters and blanks in any order.
fn soup() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "SrcAS",
        "DstPort",
        "SrcAddr",
        "ExporterName",
        "TCPFlags",
        "Proto",
        "SrcCountry",
        "InIfBoundary",
        "DstCommunities",
        "Bytes",
        "SrcASN",
        "Port",
        "Addr",
        "foo",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "<<",
        "!<<",
        "==",
        "<>",
        "=<",
        "=>",
        "=~",
        "!~",
        ">>",
        "!",
        "&&",
        "||",
        "&",
        "|",
        ";",
        "#",
        "~",
        "AND",
        "or",
        "Not",
        "IN",
        "notin",
        "LIKE",
        "IUNLIKE",
        "BETWEEN",
        "REGEXP",
        "HAS",
        "1",
        "80",
        "0x50",
        "AS1",
        "1-9",
        "9-1",
        "-",
        "--",
        "-- c\n",
        "/*",
        "*/",
        "/* c */",
        "10.0.0.1",
        "10.0.0.1/8",
        "::1",
        "::/0",
        "1:2",
        "1:*",
        "external",
        "SYN",
        "SIN",
        "\"x\"",
        "'x'",
        "\"tcp\"",
        "\"htps\"",
        "'a\\'",
        "\"",
        "'",
        "\\",
        "''",
        "“x”",
        "‘",
        "»",
        "@edge",
        "@bad",
        "@egde",
        "@itself",
        "@",
        "é",
        "\u{1F600}",
        "\u{a0}",
        "\u{feff}",
        "\u{200b}",
        "\u{b}",
        "\0",
        "\r",
        "\n",
        "\r\n",
        " ",
        " ",
        " ",
        " ",
        " ",
        " ",
        " ",
        "\t",
    ];
    let glued = prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat());
    let apart =
        prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.join(" "));
    prop_oneof![glued, apart, any::<String>()]
}

/// A generated filter with a few changes.
fn nearly() -> impl Strategy<Value = String> {
    (laid_out(), any::<u64>()).prop_map(|((filter, layout), seed)| {
        let mut random = flowql_tests::random::Random::new(seed);
        let text = if seed % 2 == 0 { filter.canonical() } else { filter.laid_out(layout) };
        flowql_tests::mutate::mutate(&text, &mut random)
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![3 => soup(), 2 => nearly()]
}

#[test]
fn any_text_is_answered_in_order() {
    check(4000, any_text(), |text| {
        laws::tokens_cover_the_text(&compiler(), &text)?;
        laws::diagnostics_are_in_order(&compiler(), &text, Options::default())?;
        laws::diagnostics_are_in_order(&compiler(), &text, REVERSE)?;
        laws::formatting_keeps(&compiler(), &text, Options::default())
    });
}

#[test]
fn every_fix_mends_what_it_belongs_to() {
    check(4000, any_text(), |text| laws::fixes_mend(&compiler(), &text, Options::default()));
}

#[test]
fn positions_survive_the_round_trip() {
    let line_ends = prop::collection::vec(
        prop::sample::select(vec![
            "\r\n",
            "\n",
            "\r",
            "\u{feff}",
            "a",
            "é",
            "€",
            "\u{1F600}",
            "\u{301}",
            "\u{2028}",
            "\0",
        ]),
        0..40,
    );
    check(2000, prop_oneof![line_ends.prop_map(|pieces| pieces.concat()), any_text()], |text| {
        laws::positions_round_trip(&text)
    });
}
