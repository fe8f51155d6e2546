//! From what a database has to what it should have.

use flowql::Schema;
use flowql_client::{Sql, sql};

use super::Statement;
use super::backfill::Backfill;
use super::catalog::{Catalog, CatalogTable};
use super::definition::{self, TableDefinition, Value};
use super::dictionaries::{self, AsNames, DICTIONARIES};
use super::layout::Layout;
use super::views::{self, View};

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

    let fill = Backfill::of(layout, found, change != Change::Nothing);
    let mut builder = Builder { layout, found, change, statements: all };
    builder.table(&definition::raw(layout, schema));
    builder.statements.extend(fill.begin(layout));
    builder.table(&definition::exporters(layout));
    builder.table(&definition::write(layout, schema));
    for aggregation in &layout.aggregated {
        let table = definition::aggregated(layout, schema, aggregation);
        builder.table(&table);
        let view = views::aggregated(layout, schema, aggregation);
        if fill.has(aggregation) {
            builder.statements.extend(fill.again(layout, found, aggregation, view.clone()));
            builder.create(&fill.view(view));
        } else {
            builder.view(&view);
        }
    }
    builder.view(&views::exporters(layout, schema));
    builder.view(&views::raw(layout, schema));
    builder.statements.extend(fill.finish(layout, schema, found));
    builder.statements
}

struct Builder<'a> {
    layout: &'a Layout,
    found: &'a Catalog,
    change: Change,
    statements: Vec<Statement>,
}

impl Builder<'_> {
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
