//! How the columns of a query read in its answer.

use flowql::tables::Type;
use flowql::{Column, Schema};
use flowql_client::{Sql, sql};

use crate::Error;
use flowql_tables::StoredSchema;

/// A column that a query asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) column: &'a Column,
}

impl<'a> Wanted<'a> {
    /// The columns of these names.
    pub(super) fn all(schema: &'a Schema, names: &[String], group: bool) -> Result<Vec<Self>, Error> {
        let mut wanted: Vec<Self> = Vec::new();
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
            if group && column.not_a_dimension {
                return Err(Error::BadQuery(format!("the column `{}` is nothing to group by", column.name)));
            }
            if wanted.iter().all(|other| other.column.name != column.name) {
                wanted.push(Self { column });
            }
        }
        Ok(wanted)
    }

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
        let name = self.name();
        let dictionary = match self.column.filter_type {
            Some(Type::Asn) => "asns",
            Some(Type::Proto) => "protocols",
            _ if self.column.port => "tcp",
            _ => return None,
        };
        let is_there = stored.dictionaries.iter().any(|stored| stored == dictionary);
        let key = if dictionary == "protocols" { sql!("toUInt8({key})", key) } else { key };
        is_there.then(|| {
            let value = sql!("dictGetOrDefault('{dictionary}', 'name', {key}, '')", dictionary, key);
            (format!("{name}Name"), value)
        })
    }
}
