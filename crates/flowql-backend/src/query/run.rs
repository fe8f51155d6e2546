//! Running a query on ClickHouse.

use flowql::Schema;

use super::{Answer, FlowQuery};
use crate::clickhouse::{Client, Statement};
use crate::{Error, StoredSchema};

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
        let rows = client.rows(&plan.statement()).await?;
        Ok(Answer { columns: rows.columns, rows: rows.rows, plan })
    }
}

impl super::Plan {
    /// The statement that runs it.
    pub fn statement(&self) -> Statement {
        Statement::read(&self.sql).parameters(&self.parameters)
    }
}
