//! The tables of the language: types, operators, keywords, words, protocols, services, communities.
//! Checks, messages, completion, documentation and the editors' word lists all derive from them.

mod communities;
mod countries;
mod keywords;
mod operators;
mod protocols;
mod registries;
mod reserved;
mod rules;
mod services;
mod texts;
mod types;
mod words;

use crate::gather::Gather as _;
pub use communities::{Communities, WellKnown};
pub use countries::Countries;
pub use keywords::{KEYWORDS, is_keyword};
pub use operators::{OPERATORS, Operator, OperatorInfo};
pub use protocols::{Protocol, Protocols};
pub use registries::Registries;
pub use reserved::Reserved;
pub use rules::{Arity, BITS_RULE, Form, Rule, rules};
pub use services::Services;
pub use texts::Texts;
pub use types::Type;
pub use words::{BOUNDARIES, DIRECTIONS, ETHER_TYPES, Word, words};

/// How many suggestions a message gives.
const SUGGESTIONS: usize = 3;

/// The candidates most like a word, best first, in any case; none when nothing comes near.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut candidates = candidates.into_iter();
    closest_of(word, &mut || candidates.next())
}

/// [`closest`], once for all kinds of candidates; `next` gives them one by one.
fn closest_of<'a>(word: &str, next: &mut dyn FnMut() -> Option<&'a str>) -> Vec<&'a str> {
    // Beyond this length a word is junk, and comparing it with every name would cost too much.
    if word.len() > 64 {
        return Vec::new();
    }
    let wanted = word.to_ascii_lowercase();
    let mut scored: Vec<(f64, &str)> = std::iter::from_fn(next)
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_ascii_lowercase()), candidate))
        .filter(|&(score, _)| score > 0.8)
        .list();
    scored.sort_unstable_by(|first, second| second.0.total_cmp(&first.0).then(first.1.cmp(second.1)));
    scored.into_iter().take(SUGGESTIONS).map(|(_, candidate)| candidate).list()
}
