//! The classes of tokens, for colouring; from broken text too.

use crate::syntax::{self, Token, TokenKind};
use crate::tables::{Type, is_keyword};
use crate::values;
use crate::{Compiler, Span};

/// What a token is to the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[repr(u8)]
pub enum TokenClass {
    /// A comment.
    Comment,
    /// AND, OR, NOT, and the AND of BETWEEN.
    Keyword,
    /// An operator, in symbols or in words.
    Operator,
    /// The name of a column.
    Column,
    /// A string in quotes.
    String,
    /// An integer or a range of integers.
    Number,
    /// An AS number or a range of AS numbers.
    AsNumber,
    /// An address, a subnet, a range of addresses or a MAC address.
    Address,
    /// A community.
    Community,
    /// A word of an enumerated column, or the name of a bit.
    Constant,
    /// A reference to a saved filter.
    SavedFilter,
    /// A parenthesis or comma.
    Punctuation,
    /// What has no place where it stands.
    Invalid,
}

impl TokenClass {
    /// Every class, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Comment,
        Self::Keyword,
        Self::Operator,
        Self::Column,
        Self::String,
        Self::Number,
        Self::AsNumber,
        Self::Address,
        Self::Community,
        Self::Constant,
        Self::SavedFilter,
        Self::Punctuation,
        Self::Invalid,
    ];

    /// The name of the class.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Keyword => "keyword",
            Self::Operator => "operator",
            Self::Column => "column",
            Self::String => "string",
            Self::Number => "number",
            Self::AsNumber => "as-number",
            Self::Address => "address",
            Self::Community => "community",
            Self::Constant => "constant",
            Self::SavedFilter => "saved-filter",
            Self::Punctuation => "punctuation",
            Self::Invalid => "invalid",
        }
    }
}

/// A token with its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClassifiedToken {
    /// Where it stands.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub span: Span,
    /// What it is.
    pub class: TokenClass,
}

/// The tokens of a text in their order; blanks lie between them.
pub fn tokens(compiler: &Compiler<'_>, text: &str) -> Vec<ClassifiedToken> {
    let mut column = None;
    let mut classified = Vec::new();
    for token in syntax::tokens(text) {
        let word = token.span.of(text);
        if matches!(token.kind, TokenKind::Column | TokenKind::QuotedColumn | TokenKind::MissingColumn) {
            column = compiler.schema.subject(word).filter(|_| token.kind == TokenKind::Column);
        }
        if token.kind.is_missing() {
            continue;
        }
        let kind = column.and_then(|subject| compiler.schema.column(subject.id).filter_type);
        let class = class_of(compiler, token, word, kind);
        classified.push(ClassifiedToken { span: token.span, class });
    }
    classified
}

fn class_of(compiler: &Compiler<'_>, token: Token, word: &str, kind: Option<Type>) -> TokenClass {
    match token.kind {
        TokenKind::Comment => TokenClass::Comment,
        TokenKind::And | TokenKind::Or | TokenKind::Not | TokenKind::BetweenAnd => TokenClass::Keyword,
        TokenKind::BadSeparator => TokenClass::Keyword,
        TokenKind::Operator(_) | TokenKind::ForeignOperator(_) => TokenClass::Operator,
        TokenKind::Column => TokenClass::Column,
        TokenKind::Saved => TokenClass::SavedFilter,
        TokenKind::String | TokenKind::QuotedColumn | TokenKind::TypographicString => TokenClass::String,
        TokenKind::Open
        | TokenKind::Close
        | TokenKind::ListOpen
        | TokenKind::ListClose
        | TokenKind::Comma => TokenClass::Punctuation,
        TokenKind::Word => value_class(compiler, word, kind),
        TokenKind::ListJunk if is_keyword(word) => TokenClass::Operator,
        _ => TokenClass::Invalid,
    }
}

/// The class of an unquoted value, by the column's type where it is known, else by its looks.
fn value_class(compiler: &Compiler<'_>, word: &str, kind: Option<Type>) -> TokenClass {
    let by_looks = looks_like(word);
    let by_type = match kind {
        Some(Type::Ip | Type::Prefix | Type::Mac) => TokenClass::Address,
        Some(Type::Asn | Type::AsPath) => TokenClass::AsNumber,
        Some(Type::Community) => TokenClass::Community,
        Some(Type::Boundary | Type::Direction | Type::EType) => TokenClass::Constant,
        _ => by_looks,
    };
    // A word that is no value of the type may be the column that it is compared with.
    if by_looks == TokenClass::Constant && compiler.schema.subject(word).is_some() {
        return TokenClass::Column;
    }
    by_type
}

fn looks_like(word: &str) -> TokenClass {
    let ends = values::range(word).unwrap_or((word, word));
    let is_number =
        |word: &str| [None, Some("bytes"), Some("ms")].iter().any(|unit| values::amount(word, *unit).is_ok());
    if is_number(ends.0) && is_number(ends.1) {
        return TokenClass::Number;
    }
    if values::asn(ends.0).is_ok() && values::asn(ends.1).is_ok() {
        return TokenClass::AsNumber;
    }
    let is_address = values::address(ends.0).is_some() && values::address(ends.1).is_some();
    if is_address || values::subnet(word).is_some() || values::mac(word).is_some() {
        return TokenClass::Address;
    }
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'*' | b'-');
    if word.as_bytes().contains(&b':') && word.bytes().all(is_part) {
        return TokenClass::Community;
    }
    TokenClass::Constant
}
