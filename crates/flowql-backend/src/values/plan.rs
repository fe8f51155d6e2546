//! The statements that answer a [`ValueQuery`], as pure functions of it, of the schema and of what is stored.

use std::fmt::Display;

use flowql::tables::Type;
use flowql::{Column, ColumnId, Schema};
use flowql_client::{Sql, sql};
use flowql_schema::{Expression, Storage};

use super::form::{ADDRESS_ABOUT, About, By, Form, Item, Naming, takes_subnets};
use super::window::{Extent, extents};
use crate::{FlowFilter, ValueQuery};
use flowql_tables::{StoredColumn, StoredSchema, StoredTable};

/// How a [`ValueQuery`] is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValuePlan {
    /// The recent flows, in windows that widen: each is asked where the one before found little.
    pub recent: Vec<Window>,
    /// The names beside the flows: exporters with their interfaces, dictionaries.
    pub names: Vec<Sql>,
}

/// A window of recent flows.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is asked.
    pub statement: Sql,
    /// How much it reads.
    pub extent: Extent,
}

/// Plans the answer to a query; an empty plan where nothing can match what was typed.
pub fn plan(query: &ValueQuery, schema: &Schema, stored: &StoredSchema) -> ValuePlan {
    let Some(id) = schema.find(&query.column) else { return ValuePlan::default() };
    let form = Form::of(schema.column(id), query);
    if !form.is_possible() {
        return ValuePlan::default();
    }
    let planner = Planner { query, schema, stored, id, column: schema.column(id), form };
    // Names without traffic rank nothing, and are of flows that not everybody may see.
    let has_names = !query.ranking && query.forced.is_none();
    let names = if has_names { planner.names() } else { Vec::new() };
    ValuePlan { recent: planner.recent(), names }
}

struct Planner<'a> {
    query: &'a ValueQuery,
    schema: &'a Schema,
    stored: &'a StoredSchema,
    id: ColumnId,
    column: &'a Column,
    form: Form,
}

