//! How the tables are laid out: intervals, how long rows are kept, names.

use std::time::Duration;

use flowql_client::{Sql, sql};

use crate::{Aggregate, TablesSection};

/// The table that keeps every flow.
pub const FLOWS_TABLE: &str = "flows";
/// The table that writers write to, which keeps nothing.
pub const INGEST_TABLE: &str = "flows_raw";
/// The table in which collectors say up to when the aggregated tables have their flows.
pub const REACH_TABLE: &str = "flows_reach";
/// The table of the incidents that the detector of attacks has found.
pub const ATTACKS_TABLE: &str = "attacks";

/// So many partitions make up the time that a table keeps its rows: few enough to open, and each goes as a whole.
const PARTITIONS: u32 = 50;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the tables are like, beside their columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The database.
    pub database: String,
    /// How long `flows` keeps its rows; zero is for ever.
    pub ttl: Duration,
    /// The aggregated tables, the finest first.
    pub aggregated: Vec<Aggregation>,
    /// Who makes their rows, where the columns allow it.
    pub aggregate: Aggregate,
    /// Who reads the tables behind the dictionaries, where the server knows more than its default user.
    pub login: Option<Login>,
}

/// An aggregated table: sums over an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregation {
    /// The interval that times are rounded down to.
    pub interval: Duration,
    /// How long rows are kept; zero is for ever.
    pub ttl: Duration,
}

/// A user of the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self::configured(&TablesSection::default())
    }
}

impl Layout {
    /// That of a configuration, in the database `default`.
    pub fn configured(section: &TablesSection) -> Self {
        let days = |days: u64| Duration::from_secs(days.saturating_mul(DAY.as_secs()));
        let mut aggregated: Vec<_> = section
            .aggregated
            .iter()
            .map(|table| Aggregation {
                interval: Duration::from_secs(table.interval),
                ttl: days(table.keep_days),
            })
            .collect();
        aggregated.sort_by_key(|table| table.interval);
        Self {
            database: "default".to_owned(),
            ttl: days(section.keep_days),
            aggregated,
            aggregate: section.aggregate,
            login: None,
        }
    }

    /// A table of the database, as SQL names it.
    pub fn table(&self, name: &str) -> Sql {
        sql!("{database}.{name}", database = Sql::name(&self.database), name = Sql::name(name))
    }

    /// Makes the database.
    pub(crate) fn create_database(&self) -> Sql {
        sql!("CREATE DATABASE IF NOT EXISTS {name} ENGINE = Atomic", name = Sql::name(&self.database))
    }

    /// The engine of a table.
    pub(crate) fn engine(&self, family: &'static str, arguments: &'static str) -> Sql {
        if arguments.is_empty() { family.into() } else { sql!("{family}({arguments})", family, arguments) }
    }
}

impl Aggregation {
    /// The name of the table: `flows_1m0s`.
    pub fn name(&self) -> String {
        aggregated_name(self.interval)
    }
}

/// The name of the aggregated table of an interval: `flows_1h0m0s`.
pub fn aggregated_name(interval: Duration) -> String {
    let seconds = interval.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{FLOWS_TABLE}_{rest}s"),
        (0, _) => format!("{FLOWS_TABLE}_{minutes}m{rest}s"),
        _ => format!("{FLOWS_TABLE}_{hours}h{minutes}m{rest}s"),
    }
}

/// The interval of a table of flows, by its name: zero for `flows`, five minutes for `flows_5m0s`; `None` for another
/// table.
pub fn resolution_of(name: &str) -> Option<Duration> {
    let mut rest = match name.strip_prefix(FLOWS_TABLE)? {
        "" => return Some(Duration::ZERO),
        suffix => suffix.strip_prefix('_')?,
    };
    let mut seconds = 0;
    while !rest.is_empty() {
        let place = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(place)?;
        let length = match unit.chars().next()? {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds += number.parse::<u64>().ok()?.checked_mul(length)?;
        rest = unit.get(1..)?;
    }
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// The key that parts the rows of a table in time.
pub(crate) fn partition(ttl: Duration) -> Sql {
    let width = if ttl.is_zero() { DAY } else { ttl / PARTITIONS };
    let seconds = width.as_secs().max(1);
    sql!("toYYYYMMDDhhmmss(toStartOfInterval(TimeReceived, toIntervalSecond({seconds})))", seconds)
}

/// When rows go; `None` for never.
pub(crate) fn expiry(ttl: Duration) -> Option<Sql> {
    (!ttl.is_zero()).then(|| sql!("TimeReceived + toIntervalSecond({seconds})", seconds = ttl.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_by_their_interval() {
        for (seconds, name) in [
            (10, "flows_10s"),
            (60, "flows_1m0s"),
            (90, "flows_1m30s"),
            (300, "flows_5m0s"),
            (3600, "flows_1h0m0s"),
            (86_400, "flows_24h0m0s"),
        ] {
            assert_eq!(aggregated_name(Duration::from_secs(seconds)), name);
            assert_eq!(resolution_of(name), Some(Duration::from_secs(seconds)));
        }
        assert_eq!(resolution_of("flows"), Some(Duration::ZERO));
        for other in [
            "flows_raw",
            "flows_reach",
            "flows_1m0s_consumer",
            "flows_",
            "flowsx",
            "exporters",
            "flows_m",
            "flows_0s",
        ] {
            assert_eq!(resolution_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_partition_is_a_fiftieth_of_the_time_that_rows_are_kept() {
        for (days, seconds) in [(15, 25_920), (7, 12_096), (90, 155_520), (360, 622_080), (0, 86_400)] {
            let key = partition(DAY * days).to_string();
            assert!(key.contains(&format!("toIntervalSecond({seconds})")), "{key}");
        }
        assert_eq!(expiry(Duration::ZERO), None);
        let expiry = expiry(DAY).map(|expiry| expiry.to_string());
        assert_eq!(expiry.as_deref(), Some("TimeReceived + toIntervalSecond(86400)"));
    }

    #[test]
    fn odd_names_are_quoted() {
        let layout = Layout { database: "my-`db".to_owned(), ..Layout::default() };
        assert_eq!(layout.table("flows").to_string(), "`my-\\`db`.flows");
    }
}
