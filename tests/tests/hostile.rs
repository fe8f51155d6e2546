//! Hostile texts: every one is answered, in work that grows with its length and not faster, and in a small stack.
//!
//! Work is counted in allocations and bytes, so that the outcome does not depend on the machine. The clock serves
//! as a guard against hanging only: what is quadratic at these sizes takes minutes.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flowql::syntax::parse;
use flowql::{Code, Compilation, Compiler, Limits, Options, SavedFilters, Schema, Scope};
use flowql_bench::alloc::{COUNTING, StatsAlloc, System, Usage, count};

#[path = "hostile/inputs.rs"]
mod inputs;

use inputs::Input;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = COUNTING;

/// The counters are of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stack in which every text must be answered; the deepest nesting that is allowed included.
const STACK: usize = 512 * 1024;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

/// Up to this length everything is asked of a bad text too.
const SHORT: usize = 8 * 1024;

/// Runs something in a small stack, and gives up when it hangs.
fn bounded<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            let _ = sender.send(run());
        })
        .unwrap();
    match receiver.recv_timeout(PATIENCE) {
        Ok(answer) => {
            thread.join().unwrap();
            answer
        }
        Err(RecvTimeoutError::Disconnected) => panic!("{name}: panicked"),
        Err(RecvTimeoutError::Timeout) => panic!("{name}: no answer after {PATIENCE:?}"),
    }
}

/// Asks everything of a text, and checks what holds for any answer.
fn ask(schema: &Schema, saved: &SavedFilters, limits: Limits, text: &str) -> Compilation {
    let compiler = Compiler { schema, saved, limits };
    let parsed = parse(text, &limits);
    assert!(parsed.tokens.last().is_none_or(|token| token.span.end as usize <= text.len()));
    let inline = compiler.compile(text, Options::default());
    assert_eq!(inline.sql.is_some(), !inline.diagnostics.iter().any(flowql::Diagnostic::is_error));
    assert!(inline.diagnostics.len() <= limits.diagnostics + 1);
    assert!(inline.diagnostics.iter().all(|found| text.get(found.span.range()).is_some()));
    // For a bad text the rest is the same work over again: it is done for the short ones only.
    if inline.sql.is_some() || text.len() < SHORT {
        let bound = compiler.compile(text, Options { bound: true, ..Options::default() });
        assert_eq!(inline.sql.is_some(), bound.sql.is_some());
        assert_eq!(inline.diagnostics, bound.diagnostics);
        assert_eq!(inline.sql.is_some(), compiler.format(text).is_ok());
    }
    inline
}

/// Runs something beside the tables of saved filters and columns, in a small stack.
fn with_tables<T: Send + 'static>(
    input: &Input,
    length: usize,
    limits: Limits,
    run: impl FnOnce(&dyn Fn() -> Compilation) -> T + Send + 'static,
) -> T {
    let text = input.text(length);
    let (schema, saved) = (Schema::all_columns(), inputs::saved());
    bounded(&input.name(), move || run(&|| ask(&schema, &saved, limits, &text)))
}

#[test]
fn work_grows_with_the_length_and_not_faster() {
    let _alone = alone();
    // Tables that are made at the first use are none of a text's cost.
    ask(&Schema::default(), &SavedFilters::default(), Limits::DEFAULT, "DstPort = \"htps\"");
    let inputs = inputs::all();
    assert!(inputs.len() >= 100, "only {} inputs", inputs.len());
    for input in inputs {
        let work = |length| with_tables(&input, length, Limits::DEFAULT, |ask| count(ask).1);
        let [once, twice, fourfold]: [Usage; 3] = [work(SHORT / 4), work(SHORT / 2), work(SHORT)];
        let name = input.name();
        for (less, more) in [(once, twice), (twice, fourfold)] {
            assert!(more.allocations <= less.allocations * 5 / 2 + 200, "{name}: {less:?}, then {more:?}");
        }
        // Bytes go up in steps, as vectors double their room: they are compared over two doublings.
        assert!(fourfold.bytes <= once.bytes * 25 / 4 + 50_000, "{name}: {once:?}, then {fourfold:?}");
        // A text may cost much more than its length, but not without bounds.
        assert!(fourfold.bytes < 100_000_000, "{name}: {fourfold:?}");
    }
}

#[test]
fn sixty_kibibytes_of_anything_are_answered() {
    let _alone = alone();
    // Two at a time, for what takes longest of all tests.
    let inputs = inputs::all();
    std::thread::scope(|scope| {
        for half in 0..2 {
            let inputs = inputs.iter().skip(half).step_by(2);
            scope.spawn(move || {
                for input in inputs {
                    with_tables(input, 60 * 1024, Limits::DEFAULT, |ask| drop(ask()));
                }
            });
        }
    });
}

#[test]
fn texts_beyond_the_limit_are_answered_when_it_is_raised() {
    let _alone = alone();
    let limits = Limits { length: 1 << 21, ..Limits::DEFAULT };
    for input in inputs::long() {
        with_tables(&input, 1 << 20, limits, |ask| drop(ask()));
    }
}

