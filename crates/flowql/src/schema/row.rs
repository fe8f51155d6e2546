//! Columns as the table of columns has them, a line each: without what hover alone says of them.

use std::borrow::Cow;

use super::clickhouse_type::{ClickhouseType, ScalarType};
use super::column::{Column, Computed};
use crate::gather::Gather as _;
use crate::tables::Type;

impl Column {
    /// A line of the table: the name, then the fields that differ from an empty column, with tabulators between them. A
    /// field is `key=value`, or the name of a flag. What does not fit is left out.
    pub(crate) fn read(line: &'static str) -> Self {
        let mut fields = line.split('\t');
        let mut column = Self { name: Cow::Borrowed(fields.next().unwrap_or_default()), ..Self::EMPTY };
        for field in fields {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            column.set(key, value);
        }
        column
    }

    fn set(&mut self, key: &str, value: &'static str) {
        match key {
            "example" => self.example = Cow::Borrowed(value),
            "unit" => self.unit = Some(value),
            "group" => self.group = Some(value),
            "opposite" => self.opposite = Some(Cow::Borrowed(value)),
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
            "depends" => self.depends = value.split(',').list().leak(),
            "bits" => self.bits = pairs(value),
            "names" => self.names = ranges(value),
            "main_only" => self.main_only = true,
            "disabled" => self.disabled = true,
            "always_enabled" => self.always_enabled = true,
            "not_a_dimension" => self.not_a_dimension = true,
            "not_in_sorting_key" => self.not_in_sorting_key = true,
            "truncatable_address" => self.truncatable_address = true,
            "port" => self.port = true,
            "country" => self.country = true,
            "per_flow" => self.per_flow = true,
            "yields_name" => self.yields_name = true,
            _ => {}
        }
    }
}

/// Names with their numbers: `SYN:2,ACK:16`. The table is read once, and kept until the program ends.
fn pairs<N: std::str::FromStr>(text: &'static str) -> &'static [(&'static str, N)] {
    let pair = |text: &'static str| {
        let (name, number) = text.rsplit_once(':')?;
        Some((name, number.parse().ok()?))
    };
    text.split(',').filter_map(pair).list().leak()
}

/// Names with the numbers that they stand for: `EF:184-187,LE:4-7`.
fn ranges(text: &'static str) -> &'static [(&'static str, u64, u64)] {
    let range = |text: &'static str| {
        let (name, numbers) = text.rsplit_once(':')?;
        let (low, high) = numbers.split_once('-')?;
        Some((name, low.parse().ok()?, high.parse().ok()?))
    };
    text.split(',').filter_map(range).list().leak()
}

#[cfg(all(test, feature = "registries"))]
mod tests {
    use super::*;
    use crate::tables::Registries;

    #[test]
    fn a_line_has_the_fields_that_differ_from_an_empty_column() {
        let column =
            Column::read("Flags\texample=2\ttype=uint\tclickhouse=UInt16\tbits=B:1,A:2\tdisabled\tx=y");
        assert_eq!((&*column.name, &*column.example, column.filter_type), ("Flags", "2", Some(Type::Uint)));
        assert_eq!(column.clickhouse_type.to_string(), "UInt16");
        assert_eq!(column.bits, [("B", 1), ("A", 2)]);
        assert!(column.disabled && !column.port && column.computed.is_none());
        let words = Column::read("W\twords=a b:0,c:1").clickhouse_type;
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
                "names" => assert_eq!(ranges(value).len(), value.split(',').count(), "{value}"),
                "words" => assert_eq!(pairs::<i8>(value).len(), value.split(',').count(), "{value}"),
                _ => {}
            }
        }
    }
}
