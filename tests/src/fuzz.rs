//! The bodies of the fuzz targets, so that `cargo test` runs them too: over the seeds and over what the fuzzer found.
//!
//! Each takes any bytes and panics when a law is broken.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use flowql::tables::{KEYWORDS, OPERATORS, words};
use flowql::{Compiler, Options, SavedFilters, Schema, Scope, ide, syntax};

use crate::laws::{self, Outcome};
use crate::{corpus, second_opinion, sql_safety};

/// A target: its name and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("parse", parse),
    ("compile", compile),
    ("format", format),
    ("complete", complete),
    ("fixes", fixes),
    ("sql_safety", sql_safety),
    ("second_opinion", second_opinion),
];

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::all_columns);
static SAVED: LazyLock<SavedFilters> = LazyLock::new(|| {
    let mut saved = SavedFilters::default();
    for (name, text) in
        [("edge", "InIfBoundary = external -- ours"), ("bad", "SrcAS = x"), ("loop", "NOT @loop")]
    {
        saved.insert(Scope::User, name, text);
    }
    saved
});

fn compiler() -> Compiler<'static> {
    Compiler::new(&SCHEMA, &SAVED)
}

fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

fn hold(text: &str, outcome: Outcome) {
    if let Err(message) = outcome {
        panic!("{text:?}: {message}");
    }
}

/// Tokens cover the text, positions survive, and the tree's ranges lie in the text.
pub fn parse(data: &[u8]) {
    let text = text(data);
    hold(&text, laws::tokens_cover_the_text(&compiler(), &text));
    hold(&text, laws::positions_round_trip(&text));
    let parsed = syntax::parse(&text, &compiler().limits);
    if let Some(tree) = parsed.tree {
        tree.for_each_condition(&mut |condition| {
            let spans = condition.operand.values().map(|value| value.span);
            for span in spans.chain([condition.span]).chain(condition.column) {
                assert!(text.get(span.range()).is_some(), "{text:?}: {span:?}");
            }
        });
    }
}

/// Every form and direction is answered, with diagnostics in order.
pub fn compile(data: &[u8]) {
    let text = text(data);
    for (reverse, bound) in [(false, false), (false, true), (true, false)] {
        let options = Options { reverse, bound, database: None };
        hold(&text, laws::diagnostics_are_in_order(&compiler(), &text, options));
    }
}

/// Formatting keeps meaning and comments, and is idempotent.
pub fn format(data: &[u8]) {
    let text = text(data);
    hold(&text, laws::formatting_keeps(&compiler(), &text, Options::default()));
}

/// The editor layer answers at any offset, with ranges in the text.
pub fn complete(data: &[u8]) {
    let text = text(data);
    let compiler = compiler();
    let within = |span: flowql::Span| assert!(text.get(span.range()).is_some(), "{text:?}: {span:?}");
    ide::tokens(&compiler, &text).iter().for_each(|token| within(token.span));
    ide::folding(&text).into_iter().for_each(within);
    ide::references(&text).iter().for_each(|found| within(found.span));
    ide::symbols(&text, &compiler.limits).iter().for_each(|symbol| within(symbol.span));
    let step = text.len() / 16 + 1;
    for offset in (0..=text.len() + 1).step_by(step) {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        within(ide::complete(&compiler, &text, offset).replace);
        ide::hover(&compiler, &text, offset).iter().for_each(|hover| within(hover.span));
        ide::highlights(&compiler, &text, offset).into_iter().for_each(within);
        ide::selection(&text, offset, &compiler.limits).into_iter().for_each(within);
        for action in ide::code_actions(&compiler, &text, flowql::Span::at(offset)) {
            action.edits.iter().for_each(|edit| within(edit.span));
        }
    }
}

/// Fixes mend what they belong to.
pub fn fixes(data: &[u8]) {
    let text = text(data);
    // Each fix costs a compilation: long texts would tell no more.
    if text.len() < 2000 {
        hold(&text, laws::fixes_mend(&compiler(), &text, Options::default()));
    }
}

/// The SQL is one expression over the columns, in both forms.
pub fn sql_safety(data: &[u8]) {
    let text = text(data);
    hold(&text, sql_safety::check(&compiler(), &text, Options::default()).map(drop));
}

/// The two implementations agree.
pub fn second_opinion(data: &[u8]) {
    let text = text(data);
    hold(&text, second_opinion::compare(&SCHEMA, true, &text).map(drop));
}

/// The texts that a target starts from: short filters of the corpus, and what was found with the target.
///
/// # Errors
///
/// A file that cannot be read.
pub fn seeds(target: &str) -> Result<Vec<String>, String> {
    let mut seeds = BTreeSet::new();
    for file in corpus::read_all()? {
        let texts = file.entries.into_iter().map(|entry| entry.text.trim_end().to_owned());
        seeds.extend(texts.filter(|text| text.len() < 400));
    }
    seeds.extend(found(target)?);
    Ok(seeds.into_iter().collect())
}

/// What the fuzzer found with a target: `tests/corpus/fuzz/TARGET.jsonl`, a JSON string a line.
///
/// # Errors
///
/// A file that cannot be read, or a line that is no string.
pub fn found(target: &str) -> Result<Vec<String>, String> {
    let path = corpus::root().join("fuzz").join(format!("{target}.jsonl"));
    let lines = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    lines
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{}: {error}", path.display())))
        .collect()
}

/// The tokens of the language, as a dictionary of the fuzzer.
pub fn dictionary() -> String {
    let mut entries: BTreeSet<String> = BTreeSet::new();
    entries.extend(KEYWORDS.iter().map(|&keyword| keyword.to_owned()));
    entries.extend(OPERATORS.iter().map(|row| row.symbol.to_owned()));
    entries.extend(SCHEMA.columns().iter().map(|column| column.name.to_string()));
    entries.extend(SCHEMA.columns().iter().map(|column| column.example.to_string()));
    entries.extend(
        flowql::tables::Type::ALL.iter().flat_map(|&kind| words(kind)).map(|word| word.name.to_owned()),
    );
    entries.extend(
        [
            "--", "/*", "*/", "(", ")", ",", "\"", "'", "\\", "@edge", "@bad", "@loop", "==", "<>", "&&",
            "||", "\u{a0}", "“", "”",
        ]
        .map(str::to_owned),
    );
    entries.remove("");
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    };
    entries.iter().map(|entry| format!("\"{}\"\n", entry.bytes().map(escaped).collect::<String>())).collect()
}
