//! A column as the generated table has it: its texts are one, since in a browser a pointer to each takes more room than
//! the tabulators between them.

use std::borrow::Cow;

use super::column::Column;
use crate::tables::Type;

/// The fields of a [`Column`]. With a column inside in place of those that are no text, the WebAssembly takes 0.8 kB more.
pub(super) struct Row {
    /// The name, the ClickHouse type, the type when it is materialized, how it is computed, the codec, the doc, the example,
    /// the unit and the group, with tabulators between them; empty for those that the column has not.
    pub(super) texts: &'static str,
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
}

impl Row {
    /// A row without texts, every flag off.
    pub(super) const EMPTY: Self = Self {
        texts: "",
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
            clickhouse_type: Cow::Borrowed(text()),
            materialized_type: optional(text()),
            computed: optional(text()),
            codec: optional(text()),
            doc: Cow::Borrowed(text()),
            example: Cow::Borrowed(text()),
            unit: optional(text()),
            group: optional(text()),
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
            ..Column::EMPTY
        }
    }
}
