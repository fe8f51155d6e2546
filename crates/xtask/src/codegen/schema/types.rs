//! The types of columns, from `schema.json` to Rust.

use anyhow::{Context, Result, bail};

use super::string;

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

/// The value of `ClickhouseType` for a type as ClickHouse writes it.
pub(super) fn clickhouse(kind: &str) -> Result<String> {
    let (wrap, inner) = match (inside(kind, "LowCardinality("), inside(kind, "Array(")) {
        (Some(inner), _) => ("LowCardinality", inner),
        (None, Some(inner)) => ("Array", inner),
        (None, None) => ("Scalar", kind),
    };
    Ok(format!("ClickhouseType::{wrap}(ScalarType::{})", scalar(inner)?))
}

fn inside<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    text.strip_prefix(head)?.strip_suffix(')')
}

fn scalar(kind: &str) -> Result<String> {
    let known = match kind {
        "UInt8" | "UInt16" | "UInt32" | "UInt64" | "UInt128" => {
            Some(format!("UInt({})", kind.trim_start_matches("UInt")))
        }
        "DateTime" => Some("DateTime".to_owned()),
        "IPv6" => Some("Ipv6".to_owned()),
        "String" => Some("String".to_owned()),
        _ => None,
    };
    if let Some(known) = known {
        return Ok(known);
    }
    if let Some(digits) = inside(kind, "DateTime64(") {
        return Ok(format!("DateTime64({})", digits.parse::<u8>()?));
    }
    if let Some(length) = inside(kind, "FixedString(") {
        return Ok(format!("FixedString({})", length.parse::<u16>()?));
    }
    let words = inside(kind, "Enum8(").with_context(|| format!("unknown ClickHouse type `{kind}`"))?;
    let mut pairs = Vec::new();
    for pair in words.split(", ") {
        let (word, number) = pair.split_once(" = ").with_context(|| format!("no number in `{pair}`"))?;
        let word = word.strip_prefix('\'').and_then(|word| word.strip_suffix('\''));
        let word = word.with_context(|| format!("no quotes in `{pair}`"))?;
        pairs.push(format!("({}, {})", string(word), number.parse::<i8>()?));
    }
    Ok(format!("Enum8(&[{}])", pairs.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clickhouse_types_become_rust() {
        for (kind, rust) in [
            ("UInt16", "ClickhouseType::Scalar(ScalarType::UInt(16))"),
            ("LowCardinality(IPv6)", "ClickhouseType::LowCardinality(ScalarType::Ipv6)"),
            ("Array(UInt128)", "ClickhouseType::Array(ScalarType::UInt(128))"),
            ("DateTime64(3)", "ClickhouseType::Scalar(ScalarType::DateTime64(3))"),
            (
                "Enum8('a' = 0, 'b' = 1)",
                r#"ClickhouseType::Scalar(ScalarType::Enum8(&[("a", 0), ("b", 1)]))"#,
            ),
        ] {
            assert_eq!(clickhouse(kind).unwrap(), rust);
        }
        for other in ["Int8", "Nullable(UInt8)", "Enum8(a = 1)", "FixedString(x)"] {
            assert!(clickhouse(other).is_err(), "{other}");
        }
    }
}
