//! Valid filters as other languages would have them: operators, connectives, lists, ranges, masks and quotes that are
//! errors here, each with a fix that is sure.

use flowql::tables::{Arity, Operator, is_keyword};

use crate::generate::{Condition, Filter, Value};
use crate::random::Random;

/// The filter with some of its parts respelt.
pub fn respell(filter: &Filter, random: &mut Random) -> String {
    match filter {
        Filter::Condition(condition) => respell_condition(condition, random),
        Filter::Not(inner) => {
            let not = random.pick(&["NOT ", "!", "! "]);
            format!("{not}{}", respell(inner, random))
        }
        Filter::Group(inner) => format!("({})", respell(inner, random)),
        Filter::And(terms) => joined(terms, &["AND", "&&", "&"], random),
        Filter::Or(terms) => joined(terms, &["OR", "||", "|"], random),
    }
}

fn joined(terms: &[Filter], connectives: &[&str], random: &mut Random) -> String {
    let mut text = String::new();
    for (place, term) in terms.iter().enumerate() {
        if place > 0 {
            text.push_str(&format!(" {} ", random.pick(connectives)));
        }
        text.push_str(&respell(term, random));
    }
    text
}

fn respell_condition(condition: &Condition, random: &mut Random) -> String {
    let column = match random.below(4) {
        0 => format!("`{}`", condition.column),
        1 => format!("\"{}\"", condition.column),
        _ => condition.column.clone(),
    };
    let is_list = match condition.arity {
        Arity::List => true,
        Arity::OneOrList => condition.values.len() > 1,
        Arity::One | Arity::Two => false,
    };
    if is_list {
        return format!("{column} {}", list(condition, random));
    }
    let operator = random.pick(spellings(condition.operator));
    let quotable = is_quotable(condition);
    let values: Vec<String> = condition.values.iter().map(|value| one(value, quotable, random)).collect();
    format!("{column} {operator} {}", values.join(" AND "))
}

/// The ways to write an operator of one value.
fn spellings(operator: Operator) -> &'static [&'static str] {
    match operator {
        Operator::Eq => &["=", "==", "===", "eq", "equals", "is"],
        Operator::Ne => &["!=", "<>", "!==", "ne", "NOT ="],
        Operator::Lt => &["<", "lt"],
        Operator::Le => &["<=", "=<", "le", "lte"],
        Operator::Gt => &[">", "gt"],
        Operator::Ge => &[">=", "=>", "ge", "gte"],
        Operator::Within => &["<<", "within", "inside"],
        Operator::NotWithin => &["!<<"],
        Operator::Like => &["LIKE"],
        Operator::NotLike => &["UNLIKE", "notlike"],
        Operator::ILike => &["ILIKE"],
        Operator::NotILike => &["IUNLIKE", "notilike"],
        Operator::Regexp => &["REGEXP", "=~", "matches", "~", "rlike"],
        Operator::NotRegexp => &["NOT REGEXP", "!~"],
        Operator::Between => &["BETWEEN"],
        Operator::NotBetween => &["NOT BETWEEN"],
        Operator::Has => &["HAS"],
        Operator::NotHas => &["NOT HAS"],
        Operator::In => &["IN"],
        Operator::NotIn => &["NOT IN", "NOTIN"],
    }
}

/// The operator and the values of a list.
fn list(condition: &Condition, random: &mut Random) -> String {
    let operator = condition.operator;
    let symbol = random.pick(spellings(operator));
    // Names without commas between them could be one text, and what is repaired inside a value is repaired first.
    let plain: Vec<String> = condition.values.iter().map(canonical).collect();
    let numbers = condition.values.iter().all(|value| !is_name(value));
    let has = matches!(operator, Operator::Has | Operator::NotHas);
    let equal = match operator {
        Operator::In => Some("="),
        Operator::NotIn => Some("!="),
        _ => None,
    };
    match (random.below(10), equal) {
        (0, _) => format!("{symbol} [{}]", plain.join(", ")),
        (1, _) => format!("{symbol} [{}]", plain.join(" ")),
        (2, _) => format!("{symbol} {{ {} }}", plain.join(" , ")),
        (3, _) if numbers => format!("{symbol} ({})", plain.join(" ")),
        (4, _) if !has => format!("{symbol} ({})", plain.join(" OR ")),
        (5, _) => format!("{symbol} ({})", plain.join("; ")),
        (6, Some(equal)) => format!("{equal} ({})", plain.join(",")),
        (7, Some(equal)) if plain.len() > 1 => format!("{equal} {{{}}}", plain.join(",")),
        (8, Some(_)) => format!("{symbol} {}", plain.join(", ")),
        _ => {
            let values: Vec<String> =
                condition.values.iter().map(|value| one(value, is_quotable(condition), random)).collect();
            format!("{symbol} ({})", values.join(", "))
        }
    }
}

fn is_name(value: &Value) -> bool {
    matches!(value, Value::Word(word) if word.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

/// The value as the language has it.
fn canonical(value: &Value) -> String {
    match value {
        Value::Word(word) => word.clone(),
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Whether numbers in quotes are errors.
fn is_quotable(condition: &Condition) -> bool {
    condition.column != "Proto"
}

/// A value, respelt or not.
fn one(value: &Value, quotable: bool, random: &mut Random) -> String {
    let spellings = match value {
        Value::Word(word) => words(word, quotable),
        Value::Text(text) => texts(text),
    };
    match spellings.get(random.below(spellings.len() + 1)) {
        Some(respelt) => respelt.clone(),
        None => canonical(value),
    }
}

fn words(word: &str, quotable: bool) -> Vec<String> {
    let mut found = Vec::new();
    if let Some((address, length)) = word.split_once('/')
        && let (Ok(_), Ok(length @ 0..=32)) = (address.parse::<std::net::Ipv4Addr>(), length.parse::<u32>())
    {
        let mask = std::net::Ipv4Addr::from(u32::MAX.checked_shl(32 - length).unwrap_or(0));
        found.extend([
            format!("{address}/{mask}"),
            format!("{address} {mask}"),
            format!("{address} / {length}"),
        ]);
    }
    let is_range = word.split_once('-').is_some_and(|(low, high)| {
        let is_end =
            |end: &str| end.bytes().all(|byte| byte.is_ascii_hexdigit() || b".:xXsS".contains(&byte));
        word.matches('-').count() == 1 && !low.is_empty() && is_end(low) && is_end(high)
    });
    if is_range {
        found.extend([word.replace('-', " - "), word.replace('-', ".."), word.replace('-', "–")]);
    } else if quotable && word.bytes().all(|byte| byte.is_ascii_digit()) {
        found.extend([format!("\"{word}\""), format!("`{word}`")]);
    }
    found
}

fn texts(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let safe = |byte: u8| byte.is_ascii_graphic() && !b"\"'`\\".contains(&byte) || byte == b' ';
    let starts_as_text = text.starts_with(|first: char| first.is_ascii_alphabetic());
    if !text.is_empty() && text.bytes().all(safe) {
        found.extend([format!("“{text}”"), format!("«{text}»")]);
        if !text.contains([' ', '(', ')', ',', '=', '<', '>', '!', '&', '|', ';'])
            && !text.contains("--")
            && !text.contains("/*")
        {
            found.push(format!("`{text}`"));
        }
    }
    if !text.contains(['\\', '\n', '\r']) {
        found.push(format!("'{}'", text.replace('\'', "''")));
    }
    // A word that cannot be taken for anything else.
    if starts_as_text
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.')
        && !text.contains("--")
        && !is_keyword(text)
    {
        found.push(text.to_owned());
    }
    found
}
