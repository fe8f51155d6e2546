//! The columns as the second implementation has them: what its types need and no more.

use std::fmt::Write;

use anyhow::{Context, Result};

use super::names::Names;
use super::{Column, check, string};

pub(super) fn body(columns: &[Column], names: &Names) -> Result<String> {
    check(columns)?;
    let mut body = String::from(
        "use super::schema::{Column, Type, community, off, on, prefix, text, words};\n\n\
         /// Every column, in the schema's order.\n",
    );
    writeln!(body, "pub(super) static COLUMNS: [Column; {}] = [", columns.len())?;
    for column in columns {
        let switch = if column.disabled { "off" } else { "on" };
        writeln!(body, "{switch}({}, {}),", string(&column.name), kind(column, names)?)?;
    }
    body.push_str("];\n");
    Ok(body)
}

fn kind(column: &Column, names: &Names) -> Result<String> {
    Ok(match column.filter_type.as_deref() {
        None => "Type::Other".to_owned(),
        Some("prefix") => {
            let (address, mask) =
                column.prefix_of().with_context(|| format!("{} has no parts", column.name))?;
            format!("prefix({}, {})", string(address), string(mask))
        }
        Some("string") if column.clickhouse_type.starts_with("Enum8(") => {
            // Every other part is a word, in quotes.
            let words: Vec<_> = column.clickhouse_type.split('\'').skip(1).step_by(2).map(string).collect();
            format!("words(&[{}])", words.join(", "))
        }
        Some("string") => {
            let length =
                column.clickhouse_type.strip_prefix("FixedString(").and_then(|rest| rest.strip_suffix(')'));
            let length = length.map_or("None".to_owned(), |length| format!("Some({length})"));
            format!("text({length})")
        }
        Some("uint") => {
            let unit = string(column.unit.as_deref().unwrap_or_default());
            let names = column.named(names)?.iter();
            let names: Vec<String> = names
                .map(|found| format!("({}, {}, {})", string(&found.name), found.from, found.to))
                .collect();
            format!(
                "Type::Uint {{ port: {}, bits: {}, unit: {unit}, names: &[{}] }}",
                column.port,
                !column.bits.is_empty(),
                names.join(", ")
            )
        }
        Some("community") => {
            let large =
                column.large.as_ref().with_context(|| format!("{} has no large part", column.name))?;
            format!("community({})", string(large))
        }
        Some("array(uint)") => "Type::Array".to_owned(),
        Some("etype") => "Type::Ethernet".to_owned(),
        Some(other) => format!("Type::{}", super::types::filter(other)?),
    })
}
