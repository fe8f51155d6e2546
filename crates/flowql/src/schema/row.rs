//! A column as the table of columns has it: without what hover alone says of it.

use std::borrow::Cow;

use super::clickhouse_type::{ClickhouseType, ScalarType};
use super::column::{Column, Computed};
use crate::tables::Type;

/// The fields of a [`Column`] that a line of the table gives.
#[derive(Debug)]
pub(crate) struct Row {
    pub(super) name: &'static str,
    pub(super) example: &'static str,
    pub(super) unit: Option<&'static str>,
    pub(super) group: Option<&'static str>,
    pub(super) opposite: Option<&'static str>,
    pub(super) clickhouse_type: ClickhouseType,
    pub(super) materialized_type: Option<ClickhouseType>,
    pub(super) computed: Option<Computed>,
    pub(super) prefix_of: Option<(&'static str, &'static str)>,
    pub(super) large: Option<&'static str>,
    pub(super) popularity: u8,
    pub(super) filter_type: Option<Type>,
    pub(super) depends: &'static [&'static str],
    pub(super) bits: &'static [(&'static str, u64)],
    pub(super) main_only: bool,
    pub(super) disabled: bool,
    pub(super) always_enabled: bool,
    pub(super) not_a_dimension: bool,
    pub(super) not_in_sorting_key: bool,
    pub(super) truncatable_address: bool,
    pub(super) port: bool,
    pub(super) country: bool,
    pub(super) yields_name: bool,
}

impl Row {
    /// A row without a name, every flag off.
    pub(super) const EMPTY: Self = Self {
        name: "",
        example: "",
        unit: None,
        group: None,
        opposite: None,
        clickhouse_type: Column::EMPTY.clickhouse_type,
        materialized_type: None,
        computed: None,
        prefix_of: None,
        large: None,
        popularity: 0,
        filter_type: None,
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
        yields_name: false,
    };

    /// A line of the table: the name, then the fields that differ from an empty row, with tabulators between them. A
    /// field is `key=value`, or the name of a flag. What does not fit is left out.
    pub(crate) fn read(line: &'static str) -> Self {
        let mut fields = line.split('\t');
        let mut row = Self { name: fields.next().unwrap_or_default(), ..Self::EMPTY };
        for field in fields {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            row.set(key, value);
        }
        row
    }

    fn set(&mut self, key: &str, value: &'static str) {
        match key {
            "example" => self.example = value,
            "unit" => self.unit = Some(value),
            "group" => self.group = Some(value),
            "opposite" => self.opposite = Some(value),
            "type" => self.filter_type = Type::from_name(value),
            "clickhouse" => {
                self.clickhouse_type = ClickhouseType::parse(value).unwrap_or(self.clickhouse_type);
            }
            "words" => self.clickhouse_type = ClickhouseType::Scalar(ScalarType::Enum8(pairs(value))),
            "materialized" => self.materialized_type = ClickhouseType::parse(value),
            "at_query" => self.computed = Some(Computed::AtQuery),
            "at_insert" => self.computed = Some(Computed::AtInsert),
            "prefix_of" => self.prefix_of = value.split_once(','),
            "large" => self.large = Some(value),
            "popularity" => self.popularity = value.parse().unwrap_or_default(),
            "depends" => self.depends = value.split(',').collect::<Vec<_>>().leak(),
            "bits" => self.bits = pairs(value),
            "main_only" => self.main_only = true,
            "disabled" => self.disabled = true,
            "always_enabled" => self.always_enabled = true,
            "not_a_dimension" => self.not_a_dimension = true,
            "not_in_sorting_key" => self.not_in_sorting_key = true,
            "truncatable_address" => self.truncatable_address = true,
            "port" => self.port = true,
            "country" => self.country = true,
            "yields_name" => self.yields_name = true,
            _ => {}
        }
    }

    pub(super) fn column(&self) -> Column {
        Column {
            name: Cow::Borrowed(self.name),
            example: Cow::Borrowed(self.example),
            unit: self.unit,
            group: self.group,
            opposite: self.opposite.map(Cow::Borrowed),
            clickhouse_type: self.clickhouse_type,
            materialized_type: self.materialized_type,
            computed: self.computed,
            prefix_of: self.prefix_of,
            large: self.large,
            popularity: self.popularity,
            filter_type: self.filter_type,
            depends: self.depends,
            bits: self.bits,
            main_only: self.main_only,
            disabled: self.disabled,
            always_enabled: self.always_enabled,
            not_a_dimension: self.not_a_dimension,
            not_in_sorting_key: self.not_in_sorting_key,
            truncatable_address: self.truncatable_address,
            port: self.port,
            country: self.country,
            yields_name: self.yields_name,
            ..Column::EMPTY
        }
    }
}

/// Names with their numbers: `SYN:2,ACK:16`. The table is read once, and kept until the program ends.
fn pairs<N: std::str::FromStr>(text: &'static str) -> &'static [(&'static str, N)] {
    let pair = |text: &'static str| {
        let (name, number) = text.rsplit_once(':')?;
        Some((name, number.parse().ok()?))
    };
    text.split(',').filter_map(pair).collect::<Vec<_>>().leak()
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use super::*;
    use crate::tables::Registries;

    #[test]
    fn a_line_has_the_fields_that_differ_from_an_empty_row() {
        let row = Row::read("Flags\texample=2\ttype=uint\tclickhouse=UInt16\tbits=B:1,A:2\tdisabled\tx=y");
        assert_eq!((row.name, row.example, row.filter_type), ("Flags", "2", Some(Type::Uint)));
        assert_eq!(row.clickhouse_type.to_string(), "UInt16");
        assert_eq!(row.bits, [("B", 1), ("A", 2)]);
        assert!(row.disabled && !row.port && row.computed.is_none());
        let words = Row::read("W\twords=a b:0,c:1").clickhouse_type;
        assert_eq!(words.to_string(), "Enum8('a b' = 0, 'c' = 1)");
    }

    #[test]
    fn every_field_of_the_table_is_understood() {
        let text = include_str!("../tables/generated/registries.txt");
        let (_, lines) = text.split_once("= columns\n").unwrap();
        let (lines, _) = lines.split_once("\n= ").unwrap();
        assert_eq!(lines.lines().count(), Registries::built_in().columns.len());
        for (key, value) in
            lines.lines().flat_map(|line| line.split('\t').skip(1)).filter_map(|field| field.split_once('='))
        {
            match key {
                "clickhouse" | "materialized" => {
                    assert_eq!(ClickhouseType::parse(value).unwrap().to_string(), value);
                }
                "type" => assert!(Type::from_name(value).is_some(), "{value}"),
                "bits" => assert_eq!(pairs::<u64>(value).len(), value.split(',').count(), "{value}"),
                "words" => assert_eq!(pairs::<i8>(value).len(), value.split(',').count(), "{value}"),
                _ => {}
            }
        }
    }
}
