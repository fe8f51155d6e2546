//! From a text to its tokens and its untyped tree. Nothing here knows the schema.

mod blanks;
mod build;
mod condition;
mod foreign_list;
mod list;
mod part_of_text;
mod token;
mod tree;

pub use token::{Token, TokenKind, tokenize};
pub use tree::{Condition, List, Node, Operand, OperatorUse, Value, ValueKind};

use crate::tables::Registries;
use crate::{Code, Diagnostic, Limits, Span};

/// What the syntax alone says of a text.
#[derive(Clone, Debug)]
pub struct Parse {
    /// Every leaf of the text, in order; none for a text beyond the length limit (`tokens` takes any).
    pub tokens: Vec<Token>,
    /// The tree; `None` for a text without a condition, or beyond the limits. After an error it holds what
    /// could be read.
    pub tree: Option<Node>,
    /// What is wrong, in the order in which it was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a text. A text beyond the length limit is not looked at.
pub fn parse(text: &str, limits: &Limits) -> Parse {
    parse_tokens(text, || tokenize(text), limits, Registries::built_in())
}

/// The same from the text's own tokens, which are asked for unless the text is too long, with the registries of a schema.
pub(crate) fn parse_tokens(
    text: &str,
    tokens: impl FnOnce() -> Vec<Token>,
    limits: &Limits,
    registries: &Registries,
) -> Parse {
    if text.len() > limits.length {
        let message = format!("the filter is longer than {} bytes", limits.length);
        let start = text.floor_char_boundary(limits.length);
        let diagnostics = vec![Diagnostic::new(Code::TextTooLong, Span::new(start, text.len()), message)];
        return Parse { tokens: Vec::new(), tree: None, diagnostics };
    }
    let mut diagnostics = Vec::new();
    let tokens = with_foreign_blanks(text, tokens(), &mut diagnostics);
    let tree = build::build(text, &tokens, limits, &registries.services, &mut diagnostics);
    Parse { tokens, tree, diagnostics }
}

/// The leaves of a text of any length, foreign blanks taken for blanks.
pub fn tokens(text: &str) -> Vec<Token> {
    with_foreign_blanks(text, tokenize(text), &mut Vec::new())
}

fn with_foreign_blanks(text: &str, tokens: Vec<Token>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Token> {
    match blanks::without_foreign_blanks(text, &tokens, diagnostics) {
        Some(patched) => tokenize(&patched),
        None => tokens,
    }
}

impl Parse {
    /// The tokens that are neither comments nor marks of something missing.
    pub fn significant(&self) -> impl DoubleEndedIterator<Item = &Token> {
        self.tokens.iter().filter(|token| token.kind != TokenKind::Comment && !token.kind.is_missing())
    }
}
