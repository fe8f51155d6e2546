//! The part of `flowql.toml` that shapes the schema.

use std::borrow::Cow;

use super::{ClickhouseType, Column, ColumnId, Computed, Lookup, ScalarType, Schema, pairs};
use crate::gather::Gather as _;
use crate::tables::{Type, closest, is_keyword, words};
use crate::values::text;

/// The sections `[schema]` and `[communities]` of `flowql.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct SchemaConfig {
    /// Columns or groups (`L2`, `L3L4`, `NAT`, `Time`, `Tunnel`) to enable.
    pub enable: Vec<String>,
    /// Columns or groups to disable.
    pub disable: Vec<String>,
    /// Computed columns to store in the table instead.
    pub materialize: Vec<String>,
    /// Columns of the raw table to keep in the aggregated tables too.
    pub every_table: Vec<String>,
    /// Columns to keep in the raw table only.
    pub main_only: Vec<String>,
    /// Columns of one's own.
    pub column: Vec<CustomColumn>,
    /// Names for communities, by the community: `"65000:666" = "our-blackhole"`.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub communities: Vec<(String, String)>,
}

/// A column that the configuration adds: a dictionary's attribute attached to a dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct CustomColumn {
    /// The name: a letter, then letters and digits.
    pub name: String,
    /// The type: `string`, `uint` or `ip`.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: String,
    /// One sentence that says what it holds.
    pub description: String,
    /// The ClickHouse type; `LowCardinality(String)`, `UInt32` or `IPv6` when left out.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub clickhouse_type: Option<String>,
    /// Whether the column is in the raw table only.
    pub main_only: bool,
    /// The ClickHouse dictionary that holds the values.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub dictionary: Option<String>,
    /// The dictionary's attribute.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub attribute: Option<String>,
    /// The column whose value is the dictionary's key.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub key: Option<String>,
}

/// What is wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting: `schema.enable[0]`, `schema.column[1].name`, `communities.65000:1`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// What would be right, where there is a guess.
    pub help: Option<String>,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)?;
        self.help.iter().try_for_each(|help| write!(formatter, " ({help})"))
    }
}

impl std::error::Error for ConfigError {}

impl SchemaConfig {
    /// Configured columns with the name of a column that was added to the default schema later: each replaces it, so that
    /// an older configuration continues to work.
    pub fn taken_names(&self) -> Vec<ConfigError> {
        let schema = Schema::default();
        let taken = self.column.iter().enumerate().filter_map(|(index, custom)| {
            let column = schema.column(schema.find(&custom.name)?);
            column.yields_name.then(|| ConfigError {
                path: format!("schema.column[{index}].name"),
                message: format!("`{}` replaces the column of this name that FlowQL has now", custom.name),
                help: Some(format!(
                    "give yours another name to have both, or drop it and enable `{}`",
                    column.name
                )),
            })
        });
        taken.list()
    }
}

impl Schema {
    /// The default schema, shaped by a configuration.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the configuration: unknown columns, a computed column kept in every
    /// table without being materialised, an always-enabled column disabled, a column enabled without
    /// those that it depends on, a custom column's name or type, a community.
    pub fn configured(config: &SchemaConfig) -> Result<Self, Vec<ConfigError>> {
        Self::default().configure(config)
    }

    /// The same schema with what the configuration makes of it.
    ///
    /// # Errors
    ///
    /// As those of [`configured`](Self::configured).
    pub fn configure(self, config: &SchemaConfig) -> Result<Self, Vec<ConfigError>> {
        let mut shaper = Shaper { schema: self, errors: Vec::new() };
        shaper.add_columns(&config.column);
        shaper.each("enable", &config.enable, |column| {
            column.disabled = false;
            Ok(())
        });
        shaper.each("disable", &config.disable, disable);
        shaper.each("materialize", &config.materialize, materialize);
        shaper.each("every_table", &config.every_table, keep_in_every_table);
        shaper.each("main_only", &config.main_only, |column| {
            column.main_only = true;
            Ok(())
        });
        shaper.check_dependencies(config);
        shaper.name_communities(&config.communities);
        if shaper.errors.is_empty() { Ok(shaper.schema) } else { Err(shaper.errors) }
    }
}

fn disable(column: &mut Column) -> Result<(), String> {
    if column.always_enabled {
        return Err(format!("`{}` cannot be disabled", column.name));
    }
    column.disabled = true;
    Ok(())
}

