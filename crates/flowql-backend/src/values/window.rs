//! How far back recent flows are asked for.

use flowql_tables::StoredTable;

/// How much of a table a window has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// How long it is in seconds; `None` for everything.
    pub seconds: Option<u64>,
    /// How many rows it has, about; `None` where that is not known.
    pub rows: Option<u64>,
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// The windows of a table, in seconds, by its resolution: the coarser the rows, the fewer of them are in an hour.
fn usual(table: &StoredTable) -> [u64; 3] {
    match table.resolution.as_secs() {
        0 => [600, 3 * HOUR, DAY],
        1..=60 => [HOUR / 2, 6 * HOUR, 2 * DAY],
        61..=300 => [3 * HOUR, DAY, 14 * DAY],
        _ => [6 * HOUR, 2 * DAY, 30 * DAY],
    }
}

/// How many rows a window has at the most, about: those that are read while a person types another letter, then those
/// that are worth waiting for.
const MOST_ROWS: [u64; 3] = [250_000, 2_500_000, u64::MAX];
/// The shortest window. Rows are not spread evenly.
const SHORTEST: u64 = 60;

/// The windows of a table, which widen: no more than `most`, and everything.
pub(super) fn extents(table: &StoredTable, most: usize) -> Vec<Extent> {
    let span = table.newest.zip(table.oldest).and_then(|(newest, oldest)| newest.duration_since(oldest).ok());
    // The seconds from the oldest row to the newest, and the rows between.
    let known = span.map(|span| span.as_secs().max(1)).zip(table.rows.filter(|rows| *rows > 0));
    let mut extents = Vec::new();
    for (seconds, most_rows) in usual(table).into_iter().zip(MOST_ROWS).take(most) {
        let Some((span, rows)) = known else {
            extents.push(Extent { seconds: Some(seconds), rows: None });
            continue;
        };
        let shortest = SHORTEST.max(table.resolution.as_secs());
        let seconds = seconds.min(share(span, most_rows, rows)).max(shortest);
        if seconds >= span {
            break;
        }
        extents.push(Extent { seconds: Some(seconds), rows: Some(share(rows, seconds, span)) });
    }
    // Who wants few windows wants everything only where these have nothing.
    let rows = known.map(|(_, rows)| rows).filter(|_| most >= MOST_ROWS.len());
    extents.push(Extent { seconds: None, rows });
    extents
}

/// `number` × `part` / `whole`.
fn share(number: u64, part: u64, whole: u64) -> u64 {
    let share = u128::from(number) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

impl Extent {
    /// Everything, however much that is.
    pub(super) const UNKNOWN: Self = Self { seconds: None, rows: None };

    /// How many times longer a window takes than this narrower one, as far as one can tell.
    pub(super) fn growth(self, wider: Self) -> u32 {
        /// All that a table holds is about so many times its widest window.
        const EVERYTHING: u64 = 15;
        let times = match (self.rows, wider.rows, self.seconds, wider.seconds) {
            (Some(few), Some(many), ..) => many / few.max(1),
            (.., Some(narrow), Some(wide)) => wide / narrow.max(1),
            _ => EVERYTHING,
        };
        u32::try_from(times.max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The windows of a table with so many rows of so many seconds, each with its seconds and its thousand rows.
    fn windows(resolution: u64, rows: u64, span: u64) -> Vec<(Option<u64>, u64)> {
        let time = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
        let table = StoredTable {
            resolution: Duration::from_secs(resolution),
            oldest: time(1_000_000),
            newest: time(1_000_000 + span),
            rows: Some(rows),
            ..StoredTable::default()
        };
        let windows = extents(&table, usize::MAX).into_iter();
        windows.map(|extent| (extent.seconds, extent.rows.unwrap() / 1000)).collect()
    }

    #[test]
    fn the_more_rows_the_shorter_the_windows() {
        let million = 1_000_000;
        // A million a day: what is usual, up to all there is.
        assert_eq!(windows(0, million, DAY), [(Some(600), 6), (Some(3 * HOUR), 125), (None, 1000)]);
        assert_eq!(windows(0, million, DAY / 2), [(Some(600), 13), (Some(3 * HOUR), 250), (None, 1000)]);
        // A thousand times as many, and in hours.
        assert_eq!(
            windows(0, 15_000 * million, 15 * DAY),
            [(Some(60), 694), (Some(216), 2500), (Some(DAY), million), (None, 15 * million)]
        );
        assert_eq!(
            windows(HOUR, 10 * million, DAY),
            [(Some(HOUR), 416), (Some(6 * HOUR), 2500), (None, 10_000)]
        );
        // Few rows: one window has them all.
        assert_eq!(windows(HOUR, 1000, 3 * HOUR), [(None, 1)]);
        // Nothing is known.
        let table = StoredTable::default();
        assert_eq!(extents(&table, 1), [Some(600), None].map(|seconds| Extent { seconds, rows: None }));
    }

    #[test]
    fn how_much_longer_a_wider_window_takes_is_told_by_its_rows() {
        let extent = |seconds, rows| Extent { seconds, rows };
        assert_eq!(extent(Some(600), Some(10)).growth(extent(Some(6000), Some(20))), 2);
        assert_eq!(extent(Some(600), None).growth(extent(Some(6000), None)), 10);
        assert_eq!(extent(Some(600), None).growth(extent(None, None)), 15);
        assert_eq!(extent(Some(600), Some(0)).growth(extent(None, Some(0))), 1);
    }
}
