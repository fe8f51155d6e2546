//! The sections that shape the language: columns, names and limits.

use std::collections::BTreeMap;

use flowql::{CustomColumn, Limits, SchemaConfig};

use crate::{Choice, KnownSection, Registry, Section};

/// The sections of this crate, which every program knows.
pub(crate) const OWN: Registry = &[
    KnownSection::of::<SchemaSection>(),
    KnownSection::of::<FiltersSection>(),
    KnownSection::of::<CommunitiesSection>(),
    KnownSection::of::<LimitsSection>(),
];

/// Shapes the columns of the flow schema. Columns are named in any case; a group (`L2`, `L3L4`, `NAT`, `Time`, `Tunnel`)
/// stands for all of its columns.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "schema",
    example = "[schema]\nenable = [\"SrcVlan\", \"DstVlan\"]\nmaterialize = [\"SrcNetPrefix\"]\n"
)]
pub struct SchemaSection {
    /// Columns or groups to enable.
    #[setting(example = ["SrcVlan", "L3L4"])]
    pub enable: Vec<String>,
    /// Columns or groups to disable. Columns that are always enabled cannot be disabled.
    #[setting(example = ["NAT"])]
    pub disable: Vec<String>,
    /// Columns computed at query time to store in the table instead.
    #[setting(example = ["SrcNetPrefix"])]
    pub materialize: Vec<String>,
    /// Columns of the raw table to keep in the aggregated tables too. A computed one must be in `materialize` as well.
    #[setting(example = ["SrcAddr"])]
    pub every_table: Vec<String>,
    /// Columns to keep in the raw table only.
    #[setting(example = ["DstCommunities"])]
    pub main_only: Vec<String>,
    /// The columns that it adds.
    #[section]
    pub column: Vec<ColumnSection>,
}

/// Adds a column: an attribute of a ClickHouse dictionary, looked up by a column of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "schema.column",
    list,
    example = "[[schema.column]]\nname = \"DstAddrRole\"\ntype = \"string\"\ndescription = \"role of the destination, from our inventory\"\n"
)]
pub struct ColumnSection {
    /// The name: a letter, then letters and digits.
    #[setting(required, example = "DstAddrRole")]
    pub name: String,
    /// The type, which says what a filter can ask.
    #[setting(required, key = "type", example = ColumnType::String)]
    pub kind: ColumnType,
    /// One sentence that says what the column holds.
    #[setting(example = "role of the destination")]
    pub description: String,
    /// The ClickHouse type. When left out, `LowCardinality(String)`, `UInt32` or `IPv6`, by the type.
    #[setting(example = "LowCardinality(String)")]
    pub clickhouse_type: Option<String>,
    /// Whether the column is in the raw table only.
    pub main_only: bool,
    /// The ClickHouse dictionary that holds the values.
    #[setting(example = "inventory")]
    pub dictionary: Option<String>,
    /// The attribute of the dictionary.
    #[setting(example = "role")]
    pub attribute: Option<String>,
    /// The column whose value is the key of the dictionary.
    #[setting(example = "DstAddr")]
    pub key: Option<String>,
}

/// The type of a column that a configuration adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum ColumnType {
    /// A string.
    #[default]
    String,
    /// An unsigned integer.
    Uint,
    /// An address.
    Ip,
}

/// Saved filters: `@name` stands for the text in any filter.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "filters", example = "[filters]\ncustomers = 'DstNetRole = \"customers\"'\n")]
pub struct FiltersSection(
    /// The text of the filter. NAME is a letter or `_`, then letters, digits, `_` and `-`; case matters.
    #[setting(key = "NAME", example = "DstNetRole = \"customers\"")]
    pub BTreeMap<String, String>,
);

/// Names for BGP communities, shown by hover and hints and usable as values.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "communities", example = "[communities]\n\"65000:666\" = \"our-blackhole\"\n")]
pub struct CommunitiesSection(
    /// The name of the community: a letter, then letters, digits, `-` and `_`. COMMUNITY is a community (`65000:666`), a
    /// large community or a wildcard, in quotes.
    #[setting(key = "COMMUNITY", example = "our-blackhole")]
    pub BTreeMap<String, String>,
);

/// What a filter may cost.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "limits", example = "[limits]\nlength = 131072\n")]
pub struct LimitsSection {
    /// The maximum length of a filter, its saved filters expanded.
    #[setting(default = Limits::DEFAULT.length, range = 1..=64 << 20, unit = "bytes")]
    pub length: usize,
    /// The most levels of parentheses, NOT and saved filters together. The default is the most that ClickHouse's parser
    /// is sure to accept.
    #[setting(default = Limits::DEFAULT.nesting, range = 1..=Limits::DEFAULT.nesting)]
    pub nesting: usize,
    /// The most diagnostics of one filter; one more says how many were left out.
    #[setting(default = Limits::DEFAULT.diagnostics, range = 1..=10_000)]
    pub diagnostics: usize,
    /// The maximum length of a file of several filters.
    #[setting(default = Limits::DEFAULT.file_length, range = 1..=1 << 30, unit = "bytes")]
    pub file_length: usize,
}

impl From<&SchemaSection> for SchemaConfig {
    fn from(section: &SchemaSection) -> Self {
        let SchemaSection { enable, disable, materialize, every_table, main_only, column } = section.clone();
        let column = column.into_iter().map(CustomColumn::from).collect();
        Self { enable, disable, materialize, every_table, main_only, column, communities: Vec::new() }
    }
}

impl From<ColumnSection> for CustomColumn {
    fn from(section: ColumnSection) -> Self {
        let ColumnSection { name, kind, description, clickhouse_type, main_only, dictionary, attribute, key } =
            section;
        let kind = kind.name().to_owned();
        Self { name, kind, description, clickhouse_type, main_only, dictionary, attribute, key }
    }
}

impl From<&LimitsSection> for Limits {
    fn from(section: &LimitsSection) -> Self {
        let &LimitsSection { length, nesting, diagnostics, file_length } = section;
        Self { length, nesting, diagnostics, file_length }
    }
}
