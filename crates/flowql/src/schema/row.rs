//! A column as the generated table has it: without what hover alone says of it.

use std::borrow::Cow;

use super::clickhouse_type::ClickhouseType;
use super::column::{Column, Computed};
use crate::tables::Type;

/// The fields of a [`Column`] that no file beside a program gives.
pub(super) struct Row {
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
