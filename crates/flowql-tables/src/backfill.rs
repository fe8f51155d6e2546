//! Filling a new aggregated table while flows go on being written: each flow counts once.
//!
//! A view carries the flows that are written from now on, one statement moves those that are there. Where the one ends
//! and the other begins cannot be told by the clock, nor by the order of the statements: batches are under way all the
//! time, and flows are late. So each flow carries a mark, in a column that `flows` has only meanwhile. Writers need not know
//! of it: its value is computed, a constant that is stored with each flow when it comes.
//!
//! 1. The column is added, with the mark zero. The batches that began before are waited for; then zero is stored for the
//!    flows that are there, which would else take whatever the column says later.
//! 2. The view of the new table is made: it takes only flows with the mark `n`. Again the batches that began before are
//!    waited for: all others see the view.
//! 3. The column says `n` from now on. The batches that began before are waited for: no other flow comes without the mark.
//! 4. The flows without the mark are moved. Meanwhile those with it come by the view.
//! 5. The view takes every flow, and the column goes.
//!
//! If this is broken off anywhere, the next migration finds the marks in the column and in the queries of the views, empties
//! what was not yet full, and begins again with the next mark.
//!
//! That is exact for all batches that the server knows of as statements, whichever way they take to `flows`. It cannot be
//! for those that a table engine writes by itself, and not for a batch that was stored before, whose writer does not know
//! and repeats it after: `flows` recognizes it, the view of the new table cannot. [`caution`] says so.

use flowql::Schema;
use flowql_client::{Sql, sql};

use super::Statement;
use super::aggregate::view_of;
use super::catalog::Catalog;
use super::layout::{Aggregation, FLOWS_TABLE, Layout};
use super::views::{self, View};

/// The column with the mark.
pub(crate) const MARK: &str = "FillMark";

/// What who fills a table while flows are written has to know.
const CAUTION: &str = "each flow counts once in a new table, but for two kinds of batches that cross its filling: one \
     that is repeated because its acknowledgement was lost counts twice, and one that a table engine such as Kafka or \
     Buffer writes by itself, or an asynchronous insert that nobody waits for, may be missing";

/// What there is to know before these statements run while flows are written; `None` where they fill no table with flows.
pub fn caution(statements: &[Statement]) -> Option<&'static str> {
    let moves = before(0).to_string();
    let moves = moves.trim_end_matches('0');
    statements.iter().any(|statement| statement.sql.to_string().contains(moves)).then_some(CAUTION)
}

/// What is to be done for the new aggregated tables, in two parts.
pub(crate) struct Backfill {
    /// Whether what is there may be changed.
    may_change: bool,
    /// The mark that tells the flows of the views from those to be moved; `None` where nothing is moved.
    mark: Option<u32>,
    /// Whether the flows that are there have their marks already.
    is_begun: bool,
    /// The tables to be filled.
    tables: Vec<Aggregation>,
}

impl Backfill {
    /// The tables that are new, or that were not filled to the end.
    pub(crate) fn of(layout: &Layout, found: &Catalog, may_change: bool) -> Self {
        let is_new =
            |table: &Aggregation| !found.has(&view_of(&table.name())) && !found.has_rows(&table.name());
        let is_broken_off = |table: &Aggregation| may_change && gate(found, table).is_some();
        let wanted = |table: &&Aggregation| is_new(table) || is_broken_off(table);
        let tables: Vec<_> = layout.aggregated.iter().filter(wanted).copied().collect();
        let written = written(found);
        let marks = layout.aggregated.iter().filter_map(|table| gate(found, table)).chain(written);
        let last = marks.max().unwrap_or_default();
        // Where `flows` is empty, its first flows may come at any moment.
        let mark = (found.has(FLOWS_TABLE) && !tables.is_empty()).then_some(last + 1);
        Self { may_change, mark, is_begun: written.is_some_and(|written| written > 0), tables }
    }

    /// Whether a table is one to be filled.
    pub(crate) fn has(&self, table: &Aggregation) -> bool {
        self.tables.contains(table)
    }

