//! Completion with the values of a backend: what front ends call.

use flowql::ide::{self, Candidate, CandidateKind, Completions, Suggestion, match_rank};
use flowql::tables::Operator;
use flowql::typed::Filter;
use flowql::{Column, Compiler};

use crate::{Direction, FlowFilter, ValueQuery, ValueSource, Values};

/// So many letters of a column that is off must be typed before it is named.
const SHORTEST_NAME: usize = 3;

/// What may stand at a place of a filter: begun with what the language knows, finished with the values of a backend.
#[derive(Clone, Debug)]
pub struct FilterCompletion {
    /// The candidates.
    pub completions: Completions,
    /// What a backend is to be asked for; `None` where it has nothing to add.
    pub query: Option<ValueQuery>,
    /// Why values of the backend are missing or old; `None` where all is well, or none were wanted.
    pub incomplete: Option<String>,
}

/// Begins to complete a filter. `limit` is how many values a backend is to be asked for; with `None` it is not asked.
pub fn begin(compiler: &Compiler<'_>, text: &str, offset: u32, limit: Option<usize>) -> FilterCompletion {
    let mut completions = ide::complete(compiler, text, offset);
    if let Some(unquoted) = without_quote(compiler, text, &completions) {
        completions = unquoted;
    }
    let off = columns_that_are_off(compiler, text, &completions);
    completions.candidates.extend(off);
    let query = completions.request.as_ref().zip(limit).map(|(request, limit)| {
        // A rest that does not compile would have been left out by the completion.
        let rest = Some(request.rest.as_str()).filter(|rest| !rest.is_empty());
        let rest = rest.and_then(|rest| FlowFilter::compile(compiler, rest, Direction::Forward, None).ok());
        ValueQuery::new(request, rest, limit)
    });
    FilterCompletion { completions, query, incomplete: None }
}

/// The completion of a value that was begun with a quote where none belongs, as in `SrcAS = "goo`: without it, in the
/// place of what was typed.
fn without_quote(compiler: &Compiler<'_>, text: &str, quoted: &Completions) -> Option<Completions> {
    let request = quoted.request.as_ref().filter(|request| !request.quoted)?;
    let (before, typed) = text.split_at_checked(quoted.replace.start as usize)?;
    if !typed.starts_with(['"', '\'']) {
        return None;
    }
    let after = text.get(quoted.replace.end as usize..)?;
    let end = u32::try_from(before.len() + request.prefix.len()).ok()?;
    let unquoted = ide::complete(compiler, &format!("{before}{}{after}", request.prefix), end);
    Some(Completions { replace: quoted.replace, ..unquoted })
}

/// The columns that match what was typed and are not enabled, where no other column does.
fn columns_that_are_off(compiler: &Compiler<'_>, text: &str, found: &Completions) -> Vec<Candidate> {
    let typed = found.replace.of(text);
    let is_column = |candidate: &Candidate| candidate.kind == CandidateKind::Column;
    if typed.len() < SHORTEST_NAME || found.request.is_some() || found.candidates.iter().any(is_column) {
        return Vec::new();
    }
    let columns = compiler.schema.columns().iter().filter(|column| column.disabled);
    let off = columns.filter(|column| {
        column.filter_type.is_some() && match_rank(&column.name, "", typed).is_some_and(|rank| rank <= 1)
    });
    let candidate = |column: &Column| Candidate {
        label: column.name.to_string(),
        kind: CandidateKind::Column,
        detail: "off: `enable` in [schema] turns it on".to_owned(),
        documentation: column.doc.to_string(),
        insert: column.name.to_string(),
    };
    let off: Vec<Candidate> = off.map(candidate).collect();
    let start = found.replace.start;
    let may_be_column = || {
        let before = text.get(..start as usize).unwrap_or_default();
        ide::complete(compiler, before, start).candidates.iter().any(is_column)
    };
    if off.is_empty() || !may_be_column() { Vec::new() } else { off }
}

impl FilterCompletion {
    /// Asks for values of the flows that a filter selects and of no others. Where that cannot be asked for, nothing is.
    pub fn within(&mut self, compiler: &Compiler<'_>, forced: &Filter) {
        self.query = self.query.take().and_then(|query| query.within(compiler, forced).ok());
    }

    /// Adds the values of a backend.
    pub fn finish(&mut self, compiler: &Compiler<'_>, values: Values) {
        self.completions.add_values(compiler, &values.suggestions);
        self.incomplete = values.incomplete;
    }
}

/// Completes a filter. `limit` is how many values the backend is asked for; without a source, only what the language
/// knows is offered.
pub async fn complete(
    compiler: &Compiler<'_>,
    source: Option<&ValueSource>,
    text: &str,
    offset: u32,
    limit: usize,
) -> FilterCompletion {
    let mut completion = begin(compiler, text, offset, source.map(|_| limit));
    if let (Some(source), Some(query)) = (source, &completion.query) {
        let values = source.values(query).await;
        completion.finish(compiler, values);
    }
    completion
}

