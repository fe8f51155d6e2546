//! The trait that every backend implements.

use std::fmt;

use async_trait::async_trait;

use flowql_client::Health;
use flowql_tables::StoredSchema;

use crate::{Answer, Error, FlowQuery, Plan, ValueQuery, Values};

/// A source of values and of flows.
///
/// Every call has a deadline of the backend's own and ends by it. Dropping the future of a call cancels it, down to
/// the database. Callers may be many: a backend bounds how many of their calls run at once.
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name that configuration and messages use: `clickhouse`, `embedded`, `static`, `service`.
    fn name(&self) -> &'static str;

    /// Values for a column, the best first, for completion.
    async fn values(&self, request: &ValueQuery) -> Result<Values, Error>;

    /// How a query would run: the table, and why; the SQL.
    async fn plan(&self, query: &FlowQuery) -> Result<Plan, Error>;

    /// Runs a query; the rows come as the database gives them.
    async fn query(&self, query: &FlowQuery) -> Result<Answer, Error>;

    /// The tables and columns that are really there.
    async fn stored(&self) -> Result<StoredSchema, Error>;

    /// Whether the backend answers.
    async fn health(&self) -> Result<Health, Error>;

    /// What whoever runs it has to know of it, as far as is known by now; `None` where all is as it should be.
    fn caution(&self) -> Option<&'static str> {
        None
    }
}
