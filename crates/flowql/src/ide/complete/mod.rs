//! Completion: what may stand at the cursor.

mod candidates;
mod canonical;
mod column;
mod context;
mod matching;
mod sibling_terms;
mod static_values;
mod values;

pub use column::{ColumnValues, KnownValue, values};
pub use matching::match_rank;

use crate::tables::Operator;
use crate::{Compiler, Span};

use self::values::Place;
use context::{Context, State};

/// What may stand at a place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Completions {
    /// The text that a candidate takes the place of.
    pub replace: Span,
    /// The candidates, the best first.
    pub candidates: Vec<Candidate>,
    /// The values that a backend could add or rank; `None` where there is nothing to ask.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Completions::are_all"))]
    pub request: Option<ValueRequest>,
}

/// Something to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Candidate {
    /// What a menu shows.
    pub label: String,
    /// What it is.
    pub kind: CandidateKind,
    /// A few words beside the label.
    pub detail: String,
    /// A sentence or more about it; may be empty.
    pub documentation: String,
    /// The exact text to put in the place of `Completions::replace`.
    pub insert: String,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum CandidateKind {
    /// A column.
    Column,
    /// An operator.
    Operator,
    /// AND, OR, NOT.
    Keyword,
    /// A value.
    Value,
    /// A saved filter.
    SavedFilter,
    /// A parenthesis or comma.
    Punctuation,
}

/// What a source of values needs to know; it answers with suggestions for `Completions::add_values`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ValueRequest {
    /// The column whose values are wanted.
    pub column: String,
    /// The column at the other end, whose values are wanted too: the filter names both by the name of their pair.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub other: Option<String>,
    /// The operator between the column and the value.
    pub operator: Operator,
    /// What was typed of the value, without quotes.
    pub prefix: String,
    /// The items that are already in the list, without quotes.
    pub exclude: Vec<String>,
    /// A filter that the flows must match for the one being typed to select them: the other terms of the
    /// AND chains around the cursor. Empty where there are none.
    pub rest: String,
    /// Whether the value is to stand in quotes.
    pub quoted: bool,
    /// Whether the candidates have every value already: a source only tells which of them the network uses most, and is
    /// not worth waiting for. Who reads the candidates as JSON is not bothered with such a request.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub ranking: bool,
    /// How the values are inserted.
    #[cfg_attr(feature = "serde", serde(skip))]
    slot: Slot,
}

/// The place of a value being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Slot {
    /// The quote that was typed, if one was.
    quote: Option<char>,
    /// What goes before the value: a blank, or the operator that the cursor touches and a blank.
    lead: String,
    /// The condition up to there, as it is needed to see whether a value fits.
    head: String,
}

/// A value that a source knows, as text without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The value.
    pub value: String,
    /// What it means: an organisation, a service, a description; may be empty.
    pub detail: String,
}

/// What may stand at the offset. Never fails: where nothing may, as in a comment, there are no candidates.
pub fn complete(compiler: &Compiler<'_>, text: &str, offset: u32) -> Completions {
    let context = Context::at(text, offset);
    let mut completions = Completions { replace: context.replace, candidates: Vec::new(), request: None };
    match &context.state {
        State::Nowhere => {}
        State::Condition => candidates::conditions(compiler, &context, &mut completions),
        State::Connective { depth } => candidates::connectives(&context, *depth, &mut completions),
        State::Operator { column, negated } => {
            candidates::operators(compiler, &context, column.of(text), *negated, &mut completions);
            // The cursor touches a whole operator: its value may follow as well.
            if let Some(operator) = candidates::exact_operator(context.partial, *negated) {
                let place = Place { column: *column, operator, items: &[], in_list: false };
                values::offer(compiler, text, &context, place, &mut completions);
            }
        }
        State::BetweenAnd => candidates::between_and(&context, &mut completions),
        State::Value { column, operator } => {
            let place = Place { column: *column, operator: *operator, items: &[], in_list: false };
            values::offer(compiler, text, &context, place, &mut completions);
        }
        State::ListOpen { column, operator } => {
            candidates::list_open(&context, &mut completions);
            if *operator == Operator::Has {
                let place = Place { column: *column, operator: *operator, items: &[], in_list: false };
                values::offer(compiler, text, &context, place, &mut completions);
            }
        }
        State::ListItem { column, operator, items } => {
            let place = Place { column: *column, operator: *operator, items, in_list: true };
            values::offer(compiler, text, &context, place, &mut completions);
        }
        State::ListNext => candidates::list_next(&context, &mut completions),
    }
    completions
}

impl Completions {
    /// Whether a backend could add nothing.
    #[cfg(feature = "serde")]
    fn are_all(request: &Option<ValueRequest>) -> bool {
        request.as_ref().is_none_or(|request| request.ranking)
    }

    /// Adds the answers of a value source, in its order, before the static candidates that match no better;
    /// those that are there already, or that would make the condition invalid, are left out. Of a ranking, only the order
    /// is taken.
    pub fn add_values(&mut self, compiler: &Compiler<'_>, suggestions: &[Suggestion]) {
        let Some(request) = &self.request else { return };
        let Some(id) = compiler.schema.find(&request.column) else { return };
        let column = compiler.schema.column(id);
        let listed = canonical::Meanings::of(compiler, column, &request.exclude);
        let mut added: Vec<Candidate> = Vec::with_capacity(suggestions.len());
        for suggestion in suggestions {
            let Some(insert) = values::insertion(request, &suggestion.value) else { continue };
            if added.iter().any(|candidate| candidate.insert == insert)
                || listed.hold(compiler, column, &suggestion.value)
                || !values::fits(compiler, request, &insert)
            {
                continue;
            }
            added.push(Candidate {
                label: suggestion.value.clone(),
                kind: CandidateKind::Value,
                detail: suggestion.detail.clone(),
                documentation: String::new(),
                insert,
            });
        }
        let is_value = |candidate: &Candidate| candidate.kind == CandidateKind::Value;
        let (known, others): (Vec<_>, Vec<_>) = self.candidates.drain(..).partition(is_value);
        if request.ranking {
            added.retain(|candidate| known.iter().any(|known| known.insert == candidate.insert));
        }
        // A value of the network takes the place of the same one of a table, and what is said of it.
        for known in known {
            match added.iter_mut().find(|candidate| candidate.insert == known.insert) {
                Some(candidate) => {
                    candidate.documentation = known.documentation;
                    if candidate.detail.is_empty() {
                        candidate.detail = known.detail;
                    }
                }
                None => added.push(known),
            }
        }
        let unmatched = u8::MAX;
        added.sort_by_key(|candidate| {
            match_rank(&candidate.label, &candidate.detail, &request.prefix).unwrap_or(unmatched)
        });
        self.candidates = added;
        self.candidates.extend(others);
    }
}
