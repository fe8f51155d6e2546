//! Running a query on ClickHouse.

use flowql::Schema;

use flowql_client::{Client, Statement};
use flowql_tables::StoredSchema;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{Answer, FlowQuery};
use crate::Error;

impl FlowQuery {
    /// Runs the query on a database that holds these tables.
    ///
    /// # Errors
    ///
    /// As [`FlowQuery::plan`], and why there is no answer.
    pub async fn run(
        &self,
        client: &Client,
        schema: &Schema,
        stored: &StoredSchema,
    ) -> Result<Answer, Error> {
        let plan = self.plan(schema, stored)?;
        let statement = plan.statement();
        let statement = match &self.id {
            Some(id) => statement.named(id),
            None => statement,
        };
        let rows = client.rows(&statement).await?;
        Ok(Answer { columns: rows.columns, rows: rows.rows.map_err(Error::from).boxed(), plan })
    }
}

impl super::Plan {
    /// The statement that runs it.
    pub fn statement(&self) -> Statement {
        Statement::read(&self.sql)
    }
}
