//! The facts of storage of each column.

use flowql::Column;

use crate::Expression;
use crate::generated::STORAGE;

/// What storage needs of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnStorage {
    /// The name of the column.
    pub name: &'static str,
    /// The compression codec, as ClickHouse writes it; `None` for the server's default.
    pub codec: Option<&'static str>,
    /// The data-skipping index that pays for it.
    pub index: Option<Index>,
    /// How it is computed; `None` for a column that comes with the flows.
    pub expression: Option<Expression>,
    /// The place in the sorting key of `flows`, after the time, from 1.
    pub raw_key: Option<u8>,
    /// The place in the primary key of the aggregated tables, from 1.
    pub aggregated_key: Option<u8>,
    /// The column of the table `exporters` that its values also go to.
    pub exporters: Option<&'static str>,
    /// The column that says what a value of this one means: for the name of an interface, its description.
    pub about: Option<&'static str>,
    /// The place among the columns that a flow is shown with where none are asked for, from 1.
    pub usual: Option<u8>,
    /// The number of its field in Protobuf messages, never used again for another column; `None` for a configured
    /// column.
    pub protobuf: Option<u32>,
}

/// A data-skipping index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// For a column of which a granule has many values, and most granules not the one that is looked for.
    Bloom,
    /// For a column of which a granule has few values.
    Set,
    /// For a column whose values follow the sorting key.
    MinMax,
}

impl ColumnStorage {
    /// A column about which nothing is known: one that a configuration added.
    pub const CONFIGURED: Self = Self {
        name: "",
        codec: None,
        index: None,
        expression: None,
        raw_key: None,
        aggregated_key: None,
        exporters: None,
        about: None,
        usual: None,
        protobuf: None,
    };

    /// Every column of the default schema, in its order.
    pub const fn all() -> &'static [Self] {
        STORAGE
    }
}

/// The facts of storage for a column of a schema.
pub trait Storage {
    /// What storage needs of it; [`ColumnStorage::CONFIGURED`] for one that a configuration added.
    fn storage(&self) -> &'static ColumnStorage;

    /// Whether writers send it: it is neither computed nor looked up in a dictionary when a flow is stored.
    fn is_sent(&self) -> bool;
}

impl Storage for Column {
    fn storage(&self) -> &'static ColumnStorage {
        static CONFIGURED: ColumnStorage = ColumnStorage::CONFIGURED;
        let found = STORAGE.iter().find(|storage| !self.custom && storage.name == self.name);
        found.unwrap_or(&CONFIGURED)
    }

    fn is_sent(&self) -> bool {
        self.computed.is_none() && self.lookup.is_none()
    }
}

#[cfg(test)]
mod tests {
    use flowql::{CustomColumn, Schema, SchemaConfig};

    use super::*;

    #[test]
    fn every_column_has_its_facts() {
        let schema = Schema::default();
        let names: Vec<&str> = ColumnStorage::all().iter().map(|storage| storage.name).collect();
        assert!(schema.columns().iter().map(|column| column.name.as_ref()).eq(names));
        for column in schema.columns() {
            let storage = column.storage();
            assert_eq!(storage.expression.is_some(), column.computed.is_some(), "{}", column.name);
            for name in storage.expression.iter().flat_map(|expression| expression.inputs()) {
                assert!(schema.find(name).is_some(), "{} reads `{name}`", column.name);
            }
        }
    }

    #[test]
    fn places_in_keys_follow_each_other() {
        for place in [
            |storage: &ColumnStorage| storage.raw_key,
            |storage: &ColumnStorage| storage.aggregated_key,
            |storage: &ColumnStorage| storage.usual,
        ] {
            let mut places: Vec<u8> = ColumnStorage::all().iter().filter_map(place).collect();
            places.sort_unstable();
            assert!(!places.is_empty() && places.iter().copied().eq(1..=places.len() as u8), "{places:?}");
        }
    }

    #[test]
    fn protobuf_numbers_differ() {
        let mut numbers: Vec<u32> =
            ColumnStorage::all().iter().filter_map(|storage| storage.protobuf).collect();
        assert_eq!(numbers.len(), ColumnStorage::all().len());
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ColumnStorage::all().len());
        // Protobuf keeps these for itself.
        assert!(numbers.iter().all(|number| !(19_000..20_000).contains(number) && *number > 0));
    }

    #[test]
    fn a_configured_column_has_no_facts_of_another() {
        let column =
            CustomColumn { name: "SrcAddrRole".into(), kind: "string".into(), ..CustomColumn::default() };
        let config = SchemaConfig { column: vec![column], ..SchemaConfig::default() };
        let schema = Schema::configured(&config).unwrap();
        let column = schema.column(schema.find("SrcAddrRole").unwrap());
        assert_eq!(*column.storage(), ColumnStorage::CONFIGURED);
        assert!(column.is_sent());
    }
}
