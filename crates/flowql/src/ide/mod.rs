//! The editor layer: all that an editor, a page or a service asks of a filter's text, as plain data.
//!
//! Every function takes a text, valid or not, and byte offsets, and answers for any of them. Front ends call
//! only these and parse nothing themselves; `Positions` converts offsets at their borders.

mod action;
mod actions;
mod complete;
mod ends;
mod explain;
mod hints;
mod hover;
mod narrow;
mod outline;
mod references;
mod rewrites;
mod tokens;

pub use action::{Action, ActionKind, NewFilter};
pub use actions::{code_actions, fix_all, sure_fixes};
pub use complete::{
    Candidate, CandidateKind, ColumnValues, Completions, KnownValue, Suggestion, ValueRequest, complete,
    match_rank, values,
};
pub use explain::{Explanation, Line, explain};
pub use hints::{Hint, Meaning, hints};
pub use hover::{Hover, escape_markdown, hover};
pub use narrow::{narrow, with_saved};
pub use outline::{Symbol, SymbolKind, folding, selection, symbols};
pub use references::{Reference, column_uses, highlights, reference_at, references, rename};
pub use tokens::{ClassifiedToken, TokenClass, tokens};
