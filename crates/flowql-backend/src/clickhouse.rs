//! The backends `clickhouse` and `embedded`.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use flowql::Schema;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::{Answer, Backend, Capabilities, Error, Explanation, FlowQuery, Plan, ValueQuery, Values, values};
use flowql_client::{Client, Health, Progress, Sql, Statement, sql};
use flowql_tables::{Reach, StoredSchema};

/// How long what is stored is taken for known. Tables come and go rarely, and their oldest rows slowly.
const KNOWN: Duration = Duration::from_secs(60);

/// A backend that asks ClickHouse.
#[derive(Debug)]
pub struct ClickHouse {
    name: &'static str,
    client: Client,
    schema: Schema,
    /// What is stored, and when that was read. Held while it is read, so that it is read once.
    known: Mutex<Option<(Instant, StoredSchema)>>,
}

impl ClickHouse {
    /// A backend of a client; `schema` says what the columns mean.
    pub fn new(client: Client, schema: Schema) -> Self {
        let name = if client.is_embedded() { "embedded" } else { "clickhouse" };
        Self { name, client, schema, known: Mutex::new(None) }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What is stored, as it was a short while ago at most.
    async fn known(&self) -> Result<StoredSchema, Error> {
        let mut known = self.known.lock().await;
        if let Some((read, stored)) = &*known
            && read.elapsed() < KNOWN
        {
            return Ok(stored.clone());
        }
        let stored = self.stored().await?;
        // A database without tables is about to get them.
        *known = Some((Instant::now(), stored.clone())).filter(|(_, stored)| !stored.tables.is_empty());
        Ok(stored)
    }
}

impl ClickHouse {
    /// The same, with how far collectors are by now.
    async fn reached(&self) -> Result<StoredSchema, Error> {
        let known = self.known().await?;
        let reach = match known.reach {
            Some(_) => Some(Reach::read(&self.client).await?),
            None => None,
        };
        Ok(StoredSchema { reach, ..known })
    }
}

#[async_trait]
impl Backend for ClickHouse {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { values: true, queries: true, tables: true }
    }

    async fn values(&self, request: &ValueQuery) -> Result<Values, Error> {
        let (start, deadline) = (Instant::now(), request.deadline);
        let known = timeout(deadline, self.known()).await;
        let known = known.map_err(|_| flowql_client::Error::Deadline(deadline))??;
        let left = ValueQuery { deadline: deadline.saturating_sub(start.elapsed()), ..request.clone() };
        Ok(values::ask(&self.client, &left, &self.schema, &known).await?)
    }

    async fn as_names(&self, numbers: &[u32]) -> Result<BTreeMap<u32, String>, Error> {
        #[derive(serde::Deserialize)]
        struct Row {
            number: u32,
            name: String,
        }
        if numbers.is_empty() || !self.known().await?.dictionaries.iter().any(|name| name == "asns") {
            return Ok(BTreeMap::new());
        }
        let statement = Statement::read(sql!(
            "SELECT arrayJoin([{numbers}]) AS number, dictGetOrDefault('asns', 'name', toUInt64(number), '') AS name",
            numbers = Sql::list(numbers.iter().copied(), ", ")
        ));
        let rows: Vec<Row> = self.client.all(&statement).await?;
        let named = rows.into_iter().filter(|row| !row.name.is_empty());
        Ok(named.map(|row| (row.number, row.name)).collect())
    }

    async fn plan(&self, query: &FlowQuery) -> Result<Plan, Error> {
        query.plan(&self.schema, &self.reached().await?)
    }

    async fn query(&self, query: &FlowQuery) -> Result<Answer, Error> {
        query.run(&self.client, &self.schema, &self.reached().await?).await
    }

    async fn explain(&self, query: &FlowQuery) -> Result<Explanation, Error> {
        Explanation::read(&self.client, self.plan(query).await?).await
    }

    async fn progress(&self, id: &str) -> Result<Option<Progress>, Error> {
        Ok(self.client.progress(id).await?)
    }

    async fn stored(&self) -> Result<StoredSchema, Error> {
        Ok(StoredSchema::read(&self.client).await?)
    }

    async fn health(&self) -> Result<Health, Error> {
        Ok(self.client.health().await?)
    }

    fn caution(&self) -> Option<&'static str> {
        self.client.caution()
    }
}
