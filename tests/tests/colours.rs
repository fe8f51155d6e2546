//! The colours: `tests/corpus/colours.jsonl`, documents with the class that each of their tokens must have.
//!
//! One document a line: `{"text": …, "tokens": [[token, class, looks?], …]}`. The tokens follow each other with
//! nothing but blanks between. The class is what the core says, who knows the columns and their types. A
//! highlighter that knows the words only gives `looks` where that differs, and where it is `null` it cannot
//! tell. The editors' tests read the same file.

use std::collections::BTreeSet;

use flowql::ide::{self, TokenClass};
use flowql::tables::{KEYWORDS, OPERATORS, Type, words};
use flowql::{Compiler, Limits, SavedFilters, Schema, files};

type Token = (String, String);

struct Document {
    text: String,
    tokens: Vec<Token>,
}

fn documents() -> Vec<Document> {
    let path = flowql_tests::corpus::root().join("colours.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let document = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let tokens = value["tokens"].as_array().unwrap();
        Document {
            text: text(&value["text"]),
            tokens: tokens.iter().map(|token| (text(&token[0]), text(&token[1]))).collect(),
        }
    };
    lines.lines().map(document).collect()
}

/// What the core says of a document: the lines that name filters are comments, the rest are filters.
fn classify(text: &str) -> Vec<Token> {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let mut found = Vec::new();
    for filter in files::split(text, &Limits::DEFAULT).filters {
        if !filter.header.is_empty() {
            found.push((filter.header.of(text).to_owned(), TokenClass::Comment.name().to_owned()));
        }
        for token in ide::tokens(&compiler, filter.text) {
            found.push((token.span.of(filter.text).to_owned(), token.class.name().to_owned()));
        }
    }
    found
}

#[test]
fn the_core_gives_every_token_its_class() {
    for document in documents() {
        assert_eq!(classify(&document.text), document.tokens, "{:?}", document.text);
    }
}

#[test]
fn nothing_of_the_language_is_left_out() {
    let tokens: Vec<Token> = documents().into_iter().flat_map(|document| document.tokens).collect();
    let classes: BTreeSet<&str> = tokens.iter().map(|(_, class)| class.as_str()).collect();
    assert_eq!(classes, TokenClass::ALL.into_iter().map(TokenClass::name).collect());
    let has = |word: &str| tokens.iter().any(|(token, _)| token.eq_ignore_ascii_case(word));
    for word in KEYWORDS {
        assert!(has(word), "{word} is in no document");
    }
    for operator in OPERATORS.iter().filter(|info| !info.symbol.contains(' ')) {
        assert!(has(operator.symbol), "{} is in no document", operator.symbol);
    }
    for word in Type::ALL.into_iter().flat_map(words) {
        assert!(has(word.name), "{} is in no document", word.name);
    }
    let schema = Schema::default();
    for kind in Type::ALL {
        let mut columns = schema.columns().iter().filter(|column| column.filter_type == Some(kind));
        assert!(
            columns.any(|column| has(&column.name)),
            "no column of type {} is in a document",
            kind.name()
        );
    }
}