    /// The column with the mark, before all else that needs it.
    pub(crate) fn begin(&self, layout: &Layout) -> Vec<Statement> {
        if self.mark.is_none() || self.is_begun {
            return Vec::new();
        }
        let table = layout.table(FLOWS_TABLE);
        vec![
            Statement::new(
                format!("mark the flows that come from now on in {FLOWS_TABLE}"),
                sql!(
                    "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {MARK} UInt32 MATERIALIZED 0",
                    table = &table,
                    MARK
                ),
            ),
            settle(),
            Statement::new(
                format!("mark the flows that are there in {FLOWS_TABLE}"),
                sql!("ALTER TABLE {table} MATERIALIZE COLUMN {MARK}", table, MARK),
            ),
        ]
    }

    /// The view of a table: for now, with the marked flows only.
    pub(crate) fn view(&self, view: View) -> View {
        match self.mark {
            Some(mark) => {
                let select = view.select;
                View { select: sql!("{select}\nWHERE {MARK} >= {mark}", select, MARK, mark), ..view }
            }
            None => view,
        }
    }

    /// Changes the view of a table that was not filled to the end, and empties the table.
    pub(crate) fn again(
        &self,
        layout: &Layout,
        found: &Catalog,
        table: &Aggregation,
        view: View,
    ) -> Vec<Statement> {
        if self.mark.is_none() || gate(found, table).is_none() {
            return Vec::new();
        }
        let name = table.name();
        let empty = sql!("TRUNCATE TABLE {table}", table = layout.table(&name));
        vec![
            self.view(view).modify(layout),
            settle(),
            Statement::new(format!("empty {name}, which was not filled to the end"), empty),
        ]
    }

    /// Everything after the views are there.
    pub(crate) fn finish(&self, layout: &Layout, schema: &Schema, found: &Catalog) -> Vec<Statement> {
        let flows = layout.table(FLOWS_TABLE);
        let mut statements = Vec::new();
        if let Some(mark) = self.mark {
            statements.push(settle());
            statements.push(Statement::new(
                format!("give the flows that come from now on the mark {mark}"),
                sql!(
                    "ALTER TABLE {flows} MODIFY COLUMN {MARK} UInt32 MATERIALIZED {mark}",
                    flows = &flows,
                    MARK,
                    mark
                ),
            ));
            statements.push(settle());
            let fill = |table| views::backfill(layout, schema, table, before(mark));
            statements.extend(self.tables.iter().map(fill));
            let open = |table| views::aggregated(layout, schema, table).modify(layout);
            statements.extend(self.tables.iter().map(open));
        }
        // Left over where the last migration was broken off at the very end.
        let is_left = found.tables.get(FLOWS_TABLE).is_some_and(|flows| flows.column(MARK).is_some());
        if self.mark.is_some() || (is_left && self.may_change) {
            statements.push(settle());
            statements.push(Statement::new(
                "take the marks away",
                sql!("ALTER TABLE {flows} DROP COLUMN IF EXISTS {MARK}", flows, MARK),
            ));
        }
        statements
    }
}

/// The flows without a mark.
fn before(mark: u32) -> Sql {
    sql!("{MARK} < {mark}", MARK, mark)
}

/// The mark that the view of a table waits for, if it does.
fn gate(found: &Catalog, table: &Aggregation) -> Option<u32> {
    let query = &found.tables.get(&view_of(&table.name()))?.query;
    let (_, rest) = query.split_once(&format!("{MARK} >= "))?;
    number(rest)
}

/// The mark that flows get, if they do.
fn written(found: &Catalog) -> Option<u32> {
    number(&found.tables.get(FLOWS_TABLE)?.column(MARK)?.default_expression)
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// Waits for the batches that are under way.
fn settle() -> Statement {
    Statement {
        waits: true,
        ..Statement::new(
            "wait for the batches that are under way",
            "SELECT count() AS count FROM system.processes WHERE query ILIKE 'INSERT%' AND elapsed >= {since:Float64}",
        )
    }
}
