//! `filter.pest` as a parser: from a text to the rules that matched, in its order.
//!
//! A crate of its own, so that it can be compiled for speed where all else is compiled for size.

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

/// Where a rule matched: the bytes from `start` to before `end`.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The rule.
    pub rule: Rule,
    /// The offset of its first byte.
    pub start: usize,
    /// The offset after its last byte.
    pub end: usize,
}

/// The rules that match in a text, those that hold others before them. The grammar is total, so that every text
/// has its matches; were it not, there are none.
pub fn parse(text: &str) -> Option<Vec<Match>> {
    let pairs = parser::FilterParser::parse(Rule::filter, text).ok()?;
    let mut matches = Vec::with_capacity(8 + text.len() / 4);
    for pair in pairs.flatten() {
        let span = pair.as_span();
        matches.push(Match { rule: pair.as_rule(), start: span.start(), end: span.end() });
    }
    Some(matches)
}
