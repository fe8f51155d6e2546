//! `schema.json`: the columns of the default schema.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust::{self, string, strings};

const SOURCE: &str = "schema.json";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Column {
    name: String,
    filter_type: Option<String>,
    clickhouse_type: String,
    materialized_type: Option<String>,
    computed: Option<String>,
    codec: Option<String>,
    doc: String,
    example: String,
    unit: Option<String>,
    group: Option<String>,
    depends: Vec<String>,
    bits: BTreeMap<String, u64>,
    main_only: bool,
    disabled: bool,
    always_enabled: bool,
    not_a_dimension: bool,
    not_in_sorting_key: bool,
    truncatable_address: bool,
    port: bool,
    country: bool,
}

pub(super) fn generate(root: &Path) -> Result<Generated> {
    let columns: Vec<Column> = super::read(root, SOURCE)?;
    rust::file(root, "crates/flowql/src/schema/generated.rs", SOURCE, &body(&columns)?)
}

fn body(columns: &[Column]) -> Result<String> {
    check(columns)?;
    let mut body = String::from(
        "use super::row::Row;\nuse crate::tables::Type;\n\n\
         /// The columns of the default schema, in its order.\n\
         pub(super) static COLUMNS: &[Row] = &[\n",
    );
    for column in columns {
        column.write(&mut body)?;
    }
    body.push_str("];\n");
    Ok(body)
}

/// What the shape of the file cannot say.
fn check(columns: &[Column]) -> Result<()> {
    let names: BTreeSet<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let folded: BTreeSet<_> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    ensure!(folded.len() == columns.len(), "two columns have one name, but for case");
    for column in columns {
        let name = &column.name;
        ensure!(
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "bad name `{name}`"
        );
        ensure!(!column.clickhouse_type.is_empty(), "{name} has no ClickHouse type");
        ensure!(column.doc.ends_with('.'), "the doc of {name} is not a sentence");
        ensure!(
            column.filter_type.is_some() != column.example.is_empty(),
            "{name} needs an example when it has a filter type, and only then"
        );
        for other in &column.depends {
            ensure!(names.contains(other.as_str()), "{name} depends on `{other}`, which is no column");
        }
    }
    Ok(())
}

impl Column {
    /// Writes the column with the fields that differ from an empty one.
    fn write(&self, body: &mut String) -> Result<()> {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        // In the order in which `schema/row.rs` reads them.
        let texts = [
            self.name.clone(),
            self.clickhouse_type.clone(),
            optional(&self.materialized_type),
            optional(&self.computed),
            optional(&self.codec),
            self.doc.clone(),
            self.example.clone(),
            optional(&self.unit),
            optional(&self.group),
        ];
        ensure!(!texts.iter().any(|text| text.contains('\t')), "a text of {} has a tabulator", self.name);
        writeln!(body, "Row {{ texts: {},", string(&texts.join("\t")))?;
        if let Some(kind) = &self.filter_type {
            writeln!(body, "filter_type: Some(Type::{}),", variant(kind)?)?;
        }
        if !self.depends.is_empty() {
            writeln!(body, "depends: {},", strings(&self.depends))?;
        }
        if !self.bits.is_empty() {
            let mut bits: Vec<_> = self.bits.iter().collect();
            bits.sort_by_key(|(_, mask)| **mask);
            let bits: Vec<_> =
                bits.iter().map(|(name, mask)| format!("({}, {mask})", string(name))).collect();
            writeln!(body, "bits: &[{}],", bits.join(", "))?;
        }
        for (field, value) in [
            ("main_only", self.main_only),
            ("disabled", self.disabled),
            ("always_enabled", self.always_enabled),
            ("not_a_dimension", self.not_a_dimension),
            ("not_in_sorting_key", self.not_in_sorting_key),
            ("truncatable_address", self.truncatable_address),
            ("port", self.port),
            ("country", self.country),
        ] {
            if value {
                writeln!(body, "{field}: true,")?;
            }
        }
        body.push_str("..Row::EMPTY },\n");
        Ok(())
    }
}

/// The variant of `Type` for a type as the schema names it.
fn variant(kind: &str) -> Result<&'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<String> {
        body(&serde_json::from_str::<Vec<Column>>(json)?)
    }

    #[test]
    fn only_the_fields_that_are_set_are_written() {
        let text = parse(
            r#"[{"name": "Flags", "filter_type": "uint", "clickhouse_type": "UInt8", "doc": "Flags.",
                "example": "2", "bits": {"A": 2, "B": 1}, "disabled": true}]"#,
        )
        .unwrap();
        for field in ["Some(Type::Uint)", r#"bits: &[("B", 1), ("A", 2)]"#, "disabled: true", "..Row::EMPTY"]
        {
            assert!(text.contains(field), "{field} is missing from {text}");
        }
        assert!(!text.contains("main_only") && !text.contains("unit"));
    }

    #[test]
    fn mistakes_are_refused() {
        for (json, message) in [
            (r#"[{"name": "A", "colour": 1}]"#, "unknown field `colour`"),
            (r#"[{"name": "A", "clickhouse_type": "UInt8", "doc": "A"}]"#, "not a sentence"),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "doc": "A.", "filter_type": "uint"}]"#,
                "needs an example",
            ),
            (r#"[{"name": "A", "clickhouse_type": "UInt8", "doc": "A.", "depends": ["B"]}]"#, "`B`"),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "doc": "A.", "filter_type": "x", "example": "1"}]"#,
                "unknown filter type `x`",
            ),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "doc": "A."},
                    {"name": "a", "clickhouse_type": "UInt8", "doc": "A."}]"#,
                "one name",
            ),
        ] {
            let error = format!("{:#}", parse(json).unwrap_err());
            assert!(error.contains(message), "{error}");
        }
    }
}
