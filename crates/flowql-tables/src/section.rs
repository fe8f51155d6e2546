//! The section `[tables]` of `flowql.toml`.

use std::collections::BTreeSet;

use flowql::ConfigError;
use flowql_config::{Choice, Section};

/// A hundred years: ClickHouse's times end in 2106.
const MOST_DAYS: u64 = 36_500;

/// How long the tables that `flowql tables create` makes keep their rows. `flowql tables migrate --expire` changes it on
/// existing tables.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "tables", example = "[tables]\nkeep_days = 30\n", check = TablesSection::one_per_interval)]
pub struct TablesSection {
    /// How long `flows`, the table of every flow, keeps its rows; 0 for no limit.
    #[setting(default = 15, range = 0..=MOST_DAYS, unit = "days")]
    pub keep_days: u64,
    /// Who makes the rows of the aggregated tables. It counts for a new database; `flowql tables migrate` changes an existing
    /// one. Where a column is one that only the database computes, it is the views.
    pub aggregate: Aggregate,
    /// The aggregated tables.
    #[section(default = [aggregated(60, 7), aggregated(300, 90), aggregated(3600, 360)])]
    pub aggregated: Vec<AggregatedSection>,
}

/// Who sums flows up for the aggregated tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    /// The collector, several seconds at once, which costs the database a fraction of what views do. Flows that others
    /// than FlowQL write to `flows` are not in the aggregated tables.
    #[default]
    Collector,
    /// Views of the database, each block as it comes, whoever writes it.
    Views,
}

/// The aggregated tables, each with the sums over an interval, instead of those of one minute (kept for 7 days), five
/// minutes (90 days) and one hour (360 days). A table that is no longer listed here stays and is still filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Section)]
#[section(
    name = "tables.aggregated",
    list,
    example = "[[tables.aggregated]]\ninterval = 60\nkeep_days = 14\n\n[[tables.aggregated]]\ninterval = 3600\nkeep_days = 720\n"
)]
pub struct AggregatedSection {
    /// The interval that is summed up; 300 makes the table `flows_5m0s`.
    #[setting(required, range = 1..=86_400, unit = "seconds", example = 300)]
    pub interval: u64,
    /// How long the table keeps its rows; 0 for no limit.
    #[setting(required, range = 0..=MOST_DAYS, unit = "days", example = 90)]
    pub keep_days: u64,
}

const fn aggregated(interval: u64, keep_days: u64) -> AggregatedSection {
    AggregatedSection { interval, keep_days }
}

impl TablesSection {
    fn one_per_interval(&self) -> Vec<ConfigError> {
        let mut seen = BTreeSet::new();
        let twice = self.aggregated.iter().enumerate().filter(|(_, table)| !seen.insert(table.interval));
        twice
            .map(|(index, table)| ConfigError {
                path: format!("tables.aggregated[{index}].interval"),
                message: format!("there are two aggregated tables of {} seconds", table.interval),
                help: None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<TablesSection>()];

    fn parse(text: &str) -> Result<TablesSection, String> {
        let config = Config::parse(text, "f", SECTIONS).map_err(|errors| errors.to_string())?;
        Ok(TablesSection::clone(&config.section()))
    }

    #[test]
    fn aggregated_tables_are_whole_and_each_interval_has_one() {
        let text = "[tables]\nkeep_days = 0\n[[tables.aggregated]]\ninterval = 10\nkeep_days = 1\n";
        let tables = parse(text).unwrap();
        assert_eq!((tables.keep_days, tables.aggregated.len()), (0, 1));
        assert_eq!(parse("[tables]\naggregated = []\n").unwrap().aggregated, []);
        assert_eq!(
            parse("[[tables.aggregated]]\ninterval = 0\n").unwrap_err(),
            "f:1:1: [[tables.aggregated]] lacks the key `keep_days`\n\
             f:2:12: `interval` must be an integer from 1 to 86400"
        );
        assert_eq!(
            parse(&format!("{text}[[tables.aggregated]]\nkeep_days = 2\ninterval = 10\n")).unwrap_err(),
            "f:8:12: there are two aggregated tables of 10 seconds"
        );
    }
}
