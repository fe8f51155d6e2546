//! The statements for values, run by the client of ClickHouse.

use super::{ValueRow, ValueRows};
use flowql_client::{Client, Error, Sql, Statement};

/// How many distinct values a statement tells apart; beyond these only the values that came first go on counting, so that
/// the memory of the server is bounded.
const MOST_VALUES: u32 = 1_000_000;

impl ValueRows for Client {
    async fn rows(&self, statement: &Sql) -> Result<Vec<ValueRow>, Error> {
        let read = Statement::read(statement)
            .setting("max_rows_to_group_by", MOST_VALUES)
            .setting("group_by_overflow_mode", "any");
        self.all(&read).await
    }
}
