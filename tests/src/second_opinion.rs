//! The core beside the hand-written second implementation: on validity, on the SQL and on the syntax tree.

use flowql::tables::Registries;
use flowql::{Code, Compiler, SavedFilters, Schema};

use crate::sexpr;

/// The options of the second implementation, with the names that the core knows.
///
/// Regular expressions are not checked by it: what the core refuses for one alone is not compared.
pub fn options(all_columns: bool) -> flowql_oracle::Options<'static> {
    flowql_oracle::Options {
        all_columns,
        database: None,
        service: |name| Registries::built_in().services.port_of(name),
        protocol: |name| Registries::built_in().protocols.by_name(name).map(|known| known.number),
        community: |name| Registries::built_in().communities.by_name(name).map(|known| known.value),
        regexp: |_| true,
    }
}

/// What both say of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is valid.
    Valid,
    /// It is not.
    Invalid,
    /// They cannot be compared.
    Skipped,
}

/// Both implementations on one text; the schema is the default one, with all columns enabled or not.
///
/// # Errors
///
/// What they differ in.
pub fn compare(schema: &Schema, all_columns: bool, text: &str) -> Result<Verdict, String> {
    let saved = SavedFilters::default();
    let core = Compiler::new(schema, &saved).compile(text, flowql::Options::default());
    let second = flowql_oracle::compile(text, &options(all_columns));
    match (sexpr::of(text), flowql_oracle::syntax(text)) {
        (Some(core), Ok(second)) if core != second => {
            return Err(format!("the trees differ:\n  core   {core}\n  second {second}"));
        }
        (None, Ok(second)) => {
            let found = flowql::syntax::parse(text, &flowql::Limits::DEFAULT).diagnostics;
            // A value that begins with a slip is a word to the second, which no type takes: validity tells.
            let slip = |found: &flowql::Diagnostic| {
                matches!(found.code, Code::TypographicQuotes | Code::ForeignSpelling | Code::UnexpectedBlank)
            };
            if !found.iter().any(slip) {
                return Err(format!("only the second can parse it: {second}\n  {found:?}"));
            }
        }
        _ => {}
    }
    match (&core.sql, second) {
        (Some(core), Ok(second)) if *core != second => {
            Err(format!("the SQL differs:\n  core   {core}\n  second {second}"))
        }
        (Some(_), Ok(_)) => Ok(Verdict::Valid),
        (None, Err(_)) => Ok(Verdict::Invalid),
        (Some(core), Err(error)) => Err(format!("only the core takes it: {core}\n  {error}")),
        (None, Ok(second)) => {
            let mut errors = core.diagnostics.iter().filter(|found| found.is_error());
            if errors.all(|found| found.code == Code::BadRegexp) {
                return Ok(Verdict::Skipped);
            }
            Err(format!("only the second takes it: {second}\n  {:?}", core.diagnostics))
        }
    }
}
