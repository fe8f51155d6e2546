//! `flowql.tmLanguage.json`: the TextMate grammar, which VS Code paints with before the server answers.

use anyhow::Result;
use serde_json::{Value, json};

use super::{PREAMBLE, Words, alternatives};

/// A character of a word; it is not the first of a comment.
const CHARACTER: &str = r#"(?:(?!--|/\*)[^\s"'(),=<>!&|;])"#;
/// The place where a word ends.
const END: &str = r#"(?=$|[\s"'(),=<>!&|;]|--|/\*)"#;

/// An integer, or a number with a suffix.
const INTEGER: &str = r"(?:0x[0-9a-f]+|[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[kmgt]i?b?|b|ms|s|min|h|d)?)";
const AS_NUMBER: &str = r"as[0-9]+(?:\.[0-9]+)?";
const IPV4: &str = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}";
const IPV6: &str = "[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*";
const MAC: &str = concat!(
    r"[0-9a-f]{2}(?:-[0-9a-f]{2}){5}(?:/[0-9]+)?|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}(?:/[0-9]+)?",
    r"|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){0,4}[:-]\*|[0-9a-f]{4}(?:\.[0-9a-f]{4})?(?:\.[0-9a-f]{2})?\*"
);
const COMMUNITY: &str = r"(?:[0-9]+(?:-[0-9]+)?|\*)(?::(?:[0-9]+(?:-[0-9]+)?|\*)){1,2}";
const TYPOGRAPHIC: &str = "“”„‟«»‘’‚‛";

pub(super) fn contents(words: &Words) -> Result<String> {
    let grammar = json!({
        "information_for_contributors": [PREAMBLE],
        "name": "FlowQL",
        "scopeName": "source.flowql",
        "patterns": patterns(words),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&grammar)?))
}

/// The first that matches is taken. The last takes whole words, so that no other begins in the middle of one.
fn patterns(words: &Words) -> Vec<Value> {
    let operators = alternatives(&words.word_operators);
    let mut patterns = comments();
    patterns.extend([
        string("double", "\""),
        string("single", "'"),
        one("string.quoted.other", &format!("[{TYPOGRAPHIC}][^{TYPOGRAPHIC}\"]*[{TYPOGRAPHIC}\"]?")),
        one("entity.name.function", &format!("@{CHARACTER}*")),
        one("keyword.operator", &alternatives(&words.symbols)),
        one("punctuation.section.group", "[()]"),
        one("punctuation.separator", ","),
        one("invalid.illegal", r"&&|\|\||[!&|;]"),
        word("keyword.control", &alternatives(&words.keywords)),
        word("keyword.operator.word", &operators),
    ]);
    for (kind, names) in &words.columns {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let kind = kind.name().replace(['(', ')'], "-");
        patterns.push(word(
            &format!("variable.other.property.{}", kind.trim_matches('-')),
            &alternatives(&names),
        ));
    }
    patterns.extend([
        // A column of the configuration is known by the operator that follows.
        one(
            "variable.other.property",
            &format!(r"{CHARACTER}+(?=\s*(?:[=<>]|![=<>~])|\s+(?:not\s+)?(?:{operators}){END})"),
        ),
        word("constant.other.community", COMMUNITY),
        word("constant.other.community", &alternatives(&words.communities)),
        word(
            "constant.other.address",
            &format!("{MAC}|{IPV4}(?:/[0-9]+|-{IPV4})?|{IPV6}(?:/[0-9]+|-{IPV6})?"),
        ),
        word(
            "constant.numeric.as-number",
            &format!("{AS_NUMBER}(?:-(?:{AS_NUMBER}|[0-9]+))?|[0-9]+-{AS_NUMBER}"),
        ),
        word("constant.numeric.integer", &format!("{INTEGER}(?:-{INTEGER})?")),
        word("constant.language", &alternatives(&words.constants)),
        json!({ "match": format!("{CHARACTER}+") }),
    ]);
    patterns
}

fn comments() -> Vec<Value> {
    vec![
        json!({
            "name": "comment.line.double-dash.name.flowql",
            "match": r"^[ \t]*-- name:[ \t]*(.*?)\s*$",
            "captures": { "1": { "name": "entity.name.section.flowql" } },
        }),
        one("comment.line.double-dash", "--.*$"),
        json!({
            "name": "comment.block.flowql",
            "begin": r"/\*",
            // The line that names the next filter ends a comment that was left open.
            "end": r"\*/|^(?=[ \t]*-- name:)",
        }),
    ]
}

/// A string; an unclosed one ends with its line.
fn string(kind: &str, quote: &str) -> Value {
    json!({
        "name": format!("string.quoted.{kind}.flowql"),
        "begin": quote,
        "end": format!("{quote}|$"),
        "patterns": [one("constant.character.escape", &format!(r"\\[\\{quote}]"))],
    })
}

/// A whole word, in any case.
fn word(scope: &str, pattern: &str) -> Value {
    one(scope, &format!("(?:{pattern}){END}"))
}

/// A piece of one line, in any case.
fn one(scope: &str, pattern: &str) -> Value {
    json!({ "name": format!("{scope}.flowql"), "match": format!("(?i){pattern}") })
}
