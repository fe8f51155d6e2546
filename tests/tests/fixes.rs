//! Laws of fixes: what each leads to, on the invalid filters of the corpus, on random edits of valid ones, and on valid
//! filters that are respelt as other languages have them.

use std::collections::BTreeMap;
use std::fmt::Write;

use flowql::{Code, Compiler, Diagnostic, Fix, Fixes, Limits, Options, Span, ide, syntax};
use flowql_tests::corpus::{self, CorpusFile};
use flowql_tests::generate;
use flowql_tests::mutate::mutate;
use flowql_tests::random::Random;
use flowql_tests::respell::respell;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn compiler(file: &CorpusFile) -> Compiler<'_> {
    Compiler::new(&file.schema, &file.saved)
}

fn errors(all: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    all.iter().filter(|found| found.is_error())
}

/// Where a range of the fixed text was before the fix.
fn before(fix: &Fix, span: Span) -> Span {
    let place = |offset: u32| {
        let mut moved = i64::from(offset);
        let mut shift = 0;
        for edit in &fix.edits {
            let length = i64::try_from(edit.new_text.len()).unwrap();
            let start = i64::from(edit.span.start) + shift;
            if i64::from(offset) < start {
                break;
            }
            let old = i64::from(edit.span.end - edit.span.start);
            // A place in the new text of an edit was at its start.
            let inside = i64::from(offset) < start + length;
            shift += length - old;
            moved = if inside { i64::from(edit.span.start) } else { i64::from(offset) - shift };
        }
        u32::try_from(moved).unwrap()
    };
    Span { start: place(span.start), end: place(span.end) }
}

/// The ranges in which an error may have hidden others: those of the errors, and of the conditions that they are in.
fn troubled(text: &str, found: &[Diagnostic]) -> Vec<Span> {
    // What is missing is so behind the last word.
    let widened = |span: Span| {
        let before = text.get(..span.start as usize).unwrap_or_default();
        Span { start: u32::try_from(before.trim_end().len()).unwrap(), end: span.end }
    };
    let mut spans: Vec<Span> = errors(found).map(|error| widened(error.span)).collect();
    let mut conditions = Vec::new();
    if let Some(tree) = syntax::parse(text, &Limits::DEFAULT).tree {
        tree.for_each_condition(&mut |condition| conditions.push(condition.span));
    }
    conditions.retain(|condition| spans.iter().any(|span| touch(*span, *condition)));
    spans.extend(conditions);
    spans
}

fn touch(first: Span, second: Span) -> bool {
    first.start <= second.end && second.start <= first.end
}

/// Says how a fix breaks the law, if it does: its diagnostic goes, and no error comes where there was none. In the corpus
/// few errors hide behind others, so that their number is looked at too.
fn broken(compiler: &Compiler<'_>, text: &str, options: Options<'_>, strict: bool) -> Option<String> {
    let found = compiler.compile(text, options).diagnostics;
    // Beyond the limit of diagnostics not all of them are known.
    if found.iter().any(|found| found.code == Code::TooManyDiagnostics) {
        return None;
    }
    let spans = troubled(text, &found);
    for diagnostic in &found {
        for fix in &diagnostic.fixes {
            let fixed = fix.apply(text);
            let after = compiler.compile(&fixed, options).diagnostics;
            let count = |all: &[Diagnostic]| {
                let like_it = |other: &&Diagnostic| {
                    other.code == diagnostic.code && other.message == diagnostic.message
                };
                all.iter().filter(like_it).count()
            };
            // An error may hide that a value is there three times.
            let known = diagnostic.is_error() || errors(&found).next().is_none();
            if known && count(&after) >= count(&found) {
                return Some(format!("`{}` leaves {diagnostic:?}:\n  {fixed}", fix.title));
            }
            let is_new =
                |error: &&Diagnostic| !spans.iter().any(|span| touch(*span, before(fix, error.span)));
            if let Some(error) = errors(&after).find(is_new) {
                return Some(format!("`{}` brings {error:?}:\n  {fixed}", fix.title));
            }
            let (count, counted) = (errors(&after).count(), errors(&found).count());
            if strict && count > counted
                || strict
                    && diagnostic.is_error()
                    && count == counted
                    && errors(&after).any(|error| error.code.number() < "E1")
            {
                return Some(format!(
                    "`{}` of {} leaves {count} errors of {counted}:\n  {fixed}\n  {after:?}",
                    fix.title,
                    diagnostic.code.number()
                ));
            }
        }
    }
    None
}

