//! `schema.json`: the columns of the default schema.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Generated;
use super::rust::{self, string};
use names::{Names, ValueName};

pub(super) mod names;
mod oracle;
mod storage;
mod types;

const SOURCE: &str = "schema.json";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Column {
    name: String,
    /// The section of the page of columns; read by `pages/columns.rs`.
    section: String,
    filter_type: Option<String>,
    clickhouse_type: String,
    materialized_type: Option<String>,
    computed: Option<Computed>,
    codec: Option<String>,
    doc: String,
    example: String,
    unit: Option<String>,
    group: Option<String>,
    depends: Vec<String>,
    bits: BTreeMap<String, u64>,
    /// The registry of `value-names.json` that names the numbers.
    names: Option<String>,
    main_only: bool,
    disabled: bool,
    always_enabled: bool,
    not_a_dimension: bool,
    not_in_sorting_key: bool,
    truncatable_address: bool,
    port: bool,
    country: bool,
    /// The aggregated tables hold the sum over many flows.
    per_flow: bool,
    /// A configured column may take its name.
    yields_name: bool,
    /// The column for the opposite direction, which may not exist; empty for a direction without an opposite.
    opposite: Option<String>,
    /// The column with the large communities.
    large: Option<String>,
    /// The place among the columns that people filter by most, from 1.
    popularity: u8,
    index: Option<Index>,
    raw_key: Option<u8>,
    aggregated_key: Option<u8>,
    usual: Option<u8>,
    about: Option<String>,
    exporters: Option<String>,
    protobuf: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Computed {
    at: At,
    kind: Kind,
    /// The columns that it is computed from, in the order of the fields of its kind.
    from: Vec<String>,
    #[serde(default)]
    place: u8,
    #[serde(default)]
    protocol: u8,
    how: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    Query,
    Insert,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Prefix,
    PacketSize,
    PacketSizeBucket,
    Duration,
    IcmpName,
    PathHop,
    Element,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Index {
    Bloom,
    Set,
    MinMax,
}

/// The columns as the language has them, one a line.
pub(super) fn lines(root: &Path) -> Result<String> {
    body(&super::read::<Vec<Column>>(root, SOURCE)?, &names::read(root)?)
}

/// The names of the columns.
pub(super) fn names(root: &Path) -> Result<BTreeSet<String>> {
    let columns: Vec<Column> = super::read(root, SOURCE)?;
    Ok(columns.into_iter().map(|column| column.name).collect())
}

/// What is said of each column, and how it is computed: a heading and the text of each.
pub(super) fn texts(root: &Path) -> Result<Vec<(String, String)>> {
    let columns: Vec<Column> = super::read(root, SOURCE)?;
    let of_column = |column: Column| {
        let how = column.computed.map(|computed| (format!("computed {}", column.name), computed.how));
        [(format!("column {}", column.name), column.doc)].into_iter().chain(how)
    };
    Ok(columns.into_iter().flat_map(of_column).collect())
}

/// The columns as storage has them.
pub(super) fn generate_storage(root: &Path) -> Result<Generated> {
    let columns: Vec<Column> = super::read(root, SOURCE)?;
    rust::file(root, "crates/flowql-schema/src/generated.rs", SOURCE, &storage::body(&columns)?)
}

/// The columns as the second implementation has them.
pub(super) fn generate_oracle(root: &Path) -> Result<Generated> {
    let columns: Vec<Column> = super::read(root, SOURCE)?;
    let body = oracle::body(&columns, &names::read(root)?)?;
    rust::file(root, "crates/flowql-oracle/src/columns.rs", SOURCE, &body)
}

/// The name and the section of each column, for the page of columns.
#[cfg(feature = "pages")]
pub(super) fn sections(root: &Path) -> Result<Vec<(String, String)>> {
    let columns: Vec<Column> = super::read(root, SOURCE)?;
    Ok(columns.into_iter().map(|column| (column.name, column.section)).collect())
}

fn body(columns: &[Column], names: &Names) -> Result<String> {
    check(columns)?;
    let lines: Result<Vec<String>> = columns.iter().map(|column| column.line(names)).collect();
    Ok(lines?.concat())
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
        column.filter_type.as_deref().map_or(Ok(""), types::filter)?;
        ensure!(!column.section.is_empty(), "{name} has no section");
        let from = column.computed.iter().flat_map(|computed| &computed.from);
        let others = column.depends.iter().chain(from).chain(&column.large).chain(&column.about);
        for other in others {
            ensure!(names.contains(other.as_str()), "{name} names `{other}`, which is not a column");
        }
        for other in columns.iter().filter(|other| Some(&other.name) == column.opposite.as_ref()) {
            ensure!(other.opposite.as_ref() == Some(name), "{name} is not the opposite of {}", other.name);
            ensure!(other.filter_type == column.filter_type, "{name} and {} differ in type", other.name);
        }
    }
    for (what, number) in [
        ("popularity", (|column| Some(u32::from(column.popularity)).filter(|&place| place > 0)) as Number),
        ("raw_key", |column| column.raw_key.map(u32::from)),
        ("aggregated_key", |column| column.aggregated_key.map(u32::from)),
        ("usual", |column| column.usual.map(u32::from)),
        ("protobuf", |column| Some(column.protobuf)),
    ] {
        let numbers: Vec<u32> = columns.iter().filter_map(number).collect();
        let distinct: BTreeSet<u32> = numbers.iter().copied().collect();
        ensure!(
            distinct.len() == numbers.len() && !distinct.contains(&0),
            "two columns have one `{what}`, or it is 0"
        );
    }
    Ok(())
}

type Number = fn(&Column) -> Option<u32>;

impl Column {
    /// The columns with the address and the mask length that a prefix is computed from.
    fn prefix_of(&self) -> Option<(&str, &str)> {
        match self.computed.as_ref()? {
            Computed { kind: Kind::Prefix, from, .. } => Some((from.first()?, from.get(1)?)),
            _ => None,
        }
    }

    /// The names of its numbers.
    fn named<'n>(&self, names: &'n Names) -> Result<&'n [ValueName]> {
        let Some(registry) = &self.names else { return Ok(&[]) };
        let found = names.get(registry).with_context(|| format!("{} has unknown names", self.name))?;
        Ok(&found.names)
    }

    /// The name, and the fields that differ from an empty column.
    fn line(&self, names: &Names) -> Result<String> {
        let at = self.computed.as_ref().map(|computed| computed.at);
        let mut bits: Vec<_> = self.bits.iter().collect();
        bits.sort_by_key(|(_, mask)| **mask);
        let bits: Vec<String> = bits.iter().map(|(name, mask)| format!("{name}:{mask}")).collect();
        let (clickhouse, words) = match types::words(&self.clickhouse_type)? {
            Some(words) => ("", words),
            None => (self.clickhouse_type.as_str(), String::new()),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let values = [
            ("example", self.example.clone()),
            ("unit", text(&self.unit)),
            ("group", text(&self.group)),
            ("opposite", text(&self.opposite)),
            ("type", text(&self.filter_type)),
            ("clickhouse", clickhouse.to_owned()),
            ("words", words),
            ("materialized", text(&self.materialized_type)),
            (
                "prefix_of",
                self.prefix_of().map(|(address, mask)| format!("{address},{mask}")).unwrap_or_default(),
            ),
            ("large", text(&self.large)),
            ("popularity", if self.popularity > 0 { self.popularity.to_string() } else { String::new() }),
            ("depends", self.depends.join(",")),
            ("bits", bits.join(",")),
            ("names", self.named(names)?.iter().map(ValueName::field).collect::<Vec<_>>().join(",")),
        ];
        let flags = [
            // A direction without an opposite.
            ("opposite", self.opposite.as_deref() == Some("")),
            ("at_query", at == Some(At::Query)),
            ("at_insert", at == Some(At::Insert)),
            ("main_only", self.main_only),
            ("disabled", self.disabled),
            ("always_enabled", self.always_enabled),
            ("not_a_dimension", self.not_a_dimension),
            ("not_in_sorting_key", self.not_in_sorting_key),
            ("truncatable_address", self.truncatable_address),
            ("port", self.port),
            ("country", self.country),
            ("yields_name", self.yields_name),
            ("per_flow", self.per_flow),
        ];
        let mut line = self.name.clone();
        for (key, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
            ensure!(!value.contains(['\t', '\n']), "`{key}` of {} has a tabulator", self.name);
            line.push_str(&format!("\t{key}={value}"));
        }
        for (flag, _) in flags.iter().filter(|(_, is_set)| *is_set) {
            line.push_str(&format!("\t{flag}"));
        }
        line.push('\n');
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<String> {
        body(&serde_json::from_str::<Vec<Column>>(json)?, &Names::new())
    }

    #[test]
    fn only_the_fields_that_are_set_are_written() {
        let text = parse(
            r#"[{"name": "Flags", "filter_type": "uint", "clickhouse_type": "UInt8", "section": "S", "protobuf": 1, "doc": "Flags.",
                "example": "2", "bits": {"A": 2, "B": 1}, "disabled": true, "opposite": ""}]"#,
        )
        .unwrap();
        assert_eq!(text, "Flags\texample=2\ttype=uint\tclickhouse=UInt8\tbits=B:1,A:2\topposite\tdisabled\n");
    }

    #[test]
    fn mistakes_are_refused() {
        for (json, message) in [
            (r#"[{"name": "A", "colour": 1}]"#, "unknown field `colour`"),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "protobuf": 1, "section": "S", "doc": "A"}]"#,
                "not a sentence",
            ),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "protobuf": 1, "section": "S", "doc": "A.", "filter_type": "uint"}]"#,
                "needs an example",
            ),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "protobuf": 1, "section": "S", "doc": "A.", "depends": ["B"]}]"#,
                "`B`",
            ),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "protobuf": 1, "section": "S", "doc": "A.", "filter_type": "x", "example": "1"}]"#,
                "unknown filter type `x`",
            ),
            (
                r#"[{"name": "A", "clickhouse_type": "UInt8", "protobuf": 1, "section": "S", "doc": "A."},
                    {"name": "a", "clickhouse_type": "UInt8", "protobuf": 1, "section": "S", "doc": "A."}]"#,
                "one name",
            ),
        ] {
            let error = format!("{:#}", parse(json).unwrap_err());
            assert!(error.contains(message), "{error}");
        }
    }
}