fn materialize(column: &mut Column) -> Result<(), String> {
    if !matches!(column.computed, Some(Computed::AtQuery)) {
        return Err(format!("`{}` is not computed at query time, so there is nothing to store", column.name));
    }
    column.materialized = true;
    column.clickhouse_type = column.materialized_type.unwrap_or(column.clickhouse_type);
    Ok(())
}

fn keep_in_every_table(column: &mut Column) -> Result<(), String> {
    if column.is_computed_at_query() {
        return Err(format!("`{}` is computed; it must be in `materialize` too", column.name));
    }
    column.main_only = false;
    Ok(())
}

struct Shaper {
    schema: Schema,
    errors: Vec<ConfigError>,
}

impl Shaper {
    fn error(&mut self, path: String, message: String, help: Option<String>) {
        self.errors.push(ConfigError { path, message, help });
    }

    /// Does something to each column, or column of a group, that a setting names.
    fn each(&mut self, setting: &str, names: &[String], change: fn(&mut Column) -> Result<(), String>) {
        for (index, name) in names.iter().enumerate() {
            let path = format!("schema.{setting}[{index}]");
            let ids = self.resolve(name);
            if ids.is_empty() {
                let columns = &self.schema.columns;
                let groups = columns.iter().filter_map(|column| column.group);
                let known = columns.iter().map(|column| column.name.as_ref()).chain(groups);
                let help = closest(name, known).first().map(|near| format!("did you mean `{near}`?"));
                self.error(path, format!("`{name}` is no column or group"), help);
                continue;
            }
            for id in ids {
                let Some(column) = self.schema.columns.get_mut(usize::from(id.0)) else { continue };
                if let Err(message) = change(column) {
                    self.error(path.clone(), message, None);
                }
            }
        }
    }

    fn resolve(&self, name: &str) -> Vec<ColumnId> {
        let of_group = |&id: &ColumnId| {
            self.schema.column(id).group.is_some_and(|group| group.eq_ignore_ascii_case(name))
        };
        let group: Vec<ColumnId> = self.schema.ids().filter(of_group).list();
        if group.is_empty() { self.schema.find(name).into_iter().list() } else { group }
    }

    fn add_columns(&mut self, columns: &[CustomColumn]) {
        for (index, custom) in columns.iter().enumerate() {
            let path = format!("schema.column[{index}]");
            if let Err(message) = check_name(&custom.name) {
                self.error(format!("{path}.name"), message, None);
                continue;
            }
            if let Some(id) = self.schema.find(&custom.name).filter(|&id| self.schema.column(id).yields_name)
            {
                self.schema.columns.remove(usize::from(id.0));
                self.schema.index();
            }
            if self.schema.find(&custom.name).is_some() {
                let message = format!("there is a column `{}` already", custom.name);
                self.error(format!("{path}.name"), message, None);
                continue;
            }
            let Some((kind, default)) = custom_type(&custom.kind) else {
                let message = format!("`{}` is none of string, uint, ip", custom.kind);
                self.error(format!("{path}.type"), message, None);
                continue;
            };
            let clickhouse_type = match &custom.clickhouse_type {
                None => default,
                Some(text) => match ClickhouseType::parse(text).filter(|stored| fits_type(kind, *stored)) {
                    Some(stored) => stored,
                    None => {
                        let message = format!("`{text}` holds no {}", kind.name());
                        let help = Some(format!("use `{default}`"));
                        self.error(format!("{path}.clickhouse_type"), message, help);
                        continue;
                    }
                },
            };
            let lookup = self.lookup(&path, custom);
            self.schema.columns.push(Column {
                name: Cow::Owned(custom.name.clone()),
                filter_type: Some(kind),
                clickhouse_type,
                opposite: pairs::opposite_of(&custom.name).map(Cow::Owned),
                doc: Cow::Owned(custom.description.clone()),
                example: Cow::Borrowed(custom_example(kind)),
                main_only: custom.main_only,
                custom: true,
                lookup,
                ..Column::EMPTY
            });
            self.schema.index();
        }
    }