/// The values of a column, for a form or a service that asks without a filter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ColumnSuggestions {
    /// What a value of the column is, in a few words: `network boundary`, `interface name`.
    pub kind: String,
    /// The values that match, the best first.
    pub values: Vec<SuggestedValue>,
    /// Why values of the backend are missing or old; `None` where all is well, or none were wanted.
    pub incomplete: Option<String>,
}

/// A value that is suggested.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SuggestedValue {
    /// The value, without quotes.
    pub value: String,
    /// What it means: an organisation, a service, a description; may be empty.
    pub detail: String,
    /// Whether it stands in quotes.
    pub quoted: bool,
}

/// The values of a column that match what was typed of one: those of the backend and those that the language knows, the
/// best matches first, among equals the most used. With `forced`, the values of the backend are those of the flows that it
/// selects. `None` where a filter cannot use the column, or not with that operator.
pub async fn suggest(
    compiler: &Compiler<'_>,
    source: Option<&ValueSource>,
    forced: Option<&Filter>,
    column: &str,
    operator: Option<Operator>,
    prefix: &str,
    limit: usize,
) -> Option<ColumnSuggestions> {
    let known = ide::values(compiler, column, operator, prefix)?;
    let query = if known.open {
        Some(ValueQuery { quoted: known.quoted, ..ValueQuery::of(&known.column, operator, prefix, limit) })
    } else {
        known.ranked.then(|| ValueQuery::ranking(&known.column, operator))
    };
    let query = query.map(|query| ValueQuery { other: known.other.clone(), ..query });
    let query = match forced {
        Some(forced) => query.and_then(|query| query.within(compiler, forced).ok()),
        None => query,
    };
    let dynamic = match source.zip(query) {
        Some((source, query)) => source.values(&query).await,
        None => Values::default(),
    };
    let is_known = |suggestion: &Suggestion| known.known.iter().any(|known| known.value == suggestion.value);
    let fits = |suggestion: &Suggestion| {
        known.check(compiler, &suggestion.value).is_ok() && (known.open || is_known(suggestion))
    };
    let dynamic_values = dynamic.suggestions.into_iter().filter(fits);
    let mut values: Vec<SuggestedValue> = dynamic_values
        .map(|Suggestion { value, detail }| SuggestedValue { value, detail, quoted: known.quoted })
        .collect();
    for known in known.known {
        match values.iter_mut().find(|value| value.value == known.value) {
            Some(value) if value.detail.is_empty() => value.detail = known.detail,
            Some(_) => {}
            None => {
                values.push(SuggestedValue {
                    value: known.value,
                    detail: known.detail,
                    quoted: known.quoted,
                });
            }
        }
    }
    values.sort_by_key(|value| match_rank(&value.value, &value.detail, prefix).unwrap_or(u8::MAX));
    values.truncate(limit);
    Some(ColumnSuggestions { kind: known.kind, values, incomplete: dynamic.incomplete })
}

#[cfg(test)]
mod tests {
    use flowql::{SavedFilters, Schema};

    use super::*;

    fn begun(text: &str) -> FilterCompletion {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        begin(&Compiler::new(&schema, &saved), text, u32::try_from(text.len()).unwrap(), Some(10))
    }

    #[test]
    fn a_quote_where_none_belongs_goes() {
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let mut found = begun("DstPort = 1 AND SrcAS = \"goo");
        let query = found.query.clone().unwrap();
        assert_eq!((query.column.as_str(), query.prefix.as_str()), ("SrcAS", "goo"));
        assert_eq!(query.rest.unwrap().text, "DstPort = 1");
        let google = Suggestion { value: "AS15169".to_owned(), detail: "Google".to_owned() };
        let values = Values { suggestions: vec![google], incomplete: None };
        found.finish(&Compiler::new(&schema, &saved), values);
        let candidate = &found.completions.candidates[0];
        assert_eq!((candidate.insert.as_str(), found.completions.replace.start), ("AS15169", 24));
        // Where quotes belong, they stay.
        assert!(begun("ExporterName = \"goo").query.unwrap().quoted);
    }

    #[test]
    fn columns_that_are_off_are_named_where_a_column_may_be() {
        let off = |text: &str| {
            let found = begun(text).completions.candidates;
            let off = found.into_iter().filter(|candidate| candidate.detail.starts_with("off:"));
            off.map(|candidate| candidate.insert).collect::<Vec<_>>()
        };
        assert_eq!(off("SrcVl"), ["SrcVlan"]);
        assert_eq!(off("SrcAS = 1 AND tcpf"), ["TCPFlags"]);
        // Not where a value is, nor where a column matches that is on.
        assert!(off("SrcAS = tcpf").is_empty() && off("SrcA").is_empty() && off("SrcAS = 1 tcpf").is_empty());
    }
}
