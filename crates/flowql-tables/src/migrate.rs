//! From what a database has to what it should have.

use std::borrow::Cow;

use flowql::Schema;
use flowql_client::{Sql, sql};

use super::aggregate::{ingest_view_of, view_of};
use super::backfill::Backfill;
use super::catalog::{Catalog, CatalogTable};
use super::definition::{self, TableDefinition, Value};
use super::dictionaries::{self, AsNames, DICTIONARIES};
use super::layout::{Aggregation, Layout, REACH_TABLE};
use super::views::{self, EXPORTERS_VIEW, View};
use super::{Aggregate, Statement};

/// How far tables that are there may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all: what is missing is made.
    Nothing,
    /// Columns, indexes and tables are added. How long rows are kept stays, since a shorter time deletes rows.
    Add,
    /// The times that rows are kept become those of the layout, too.
    AddAndExpire,
}

/// The statements that make the tables, or bring them up to date; none where all is as it should be. `as_names`, where
/// given, take the place of the names that are there.
///
/// The order loses no row: tables get their columns before a view writes to them, and the views next to the aggregated
/// tables are changed before those that feed them.
pub fn statements(
    layout: &Layout,
    schema: &Schema,
    found: &Catalog,
    change: Change,
    as_names: Option<&AsNames>,
) -> Vec<Statement> {
    let mut all = Vec::new();
    let (aggregate, kept) = match switch(layout, schema, found, change) {
        Some(aggregate) => {
            let (dropped, kept) = drops(layout, found, aggregate);
            all.extend(dropped);
            (aggregate, Cow::Owned(kept))
        }
        None => {
            let aggregate = found.aggregate().unwrap_or_else(|| layout.aggregate_of(schema).0);
            (aggregate, Cow::Borrowed(found))
        }
    };
    let found = &*kept;
    if found.tables.is_empty() {
        let what = format!("create the database {}", layout.database);
        all.push(Statement::new(what, layout.create_database()));
    }
    for dictionary in DICTIONARIES {
        let given = as_names.filter(|_| dictionary.name == "asns");
        let (is_there, source) = (found.has(dictionary.name), format!("{}_names", dictionary.name));
        if !is_there {
            all.extend(dictionary.create(layout, found));
        }
        // A dictionary without our table is fed by someone else.
        let ours = !is_there || found.has(&source);
        if ours && (given.is_some() || !found.has_rows(&source)) {
            let csv = given.map_or_else(|| dictionary.shipped(), dictionaries::as_csv);
            all.extend(dictionary.fill(layout, csv));
        }
    }

    let mut builder = Builder { layout, found, change, statements: all };
    match aggregate {
        Aggregate::Collector => builder.summed(schema),
        Aggregate::Views => builder.viewed(schema),
    }
    builder.statements
}

/// Who is to make the rows of the aggregated tables from now on, where that changes: only a migration does that.
pub(crate) fn switch(layout: &Layout, schema: &Schema, found: &Catalog, change: Change) -> Option<Aggregate> {
    let (wanted, _) = layout.aggregate_of(schema);
    let changes = change != Change::Nothing && found.aggregate().is_some_and(|there| there != wanted);
    changes.then_some(wanted)
}

/// What goes where someone else makes the rows from now on, and what is left.
fn drops(layout: &Layout, found: &Catalog, aggregate: Aggregate) -> (Vec<Statement>, Catalog) {
    let fed = |table: &&Aggregation| aggregate == Aggregate::Collector || layout.feeds(table).is_some();
    let mut names: Vec<String> =
        layout.aggregated.iter().filter(fed).map(|table| view_of(&table.name())).collect();
    names.push(match aggregate {
        Aggregate::Collector => EXPORTERS_VIEW.to_owned(),
        Aggregate::Views => REACH_TABLE.to_owned(),
    });
    let fed = layout.aggregated.iter().map(Aggregation::name).chain(["exporters".to_owned()]);
    names.extend(fed.filter(|_| aggregate == Aggregate::Views).map(|name| ingest_view_of(&name)));
    names.retain(|name| found.has(name));
    let mut left = found.clone();
    left.tables.retain(|name, _| !names.contains(name));
    let drop = |name: &String| {
        let table = layout.table(name);
        Statement::new(format!("drop {name}"), sql!("DROP TABLE IF EXISTS {table} SYNC", table))
    };
    (names.iter().map(drop).collect(), left)
}

struct Builder<'a> {
    layout: &'a Layout,
    found: &'a Catalog,
    change: Change,
    statements: Vec<Statement>,
}