#[test]
fn a_fix_brings_no_error_where_there_was_none() {
    let mut failures = String::new();
    let mut tried = 0;
    for file in corpus::read_all().unwrap() {
        for entry in file.entries.iter().filter(|entry| entry.text.len() < 4000) {
            tried += 1;
            if let Some(message) = broken(&compiler(&file), &entry.text, file.options, true) {
                writeln!(failures, "{}: {:?}\n  {message}", entry.place, entry.text).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(tried > 1000, "only {tried} filters were tried");
}

/// Random filters over a schema, the same in every run.
fn generated(schema: &flowql::Schema, count: usize) -> Vec<generate::Filter> {
    let strategy = generate::filter(schema);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn a_filter_in_the_spelling_of_other_languages_comes_back() {
    let (schema, saved) = (flowql::Schema::all_columns(), flowql::SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let sql = |text: &str| compiler.compile(text, Options::default()).sql;
    let mut random = Random::new(18);
    let mut failures = String::new();
    let mut respelt = 0;
    for filter in generated(&schema, 4000) {
        let text = respell(&filter, &mut random);
        respelt += usize::from(sql(&text).is_none());
        let fixed = ide::fix_all(&compiler, &text);
        if sql(&fixed).is_none() || sql(&fixed) != sql(&filter.canonical()) {
            writeln!(failures, "{text}\n  {fixed}\n  {:?}", compiler.diagnostics(&fixed)).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(respelt > 2000, "only {respelt} filters were bad");
}

#[test]
fn random_edits_of_valid_filters_are_fixed_lawfully_and_to_an_end() {
    let mut failures = String::new();
    let mut fixed = 0;
    for file in corpus::read_all().unwrap().iter().filter(|file| file.valid) {
        let compiler = compiler(file);
        for entry in file.entries.iter().filter(|entry| entry.text.len() < 300) {
            // A filter that is added to the corpus leaves the edits of all others as they are.
            let seed = entry
                .text
                .bytes()
                .fold(3, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
            let mut random = Random::new(seed);
            for _ in 0..10 {
                let text = mutate(&entry.text, &mut random);
                if let Some(message) = broken(&compiler, &text, file.options, false) {
                    writeln!(failures, "{text:?}\n  {message}").unwrap();
                }
                let once = ide::fix_all(&compiler, &text);
                fixed += usize::from(once != text);
                if ide::sure_fixes(&compiler.diagnostics(&once)).1 > 0 {
                    writeln!(failures, "{text:?}\n  does not end: {once:?}").unwrap();
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(fixed > 300, "only {fixed} texts were fixed");
}

#[test]
fn the_registry_says_which_codes_have_fixes() {
    let mut found: BTreeMap<Code, Fixes> = BTreeMap::new();
    for file in corpus::read_all().unwrap() {
        for entry in &file.entries {
            for diagnostic in compiler(&file).compile(&entry.text, file.options).diagnostics {
                let best = found.entry(diagnostic.code).or_insert(Fixes::None);
                for fix in &diagnostic.fixes {
                    *best = (*best).max(if fix.sure { Fixes::Sure } else { Fixes::Guess });
                }
            }
        }
    }
    let wrong: Vec<String> = found
        .iter()
        // Names of filters are wrong in references, and in headers of files, where there is a fix.
        .filter(|(code, best)| code.fixes() != **best && **code != Code::BadFilterName)
        .map(|(code, best)| format!("{}: {best:?}", code.number()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for code in Code::ALL.iter().filter(|code| !found.contains_key(code)) {
        assert_eq!(code.fixes(), Fixes::None, "{}", code.number());
    }
}
