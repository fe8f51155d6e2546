//! A column as the generated table has it: its texts are one, since in a browser a pointer to each takes more room than
//! the tabulators between them.

use std::borrow::Cow;

use super::clickhouse_type::ClickhouseType;
use super::column::{Column, Computed};
use crate::tables::Type;

/// The fields of a [`Column`]. With a column inside in place of those that are no text, the WebAssembly takes 0.8 kB more.
pub(super) struct Row {
    /// The name, the doc, the example, the unit, the group and the opposite, with tabulators between them; empty for those
    /// that the column has not. A `-` is the opposite of a column that has a direction without one.
    pub(super) texts: &'static str,
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
    /// A row without texts, every flag off.
    pub(super) const EMPTY: Self = Self {
        texts: "",
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

    pub(super) fn name(&self) -> &'static str {
        self.texts.split('\t').next().unwrap_or_default()
    }

    pub(super) fn column(&self) -> Column {
        let mut texts = self.texts.split('\t');
        let mut text = || texts.next().unwrap_or_default();
        let optional = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        // The fields are read in the order in which they are written here.
        Column {
            name: Cow::Borrowed(text()),
            doc: Cow::Borrowed(text()),
            example: Cow::Borrowed(text()),
            unit: optional(text()),
            group: optional(text()),
            opposite: optional(text()).map(|name| Cow::Borrowed(if name == "-" { "" } else { name })),
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
