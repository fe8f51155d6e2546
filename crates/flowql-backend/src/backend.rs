//! The trait that every backend implements.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use flowql_client::{Health, Progress};
use flowql_tables::StoredSchema;

use crate::{Answer, Error, Explanation, FlowQuery, Plan, ValueQuery, Values};

/// What a backend can do: front ends ask this before they offer something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Capabilities {
    /// It knows values for completion.
    pub values: bool,
    /// It runs queries over flows.
    pub queries: bool,
    /// It knows which tables and columns are stored.
    pub tables: bool,
}

/// A source of values and of flows.
///
/// Every call has a deadline of the backend's own and ends by it. Dropping the future of a call cancels it, down to
/// the database. Callers may be many: a backend bounds how many of their calls run at once. A call that is not among the
/// [capabilities](Backend::capabilities) ends in [`Error::Unsupported`].
#[async_trait]
pub trait Backend: fmt::Debug + Send + Sync {
    /// The name that configuration and messages use: `clickhouse`, `embedded`, `file`, `static`, `service`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Values for a column, the best first, for completion.
    async fn values(&self, _: &ValueQuery) -> Result<Values, Error> {
        Err(Error::unsupported(self.name(), "knows no values"))
    }

    /// The names of AS numbers; those without a name are left out.
    async fn as_names(&self, _: &[u32]) -> Result<BTreeMap<u32, String>, Error> {
        Ok(BTreeMap::new())
    }

    /// How a query would run: the table, and why; the SQL.
    async fn plan(&self, _: &FlowQuery) -> Result<Plan, Error> {
        Err(Error::unsupported(self.name(), "runs no queries"))
    }

    /// Runs a query; the rows come as the database gives them.
    async fn query(&self, _: &FlowQuery) -> Result<Answer, Error> {
        Err(Error::unsupported(self.name(), "runs no queries"))
    }

    /// Runs a query for what it costs, and says what of that the keys and indexes save.
    async fn explain(&self, _: &FlowQuery) -> Result<Explanation, Error> {
        Err(Error::unsupported(self.name(), "runs no queries"))
    }

    /// How far a query is, by its [`FlowQuery::id`]; `None` where that is not known, or where it does not run.
    async fn progress(&self, _: &str) -> Result<Option<Progress>, Error> {
        Ok(None)
    }

    /// The tables and columns that are really there.
    async fn stored(&self) -> Result<StoredSchema, Error> {
        Err(Error::unsupported(self.name(), "has no tables"))
    }

    /// Whether the backend answers.
    async fn health(&self) -> Result<Health, Error>;

    /// What its operator has to know of it, as far as is known by now; `None` where all is as it should be.
    fn caution(&self) -> Option<&'static str> {
        None
    }
}
