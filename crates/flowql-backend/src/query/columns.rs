//! How the columns of a query read in its answer.

use std::net::Ipv6Addr;

use flowql::tables::Type;
use flowql::{Column, ColumnId, Schema};
use flowql_client::{Sql, sql};
use flowql_schema::Storage;

use crate::Error;
use flowql_tables::StoredSchema;

/// A column to group flows by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// The column.
    pub column: ColumnId,
    /// How its addresses are cut.
    pub cut: Option<Cut>,
}

/// How addresses are cut to prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The bits that are left of an IPv4 address.
    pub v4: u8,
    /// Those of an IPv6 address.
    pub v6: u8,
}

impl Cut {
    /// The length of IPv6 prefixes where only that of IPv4 is given.
    const V6: u8 = 48;

    /// Reads `24` or `24/56`.
    fn read(text: &str) -> Option<Self> {
        let (v4, v6) = text.split_once('/').map_or((text, None), |(v4, v6)| (v4, Some(v6)));
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        let cut = Self { v4: number(v4)?, v6: v6.map_or(Some(Self::V6), number)? };
        (cut.v4 <= 32 && cut.v6 <= 128).then_some(cut)
    }

    /// The length of the prefix that an address is cut to, IPv4-mapped or not, within its own family.
    pub fn length(self, address: Ipv6Addr) -> u8 {
        if address.to_ipv4_mapped().is_some() { self.v4 } else { self.v6 }
    }

    /// The first address of that prefix.
    #[must_use]
    pub fn apply(self, address: Ipv6Addr) -> Ipv6Addr {
        let length = match address.to_ipv4_mapped() {
            Some(_) => 96 + u32::from(self.v4),
            None => u32::from(self.v6),
        };
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or_default();
        Ipv6Addr::from_bits(address.to_bits() & mask)
    }
}

/// As it is written behind a column: `/24`, `/24/56`.
impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "/{}", self.v4)?;
        if self.v6 == Self::V6 { Ok(()) } else { write!(formatter, "/{}", self.v6) }
    }
}

impl Dimension {
    /// The name of its column in an answer: `SrcAS`, `SrcAddr/24`.
    pub fn label(&self, schema: &Schema) -> String {
        let cut = self.cut.map(|cut| cut.to_string()).unwrap_or_default();
        format!("{}{cut}", schema.column(self.column).name)
    }
}

/// The columns of these names, each once, to group flows by. Addresses may be cut: `SrcAddr/24`, `SrcAddr/24/56`.
///
/// # Errors
///
/// [`Error::BadQuery`] for one that is not there, not enabled, or not a dimension, or that cannot be cut so.
pub fn columns_to_group_by(schema: &Schema, names: &[String]) -> Result<Vec<Dimension>, Error> {
    let mut dimensions = Vec::new();
    for written in names {
        let (name, cut) =
            written.split_once('/').map_or((written.as_str(), None), |(name, cut)| (name, Some(cut)));
        let id = column(schema, name)?;
        let of = schema.column(id);
        if of.not_a_dimension {
            return Err(Error::BadQuery(format!("the column `{}` is nothing to group by", of.name)));
        }
        let cut = match cut {
            None => None,
            Some(_) if of.filter_type != Some(Type::Ip) => {
                return Err(Error::BadQuery(format!("the column `{}` has no addresses to cut", of.name)));
            }
            Some(text) => Some(Cut::read(text).ok_or_else(|| {
                let name = &of.name;
                Error::BadQuery(format!("`{written}` is not a length: write `{name}/24` or `{name}/24/56`"))
            })?),
        };
        let dimension = Dimension { column: id, cut };
        if !dimensions.contains(&dimension) {
            dimensions.push(dimension);
        }
    }
    Ok(dimensions)
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
        let id = column(schema, name)?;
        if !columns.contains(&id) {
            columns.push(id);
        }
    }
    Ok(columns)
}

/// The column of a name, which must be enabled.
fn column(schema: &Schema, name: &str) -> Result<ColumnId, Error> {
    let Some(id) = schema.find(name) else {
        let near = schema.closest_columns(name);
        let help = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Error::BadQuery(format!("there is no column `{name}`{help}")));
    };
    let column = schema.column(id);
    if column.disabled {
        return Err(Error::BadQuery(format!("the column `{}` is not enabled", column.name)));
    }
    Ok(id)
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