    /// The dictionary of a custom column; `None` for a column that comes with the flows.
    fn lookup(&mut self, path: &str, custom: &CustomColumn) -> Option<Lookup> {
        let (dictionary, attribute, key) = match (&custom.dictionary, &custom.attribute, &custom.key) {
            (None, None, None) => return None,
            (Some(dictionary), Some(attribute), Some(key)) => (dictionary, attribute, key),
            _ => {
                let message = "`dictionary`, `attribute` and `key` go together".to_owned();
                self.error(path.to_owned(), message, Some("give all three, or none".to_owned()));
                return None;
            }
        };
        for (setting, name) in [("dictionary", dictionary), ("attribute", attribute)] {
            if !is_identifier(name) {
                let message = format!("`{name}` is no name: a letter or `_`, then letters, digits and `_`");
                self.error(format!("{path}.{setting}"), message, None);
                return None;
            }
        }
        let Some(found) = self.schema.find(key) else {
            let near = closest(key, self.schema.columns.iter().map(|column| column.name.as_ref()));
            let help = near.first().map(|near| format!("did you mean `{near}`?"));
            self.error(format!("{path}.key"), format!("`{key}` is no column"), help);
            return None;
        };
        Some(Lookup {
            dictionary: dictionary.clone(),
            attribute: attribute.clone(),
            key: self.schema.column(found).name.to_string(),
        })
    }

    /// An enabled column needs those that it depends on.
    fn check_dependencies(&mut self, config: &SchemaConfig) {
        let mut missing = Vec::new();
        for column in self.schema.columns.iter().filter(|column| !column.disabled) {
            for &needed in column.depends {
                let absent = self.schema.find(needed).is_none_or(|id| self.schema.column(id).disabled);
                if absent {
                    missing.push((column.name.to_string(), needed));
                }
            }
        }
        for (name, needed) in missing {
            let position =
                |list: &[String], name: &str| list.iter().position(|entry| entry.eq_ignore_ascii_case(name));
            let path = match (position(&config.enable, &name), position(&config.disable, needed)) {
                (Some(index), _) => format!("schema.enable[{index}]"),
                (None, Some(index)) => format!("schema.disable[{index}]"),
                (None, None) => "schema".to_owned(),
            };
            let message = format!("`{name}` is enabled but depends on `{needed}`, which is disabled");
            self.error(path, message, Some(format!("enable `{needed}` too, or disable `{name}`")));
        }
    }

    fn name_communities(&mut self, names: &[(String, String)]) {
        for (value, name) in names {
            let path = format!("communities.{value}");
            match self.schema.public_community(value) {
                None => self.error(path, format!("`{value}` is no community"), None),
                Some(_) if !is_community_name(name) => {
                    let message = format!("`{name}` is no name: a letter, then letters, digits, `-` and `_`");
                    self.error(path, message, None);
                }
                Some(community) => self.schema.communities.push((name.clone(), community)),
            }
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_community_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        && !text::has_hyphens(name)
        && !is_keyword(name)
}

/// A column's name must be read as nothing else, here or by ClickHouse.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let well_formed = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !well_formed {
        return Err(format!("`{name}` is no column name: a letter, then letters and digits"));
    }
    let literal = ["true", "false", "null"].iter().any(|word| word.eq_ignore_ascii_case(name));
    let word =
        Type::ALL.iter().any(|&kind| words(kind).iter().any(|word| word.name.eq_ignore_ascii_case(name)));
    if is_keyword(name) || literal || word || crate::values::asn(name).is_ok() {
        return Err(format!("`{name}` means something else in a filter and cannot name a column"));
    }
    Ok(())
}

fn custom_type(name: &str) -> Option<(Type, ClickhouseType)> {
    match name {
        "string" => Some((Type::String, ClickhouseType::LowCardinality(ScalarType::String))),
        "uint" => Some((Type::Uint, ClickhouseType::Scalar(ScalarType::UInt(32)))),
        "ip" => Some((Type::Ip, ClickhouseType::Scalar(ScalarType::Ipv6))),
        _ => None,
    }
}

const fn custom_example(kind: Type) -> &'static str {
    match kind {
        Type::Uint => "42",
        Type::Ip => "192.0.2.1",
        _ => "\"text\"",
    }
}

/// Whether a ClickHouse type can hold the values of a custom column's type.
const fn fits_type(kind: Type, stored: ClickhouseType) -> bool {
    matches!(
        (kind, stored.scalar()),
        (Type::String, Some(ScalarType::String | ScalarType::FixedString(_)))
            | (Type::Uint, Some(ScalarType::UInt(8..=64)))
            | (Type::Ip, Some(ScalarType::Ipv6))
    )
}
