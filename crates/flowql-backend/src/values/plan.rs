//! The statements that answer a [`ValueQuery`], as pure functions of it, of the schema and of what is stored.

use flowql::tables::Type;
use flowql::{Column, ColumnId, Schema};
use flowql_schema::{Expression, Storage};

use super::form::{ADDRESS_ABOUT, About, By, Form, Item, Naming, takes_subnets};
use super::statement::ValueStatement;
use super::window::{Extent, extents};
use crate::{FlowFilter, ValueQuery};
use flowql_tables::{StoredColumn, StoredSchema, StoredTable};

/// How a [`ValueQuery`] is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValuePlan {
    /// The recent flows, in windows that widen: each is asked where the one before found little.
    pub recent: Vec<Window>,
    /// The names beside the flows: exporters with their interfaces, dictionaries.
    pub names: Vec<ValueStatement>,
}

/// A window of recent flows.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// What is asked.
    pub statement: ValueStatement,
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
    // Names without traffic rank nothing.
    let names = if query.ranking { Vec::new() } else { planner.names() };
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
            .or_else(|| Some((self.table(None)?, None)))
        else {
            return Vec::new();
        };
        // What the exporters tell needs no wide window, nor do values that are few.
        let most = if self.exporters().is_some() || self.form.by == By::Later { 1 } else { usize::MAX };
        let window = |extent: Extent| Window { statement: self.flows(table, rest, extent.seconds), extent };
        extents(table, most).into_iter().map(window).collect()
    }

    /// The smallest table that has the column, and the columns of the rest.
    fn table(&self, rest: Option<&FlowFilter>) -> Option<&StoredTable> {
        let wanted = |table: &&StoredTable| {
            let of_rest = rest.iter().flat_map(|rest| &rest.compiled.columns);
            has(&table.columns, &self.source(table))
                && of_rest.into_iter().all(|&id| has(&table.columns, &self.schema.column(id).name))
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

    fn flows(&self, table: &StoredTable, rest: Option<&FlowFilter>, seconds: Option<u64>) -> ValueStatement {
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
        let mut inner = ValueStatement::default().text("SELECT ").name(&source).text(" AS item_, ");
        inner = match (about, large) {
            (About::Text(name) | About::Address(name), _) => inner.name(name),
            (_, Some(large)) => inner.name(large),
            _ => inner.text("''"),
        };
        inner =
            inner.text(" AS about_, sum(toFloat64(Bytes) * SamplingRate) AS weight_ FROM ").name(&table.name);
        let mut joint = " WHERE ";
        if let Some(seconds) = seconds {
            // By the newest flow, so that an idle network has values too; a clock that is ahead hides nothing.
            inner = inner
                .text(joint)
                .text("TimeReceived >= least((SELECT max(TimeReceived) FROM ")
                .name(&table.name)
                .text("), now()) - ")
                .number(seconds);
            joint = " AND ";
        }
        if let Some(rest) = rest {
            inner = inner.text(joint).filter(rest);
            joint = " AND ";
        }
        let address = &self.column.name;
        if let Some((low, high)) = self.form.range.filter(|_| has(&table.columns, address)) {
            inner = inner.text(joint).name(address).text(" BETWEEN ").value("IPv6", low);
            inner = inner.text(" AND ").value("IPv6", high);
        }
        for (place, (low, high)) in form.numbers.iter().enumerate() {
            inner =
                inner.text(if place == 0 { joint } else { " OR " }).text(if place == 0 { "(" } else { "" });
            inner = inner
                .name(&source)
                .text(" BETWEEN ")
                .value("UInt64", low)
                .text(" AND ")
                .value("UInt64", high);
        }
        if !form.numbers.is_empty() {
            inner = inner.text(")");
        }
        self.outer(self.parted(inner.text(" GROUP BY item_, about_"), large.is_some()), &form, about)
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
    fn parted(&self, lists: ValueStatement, has_large: bool) -> ValueStatement {
        /// Standard communities, and with a second list the large ones.
        macro_rules! communities {
            ($($large:literal)?) => {
                concat!(
                    "SELECT arrayJoin(arrayConcat(arrayMap(c_ -> concat(toString(bitShiftRight(c_, 16)), ':', \
                     toString(bitAnd(c_, 65535))), item_)",
                    $($large,)?
                    ")) AS item_, weight_ FROM ("
                )
            };
        }
        let text = match (self.form.item, has_large) {
            (Item::Column, _) => return lists,
            (Item::Array, _) => "SELECT arrayJoin(item_) AS item_, weight_ FROM (",
            (Item::Communities, false) => communities!(),
            (Item::Communities, true) => communities!(
                ", arrayMap(c_ -> concat(toString(bitShiftRight(c_, 64)), ':', \
                 toString(bitAnd(bitShiftRight(c_, 32), 4294967295)), ':', toString(bitAnd(c_, 4294967295))), about_)"
            ),
        };
        ValueStatement::default().text(text).append(lists).text(")")
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
    fn outer(&self, inner: ValueStatement, form: &Form, about: About) -> ValueStatement {
        let detail = match about {
            About::Nothing => "''",
            About::Text(_) => "toString(about_)",
            About::Address(_) => ADDRESS_ABOUT,
            About::Named(Naming::Asns) => "dictGetOrDefault('asns', 'name', toUInt64(item_), '')",
            About::Named(Naming::Services) => {
                "if(dictHas('tcp', toUInt64(item_)), dictGetOrDefault('tcp', 'name', toUInt64(item_), ''), \
                 dictGetOrDefault('udp', 'name', toUInt64(item_), ''))"
            }
        };
        let most = (self.query.limit + self.query.exclude.len()) as u64;
        let most = if form.by == By::Later { most.max(300) } else { most };
        let statement = ValueStatement::default()
            .text("SELECT value_ AS value, argMax(detail_, weight_) AS detail, sum(weight_) AS weight FROM (SELECT ")
            .text(form.value)
            .text(" AS value_, ")
            .text(form.key)
            .text(" AS key_, ")
            .text(detail)
            .text(" AS detail_, item_, weight_ FROM (")
            .append(inner)
            .text(")) WHERE ")
            .text(form.present);
        let statement = if form.is_open() { statement } else { matching(statement, form) };
        let statement = statement.text(" GROUP BY value_ ORDER BY ");
        let statement = if form.is_open() { statement } else { best(statement, form).text(" DESC, ") };
        // Among values without traffic, numbers in their order.
        let statement = statement.text(if form.by == By::Start {
            "weight DESC, length(value_), value_"
        } else {
            "weight DESC, value_"
        });
        statement.text(" LIMIT ").number(most)
    }

    /// The names beside the flows.
    fn names(&self) -> Vec<ValueStatement> {
        self.exporters().into_iter().chain(self.dictionary()).collect()
    }

    /// The column among those of `exporters`.
    fn exporters(&self) -> Option<ValueStatement> {
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
        let mut inner = ValueStatement::default().text("SELECT ").name(source).text(" AS item_, ");
        inner = match about {
            Some(name) => inner.name(name),
            None => inner.text("''"),
        };
        inner = inner.text(" AS about_, toFloat64(0) AS weight_ FROM exporters");
        // The rest holds for exporters if it speaks of nothing else.
        let rest = self.query.rest.as_ref().filter(|rest| {
            let mut columns = rest.compiled.columns.iter().map(|&id| self.schema.column(id));
            columns.all(|column| of_exporters(column).is_some_and(|name| name == column.name))
        });
        if let Some(rest) = rest {
            inner = inner.text(" WHERE ").filter(rest);
        }
        if let Some((low, high)) = self.form.range {
            inner = inner.text(if rest.is_some() { " AND " } else { " WHERE " });
            inner = inner.name(source).text(" BETWEEN ").value("IPv6", low).text(" AND ").value("IPv6", high);
        }
        let about = if about.is_some() { self.form.about } else { About::Nothing };
        Some(self.outer(inner.text(" GROUP BY item_, about_"), &self.form, about))
    }

    /// The dictionary of the column's values.
    fn dictionary(&self) -> Option<ValueStatement> {
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
            let inner = ValueStatement::default()
                .text("SELECT DISTINCT ")
                .name(&lookup.attribute)
                .text(" AS item_, '' AS about_, toFloat64(0) AS weight_ FROM ")
                .name(&lookup.dictionary);
            return Some(self.outer(inner, &self.form, About::Nothing));
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
        let inner = ValueStatement::default().text(text);
        Some(self.outer(inner, &self.form, About::Text("name")))
    }
}

/// The condition that something of the value is what was typed.
fn matching(statement: ValueStatement, form: &Form) -> ValueStatement {
    let mut statement = statement.text(" AND (");
    statement = match (&form.typed, form.by) {
        (Some(typed), By::Part) => {
            statement.text("positionCaseInsensitiveUTF8(key_, ").value("String", typed).text(") > 0")
        }
        (Some(typed), _) => statement.text("startsWith(key_, ").value("String", typed).text(")"),
        (None, _) => statement.text("0"),
    };
    if form.about != About::Nothing {
        statement = statement
            .text(" OR positionCaseInsensitiveUTF8(detail_, ")
            .value("String", &form.meaning)
            .text(") > 0");
    }
    if !form.ports.is_empty() {
        statement = statement.text(" OR item_ IN (").values("UInt16", form.ports.iter()).text(")");
    }
    statement.text(")")
}

/// How well a value matches: whether it, or what it means, begins with what was typed.
fn best(statement: ValueStatement, form: &Form) -> ValueStatement {
    statement
        .text("max(startsWith(lowerUTF8(key_), lowerUTF8(")
        .value("String", form.typed.as_deref().unwrap_or(&form.meaning))
        .text(")) OR startsWith(lowerUTF8(detail_), lowerUTF8(")
        .value("String", &form.meaning)
        .text(")))")
}

fn has(columns: &[StoredColumn], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

#[cfg(test)]
mod tests;
