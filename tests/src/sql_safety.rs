//! The SQL of a filter is that one expression and nothing else: it is read again by an independent lexer and
//! compared with the bound parameters and the columns.

use std::collections::BTreeSet;

use flowql::sql::{Parameter, ParameterValue};
use flowql::{Compiler, Options};

use crate::clickhouse_lexer::{Token, tokens};

/// The functions and keywords of filters.
const WORDS: &[&str] = &[
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ILIKE",
    "BETWEEN",
    "match",
    "has",
    "hasAll",
    "hasAny",
    "notEmpty",
    "arrayExists",
    "bitAnd",
    "bitShiftLeft",
    "bitShiftRight",
    "toIPv6",
    "MACStringToNum",
    "dictGetOrDefault",
    "UInt128",
    "c",
];

/// Texts that try to end the literal that they stand in, or to be anything but a text.
pub const HOSTILE: &[&str] = &[
    "'",
    "''",
    "'''",
    "\"",
    "\\",
    "\\\\",
    "\\\\\\",
    "a\\",
    "\\'",
    "\\\\'",
    "'\\",
    "\\'; --",
    "'; DROP TABLE flows; --",
    "' OR 1 = 1 --",
    "') OR ('1' = '1",
    "/*",
    "*/",
    "/* */",
    "--",
    "-- x",
    "#",
    ";",
    "\0",
    "\0'",
    "\t",
    "\u{1}",
    "\u{b}",
    "\u{c}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "\u{1F600}",
    "ʼ",
    "’",
    "＇",
    "\\x27",
    "\\u0027",
    "\\047",
    "\\N",
    "\\0",
    "\\b",
    "{p0:String}",
    "{p1:UInt8}",
    "$1",
    "?",
    "%",
    "%%",
    "\\%",
    "_",
    "`",
    "``",
    "@x",
    "$$ x $$",
    "\u{202e}",
    "a\\'b\\\"c",
    "x' AND sleep(3) AND 'x' = 'x",
];

/// Checks the SQL of a text in both forms; `false` for a bad text.
///
/// # Errors
///
/// What the SQL holds that it must not, or lacks.
pub fn check(compiler: &Compiler<'_>, text: &str, options: Options<'_>) -> Result<bool, String> {
    let inline = compiler.compile(text, Options { bound: false, ..options });
    let bound = compiler.compile(text, Options { bound: true, ..options });
    let (Some(sql), Some(bound_sql)) = (&inline.sql, &bound.sql) else {
        return if inline.sql.is_some() == bound.sql.is_some() {
            Ok(false)
        } else {
            Err("only one form".to_owned())
        };
    };
    let explain = |message: String| format!("{message}\n  inline {sql}\n  bound  {bound_sql}");
    let dictionary =
        options.database.map_or_else(|| "protocols".to_owned(), |name| format!("{name}.protocols"));
    let names: Vec<&str> =
        inline.columns.iter().map(|&id| compiler.schema.column(id).name.as_ref()).collect();
    let outcome = tokens(sql).and_then(|inline_tokens| {
        balanced(&inline_tokens)?;
        identifiers(&inline_tokens, &names)?;
        let bound_tokens = tokens(bound_sql)?;
        balanced(&bound_tokens)?;
        identifiers(&bound_tokens, &names)?;
        substituted(&bound_tokens, &bound.parameters, &inline_tokens)?;
        literals(&bound_tokens, &dictionary)
    });
    outcome.map_err(explain)?;
    if inline.columns != bound.columns || !inline.parameters.is_empty() {
        return Err(explain("the two forms read other columns".to_owned()));
    }
    Ok(true)
}

fn balanced(tokens: &[Token]) -> Result<(), String> {
    let mut open = Vec::new();
    for token in tokens {
        let Token::Sign(sign) = token else { continue };
        match sign.as_str() {
            "(" => open.push(")"),
            "[" => open.push("]"),
            ")" | "]" if open.pop() != Some(sign) => return Err(format!("`{sign}` closes nothing")),
            _ => {}
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("{} brackets stay open", open.len())) }
}

