//! A column of the flow schema.

use std::borrow::Cow;

use super::clickhouse_type::{ClickhouseType, ScalarType};
use crate::gather::Gather as _;
use crate::tables::{BITS_RULE, OPERATORS, Operator, Rule, Type, rules};
use crate::values::{self, AmountError};

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
    /// The type that ClickHouse has it with.
    pub clickhouse_type: ClickhouseType,
    /// The type that it gets when a computed column is stored instead (`materialize`).
    pub materialized_type: Option<ClickhouseType>,
    /// When the value is computed; `None` for a column that comes with the flows.
    pub computed: Option<Computed>,
    /// How the value is computed, in words; empty for a column that comes with the flows.
    pub how: Cow<'static, str>,
    /// The name of the column for the opposite direction, which may not exist; empty where a column has a direction
    /// without an opposite; `None` for a column without direction.
    pub opposite: Option<Cow<'static, str>>,
    /// The columns with the address and the mask length that a prefix column is computed from.
    pub prefix_of: Option<(&'static str, &'static str)>,
    /// The column with the large communities that accompany this one's.
    pub large: Option<&'static str>,
    /// The place among the columns that people filter by most, from 1; 0 for all others.
    pub popularity: u8,
    /// One sentence that says what the column holds.
    pub doc: Cow<'static, str>,
    /// A value as a filter would write it (`AS15169`, `"https"`, `192.0.2.0/24`); empty when not filterable.
    pub example: Cow<'static, str>,
    /// The unit of the values (`Mbit/s`, `bytes`), where they have one.
    pub unit: Option<&'static str>,
    /// The group that enables or disables the column together with others (`L2`, `L3L4`, `NAT`, `Time`, `Tunnel`).
    pub group: Option<&'static str>,
    /// The columns without which this one has no value.
    pub depends: &'static [&'static str],
    /// The named bits that `HAS` takes, with their masks.
    pub bits: &'static [(&'static str, u64)],
    /// The names of numbers, each with the least and the greatest number that it stands for; values are written so in quotes.
    pub names: &'static [(&'static str, u64, u64)],
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
    /// A number of one flow, of which the aggregated tables hold the sum over many: no setting makes them tell it.
    pub per_flow: bool,
    /// A configured column may take its name: it was added to the default schema when such columns existed already.
    pub yields_name: bool,
    /// A computed column that is stored in the table (`materialize` of the configuration).
    pub materialized: bool,
    /// Added by the configuration rather than by `grammar/schema.json`.
    pub custom: bool,
    /// Where the values come from, for a column that is looked up when a flow is stored.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub lookup: Option<Lookup>,
}

/// When a column is computed from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Computed {
    /// Each time that it is read: the tables do not store it.
    AtQuery,
    /// Once, when a flow is stored.
    AtInsert,
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
        clickhouse_type: ClickhouseType::Scalar(ScalarType::String),
        materialized_type: None,
        computed: None,
        how: Cow::Borrowed(""),
        opposite: None,
        prefix_of: None,
        large: None,
        popularity: 0,
        doc: Cow::Borrowed(""),
        example: Cow::Borrowed(""),
        unit: None,
        group: None,
        depends: &[],
        bits: &[],
        names: &[],
        main_only: false,
        disabled: false,
        always_enabled: false,
        not_a_dimension: false,
        not_in_sorting_key: false,
        truncatable_address: false,
        port: false,
        country: false,
        per_flow: false,
        yields_name: false,
        materialized: false,
        custom: false,
        lookup: None,
    };

    /// Whether the column has no data of its own: it is computed each time that it is read.
    pub const fn is_computed_at_query(&self) -> bool {
        !self.materialized && matches!(self.computed, Some(Computed::AtQuery))
    }

    /// When and how the value is computed, in words; `None` for a column that comes with the flows.
    pub fn computation(&self) -> Option<String> {
        let when = match self.computed? {
            Computed::AtQuery => "query time",
            Computed::AtInsert => "insert",
        };
        Some(format!("computed at {when}: {}", self.how))
    }

    /// The rules of the column: those of its type, and that of `HAS` where it has named bits.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &'static Rule> + use<> {
        let of_type = self.filter_type.map(rules).unwrap_or_default();
        let bits = if self.bits.is_empty() { None } else { Some(&BITS_RULE) };
        of_type.iter().chain(bits)
    }

    /// The operators that a filter may use on it, in the order of the reference.
    pub fn operators(&self) -> impl Iterator<Item = Operator> + use<> {
        let available: Vec<Operator> = self.rules().flat_map(|rule| rule.operators).copied().list();
        OPERATORS.iter().map(|row| row.operator).filter(move |operator| available.contains(operator))
    }

    /// The words that a text column is stored with, each with its number; none where it holds any text.
    pub fn words(&self) -> &'static [(&'static str, i8)] {
        match (self.filter_type, self.clickhouse_type) {
            (Some(Type::String), ClickhouseType::Scalar(ScalarType::Enum8(words))) => words,
            _ => &[],
        }
    }

    /// Whether a filter can compare the two: their values are of one type and, for words, of one enumeration, by whose
    /// numbers the database compares.
    pub(crate) fn compares_with(&self, other: &Self) -> bool {
        self.filter_type == other.filter_type && self.words() == other.words()
    }

    /// The numbers that a name stands for, in any case: the least and the greatest.
    pub(crate) fn named(&self, name: &str) -> Option<(u64, u64)> {
        let found = self.names.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        found.map(|&(_, low, high)| (low, high))
    }

    /// The name that stands for exactly these numbers.
    pub(crate) fn name_of(&self, low: u64, high: u64) -> Option<&'static str> {
        self.names.iter().find(|&&(_, from, to)| (from, to) == (low, high)).map(|&(name, ..)| name)
    }

    /// The number that a word says for the column: columns of type uint take separators and suffixes.
    pub(crate) fn number(&self, word: &str) -> Result<u64, AmountError> {
        match self.filter_type {
            Some(Type::Uint) => values::amount(word, self.unit),
            _ => Ok(values::integer(word)?),
        }
    }

    /// The width in bits of an unsigned integer column; `None` for any other type.
    pub fn uint_bits(&self) -> Option<u32> {
        match self.clickhouse_type.scalar()? {
            ScalarType::UInt(bits) => Some(u32::from(bits)),
            _ => None,
        }
    }

    /// The length in bytes of a `FixedString` column; `None` for any other type.
    pub fn fixed_length(&self) -> Option<usize> {
        match self.clickhouse_type.scalar()? {
            ScalarType::FixedString(length) => Some(usize::from(length)),
            _ => None,
        }
    }
}

impl Default for Column {
    fn default() -> Self {
        Self::EMPTY
    }
}
