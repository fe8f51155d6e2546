//! What is read near the present, where collectors sum flows up and the aggregated tables lag behind `flows`.
//!
//! Up to the reach of the collectors, whole intervals of the table are read, then whole ones of the finest table, and
//! `flows` for the rest, also between the two: so nothing that is in `flows` is missing.

use flowql_client::{Sql, iso_time, sql};
use flowql_tables::{Reach, StoredSchema, StoredTable};

use super::TimeRange;
use super::points::secs;

/// The parts of several tables that make up the time of a query.
#[derive(Debug)]
pub(super) struct Live<'a> {
    columns: Vec<&'a str>,
    parts: Vec<Part<'a>>,
}

/// A part of a table, from a time, included, to another, excluded, in seconds since 1970.
#[derive(Debug)]
struct Part<'a> {
    table: &'a str,
    from: u64,
    to: u64,
}

impl<'a> Live<'a> {
    /// What is read for these columns; `None` where the table has all of the time.
    pub(super) fn of(
        stored: &'a StoredSchema,
        table: &'a StoredTable,
        mut columns: Vec<&'a str>,
        range: TimeRange,
    ) -> Option<Self> {
        let reach = secs(stored.reach.as_ref()?.time?);
        let (from, to) = (secs(range.from), secs(range.to));
        if table.resolution.is_zero() || whole(table, reach) >= to {
            return None;
        }
        let has_all = |table: &&StoredTable| {
            columns.iter().all(|name| table.columns.iter().any(|column| column.name == *name))
        };
        let flows = stored.tables.iter().filter(has_all).find(|table| table.resolution.is_zero())?;
        let is_finer =
            |other: &&StoredTable| !other.resolution.is_zero() && other.resolution < table.resolution;
        let finest =
            stored.tables.iter().filter(has_all).filter(is_finer).min_by_key(|other| other.resolution);
        let mut parts = Vec::new();
        let mut start = from;
        // A finer table that is new may not go back so far.
        let goes_back = |table: &StoredTable, start| table.oldest.is_some_and(|oldest| secs(oldest) <= start);
        for (table, is_chosen) in std::iter::once((table, true)).chain(finest.map(|finest| (finest, false))) {
            let end = whole(table, reach).min(to);
            // Where the intervals of the one are not whole ones of the other, there is a gap between them.
            let begin =
                if is_chosen { start } else { start.next_multiple_of(table.resolution.as_secs().max(1)) };
            if end > begin && (is_chosen || goes_back(table, begin)) {
                if begin > start {
                    parts.push(Part { table: &flows.name, from: start, to: begin });
                }
                parts.push(Part { table: &table.name, from: begin, to: end });
                start = end;
            }
        }
        if start < to {
            parts.push(Part { table: &flows.name, from: start, to });
        }
        columns.sort_unstable();
        columns.dedup();
        Some(Self { columns, parts })
    }

    /// The rows, as what a query reads from.
    pub(super) fn sql(&self) -> Sql {
        let parts = self.parts.iter().map(|&Part { table, from, to }| {
            sql!(
                "SELECT {columns} FROM {table} WHERE TimeReceived >= toDateTime({from}) AND \
                 TimeReceived < toDateTime({to})",
                columns = Sql::names(self.columns.iter().copied()),
                table = Sql::name(table),
                from,
                to
            )
        });
        sql!("(\n  {parts}\n  )", parts = Sql::list(parts, "\n  UNION ALL\n  "))
    }
}

/// Up to when the intervals of a table are whole, in seconds since 1970.
fn whole(table: &StoredTable, reach: u64) -> u64 {
    reach / table.resolution.as_secs().max(1) * table.resolution.as_secs().max(1)
}

/// Why the table, and what is read after it.
pub(super) fn reason(mut reason: String, live: Option<&Live<'_>>, reach: &Reach) -> String {
    for Part { table, from, .. } in live.iter().flat_map(|live| live.parts.iter().skip(1)) {
        reason = format!("{reason}; {table} from {}", iso_time(*from));
    }
    if !reach.silent.is_empty() {
        let silent = reach.silent.join(", ");
        reason = format!("{reason}; the last flows of what is silent may be missing: {silent}");
    }
    reason
}