#[test]
fn texts_beyond_the_limit_are_refused_cheaply() {
    let _alone = alone();
    for input in inputs::long().into_iter().step_by(3) {
        let text = input.text(1 << 20);
        let found = bounded(&input.name(), move || {
            ask(&Schema::default(), &SavedFilters::default(), Limits::DEFAULT, &text).diagnostics
        });
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, Code::TextTooLong);
    }
}

#[test]
fn a_list_of_ten_thousand_prefixes_compiles() {
    let _alone = alone();
    let limits = Limits { length: 1 << 20, ..Limits::DEFAULT };
    let text = flowql_bench::inputs::prefixes(10_000);
    let compilation =
        bounded("prefixes", move || ask(&Schema::default(), &SavedFilters::default(), limits, &text));
    assert_eq!(compilation.sql.unwrap().matches(" BETWEEN ").count(), 10_000);
}

/// A filter that is nested by each of the given kinds in turn, and the saved filters that it needs.
fn nested(levels: usize, kinds: &[&str]) -> (String, SavedFilters) {
    let mut saved = SavedFilters::default();
    let mut text = "(DstAS = 2) AND SrcAS = 1".to_owned();
    for level in 1..levels {
        text = match kinds[level % kinds.len()] {
            "(" => format!("(DstAS = 3 OR {text})"),
            "@" => {
                saved.insert(Scope::User, format!("s{level}"), text);
                format!("@s{level} AND DstAS = 4")
            }
            _ => format!("NOT {text}"),
        };
    }
    (text, saved)
}

#[test]
fn a_hundred_and_fifty_levels_are_allowed_and_one_more_is_not() {
    let _alone = alone();
    for kinds in [&["("][..], &["NOT"], &["@"], &["(", "NOT"], &["@", "NOT", "("], &["@", "@", "("]] {
        for (levels, allowed) in [(149, true), (150, true), (151, false), (152, false), (400, false)] {
            let (text, saved) = nested(levels, kinds);
            let compilation = bounded(&format!("{levels} levels of {kinds:?}"), move || {
                ask(&Schema::default(), &saved, Limits::DEFAULT, &text)
            });
            assert_eq!(compilation.sql.is_some(), allowed, "{levels} levels of {kinds:?}");
            let codes: Vec<Code> = compilation
                .diagnostics
                .iter()
                .filter(|found| found.is_error())
                .map(|found| found.code)
                .collect();
            let expected: &[Code] = if allowed { &[] } else { &[Code::NestingTooDeep] };
            assert_eq!(codes, expected, "{levels} levels of {kinds:?}");
        }
    }
}

#[test]
fn saved_filters_that_would_grow_without_bounds_are_refused() {
    let _alone = alone();
    let mut saved = SavedFilters::default();
    for level in 0..140 {
        saved.insert(Scope::User, format!("b{level}"), format!("@b{0} OR @b{0}", level + 1));
        // Two levels each: sixty of them stay below the limit of nesting.
        saved.insert(Scope::User, format!("n{level}"), format!("(@n{0} OR @n{0}) AND @n{0}", level + 1));
        // A ring: each refers to the next twice, and the last to the first.
        saved.insert(Scope::User, format!("r{level}"), format!("@r{0} OR @r{0}", (level + 1) % 140));
        saved.insert(Scope::User, format!("e{level}"), format!("@e{0} OR Foo = 1 OR @e{0}", level + 1));
    }
    saved.insert(Scope::User, "b140", "SrcAS = 1");
    saved.insert(Scope::User, "n140", "SrcAS = 1");
    saved.insert(Scope::User, "e140", "Foo = 1");
    for (name, code) in
        [("b0", Code::TextTooLong), ("n80", Code::TextTooLong), ("r0", Code::CyclicSavedFilter)]
    {
        let (filters, text) = (saved.clone(), format!("@{name}"));
        let (compilation, usage) =
            bounded(name, move || count(|| ask(&Schema::default(), &filters, Limits::DEFAULT, &text)));
        let codes: Vec<Code> = compilation.diagnostics.iter().map(|found| found.code).collect();
        assert!(codes == [code] || codes == [Code::TextTooLong], "{name}: {codes:?}");
        assert!(usage.bytes < 200_000_000, "{name}: {usage:?}");
    }
    let (filters, text) = (saved.clone(), "@e0 OR ".repeat(9000) + "@e0");
    let compilation = bounded("e0", move || ask(&Schema::default(), &filters, Limits::DEFAULT, &text));
    assert!(compilation.sql.is_none());
    // Just short of the limit, what doubles is accepted.
    let compilation = bounded("b130", move || ask(&Schema::default(), &saved, Limits::DEFAULT, "@b130"));
    assert_eq!(compilation.sql.unwrap().matches("SrcAS = 1").count(), 1024);
}
