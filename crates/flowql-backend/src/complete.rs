//! Completion with the values of a backend: what front ends call.

use flowql::Compiler;
use flowql::ide::{self, Completions, Suggestion, match_rank};
use flowql::tables::Operator;

use crate::{Direction, FlowFilter, ValueQuery, ValueSource, Values};

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
    let completions = ide::complete(compiler, text, offset);
    let query = completions.request.as_ref().zip(limit).map(|(request, limit)| {
        // A rest that does not compile would have been left out by the completion.
        let rest = Some(request.rest.as_str()).filter(|rest| !rest.is_empty());
        let rest = rest.and_then(|rest| FlowFilter::compile(compiler, rest, Direction::Forward, None).ok());
        ValueQuery::new(request, rest, limit)
    });
    FilterCompletion { completions, query, incomplete: None }
}

impl FilterCompletion {
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
/// best matches first, among equals the most used. `None` where a filter cannot use the column, or not with that operator.
pub async fn suggest(
    compiler: &Compiler<'_>,
    source: Option<&ValueSource>,
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
