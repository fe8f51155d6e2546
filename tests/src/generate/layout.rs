//! Filters as text: canonical, or with random blanks, comments, case and quotes.

use flowql::tables::{Arity, Operator};

use super::{Condition, Filter, Value};
use crate::random::Random;

/// A part of a text that holds no blank.
#[derive(Clone, Debug)]
enum Piece {
    /// A keyword, a column or an unquoted value: words touch no other word.
    Word(String),
    /// A quoted text.
    Text(String),
    /// An operator, a bracket or a comma.
    Sign(&'static str),
    /// An operator of two words, the second of which has an old spelling that holds both.
    Negated(&'static str, &'static str),
}

pub(super) fn canonical(filter: &Filter) -> String {
    let mut text = String::new();
    let mut glued = true;
    for piece in pieces(filter) {
        if !(glued || matches!(piece, Piece::Sign(")" | ","))) {
            text.push(' ');
        }
        glued = matches!(piece, Piece::Sign("("));
        match piece {
            Piece::Word(word) => text.push_str(&word),
            Piece::Text(found) => text.push_str(&quote(&found, '"', true)),
            Piece::Sign(sign) => text.push_str(sign),
            Piece::Negated(second, _) => {
                text.push_str("NOT ");
                text.push_str(second);
            }
        }
    }
    text
}

pub(super) fn random(filter: &Filter, seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut text = String::new();
    if random.one_in(8) {
        text.push('\u{FEFF}');
    }
    gap(&mut random, &mut text, false);
    let mut after_word = false;
    for piece in pieces(filter) {
        let is_word = matches!(piece, Piece::Word(_) | Piece::Negated(..));
        gap(&mut random, &mut text, after_word && is_word);
        match piece {
            Piece::Word(word) => push_word(&mut random, &mut text, &word),
            Piece::Text(found) => {
                let quote_in_use = if random.one_in(2) { '"' } else { '\'' };
                text.push_str(&quote(&found, quote_in_use, random.one_in(2)));
            }
            Piece::Sign(sign) => text.push_str(sign),
            Piece::Negated(second, old) => {
                if !old.is_empty() && random.one_in(2) {
                    push_word(&mut random, &mut text, old);
                } else {
                    push_word(&mut random, &mut text, "NOT");
                    gap(&mut random, &mut text, true);
                    push_word(&mut random, &mut text, second);
                }
            }
        }
        after_word = is_word;
    }
    gap(&mut random, &mut text, false);
    text
}

/// Appends a word in a random case.
fn push_word(random: &mut Random, text: &mut String, word: &str) {
    match random.below(4) {
        0 => text.push_str(&word.to_ascii_lowercase()),
        1 => text.push_str(&word.to_ascii_uppercase()),
        2 => text.extend(word.chars().map(|letter| match random.one_in(2) {
            true => letter.to_ascii_uppercase(),
            false => letter.to_ascii_lowercase(),
        })),
        _ => text.push_str(word),
    }
}

/// Appends blanks and comments: some, or none unless they are needed.
fn gap(random: &mut Random, text: &mut String, needed: bool) {
    const GAPS: &[&str] = &[
        " ",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\n\n  ",
        "/**/",
        "/* a comment */",
        "/* AND \"' */",
        "/*\n*/",
        "-- a comment\n",
        "--\n",
        "-- it's /* \"\n",
        "/* é\u{1F600} -- */",
        " /*/ */ ",
        "-- \u{a0}\r\n",
    ];
    let count =
        [0, 0, 1, 1, 1, 1, 2, 3].get(random.below(8)).copied().unwrap_or_default().max(usize::from(needed));
    for _ in 0..count {
        text.push_str(random.pick(GAPS));
    }
}

/// The text in quotes, with every backslash doubled or only those that would be read otherwise.
fn quote(text: &str, quote: char, all: bool) -> String {
    let mut quoted = String::from(quote);
    let mut rest = text.chars().peekable();
    while let Some(found) = rest.next() {
        let next = rest.peek().copied();
        let ambiguous = next.is_none_or(|next| next == '\\' || next == quote);
        if found == quote || found == '\\' && (all || ambiguous) {
            quoted.push('\\');
        }
        quoted.push(found);
    }
    quoted.push(quote);
    quoted
}

fn pieces(filter: &Filter) -> Vec<Piece> {
    let mut pieces = Vec::new();
    push(filter, &mut pieces);
    pieces
}

fn keyword(word: &str) -> Piece {
    Piece::Word(word.to_owned())
}

fn push(filter: &Filter, pieces: &mut Vec<Piece>) {
    match filter {
        Filter::Condition(condition) => push_condition(condition, pieces),
        Filter::Not(inner) => {
            pieces.push(keyword("NOT"));
            push(inner, pieces);
        }
        Filter::Group(inner) => {
            pieces.push(Piece::Sign("("));
            push(inner, pieces);
            pieces.push(Piece::Sign(")"));
        }
        Filter::And(terms) | Filter::Or(terms) => {
            for (place, term) in terms.iter().enumerate() {
                if place > 0 {
                    pieces.push(keyword(if matches!(filter, Filter::And(_)) { "AND" } else { "OR" }));
                }
                push(term, pieces);
            }
        }
    }
}

fn push_condition(condition: &Condition, pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Word(condition.column.clone()));
    pieces.push(match condition.operator {
        Operator::NotIn => Piece::Negated("IN", "NOTIN"),
        Operator::NotLike => Piece::Negated("LIKE", "UNLIKE"),
        Operator::NotILike => Piece::Negated("ILIKE", "IUNLIKE"),
        Operator::NotBetween => Piece::Negated("BETWEEN", ""),
        Operator::NotRegexp => Piece::Negated("REGEXP", ""),
        Operator::NotHas => Piece::Negated("HAS", ""),
        Operator::In
        | Operator::Like
        | Operator::ILike
        | Operator::Between
        | Operator::Regexp
        | Operator::Has => keyword(condition.operator.symbol()),
        sign => Piece::Sign(sign.symbol()),
    });
    let list = match condition.arity {
        Arity::List => true,
        Arity::OneOrList => condition.values.len() > 1,
        Arity::One | Arity::Two => false,
    };
    if list {
        pieces.push(Piece::Sign("("));
    }
    for (place, value) in condition.values.iter().enumerate() {
        if place > 0 {
            pieces.push(if list { Piece::Sign(",") } else { keyword("AND") });
        }
        pieces.push(match value {
            Value::Word(word) => Piece::Word(word.clone()),
            Value::Text(text) => Piece::Text(text.clone()),
        });
    }
    if list {
        pieces.push(Piece::Sign(")"));
    }
}