impl Planner<'_> {
    /// The recent flows.
    fn recent(&self) -> Vec<Window> {
        let rest = self.query.rest.as_ref();
        let Some((table, rest)) = self
            .table(rest)
            .map(|table| (table, rest))
            // Values whatever else the flows match are better than none.
            .or_else(|| {
                let least = self.query.forced.as_ref();
                Some((self.table(least)?, least))
            })
        else {
            return Vec::new();
        };
        // What the exporters tell needs no wide window, nor do values that are few.
        let most = if (self.query.forced.is_none() && self.exporters().is_some()) || self.form.by == By::Later
        {
            1
        } else {
            usize::MAX
        };
        let window = |extent: Extent| Window { statement: self.flows(table, rest, extent.seconds), extent };
        extents(table, most).into_iter().map(window).collect()
    }

    /// The smallest table that has the column, and the columns of the rest.
    fn table(&self, rest: Option<&FlowFilter>) -> Option<&StoredTable> {
        let wanted = |table: &&StoredTable| {
            let of_rest = rest.iter().flat_map(|rest| &rest.compiled.columns);
            has(&table.columns, &self.source(table))
                && of_rest.into_iter().map(|&id| self.schema.column(id)).all(|column| {
                    has(&table.columns, &column.name) && (!column.per_flow || table.resolution.is_zero())
                })
        };
        let mut tables: Vec<&StoredTable> = self.stored.tables.iter().filter(wanted).collect();
        // A table without rows has nothing to say, unless none has any.
        tables.sort_by_key(|table| (table.oldest.is_none(), std::cmp::Reverse(table.resolution)));
        tables.into_iter().next()
    }

    /// The column that is read: that of the routed prefixes where the operator takes subnets and there is one.
    fn source(&self, table: &StoredTable) -> String {
        let name = self.column.name.as_ref();
        if self.column.filter_type == Some(Type::Ip) && takes_subnets(self.query.operator) {
            let prefix = name.strip_suffix("Addr").map(|side| format!("{side}NetPrefix"));
            if let Some(prefix) = prefix.filter(|prefix| has(&table.columns, prefix)) {
                return prefix;
            }
        }
        name.to_owned()
    }

    fn flows(&self, table: &StoredTable, rest: Option<&FlowFilter>, seconds: Option<u64>) -> Sql {
        let source = self.source(table);
        let is_prefix = source != self.column.name;
        let form = if is_prefix {
            let column = self.schema.find(&source).map(|id| self.schema.column(id));
            column.map(|column| Form::of(column, self.query)).unwrap_or_else(|| self.form.clone())
        } else {
            self.form.clone()
        };
        let about = self.about(&form, &table.columns);
        let large = self.large(table);
        let beside = match (about, large) {
            (About::Text(name) | About::Address(name), _) => Sql::name(name),
            (_, Some(large)) => Sql::name(large),
            _ => NOTHING.into(),
        };
        let (item, flows) = (Sql::name(&source), Sql::name(&table.name));
        // By the newest flow, so that an idle network has values too; a clock that is ahead hides nothing.
        let recent = seconds.map(|seconds| {
            let flows = &flows;
            sql!(
                "TimeReceived >= least((SELECT max(TimeReceived) FROM {flows}), now()) - {seconds}",
                flows,
                seconds
            )
        });
        let rest = rest.map(|rest| Sql::filter(&rest.compiled));
        let address = &self.column.name;
        let range = self.form.range.filter(|_| has(&table.columns, address));
        let range = range.map(|(low, high)| between(Sql::name(address), "IPv6", low, high));
        let numbers = form.numbers.iter().map(|(low, high)| between(&item, "UInt64", low, high));
        let numbers = Sql::list(numbers, " OR ");
        let numbers = (!numbers.is_empty()).then(|| sql!("({numbers})", numbers));
        let lists = sql!(
            "SELECT {item} AS item_, {beside} AS about_, sum(toFloat64(Bytes) * SamplingRate) AS weight_ \
             FROM {flows}{conditions} GROUP BY item_, about_",
            item = &item,
            beside,
            flows = &flows,
            conditions = conditions([recent, rest, range, numbers])
        );
        self.outer(self.parted(lists, large.is_some()), &form, about)
    }

    /// The column of the large communities beside those of the column.
    fn large(&self, table: &StoredTable) -> Option<&str> {
        if self.form.item != Item::Communities {
            return None;
        }
        let large = &self.schema.column(self.schema.large_communities(self.id)?).name;
        has(&table.columns, large).then_some(large)
    }

    /// The single values of a subquery of lists. The lists are few, so that they are gathered first.
    fn parted(&self, lists: Sql, has_large: bool) -> Sql {
        let single: Sql = match (self.form.item, has_large) {
            (Item::Column, _) => return lists,
            (Item::Array, _) => "item_".into(),
            (Item::Communities, false) => sql!("arrayConcat(arrayMap({STANDARD}, item_))", STANDARD),
            (Item::Communities, true) => {
                sql!("arrayConcat(arrayMap({STANDARD}, item_), arrayMap({LARGE}, about_))", STANDARD, LARGE)
            }
        };
        sql!("SELECT arrayJoin({single}) AS item_, weight_ FROM ({lists})", single, lists)
    }

    /// What says what a value means, as far as it is there.
    fn about(&self, form: &Form, columns: &[StoredColumn]) -> About {
        match form.about {
            About::Text(name) | About::Address(name) if !has(columns, name) => About::Nothing,
            About::Named(Naming::Asns) if !self.has_dictionary("asns") => About::Nothing,
            About::Named(Naming::Services) if !(self.has_dictionary("tcp") && self.has_dictionary("udp")) => {
                About::Nothing
            }
            about => about,
        }
    }

    fn has_dictionary(&self, name: &str) -> bool {
        self.stored.dictionaries.iter().any(|found| found == name)
    }

    /// The values that match, the best first, of a subquery of items.
    fn outer(&self, items: Sql, form: &Form, about: About) -> Sql {
        let detail = match about {
            About::Nothing => NOTHING,
            About::Text(_) => "toString(about_)",
            About::Address(_) => ADDRESS_ABOUT,
            About::Named(Naming::Asns) => "dictGetOrDefault('asns', 'name', toUInt64(item_), '')",
            About::Named(Naming::Services) => {
                "if(dictHas('tcp', toUInt64(item_)), dictGetOrDefault('tcp', 'name', toUInt64(item_), ''), \
                 dictGetOrDefault('udp', 'name', toUInt64(item_), ''))"
            }
        };
        let most = self.query.limit + self.query.exclude.len();
        let most = if form.by == By::Later { most.max(300) } else { most };
        let (matches, best) = if form.is_open() {
            (Sql::default(), Sql::default())
        } else {
            (sql!(" AND ({any})", any = matching(form)), sql!("{best} DESC, ", best = best(form)))
        };
        sql!(
            "SELECT value_ AS value, argMax(detail_, weight_) AS detail, sum(weight_) AS weight FROM (\
             SELECT {value} AS value_, {key} AS key_, {detail} AS detail_, item_, weight_ FROM ({items})) \
             WHERE {present}{matches} GROUP BY value_ ORDER BY {best}{order} LIMIT {most}",
            value = form.value,
            key = form.key,
            detail,
            items,
            present = form.present,
            matches,
            best,
            // Among values without traffic, numbers in their order.
            order = if form.by == By::Start {
                "weight DESC, length(value_), value_"
            } else {
                "weight DESC, value_"
            },
            most
        )
    }

    /// The names beside the flows.
    fn names(&self) -> Vec<Sql> {
        self.exporters().into_iter().chain(self.dictionary()).collect()
    }

    /// The column among those of `exporters`.
    fn exporters(&self) -> Option<Sql> {
        let of_exporters =
            |column: &Column| column.storage().exporters.filter(|name| has(&self.stored.exporters, name));
        let source = of_exporters(self.column)?;
        if takes_subnets(self.query.operator) {
            return None;
        }
        let about = match self.form.about {
            About::Text(name) | About::Address(name) => {
                self.schema.find(name).and_then(|id| of_exporters(self.schema.column(id)))
            }
            _ => None,
        };
        // The rest holds for exporters if it speaks of nothing else.
        let rest = self.query.rest.as_ref().filter(|rest| {
            let mut columns = rest.compiled.columns.iter().map(|&id| self.schema.column(id));
            columns.all(|column| of_exporters(column).is_some_and(|name| name == column.name))
        });
        let rest = rest.map(|rest| Sql::filter(&rest.compiled));
        let range = self.form.range.map(|(low, high)| between(Sql::name(source), "IPv6", low, high));
        let items = sql!(
            "SELECT {source} AS item_, {beside} AS about_, toFloat64(0) AS weight_ FROM exporters{conditions} \
             GROUP BY item_, about_",
            source = Sql::name(source),
            beside = about.map_or(NOTHING.into(), Sql::name),
            conditions = conditions([rest, range])
        );
        let about = if about.is_some() { self.form.about } else { About::Nothing };
        Some(self.outer(items, &self.form, about))
    }

    /// The dictionary of the column's values.
    fn dictionary(&self) -> Option<Sql> {
        const ASNS: &str = "SELECT asn AS item_, name AS about_, toFloat64(0) AS weight_ FROM asns";
        const SERVICES: &str = "SELECT port AS item_, name AS about_, toFloat64(0) AS weight_ FROM tcp \
             UNION ALL SELECT port AS item_, name AS about_, toFloat64(0) AS weight_ FROM udp";
        const PROTOCOLS: &str =
            "SELECT proto AS item_, name AS about_, toFloat64(0) AS weight_ FROM protocols";
        const ICMP4: &str = "SELECT name AS item_, concat('type ', toString(type)) AS about_, toFloat64(0) AS weight_ FROM icmp WHERE proto = 1";
        const ICMP6: &str = "SELECT name AS item_, concat('type ', toString(type)) AS about_, toFloat64(0) AS weight_ FROM icmp WHERE proto = 58";
        if let Some(lookup) = &self.column.lookup {
            if !self.has_dictionary(&lookup.dictionary) || takes_subnets(self.query.operator) {
                return None;
            }
            let items = sql!(
                "SELECT DISTINCT {attribute} AS item_, '' AS about_, toFloat64(0) AS weight_ FROM {dictionary}",
                attribute = Sql::name(&lookup.attribute),
                dictionary = Sql::name(&lookup.dictionary)
            );
            return Some(self.outer(items, &self.form, About::Nothing));
        }
        let (text, needed): (_, &[&str]) = match (self.column.filter_type?, self.column.storage().expression)
        {
            (Type::Asn | Type::AsPath, _) => (ASNS, &["asns"]),
            (Type::Proto, _) => (PROTOCOLS, &["protocols"]),
            (_, Some(Expression::IcmpName { protocol: 1, .. })) => (ICMP4, &["icmp"]),
            (_, Some(Expression::IcmpName { .. })) => (ICMP6, &["icmp"]),
            _ if self.column.port => (SERVICES, &["tcp", "udp"]),
            _ => return None,
        };
        if !needed.iter().all(|name| self.has_dictionary(name)) {
            return None;
        }
        Some(self.outer(text.into(), &self.form, About::Text("name")))
    }
}

