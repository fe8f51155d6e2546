//! Filling a new table of sums while flows go on being written: each flow counts once.
//!
//! A view carries the flows that are written from now on, one statement moves those that are there. Where the one ends
//! and the other begins cannot be told by the clock, nor by the order of the statements: batches are under way all the
//! time, and flows are late. So each flow carries a mark, in a column that `flows` has only meanwhile:
//!
//! 1. The column is added, zero in all flows. The view of the new table takes only flows with the mark `n`.
//! 2. The view that feeds `flows` writes the mark `n` from now on. A batch that sees this sees the view of the new table
//!    as well, which is older. Then the batches that began before are waited for: no other flow comes without the mark.
//! 3. The flows without the mark are moved. Meanwhile those with it come by the view.
//! 4. The view takes every flow, the mark is no longer written, and the column goes.
//!
//! If this is broken off anywhere, the next migration finds the marks in the queries of the views, empties what was not
//! yet full, and begins again with the next mark.

use flowql::Schema;

use super::Statement;
use super::found::Found;
use super::layout::{Aggregation, Layout, RAW_TABLE, WRITE_TABLE};
use super::views::{self, View};

/// The column with the mark.
pub(super) const MARK: &str = "FillMark";

/// What is to be done for the new tables of sums, in two parts.
pub(super) struct Fill {
    /// Whether what is there may be changed.
    may_change: bool,
    /// The mark that tells the flows of the views from those to be moved; `None` where nothing is moved.
    mark: Option<u32>,
    /// The tables to be filled.
    tables: Vec<Aggregation>,
}

impl Fill {
    /// The tables that are new, or that were not filled to the end.
    pub(super) fn of(layout: &Layout, found: &Found, may_change: bool) -> Self {
        let is_new = |table: &Aggregation| !found.has(&view_of(table)) && !found.has_rows(&table.name());
        let is_broken_off = |table: &Aggregation| may_change && gate(found, table).is_some();
        let wanted = |table: &&Aggregation| is_new(table) || is_broken_off(table);
        let tables: Vec<_> = layout.aggregated.iter().filter(wanted).copied().collect();
        let marks = layout.aggregated.iter().filter_map(|table| gate(found, table)).chain(written(found));
        let last = marks.max();
        // Without flows there is nothing to move, and without our own view into `flows` nothing to mark them by.
        let is_needed = (found.has_rows(RAW_TABLE) || last.is_some()) && found.has(&consumer());
        let mark = (is_needed && !tables.is_empty()).then(|| last.unwrap_or_default() + 1);
        Self { may_change, mark, tables }
    }

    /// Whether a table is one to be filled.
    pub(super) fn has(&self, table: &Aggregation) -> bool {
        self.tables.contains(table)
    }

    /// The column with the mark, before all else that needs it.
    pub(super) fn begin(&self, layout: &Layout) -> Option<Statement> {
        self.mark.map(|_| {
            Statement::new(
                format!("mark the flows that come from now on in {RAW_TABLE}"),
                format!("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {MARK} UInt32", layout.table(RAW_TABLE)),
            )
        })
    }

    /// The view of a table: for now, with the marked flows only.
    pub(super) fn view(&self, view: View) -> View {
        match self.mark {
            Some(mark) => View { select: format!("{}\nWHERE {MARK} >= {mark}", view.select), ..view },
            None => view,
        }
    }

    /// Changes the view of a table that was not filled to the end, and empties the table.
    pub(super) fn again(
        &self,
        layout: &Layout,
        found: &Found,
        table: &Aggregation,
        view: View,
    ) -> Vec<Statement> {
        if self.mark.is_none() || gate(found, table).is_none() {
            return Vec::new();
        }
        let name = table.name();
        let empty = format!("TRUNCATE TABLE {}", layout.table(&name));
        vec![
            self.view(view).modify(layout),
            settle(),
            Statement::new(format!("empty {name}, which was not filled to the end"), empty),
        ]
    }

    /// Everything after the views are there.
    pub(super) fn finish(&self, layout: &Layout, schema: &Schema, found: &Found) -> Vec<Statement> {
        let raw = views::raw(layout, schema);
        let move_all = |condition: Option<String>| {
            self.tables.iter().map(move |table| views::backfill(layout, schema, table, condition.clone()))
        };
        let mut statements = Vec::new();
        match self.mark {
            Some(mark) => {
                statements.push(marked(&raw, layout, mark));
                statements.push(settle());
                statements.extend(move_all(Some(format!("{MARK} < {mark}"))));
                let open = |table| views::aggregated(layout, schema, table).modify(layout);
                statements.extend(self.tables.iter().map(open));
                statements.push(raw.modify(layout));
            }
            None if found.has_rows(RAW_TABLE) => statements.extend(move_all(None)),
            None => {}
        }
        // Left over where the last migration was broken off at the very end; or another one is at it.
        let is_left = found.tables.get(RAW_TABLE).is_some_and(|flows| flows.column(MARK).is_some());
        if self.mark.is_some() || (is_left && self.may_change) {
            statements.push(settle());
            statements.push(Statement::new(
                "take the marks away",
                format!("ALTER TABLE {} DROP COLUMN IF EXISTS {MARK}", layout.table(RAW_TABLE)),
            ));
        }
        statements
    }
}

/// The view that feeds `flows`.
fn consumer() -> String {
    format!("{WRITE_TABLE}_consumer")
}

/// The view that feeds a table of sums.
fn view_of(table: &Aggregation) -> String {
    format!("{}_consumer", table.name())
}

/// The mark that the view of a table waits for, if it does.
fn gate(found: &Found, table: &Aggregation) -> Option<u32> {
    let query = &found.tables.get(&view_of(table))?.query;
    let (_, rest) = query.split_once(&format!("{MARK} >= "))?;
    number(rest)
}

/// The mark that flows get, if they do.
fn written(found: &Found) -> Option<u32> {
    let query = &found.tables.get(&consumer())?.query;
    let (before, _) = query.split_once(&format!(") AS {MARK}"))?;
    number(before.rsplit_once("toUInt32(")?.1)
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

/// Lets flows have the mark.
fn marked(raw: &View, layout: &Layout, mark: u32) -> Statement {
    let select = raw.select.replacen("SELECT\n", &format!("SELECT\n  toUInt32({mark}) AS {MARK},\n"), 1);
    let marked = View { name: raw.name.clone(), target: raw.target.clone(), columns: Vec::new(), select };
    Statement {
        what: format!("give the flows that come from now on the mark {mark}"),
        ..marked.modify(layout)
    }
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
