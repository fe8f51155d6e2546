//! The types of columns, from `schema.json` to Rust.

use anyhow::{Context, Result, bail, ensure};

/// The variant of `Type` for a type as the schema names it.
pub(super) fn filter(kind: &str) -> Result<&'static str> {
    Ok(match kind {
        "ip" => "Ip",
        "prefix" => "Prefix",
        "mac" => "Mac",
        "string" => "String",
        "uint" => "Uint",
        "asn" => "Asn",
        "aspath" => "AsPath",
        "community" => "Community",
        "array(uint)" => "UintArray",
        "boundary" => "Boundary",
        "direction" => "Direction",
        "etype" => "EType",
        "proto" => "Proto",
        _ => bail!("unknown filter type `{kind}`"),
    })
}

/// The words of an enumeration with their numbers, `word:number` and commas between; `None` for another type as
/// ClickHouse writes it.
pub(super) fn words(kind: &str) -> Result<Option<String>> {
    let Some(words) = kind.strip_prefix("Enum8(").and_then(|rest| rest.strip_suffix(')')) else {
        return Ok(None);
    };
    let mut pairs = Vec::new();
    for pair in words.split(", ") {
        let (word, number) = pair.split_once(" = ").with_context(|| format!("no number in `{pair}`"))?;
        let word = word.strip_prefix('\'').and_then(|word| word.strip_suffix('\''));
        let word = word.with_context(|| format!("no quotes in `{pair}`"))?;
        ensure!(!word.contains([',', ':']), "`{word}` has a sign of the table");
        pairs.push(format!("{word}:{}", number.parse::<i8>()?));
    }
    Ok(Some(pairs.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_numbers() {
        assert_eq!(words("Enum8('a b' = 0, 'c' = 1)").unwrap().as_deref(), Some("a b:0,c:1"));
        assert_eq!(words("LowCardinality(IPv6)").unwrap(), None);
        assert!(words("Enum8(a = 1)").is_err());
        assert!(words("Enum8('a')").is_err());
    }
}
