//! Which table answers a query.

use std::time::{Duration, SystemTime};

use super::points::Spacing;
use crate::{Error, TimeRange};
use flowql_tables::{StoredSchema, StoredTable};

/// The table for a query that reads these columns, at points so far apart, and why it is that one.
///
/// It is the coarsest table that has the columns, whose interval is no longer than that between the points, and that
/// goes back to the start. Where none goes back so far, the one that goes back farthest; where the points are too
/// near to each other, the finest.
pub(super) fn choose<'a>(
    stored: &'a StoredSchema,
    columns: &[&str],
    range: TimeRange,
    spacing: Spacing,
) -> Result<(&'a StoredTable, String), Error> {
    let lacks = |table: &StoredTable| columns.iter().find(|name| !has(table, name)).copied();
    let able: Vec<&StoredTable> = stored.tables.iter().filter(|table| lacks(table).is_none()).collect();
    if able.is_empty() {
        return Err(Error::NoTable(match stored.tables.first().and_then(lacks) {
            Some(column) => format!("no table has the column `{column}`"),
            None if stored.tables.is_empty() => {
                "there are no flow tables; `flowql tables create` makes them".to_owned()
            }
            None => "no table has all of the columns".to_owned(),
        }));
    }

    // Before the oldest row of all there is nothing to miss.
    let oldest = first_of_all(&able).or_else(|| able.iter().filter_map(|table| table.oldest).min());
    let start = oldest.map_or(range.from, |oldest| range.from.max(oldest));
    let reaches = |table: &StoredTable| match table.oldest {
        // The first row may stand anywhere in its interval.
        Some(oldest) => oldest <= start + table.resolution,
        None => oldest.is_none(),
    };
    let reaching = able.iter().copied().filter(|table| reaches(table));
    let fits = |table: &&StoredTable| serves(table, spacing);
    let coarsest = reaching.clone().filter(fits).max_by_key(|table| table.resolution);
    let finest = reaching.min_by_key(|table| table.resolution);
    let Some(table) = coarsest.or(finest) else {
        return Err(Error::NoTable("no table has flows of that time".to_owned()));
    };
    Ok((table, reason(stored, table, columns, start, spacing)))
}

/// The first row of `flows`, if no interval of another table is surely before it: such as in a new store, where the first
/// hour begins long before the first flow.
fn first_of_all(able: &[&StoredTable]) -> Option<SystemTime> {
    let first = able.iter().find(|table| table.resolution.is_zero())?.oldest?;
    let mut intervals = able.iter().filter(|table| !table.resolution.is_zero());
    let may_hold = |table: &&StoredTable| table.oldest.is_none_or(|oldest| oldest + table.resolution > first);
    intervals.all(may_hold).then_some(first)
}

/// Whether points so far apart can be made of the intervals of a table.
fn serves(table: &StoredTable, spacing: Spacing) -> bool {
    table.resolution <= spacing.target()
        && match spacing {
            Spacing::AtLeast(_) | Spacing::Plain(_) => true,
            Spacing::Exactly(step) => step.is_multiple_of(table.resolution.as_secs().max(1)),
        }
}

fn has(table: &StoredTable, name: &str) -> bool {
    table.columns.iter().any(|column| column.name == name)
}

/// Why this table, in a sentence.
fn reason(
    stored: &StoredSchema,
    table: &StoredTable,
    columns: &[&str],
    start: SystemTime,
    spacing: Spacing,
) -> String {
    let target = spacing.target();
    let target_text = interval(target);
    let coarser = stored.tables.iter().filter(|other| other.resolution > table.resolution);
    // Of the tables that would be less to read, the next coarser one is the one to explain away.
    let why = coarser.min_by_key(|other| other.resolution).and_then(|next| {
        if let Some(column) = columns.iter().find(|name| !has(next, name)) {
            return Some(format!("{} has no {column}", next.name));
        }
        if next.resolution > target {
            return Some(format!("{} is too coarse for points {target_text} apart", next.name));
        }
        if !serves(next, spacing) {
            return Some(format!("points {target_text} apart are no whole intervals of {}", next.name));
        }
        next.oldest
            .is_none_or(|oldest| oldest > start + next.resolution)
            .then(|| format!("{} does not go back to the start", next.name))
    });
    if !serves(table, spacing) {
        return format!(
            "the finest table that goes back to the start; points {target_text} apart want a finer one"
        );
    }
    match why {
        Some(why) => format!("the coarsest table that serves: {why}"),
        None => "the coarsest table".to_owned(),
    }
}

/// A time between points, as `90 s`, `5 min`, `2 h`.
fn interval(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 7200 => format!("{} h", seconds / 3600),
        seconds if seconds >= 120 => format!("{} min", seconds / 60),
        // Points are at least a second apart.
        seconds => format!("{} s", seconds.max(1)),
    }
}
