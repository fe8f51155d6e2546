//! `value-names.json`: the names of numbers, a registry for each column that has such.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use serde::Deserialize;

/// The registries, by the names that columns refer to them by.
pub(in crate::codegen) type Names = BTreeMap<String, Registry>;

/// The names of the numbers of a column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::codegen) struct Registry {
    /// What the numbers are.
    pub(in crate::codegen) title: String,
    /// Who names them so.
    pub(in crate::codegen) source: String,
    pub(in crate::codegen) names: Vec<ValueName>,
}

/// A name, with the least and the greatest number that it stands for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::codegen) struct ValueName {
    pub(in crate::codegen) name: String,
    pub(in crate::codegen) from: u64,
    pub(in crate::codegen) to: u64,
}

impl ValueName {
    /// The name as the table of columns has it.
    pub(super) fn field(&self) -> String {
        format!("{}:{}-{}", self.name, self.from, self.to)
    }
}

pub(in crate::codegen) fn read(root: &Path) -> Result<Names> {
    let registries: Names = crate::codegen::read(root, "value-names.json")?;
    for (key, registry) in &registries {
        ensure!(!registry.title.is_empty() && !registry.source.is_empty(), "{key} has no title or source");
        let mut seen = BTreeMap::new();
        for ValueName { name, from, to } in &registry.names {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            ensure!(plain && !name.is_empty(), "{key}: bad name `{name}`");
            ensure!(from <= to, "{key}: `{name}` ends before it begins");
            let twice = seen.insert(name.to_ascii_lowercase(), ());
            ensure!(twice.is_none(), "{key}: `{name}` is there twice");
        }
    }
    Ok(registries)
}