/// What stands for a meaning where there is none.
const NOTHING: &str = "''";

/// The text of a standard community.
const STANDARD: &str = "c_ -> concat(toString(bitShiftRight(c_, 16)), ':', toString(bitAnd(c_, 65535)))";

/// The text of a large community.
const LARGE: &str = "c_ -> concat(toString(bitShiftRight(c_, 64)), ':', \
     toString(bitAnd(bitShiftRight(c_, 32), 4294967295)), ':', toString(bitAnd(c_, 4294967295)))";

/// All of the conditions; nothing where there are none.
fn conditions<const N: usize>(conditions: [Option<Sql>; N]) -> Sql {
    let all = Sql::list(conditions.into_iter().flatten(), " AND ");
    if all.is_empty() { all } else { sql!(" WHERE {all}", all) }
}

/// The condition that something lies between two values of a ClickHouse type.
fn between(item: impl Into<Sql>, kind: &'static str, low: impl Display, high: impl Display) -> Sql {
    let (low, high) = (Sql::value(kind, low), Sql::value(kind, high));
    let item: Sql = item.into();
    sql!("{item} BETWEEN {low} AND {high}", item, low, high)
}

/// The condition that something of the value is what was typed.
fn matching(form: &Form) -> Sql {
    let key = match (&form.typed, form.by) {
        (Some(typed), By::Part) => {
            sql!("positionCaseInsensitiveUTF8(key_, {typed}) > 0", typed = Sql::value("String", typed))
        }
        (Some(typed), _) => sql!("startsWith(key_, {typed})", typed = Sql::value("String", typed)),
        (None, _) => "0".into(),
    };
    let meaning = (form.about != About::Nothing).then(|| {
        let meaning = Sql::value("String", &form.meaning);
        sql!("positionCaseInsensitiveUTF8(detail_, {meaning}) > 0", meaning)
    });
    let ports = (!form.ports.is_empty()).then(|| {
        let ports = Sql::list(form.ports.iter().map(|port| Sql::value("UInt16", port)), ", ");
        sql!("item_ IN ({ports})", ports)
    });
    Sql::list([Some(key), meaning, ports].into_iter().flatten(), " OR ")
}

/// How well a value matches: whether it, or what it means, begins with what was typed.
fn best(form: &Form) -> Sql {
    sql!(
        "max(startsWith(lowerUTF8(key_), lowerUTF8({typed})) OR startsWith(lowerUTF8(detail_), lowerUTF8({meaning})))",
        typed = Sql::value("String", form.typed.as_deref().unwrap_or(&form.meaning)),
        meaning = Sql::value("String", &form.meaning)
    )
}

fn has(columns: &[StoredColumn], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

#[cfg(test)]
mod tests;
