//! Stage one: the flat, total parse of a text into leaves.

use flowql_grammar::{Rule, parse};

use crate::Span;
use crate::tables::Operator;

/// A leaf of the parse: a token, a comment, or the mark of something missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Token {
    /// What the leaf is.
    pub kind: TokenKind,
    /// Where it stands; empty for what is missing.
    pub span: Span,
}

/// What a leaf of the parse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum TokenKind {
    /// The connective AND.
    And,
    /// The connective OR.
    Or,
    /// NOT, before a condition or as the first word of an operator.
    Not,
    /// `@name`.
    Saved,
    /// A parenthesis that opens a group.
    Open,
    /// A parenthesis that closes a group.
    Close,
    /// A comment of either kind.
    Comment,
    /// The word at the place of a column.
    Column,
    /// A string at the place of a column.
    QuotedColumn,
    /// An operator in its proper spelling; a NOT before it is a token of its own.
    Operator(Operator),
    /// An operator in another language's spelling, with the one that it stands for.
    ForeignOperator(Operator),
    /// A word at the place of an operator.
    UnknownOperator,
    /// An unquoted value.
    Word,
    /// A quoted value.
    String,
    /// A value in typographic quotes.
    TypographicString,
    /// The parenthesis that opens a list.
    ListOpen,
    /// The parenthesis that closes a list.
    ListClose,
    /// A comma of a list.
    Comma,
    /// AND or OR where a list wants a comma.
    BadSeparator,
    /// What has no place in a list.
    ListJunk,
    /// The AND of BETWEEN.
    BetweenAnd,
    /// What has no place between conditions.
    Stray,
    /// No column before an operator.
    MissingColumn,
    /// No operator after a column.
    MissingOperator,
    /// No value after an operator.
    MissingValue,
    /// No AND after the first value of BETWEEN.
    MissingAnd,
    /// No parenthesis at the end of a list.
    MissingClose,
}

impl TokenKind {
    /// Whether the leaf marks something missing, and so covers no text.
    pub const fn is_missing(self) -> bool {
        matches!(
            self,
            Self::MissingColumn
                | Self::MissingOperator
                | Self::MissingValue
                | Self::MissingAnd
                | Self::MissingClose
        )
    }
}

/// Parses a text into its leaves, in the order of the text. Never fails: every byte lies in a leaf, a
/// blank or the byte order mark. Linear in the text.
pub fn tokenize(text: &str) -> Vec<Token> {
    let Some(matches) = parse(text) else {
        // The grammar is total; were it not, the text is still answered.
        return vec![Token { kind: TokenKind::Stray, span: Span::new(0, text.len()) }];
    };
    let mut tokens = Vec::with_capacity(matches.len());
    for found in matches {
        if let Some(kind) = kind_of(found.rule) {
            tokens.push(Token { kind, span: Span::new(found.start, found.end) });
        }
    }
    tokens
}

/// The kind of a rule's leaf; `None` for the rules that never are one: the whole filter, the end of
/// input, and the rules that other rules only look at.
const fn kind_of(rule: Rule) -> Option<TokenKind> {
    use Operator as O;
    use TokenKind as T;
    Some(match rule {
        Rule::kw_and => T::And,
        Rule::kw_or => T::Or,
        Rule::kw_not => T::Not,
        Rule::saved => T::Saved,
        Rule::open => T::Open,
        Rule::close => T::Close,
        Rule::comment => T::Comment,
        Rule::column => T::Column,
        Rule::quoted_column => T::QuotedColumn,
        Rule::op_eq => T::Operator(O::Eq),
        Rule::op_ne => T::Operator(O::Ne),
        Rule::op_within => T::Operator(O::Within),
        Rule::op_not_within => T::Operator(O::NotWithin),
        Rule::op_le => T::Operator(O::Le),
        Rule::op_lt => T::Operator(O::Lt),
        Rule::op_ge => T::Operator(O::Ge),
        Rule::op_gt => T::Operator(O::Gt),
        Rule::slip_eq => T::ForeignOperator(O::Eq),
        Rule::slip_ne => T::ForeignOperator(O::Ne),
        Rule::slip_le => T::ForeignOperator(O::Le),
        Rule::slip_ge => T::ForeignOperator(O::Ge),
        Rule::slip_match => T::ForeignOperator(O::Regexp),
        Rule::slip_not_match => T::ForeignOperator(O::NotRegexp),
        Rule::slip_contains => T::ForeignOperator(O::Within),
        Rule::slip_not_contains => T::ForeignOperator(O::NotWithin),
        Rule::kw_in => T::Operator(O::In),
        Rule::kw_notin => T::Operator(O::NotIn),
        Rule::kw_like => T::Operator(O::Like),
        Rule::kw_ilike => T::Operator(O::ILike),
        Rule::kw_unlike => T::Operator(O::NotLike),
        Rule::kw_iunlike => T::Operator(O::NotILike),
        Rule::kw_between => T::Operator(O::Between),
        Rule::kw_regexp => T::Operator(O::Regexp),
        Rule::kw_has => T::Operator(O::Has),
        Rule::unknown_operator => T::UnknownOperator,
        Rule::word => T::Word,
        Rule::string => T::String,
        Rule::typographic_string => T::TypographicString,
        Rule::list_open => T::ListOpen,
        Rule::list_close => T::ListClose,
        Rule::comma => T::Comma,
        Rule::bad_separator => T::BadSeparator,
        Rule::list_junk => T::ListJunk,
        Rule::between_and => T::BetweenAnd,
        Rule::stray => T::Stray,
        Rule::missing_column => T::MissingColumn,
        Rule::missing_operator => T::MissingOperator,
        Rule::missing_value => T::MissingValue,
        Rule::missing_and => T::MissingAnd,
        Rule::missing_close => T::MissingClose,
        Rule::EOI
        | Rule::filter
        | Rule::bom
        | Rule::item
        | Rule::condition
        | Rule::tail
        | Rule::orphan
        | Rule::operation
        | Rule::operand
        | Rule::operand_value
        | Rule::list
        | Rule::list_item
        | Rule::bare_list
        | Rule::operator
        | Rule::comparison
        | Rule::symbol
        | Rule::matching
        | Rule::keyword
        | Rule::other_keyword
        | Rule::delimiter
        | Rule::word_end
        | Rule::word_start
        | Rule::typographic_quote
        | Rule::blank
        | Rule::gap => return None,
    })
}