impl Builder<'_> {
    /// The tables of flows, where views fill the aggregated ones.
    fn viewed(&mut self, schema: &Schema) {
        let (layout, found) = (self.layout, self.found);
        let fill = Backfill::of(layout, found, self.change != Change::Nothing);
        self.table(&definition::raw(layout, schema));
        self.statements.extend(fill.begin(layout));
        self.table(&definition::exporters(layout));
        self.table(&definition::write(layout, schema));
        for aggregation in &layout.aggregated {
            self.table(&definition::aggregated(layout, schema, aggregation));
            let view = views::aggregated(layout, schema, aggregation);
            if fill.has(aggregation) {
                self.statements.extend(fill.again(layout, found, aggregation, view.clone()));
                self.create(&fill.view(view));
            } else {
                self.view(&view);
            }
        }
        self.view(&views::exporters(layout, schema));
        self.view(&views::raw(layout, schema));
        self.statements.extend(fill.finish(layout, schema, found));
    }

    /// The tables of flows, where the collector makes the rows of the aggregated ones. The table of its reach comes first:
    /// by it a database is known to be one of these.
    fn summed(&mut self, schema: &Schema) {
        let layout = self.layout;
        self.table(&definition::reach(layout));
        self.table(&definition::raw(layout, schema));
        self.table(&definition::exporters(layout));
        self.table(&definition::write(layout, schema));
        for aggregation in &layout.aggregated {
            self.table(&definition::aggregated(layout, schema, aggregation));
        }
        for aggregation in &layout.aggregated {
            if let Some(finest) = layout.feeds(aggregation) {
                let from = self.begins(finest, aggregation);
                self.view(&views::coarser(layout, schema, (finest, aggregation), from));
            } else {
                self.view(&views::ingested(layout, schema, aggregation));
            }
        }
        self.view(&views::ingested_exporters(layout, schema));
        self.view(&views::raw(layout, schema));
    }

    /// The first flow that counts in a table that another one feeds, in seconds since 1970; `None` where all do.
    fn begins(&self, finest: &Aggregation, table: &Aggregation) -> Option<u64> {
        let name = table.name();
        if let Some(view) = self.found.tables.get(&view_of(&name)) {
            return views::beginning(&view.query);
        }
        let is_new = !self.found.has_rows(&name) && self.found.has_rows(&finest.name());
        is_new.then(|| views::next_beginning(table.interval))
    }

    fn table(&mut self, wanted: &TableDefinition) {
        match self.found.tables.get(&wanted.name) {
            None => self.statements.push(wanted.create(self.layout)),
            Some(_) if self.change == Change::Nothing => {}
            Some(there) => self.alter(wanted, there),
        }
    }

    fn create(&mut self, wanted: &View) {
        if !self.found.has(&wanted.name) {
            self.statements.push(wanted.create(self.layout));
        }
    }

    fn view(&mut self, wanted: &View) {
        match self.found.tables.get(&wanted.name) {
            None => self.statements.push(wanted.create(self.layout)),
            Some(there) if self.change != Change::Nothing => {
                let selected: Vec<&str> = there.columns.iter().map(|column| column.name.as_str()).collect();
                if selected != wanted.columns {
                    self.statements.push(wanted.modify(self.layout));
                }
            }
            Some(_) => {}
        }
    }

    fn alter(&mut self, wanted: &TableDefinition, there: &CatalogTable) {
        let table = self.layout.table(&wanted.name);
        self.columns(wanted, there, &table);
        for (column, kind) in wanted.indexes() {
            let indexed = there.indexes.iter().any(|expression| expression == column);
            if !indexed {
                self.statements.push(Statement::new(
                    format!("index {column} in {}", wanted.name),
                    sql!(
                        "ALTER TABLE {table} ADD INDEX IF NOT EXISTS {index}",
                        table = &table,
                        index = definition::index(column, kind)
                    ),
                ));
            }
        }
        if self.change == Change::AddAndExpire {
            self.expiry(wanted, there, &table);
        }
    }

    /// Adds the columns that are missing, all in one statement: a sorting key takes only columns that come with it.
    fn columns(&mut self, wanted: &TableDefinition, there: &CatalogTable, table: &Sql) {
        let mut changes = Vec::new();
        let mut added = Vec::new();
        let mut before: Option<&str> = None;
        for column in &wanted.columns {
            let definition = column.definition();
            match there.column(&column.name) {
                None => {
                    let after = |name| sql!("AFTER {name}", name = Sql::name(name));
                    let place = before.map_or("FIRST".into(), after);
                    changes.push(sql!("ADD COLUMN IF NOT EXISTS {definition} {place}", definition, place));
                    added.push(column.name.as_str());
                }
                Some(found) => match &column.value {
                    Some(Value::Alias(value))
                        if found.default_kind == "ALIAS" && found.default_expression != value.to_string() =>
                    {
                        changes.push(sql!("MODIFY COLUMN {definition}", definition));
                    }
                    // It was computed at each query and is stored from now on.
                    Some(Value::Default(_)) | None if found.default_kind == "ALIAS" => {
                        changes.push(sql!("MODIFY COLUMN {definition}", definition));
                        if column.value.is_none() {
                            let name = Sql::name(&column.name);
                            changes.push(sql!("MODIFY COLUMN {name} REMOVE ALIAS", name));
                        }
                    }
                    _ => {}
                },
            }
            before = Some(&column.name);
        }
        if changes.is_empty() {
            return;
        }
        let new_keys: Vec<&Sql> = added
            .iter()
            .filter_map(|name| wanted.order.iter().find(|key| Sql::name(name) == **key))
            .collect();
        if !new_keys.is_empty() {
            let (old, new) = (Sql::printed(&there.order), Sql::list(new_keys, ", "));
            changes.push(sql!("MODIFY ORDER BY ({old}, {new})", old, new));
        }
        let what = match added.as_slice() {
            [] => format!("change columns of {}", wanted.name),
            names => format!("add {} to {}", names.join(", "), wanted.name),
        };
        let changes = Sql::list(changes, ",\n  ");
        self.statements.push(Statement::new(what, sql!("ALTER TABLE {table}\n  {changes}", table, changes)));
    }

    fn expiry(&mut self, wanted: &TableDefinition, there: &CatalogTable, table: &Sql) {
        let change: Sql = match (&wanted.ttl, there.expiry()) {
            (Some(wanted), Some(kept)) if wanted.to_string() == kept => return,
            (None, None) => return,
            // Rows go when their partition is due; rewriting all of them at once would only cost.
            (Some(wanted), _) => {
                sql!("MODIFY TTL {wanted} SETTINGS materialize_ttl_after_modify = 0", wanted)
            }
            (None, Some(_)) => "REMOVE TTL".into(),
        };
        self.statements.push(Statement::new(
            format!("change how long {} keeps rows", wanted.name),
            sql!("ALTER TABLE {table} {change}", table, change),
        ));
    }
}
