//! How the columns of a query read in its answer.

use flowql::tables::Type;
use flowql::{Column, ColumnId, Schema};
use flowql_client::{Sql, sql};
use flowql_schema::Storage;

use crate::Error;
use flowql_tables::StoredSchema;

/// The columns of these names, each once, to group flows by.
///
/// # Errors
///
/// [`Error::BadQuery`] for one that is not there, not enabled, or not a dimension.
pub fn columns_to_group_by(schema: &Schema, names: &[String]) -> Result<Vec<ColumnId>, Error> {
    let columns = columns(schema, names)?;
    match columns.iter().map(|&id| schema.column(id)).find(|column| column.not_a_dimension) {
        Some(column) => Err(Error::BadQuery(format!("the column `{}` is nothing to group by", column.name))),
        None => Ok(columns),
    }
}

/// The columns of these names, each once, to show flows with; a usual choice where there are no names.
///
/// # Errors
///
/// [`Error::BadQuery`] for one that is not there, or not enabled.
pub fn columns_of_flows(schema: &Schema, names: &[String]) -> Result<Vec<ColumnId>, Error> {
    if !names.is_empty() {
        return columns(schema, names);
    }
    let enabled = schema.ids().filter(|&id| !schema.column(id).disabled);
    let mut usual: Vec<(u8, ColumnId)> =
        enabled.filter_map(|id| Some((schema.column(id).storage().usual?, id))).collect();
    usual.sort_unstable_by_key(|&(place, _)| place);
    Ok(usual.into_iter().map(|(_, id)| id).collect())
}

fn columns(schema: &Schema, names: &[String]) -> Result<Vec<ColumnId>, Error> {
    let mut columns = Vec::new();
    for name in names {
        let Some(id) = schema.find(name) else {
            let near = schema.closest_columns(name);
            let help = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(Error::BadQuery(format!("there is no column `{name}`{help}")));
        };
        let column = schema.column(id);
        if column.disabled {
            return Err(Error::BadQuery(format!("the column `{}` is not enabled", column.name)));
        }
        if !columns.contains(&id) {
            columns.push(id);
        }
    }
    Ok(columns)
}

/// What numbers of a column are called in an answer, in a column of its own beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    /// The names of autonomous systems.
    AsName,
    /// The names of protocols.
    Protocol,
    /// The services of ports.
    Service,
}

impl Title {
    /// What the numbers of a column are called; `None` where they have no names.
    pub fn of(column: &Column) -> Option<Self> {
        match column.filter_type {
            Some(Type::Asn) => Some(Self::AsName),
            Some(Type::Proto) => Some(Self::Protocol),
            _ if column.port => Some(Self::Service),
            _ => None,
        }
    }

    /// The name of the column with the names: `SrcASName`.
    pub fn name(column: &Column) -> String {
        format!("{}Name", column.name)
    }

    /// The dictionary that has the names.
    const fn dictionary(self) -> &'static str {
        match self {
            Self::AsName => "asns",
            Self::Protocol => "protocols",
            Self::Service => "tcp",
        }
    }
}

/// A column that a query asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) column: &'a Column,
}

impl<'a> Wanted<'a> {
    pub(super) fn name(&self) -> &'a str {
        &self.column.name
    }

    pub(super) fn sql(&self) -> Sql {
        Sql::name(self.name())
    }

    /// The value as a filter would write it: an address without its mapping, a word, a number.
    pub(super) fn value(&self) -> Sql {
        let name = self.sql();
        match self.column.filter_type {
            // Only what is mapped has dots: `2001:db8::ffff:1` stays.
            Some(Type::Ip) => {
                sql!("replaceRegexpOne(toString({name}), '^::ffff:([0-9]+[.][0-9.]+)$', '\\\\1')", name)
            }
            Some(Type::Mac) => sql!("MACNumToString({name})", name),
            Some(Type::EType) => {
                sql!("multiIf({name} = 2048, 'IPv4', {name} = 34525, 'IPv6', toString({name}))", name)
            }
            Some(Type::Community) => sql!(
                "arrayStringConcat(arrayMap(c -> concat(toString(bitShiftRight(c, 16)), ':', \
                 toString(bitAnd(c, 65535))), {name}), ' ')",
                name
            ),
            Some(Type::AsPath | Type::UintArray) => {
                sql!("arrayStringConcat(arrayMap(x -> toString(x), {name}), ' ')", name)
            }
            _ if self.column.fixed_length().is_some() => sql!("toStringCutToZero({name})", name),
            _ if self.name() == "TimeReceived" => sql!("toUnixTimestamp({name})", name),
            Some(Type::Uint | Type::Asn | Type::Proto) | None => name,
            Some(_) => sql!("toString({name})", name),
        }
    }

    /// The name of the column with what the number of a key is called, and the expression; `None` where it has no name.
    pub(super) fn title(&self, stored: &StoredSchema, key: Sql) -> Option<(String, Sql)> {
        let title = Title::of(self.column)?;
        let dictionary = title.dictionary();
        let is_there = stored.dictionaries.iter().any(|stored| stored == dictionary);
        let key = if title == Title::Protocol { sql!("toUInt8({key})", key) } else { key };
        is_there.then(|| {
            let value = sql!("dictGetOrDefault('{dictionary}', 'name', {key}, '')", dictionary, key);
            (Title::name(self.column), value)
        })
    }
}
