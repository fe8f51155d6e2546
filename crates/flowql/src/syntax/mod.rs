//! From a text to its tokens and its untyped tree. Nothing here knows the schema.

mod blanks;
mod build;
mod condition;
mod list;
mod token;
mod tree;

pub use token::{Token, TokenKind, tokenize};
pub use tree::{Condition, List, Node, Operand, OperatorUse, Value, ValueKind};

use crate::{Code, Diagnostic, Limits, Span};

/// What the syntax alone says of a text.
#[derive(Clone, Debug)]
pub struct Parse {
    /// Every leaf of the text, in order; never absent, whatever the text.
    pub tokens: Vec<Token>,
    /// The tree; `None` for a text without a condition, or beyond the limits. After an error it holds what
    /// could be read.
    pub tree: Option<Node>,
    /// What is wrong, in the order in which it was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a text. Every text gives its tokens; a text beyond the limits has no tree.
pub fn parse(text: &str, limits: &Limits) -> Parse {
    let mut tokens = tokenize(text);
    let mut diagnostics = Vec::new();
    if let Some(patched) = blanks::without_foreign_blanks(text, &tokens, &mut diagnostics) {
        tokens = tokenize(&patched);
    }
    if text.len() > limits.length {
        let message = format!("the filter is longer than {} bytes", limits.length);
        let start = text.floor_char_boundary(limits.length);
        diagnostics = vec![Diagnostic::new(Code::TextTooLong, Span::new(start, text.len()), message)];
        return Parse { tokens, tree: None, diagnostics };
    }
    let tree = build::build(text, &tokens, limits, &mut diagnostics);
    Parse { tokens, tree, diagnostics }
}

impl Parse {
    /// The tokens that are neither comments nor marks of something missing.
    pub fn significant(&self) -> impl DoubleEndedIterator<Item = &Token> {
        self.tokens.iter().filter(|token| token.kind != TokenKind::Comment && !token.kind.is_missing())
    }
}