/// Every word is a known one or a column; every column is there, in this order.
fn identifiers(tokens: &[Token], columns: &[&str]) -> Result<(), String> {
    let mut found: Vec<&str> = Vec::new();
    let known: BTreeSet<&str> = WORDS.iter().copied().collect();
    for token in tokens {
        let Token::Word(word) = token else { continue };
        if !known.contains(word.as_str()) && !found.contains(&word.as_str()) {
            found.push(word);
        }
    }
    if found == columns {
        Ok(())
    } else {
        Err(format!("the words {found:?} are not the columns {columns:?}"))
    }
}

/// The literals of a bound text are its translation's own, none of the user's.
fn literals(tokens: &[Token], dictionary: &str) -> Result<(), String> {
    for token in tokens {
        let own = match token {
            Token::Text(text) => {
                [dictionary, "name", "???"].iter().any(|own| own.as_bytes() == text.as_slice())
            }
            Token::Number(number) => {
                [16, 32, 64, 65_535, 4_294_967_295, 18_446_744_073_709_551_615].contains(number)
            }
            _ => true,
        };
        if !own {
            return Err(format!("{token:?} is no parameter"));
        }
    }
    Ok(())
}

/// The bound text with its parameters put in reads as the inline text, token by token.
fn substituted(bound: &[Token], parameters: &[Parameter], inline: &[Token]) -> Result<(), String> {
    let mut expected = Vec::with_capacity(inline.len());
    let (mut used, mut next) = (BTreeSet::new(), 0);
    for token in bound {
        let Token::Parameter(name, kind) = token else {
            expected.push(token.clone());
            continue;
        };
        let parameter = parameters.iter().find(|parameter| parameter.name == *name);
        let Some(parameter) = parameter.filter(|parameter| parameter.kind == kind) else {
            return Err(format!("no parameter {name} of type {kind}"));
        };
        if used.insert(name) {
            if *name != format!("p{next}") {
                return Err(format!("{name} is not the parameter number {next}"));
            }
            next += 1;
        }
        expected.extend(literal(parameter)?);
    }
    if used.len() != parameters.len() {
        return Err(format!("{} of {} parameters are used", used.len(), parameters.len()));
    }
    if expected == inline { Ok(()) } else { Err(format!("the forms differ: {expected:?} {inline:?}")) }
}

/// A parameter as the tokens that stand for it in an inline text.
fn literal(parameter: &Parameter) -> Result<Vec<Token>, String> {
    let sign = |text: &str| Token::Sign(text.to_owned());
    let word = |text: &str| Token::Word(text.to_owned());
    match (parameter.kind, &parameter.value) {
        ("String", ParameterValue::Text(text)) => Ok(vec![Token::Text(text.clone().into_bytes())]),
        ("IPv6", ParameterValue::Text(text)) => {
            text.parse::<std::net::IpAddr>().map_err(|error| format!("`{text}`: {error}"))?;
            Ok(vec![word("toIPv6"), sign("("), Token::Text(text.clone().into_bytes()), sign(")")])
        }
        ("UInt128", ParameterValue::Large(number)) => {
            let part = |shift: u32| Token::Number(number >> shift & 0xFFFF_FFFF);
            let cast = |part: Token| [part, sign("::"), word("UInt128")];
            let shifted = |shift: u32| {
                let head = [word("bitShiftLeft"), sign("(")];
                let tail = [sign(","), Token::Number(u128::from(shift)), sign(")"), sign("+")];
                head.into_iter().chain(cast(part(shift))).chain(tail)
            };
            Ok(shifted(64).chain(shifted(32)).chain(cast(part(0))).collect())
        }
        (kind, ParameterValue::Integer(number)) => {
            let bits: u32 = kind.strip_prefix("UInt").and_then(|bits| bits.parse().ok()).unwrap_or_default();
            if bits < 64 && number >> bits != 0 {
                return Err(format!("{number} does not fit {kind}"));
            }
            Ok(vec![Token::Number(u128::from(*number))])
        }
        (kind, value) => Err(format!("{value:?} is no {kind}")),
    }
}
