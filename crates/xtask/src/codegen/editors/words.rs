//! The words of the language, sorted by what they are to the eye.

use std::collections::BTreeSet;

use flowql::tables::{KEYWORDS, OPERATORS, Registries, Type, words};
use flowql::{Column, Schema};

/// The symbols of other languages that the core reads as operators, to say what is meant.
const SLIPS: [&str; 9] = ["==", "!==", "<>", "=<", "=>", "=~", "!~", ">>", "!>>"];

/// The words of the language, from the tables of the core.
pub(super) struct Words {
    /// The keywords that join conditions.
    pub(super) keywords: Vec<&'static str>,
    /// The operators that are words.
    pub(super) word_operators: Vec<&'static str>,
    /// The operators that are symbols, those of other languages included.
    pub(super) symbols: Vec<&'static str>,
    /// The columns, and the names of either end, that a filter may name, by type.
    pub(super) columns: Vec<(Type, Vec<String>)>,
    /// The words of enumerated columns, and the names of bits.
    pub(super) constants: Vec<&'static str>,
    /// The names of the well-known communities.
    pub(super) communities: Vec<&'static str>,
}

impl Words {
    pub(super) fn of_the_core() -> Self {
        let schema = Schema::default();
        let is_operator = |word: &str| OPERATORS.iter().any(|info| info.symbol == word);
        let (word_operators, keywords) = KEYWORDS.into_iter().partition(|word| is_operator(word));
        let is_symbol = |symbol: &&str| !symbol.contains(|found: char| found.is_alphanumeric());
        let columns_of = |kind| {
            let is = |column: &Column| column.filter_type == Some(kind);
            let columns = schema.columns().iter().filter(|column| is(column));
            let pairs = schema.pairs().iter().filter(|pair| is(schema.column(pair.columns[0])));
            let names = columns.map(|column| column.name.to_string());
            (kind, names.chain(pairs.map(|pair| pair.name.to_string())).collect())
        };
        let bits = schema.columns().iter().flat_map(|column| column.bits).map(|(name, _)| *name);
        let constants: BTreeSet<&str> =
            Type::ALL.into_iter().flat_map(words).map(|word| word.name).chain(bits).collect();
        Self {
            keywords,
            word_operators,
            symbols: OPERATORS.iter().map(|info| info.symbol).filter(is_symbol).chain(SLIPS).collect(),
            columns: Type::ALL.into_iter().map(columns_of).collect(),
            constants: constants.into_iter().collect(),
            communities: Registries::built_in().communities.all().map(|known| known.name).collect(),
        }
    }

    /// The names of all columns.
    pub(super) fn column_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flat_map(|(_, names)| names).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use flowql::ide::{self, TokenClass};
    use flowql::{Compiler, SavedFilters};

    use super::*;

    #[test]
    fn the_core_sees_in_the_words_what_the_editors_see() {
        let words = Words::of_the_core();
        let (schema, saved) = (Schema::default(), SavedFilters::default());
        let compiler = Compiler::new(&schema, &saved);
        let class = |text: &str, place: usize| ide::tokens(&compiler, text)[place].class;
        for keyword in &words.keywords {
            assert_eq!(class(keyword, 0), TokenClass::Keyword, "{keyword}");
        }
        for operator in words.word_operators.iter().chain(&words.symbols) {
            let text = format!("SrcAS {operator} 1");
            let tokens = ide::tokens(&compiler, &text);
            assert_eq!((tokens[1].class, tokens[1].span.of(&text)), (TokenClass::Operator, *operator));
        }
        for column in words.column_names() {
            assert_eq!(class(&format!("SrcAS = {column}"), 2), TokenClass::Column, "{column}");
        }
        for constant in &words.constants {
            assert_eq!(class(&format!("TCPFlags HAS {constant}"), 2), TokenClass::Constant, "{constant}");
        }
    }

    #[test]
    fn every_keyword_and_type_is_there() {
        let words = Words::of_the_core();
        assert_eq!(words.keywords.len() + words.word_operators.len(), KEYWORDS.len());
        assert_eq!(words.symbols.len(), 8 + SLIPS.len());
        assert!(words.columns.iter().all(|(_, names)| !names.is_empty()));
    }
}
