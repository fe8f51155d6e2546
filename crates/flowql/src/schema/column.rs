//! A column of the flow schema.

use std::borrow::Cow;

use crate::check::operators_of;
use crate::tables::{Operator, Type};

/// One column of the flow schema, as `grammar/schema.json` or `flowql.toml` describes it.
///
/// `Default` gives a column without a name or a type: the base that the generated table and the
/// custom columns of a configuration fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Column {
    /// The name, in the case that SQL and formatted text use.
    pub name: Cow<'static, str>,
    /// What a filter may say of the column; `None` when it cannot stand in a filter.
    pub filter_type: Option<Type>,
    /// The ClickHouse type of the stored column.
    pub clickhouse_type: Cow<'static, str>,
    /// The ClickHouse type when a computed column is stored instead (`materialize`).
    pub materialized_type: Option<&'static str>,
    /// How the value is computed, in words; `None` for a column that the exporters send.
    pub computed: Option<&'static str>,
    /// The compression codec of the stored column, as ClickHouse writes it.
    pub codec: Option<&'static str>,
    /// One sentence that says what the column holds.
    pub doc: Cow<'static, str>,
    /// A value as a filter would write it (`AS15169`, `"https"`, `192.0.2.0/24`); empty when not filterable.
    pub example: Cow<'static, str>,
    /// The unit of the values (`Mbit/s`, `bytes`), where they have one.
    pub unit: Option<&'static str>,
    /// The group that enables or disables the column together with others (`L2`, `NAT`, `L3L4`).
    pub group: Option<&'static str>,
    /// The columns without which this one has no value.
    pub depends: &'static [&'static str],
    /// The named bits that `HAS` takes, with their masks.
    pub bits: &'static [(&'static str, u64)],
    /// The column exists in the raw table only.
    pub main_only: bool,
    /// The column is off until the configuration enables it.
    pub disabled: bool,
    /// The column cannot be disabled.
    pub always_enabled: bool,
    /// The column cannot group the flows of a graph.
    pub not_a_dimension: bool,
    /// The aggregated tables keep any one value of it on merge.
    pub not_in_sorting_key: bool,
    /// An address that a deployment may truncate for privacy.
    pub truncatable_address: bool,
    /// A TCP or UDP port: service names are values too.
    pub port: bool,
    /// A two-letter country code (ISO 3166-1 alpha-2).
    pub country: bool,
    /// A computed column that is stored in the table (`materialize` of the configuration).
    pub materialized: bool,
    /// Added by the configuration rather than by `grammar/schema.json`.
    pub custom: bool,
    /// Where the values come from, for a column that is looked up when a flow is stored.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub lookup: Option<Lookup>,
}

/// A dictionary of the database that gives a column its values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Lookup {
    /// The dictionary.
    pub dictionary: String,
    /// Its attribute.
    pub attribute: String,
    /// The column whose value is the key.
    pub key: String,
}

impl Column {
    /// A column without name or type, every flag off.
    pub const EMPTY: Self = Self {
        name: Cow::Borrowed(""),
        filter_type: None,
        clickhouse_type: Cow::Borrowed(""),
        materialized_type: None,
        computed: None,
        codec: None,
        doc: Cow::Borrowed(""),
        example: Cow::Borrowed(""),
        unit: None,
        group: None,
        depends: &[],
        bits: &[],
        main_only: false,
        disabled: false,
        always_enabled: false,
        not_a_dimension: false,
        not_in_sorting_key: false,
        truncatable_address: false,
        port: false,
        country: false,
        materialized: false,
        custom: false,
        lookup: None,
    };

    /// Whether the column has no data of its own: it is computed each time that it is read.
    pub fn is_computed_at_query(&self) -> bool {
        !self.materialized && self.computed.is_some_and(|how| how.starts_with("computed at query time"))
    }

    /// The ClickHouse type that the tables hold.
    pub fn stored_type(&self) -> &str {
        match self.materialized_type {
            Some(kind) if self.materialized => kind,
            _ => &self.clickhouse_type,
        }
    }

    /// The operators that a filter may use on it, in the order of the reference.
    pub fn operators(&self) -> impl Iterator<Item = Operator> + use<> {
        operators_of(self)
    }

    /// The ClickHouse type without `LowCardinality`.
    fn plain_type(&self) -> &str {
        let inner = self.clickhouse_type.strip_prefix("LowCardinality(");
        inner.and_then(|inner| inner.strip_suffix(')')).unwrap_or(&self.clickhouse_type)
    }

    /// The width in bits of an unsigned integer column; `None` for any other type.
    pub fn uint_bits(&self) -> Option<u32> {
        self.plain_type().strip_prefix("UInt")?.parse().ok()
    }

    /// The length in bytes of a `FixedString` column; `None` for any other type.
    pub fn fixed_length(&self) -> Option<usize> {
        self.plain_type().strip_prefix("FixedString(")?.strip_suffix(')')?.parse().ok()
    }
}

impl Default for Column {
    fn default() -> Self {
        Self::EMPTY
    }
}
