//! `filter.pest` as a parser: from a text to the rules that matched, in its order.
//!
//! A crate of its own, so that pest's derive finds, under the name `pest`, the runtime of a total grammar.

extern crate alloc;

mod parser {
    // What is derived has no documentation.
    #![allow(missing_docs)]

    #[derive(pest_derive::Parser)]
    #[grammar = "filter.pest"]
    pub(super) struct FilterParser;
}

use pest::Parser as _;

pub use parser::Rule;

/// Where a rule of the grammar matched.
pub type Match = pest::Match<Rule>;

/// The rules that match in a text, those that hold others before them. The grammar is total, so that every text
/// has its matches; were it not, there are none.
pub fn parse(text: &str) -> Option<Vec<Match>> {
    let pairs = parser::FilterParser::parse(Rule::filter, text).ok()?;
    Some(pairs.into_matches())
}
