//! Every diagnostic code: its exact messages, what they underline, and the help.
//!
//! A row holds whatever else the filter gives, hints at the raw table aside: a row without `also` shows that the
//! error drags no other behind it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use flowql::{Code, Compiler, Diagnostic, Limits, Options, SavedFilters, Schema, SchemaConfig, Scope, files};

#[path = "codes/rows.rs"]
mod rows;

/// How a row's filter is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum With {
    /// Compiled with every column enabled.
    AllColumns,
    /// Compiled with the default columns.
    DefaultColumns,
    /// Compiled with columns that a configuration shaped.
    ShapedColumns,
    /// Compiled for the opposite direction.
    Reverse,
    /// Split as a file of filters.
    File,
    /// Compiled beside the saved filters of `rows::SAVED`.
    Saved,
    /// Compiled, or split, with small limits: 20 bytes, 2 levels, 3 diagnostics, files of 30 bytes.
    SmallLimits,
    /// The same, as a file.
    SmallFile,
}

/// A filter and a diagnostic that it gives.
#[derive(Clone, Copy, Debug)]
struct Row {
    code: &'static str,
    with: With,
    text: &'static str,
    message: &'static str,
    marked: &'static str,
    help: Option<&'static str>,
    also: &'static [&'static str],
}

const fn row(code: &'static str, text: &'static str, message: &'static str, marked: &'static str) -> Row {
    Row { code, with: With::AllColumns, text, message, marked, help: None, also: &[] }
}

/// A schema with a column disabled, and a prefix stored in every table.
fn shaped() -> Schema {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let config = SchemaConfig {
        disable: names(&["SrcGeoCity"]),
        materialize: names(&["SrcNetPrefix"]),
        every_table: names(&["SrcNetPrefix"]),
        ..SchemaConfig::default()
    };
    Schema::configured(&config).unwrap()
}

impl Row {
    const fn with(self, with: With) -> Self {
        Self { with, ..self }
    }

    const fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    /// The codes of what else the text gives.
    const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let schema = match self.with {
            With::DefaultColumns | With::Reverse => Schema::default(),
            With::ShapedColumns => shaped(),
            _ => Schema::all_columns(),
        };
        let limits = match self.with {
            With::SmallLimits | With::SmallFile => {
                Limits { length: 20, nesting: 2, diagnostics: 3, file_length: 30 }
            }
            _ => Limits::DEFAULT,
        };
        let mut saved = SavedFilters::default();
        for (name, text) in rows::SAVED {
            saved.insert(Scope::File, *name, *text);
        }
        match self.with {
            With::File | With::SmallFile => files::split(self.text, &limits).diagnostics,
            _ => {
                let compiler = Compiler { schema: &schema, saved: &saved, limits };
                let options = Options { reverse: self.with == With::Reverse, ..Options::default() };
                compiler.compile(self.text, options).diagnostics
            }
        }
    }

    fn failure(&self) -> Option<String> {
        let found = self.diagnostics();
        let is_it = |found: &&Diagnostic| {
            found.code.number() == self.code
                && found.message == self.message
                && found.span.of(self.text) == self.marked
        };
        let Some(it) = found.iter().find(is_it) else {
            let shown = |found: &Diagnostic| {
                format!("{} `{}` {}", found.code.number(), found.span.of(self.text), found.message)
            };
            return Some(format!("not found among {:#?}", found.iter().map(shown).collect::<Vec<_>>()));
        };
        if it.help.as_deref() != self.help {
            return Some(format!("the help is {:?}", it.help));
        }
        let mut others: Vec<&str> = found.iter().map(|other| other.code.number()).collect();
        others.retain(|&code| code != self.code && code != "H602");
        (others != self.also).then(|| format!("there is also {others:?}"))
    }
}

#[test]
fn every_message_is_as_the_table_says() {
    let mut report = String::new();
    for row in rows::ROWS.iter().flat_map(|rows| rows.iter()) {
        if let Some(failure) = row.failure() {
            writeln!(report, "{row:?}\n  {failure}").unwrap();
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn every_code_is_in_the_table() {
    let told: BTreeSet<&str> = rows::ROWS.iter().flat_map(|rows| rows.iter()).map(|row| row.code).collect();
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.number()).collect();
    let missing: Vec<_> =
        known.difference(&told).filter(|&&code| !rows::OUT_OF_REACH.contains(&code)).collect();
    assert!(missing.is_empty(), "no row shows {missing:?}");
    assert!(told.is_subset(&known), "{:?} are no codes", told.difference(&known));
    assert!(rows::OUT_OF_REACH.iter().all(|code| known.contains(code) && !told.contains(code)));
}

#[test]
fn every_example_shows_its_code() {
    let (default, all) = (Schema::default(), Schema::all_columns());
    let saved = SavedFilters::default();
    let shows = |schema: &Schema, code: Code| {
        let found = Compiler::new(schema, &saved).diagnostics(code.example());
        found.iter().any(|found| found.code == code)
    };
    let empty: Vec<&str> =
        Code::ALL.iter().filter(|code| code.example().is_empty()).map(|code| code.number()).collect();
    assert_eq!(empty, rows::WITHOUT_EXAMPLE);
    for &code in Code::ALL.iter().filter(|code| !code.example().is_empty()) {
        assert!(shows(&default, code) || shows(&all, code), "{code:?}: {}", code.example());
    }
}

#[test]
fn messages_follow_the_style() {
    for row in rows::ROWS.iter().flat_map(|rows| rows.iter()) {
        for text in std::iter::once(row.message).chain(row.help) {
            let proper = text.starts_with("AND ") || text.starts_with("AS ") || text.starts_with("IANA ");
            assert!(proper || !text.starts_with(|first: char| first.is_uppercase()), "{text}");
            assert!(!text.ends_with('.') && text.trim() == text && !text.contains("  "), "{text}");
            for inner in ["Rule::", "Span", "Some(", "kw_", "Scalar", "UInt8", "missing_"] {
                assert!(!text.contains(inner), "{text} shows its insides");
            }
        }
    }
}

#[test]
fn of_two_prefixes_compared_only_those_of_the_raw_table_are_hinted_at() {
    let (schema, saved) = (shaped(), SavedFilters::default());
    let text = "SrcNetPrefix = DstNetPrefix";
    let compilation = Compiler::new(&schema, &saved).compile(text, Options::default());
    let marked: Vec<&str> = compilation.diagnostics.iter().map(|found| found.span.of(text)).collect();
    assert!(compilation.main_table_required);
    assert_eq!(marked, ["DstNetPrefix"]);
}
