//! What a query costs, and what of that the keys and indexes save.

use flowql_client::{Client, Statement, sql};

use super::Plan;
use crate::Error;

/// How a query ran.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Explanation {
    /// How it was planned.
    #[serde(flatten)]
    pub plan: Plan,
    /// Of the rows of the table, those that the keys and indexes leave to be read.
    pub rows_estimated: u64,
    /// What each key and index leaves, as `PrimaryKey: parts 2/10, granules 7/130`.
    pub indexes: Vec<String>,
    /// The rows that were read.
    pub rows_read: u64,
    /// The bytes of them, uncompressed.
    pub bytes_read: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Explanation {
    /// Runs a query on ClickHouse, its rows dropped.
    ///
    /// # Errors
    ///
    /// Why it does not run.
    pub(crate) async fn read(client: &Client, plan: Plan) -> Result<Self, Error> {
        let sql = &plan.sql;
        let indexes = client.rows(&Statement::read(sql!("EXPLAIN indexes = 1 {sql}", sql))).await?;
        let indexes = indexes.collect().await?;
        let indexes = index_lines(indexes.iter().filter_map(|row| row.first()?.as_str()));
        let estimate = client.rows(&Statement::read(sql!("EXPLAIN ESTIMATE {sql}", sql))).await?;
        let place = estimate.columns.iter().position(|column| column.name == "rows");
        let estimate = estimate.collect().await?;
        let rows_estimated = estimate.iter().filter_map(|row| row.get(place?)?.as_u64()).sum();
        let statistics = client.statistics(&plan.statement()).await?;
        Ok(Self {
            plan,
            rows_estimated,
            indexes,
            rows_read: statistics.rows_read,
            bytes_read: statistics.bytes_read,
            seconds: statistics.elapsed,
        })
    }
}

/// Of `EXPLAIN indexes = 1`, a line for each index: `PrimaryKey: parts 2/10, granules 7/130`.
fn index_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut name = String::new();
    let mut parts = String::new();
    let mut kind = String::new();
    for line in lines.map(str::trim) {
        match line.split_once(": ") {
            None if ["MinMax", "Partition", "PrimaryKey", "Skip"].contains(&line) => {
                kind = line.to_owned();
                name.clear();
            }
            Some(("Name", index)) => name = format!(" {index}"),
            Some(("Parts", count)) => parts = count.to_owned(),
            Some(("Granules", count)) => {
                let text = format!("{kind}{name}: parts {parts}, granules {count}");
                if !found.contains(&text) {
                    found.push(text);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_indexes_leave_is_read() {
        let text = "Expression\n  ReadFromMergeTree (db.flows)\n  Indexes:\n    MinMax\n      Keys: \n        \
                    TimeReceived\n      Condition: x\n      Parts: 2/5\n      Granules: 30/90\n    PrimaryKey\n      \
                    Parts: 2/2\n      Granules: 7/30\n    Skip\n      Name: SrcAS_index\n      Description: \
                    bloom_filter GRANULARITY 4\n      Parts: 1/2\n      Granules: 3/7";
        assert_eq!(
            index_lines(text.lines()),
            [
                "MinMax: parts 2/5, granules 30/90",
                "PrimaryKey: parts 2/2, granules 7/30",
                "Skip SrcAS_index: parts 1/2, granules 3/7",
            ]
        );
    }
}
