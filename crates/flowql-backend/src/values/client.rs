//! The statements for values, run by the client of ClickHouse.

use super::ask::{ValueRow, ValueRows};
use super::statement::ValueStatement;
use flowql_client::{Client, Error, Statement};

/// How many distinct values a statement tells apart; beyond these only the values that came first go on counting, so that
/// the memory of the server is bounded.
const MOST_VALUES: u32 = 1_000_000;

impl ValueRows for Client {
    async fn rows(&self, statement: &ValueStatement) -> Result<Vec<ValueRow>, Error> {
        let read = Statement::read(statement.sql())
            .setting("max_rows_to_group_by", MOST_VALUES)
            .setting("group_by_overflow_mode", "any");
        let add = |read: Statement, (name, value)| read.parameter(name, value);
        self.all(&statement.parameters().fold(read, add)).await
    }
}
