//! The keywords of the language.

/// Every keyword; they are written in any case and are never a value, a column or a name.
pub const KEYWORDS: [&str; 12] =
    ["AND", "OR", "NOT", "IN", "NOTIN", "LIKE", "ILIKE", "UNLIKE", "IUNLIKE", "BETWEEN", "REGEXP", "HAS"];

/// Whether the word is a keyword, in any case.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