/// An address as text, without its mapping.
fn plain_address(address: &Sql) -> Sql {
    // Only what is mapped has dots: `2001:db8::ffff:1` stays.
    sql!("replaceRegexpOne(toString({address}), '^::ffff:([0-9]+[.][0-9.]+)$', '\\\\1')", address)
}

/// Whether an address is one of IPv4.
fn is_v4(address: &Sql) -> Sql {
    sql!("({address} BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:255.255.255.255'))", address)
}

/// A column that a query asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) column: &'a Column,
    pub(super) cut: Option<Cut>,
}

impl<'a> Wanted<'a> {
    pub(super) fn name(&self) -> &'a str {
        &self.column.name
    }

    /// Its name in the answer.
    pub(super) fn label(&self) -> String {
        format!("{}{}", self.name(), self.cut.map(|cut| cut.to_string()).unwrap_or_default())
    }

    /// What flows are grouped by: the column, or the name that [`Wanted::key`] gives to its prefix.
    pub(super) fn sql(&self) -> Sql {
        match self.cut {
            None => Sql::name(self.name()),
            // No column has an underscore in its name.
            Some(Cut { v4, v6 }) => Sql::name(&format!("{}_{v4}_{v6}", self.name())),
        }
    }

    /// The same where it is selected.
    pub(super) fn key(&self) -> Sql {
        let (name, key) = (Sql::name(self.name()), self.sql());
        let Some(Cut { v4, v6 }) = self.cut else { return key };
        let (address, v4) = (sql!("CAST({name}, 'IPv6')", name), 96 + u32::from(v4));
        let length = sql!("toUInt8(if({is_v4}, {v4}, {v6}))", is_v4 = is_v4(&address), v4, v6);
        sql!("tupleElement(IPv6CIDRToRange({address}, {length}), 1) AS {key}", address, length, key)
    }

    /// The value as a filter would write it: an address without its mapping, a prefix, a word, a number.
    pub(super) fn value(&self) -> Sql {
        let name = self.sql();
        if let Some(Cut { v4, v6 }) = self.cut {
            let length = sql!("if({is_v4}, {v4}, {v6})", is_v4 = is_v4(&name), v4, v6);
            return sql!(
                "concat({address}, '/', toString({length}))",
                address = plain_address(&name),
                length
            );
        }
        match self.column.filter_type {
            Some(Type::Ip) => plain_address(&name),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Option<(u8, u8)> {
        Cut::read(text).map(|cut| (cut.v4, cut.v6))
    }

    #[test]
    fn a_cut_is_one_length_or_one_for_each_family() {
        assert_eq!((cut("24"), cut("0"), cut("32/128")), (Some((24, 48)), Some((0, 48)), Some((32, 128))));
        for bad in ["", "/", "33", "24/129", "24/", "/48", "a", "+24", "24/48/1", " 24", "256"] {
            assert_eq!(cut(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_is_cut_by_the_length_of_its_family() {
        for (text, address, prefix) in [
            ("24", "::ffff:192.0.2.77", "::ffff:192.0.2.0"),
            ("0", "::ffff:192.0.2.77", "::ffff:0.0.0.0"),
            ("32", "::ffff:192.0.2.77", "::ffff:192.0.2.77"),
            ("24", "2001:db8:1:2::3", "2001:db8:1::"),
            ("24/56", "2001:db8:1:1ff::3", "2001:db8:1:100::"),
            ("24/0", "2001:db8::", "::"),
            ("24/128", "2001:db8::1", "2001:db8::1"),
        ] {
            let cut = Cut::read(text).unwrap();
            assert_eq!(
                cut.apply(address.parse().unwrap()),
                prefix.parse::<Ipv6Addr>().unwrap(),
                "{address}/{text}"
            );
        }
    }

    #[test]
    fn only_addresses_are_cut() {
        let schema = Schema::default();
        let group = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let found = columns_to_group_by(&schema, &names)?;
            Ok::<_, Error>(found.iter().map(|dimension| dimension.label(&schema)).collect::<Vec<_>>())
        };
        assert_eq!(
            group(&["srcaddr/24", "SrcAddr/24/48", "SrcAddr", "SrcAddr/16"]).unwrap(),
            ["SrcAddr/24", "SrcAddr", "SrcAddr/16"]
        );
        let error = |name: &str| group(&[name]).unwrap_err().to_string();
        assert_eq!(error("SrcAS/24"), "the column `SrcAS` has no addresses to cut");
        assert_eq!(
            error("SrcAddr/33"),
            "`SrcAddr/33` is not a length: write `SrcAddr/24` or `SrcAddr/24/56`"
        );
    }
}
