//! The backend `file`: flows from a file of JSON lines, without any database.
//!
//! It answers as ClickHouse does on the table of every flow. The file is read from its start for each query, and twice
//! for a series by columns; of its flows no more is kept than the sums of each group, or as many of the newest as are asked
//! for. Names of numbers are those that FlowQL fills its dictionaries with.

mod answers;
mod cells;
mod groups;
mod scan;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flowql::Schema;
use flowql_backend::{
    Answer, Backend, Capabilities, Error, Explanation, FlowQuery, Kind, Plan, Statistic, columns_of_flows,
    columns_to_group_by,
};
use flowql_client::{ClientOptions, Health, Progress, Sql};
use flowql_tables::{StoredColumn, StoredSchema, StoredTable};
use futures_util::{StreamExt as _, stream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use answers::{POINTS_OF_TOP, Table};
use cells::Names;
use scan::{Scan, Work};

/// The backend `file`.
#[derive(Debug)]
pub struct FlowFile {
    path: PathBuf,
    schema: Schema,
    deadline: Duration,
    turns: Semaphore,
    /// The queries that run, by their names.
    running: Mutex<HashMap<String, Arc<Work>>>,
}

impl FlowFile {
    /// The flows of a file. Of the options the deadline and the number of calls at once count.
    ///
    /// # Errors
    ///
    /// That there is no such file.
    pub fn open(path: &Path, schema: &Schema, options: &ClientOptions) -> Result<Self, Error> {
        let file = Self {
            path: path.to_owned(),
            schema: schema.clone(),
            deadline: options.deadline,
            turns: Semaphore::new(options.concurrency.max(1)),
            running: Mutex::default(),
        };
        file.size()?;
        Ok(file)
    }

    fn name_of_file(&self) -> String {
        self.path.display().to_string()
    }

    /// The bytes of the file.
    fn size(&self) -> Result<u64, Error> {
        let unusable = |reason: String| flowql_client::Error::Setup {
            message: format!("cannot read flows from `{}`: {reason}", self.path.display()),
            help: Some("name a file of JSON lines, a flow on each".to_owned()),
        };
        let found = fs::metadata(&self.path).map_err(|error| unusable(error.to_string()))?;
        // A series reads it twice.
        if found.is_file() { Ok(found.len()) } else { Err(unusable("it is not a file".to_owned()).into()) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Work>>> {
        // A map is whole whenever the lock is given back.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a query on a thread of its own, which stops when nobody waits for it any more.
    async fn table(&self, query: &FlowQuery) -> Result<(Table, Arc<Work>), Error> {
        let until = Instant::now() + self.deadline;
        let late = |_| Error::from(flowql_client::Error::Deadline(self.deadline));
        // The semaphore is never closed.
        let _turn = timeout_at(until, self.turns.acquire()).await.map_err(late)?;
        let passes =
            if matches!(&query.kind, Kind::Series { columns, .. } if !columns.is_empty()) { 2 } else { 1 };
        let running = Running::new(self, query, self.size()? * passes);
        let work = Arc::clone(&running.work);
        let scan = Scan::new(&self.path, &self.schema, query, Arc::clone(&work))?;
        let (schema, query) = (self.schema.clone(), query.clone());
        let task = tokio::task::spawn_blocking(move || Table::of(&scan, &schema, &query));
        let table = timeout_at(until, task).await.map_err(late)?;
        let table = table.map_err(|error| Error::BadFlows(format!("the query broke off: {error}")))??;
        Ok((table, work))
    }
}

/// A query that runs: it has a name, and it stops when this is dropped.
struct Running<'a> {
    file: &'a FlowFile,
    id: Option<&'a str>,
    work: Arc<Work>,
}

impl<'a> Running<'a> {
    fn new(file: &'a FlowFile, query: &'a FlowQuery, bytes: u64) -> Self {
        let (id, work) = (query.id.as_deref(), Arc::new(Work::new(bytes)));
        if let Some(id) = id {
            file.lock().insert(id.to_owned(), Arc::clone(&work));
        }
        Self { file, id, work }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.work.stop();
        if let Some(id) = self.id {
            self.file.lock().remove(id);
        }
    }
}

#[async_trait]
impl Backend for FlowFile {
    fn name(&self) -> &'static str {
        "file"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { values: false, queries: true, tables: true }
    }

    async fn as_names(&self, numbers: &[u32]) -> Result<BTreeMap<u32, String>, Error> {
        let names = Names::shipped();
        let named = |&number: &u32| Some((number, names.of(number)?.to_owned()));
        Ok(numbers.iter().filter_map(named).collect())
    }

    async fn plan(&self, query: &FlowQuery) -> Result<Plan, Error> {
        let range = query.seconds()?;
        let interval = match &query.kind {
            Kind::Top { columns, .. } => {
                if columns_to_group_by(&self.schema, columns)?.is_empty() {
                    return Err(Error::BadQuery("a top needs a column".to_owned()));
                }
                let by_points = query.options.statistic != Statistic::Average;
                let points = query.points(query.options.points.unwrap_or(POINTS_OF_TOP))?;
                by_points.then_some(Duration::from_secs(points.step))
            }
            Kind::Series { columns, points, .. } => {
                columns_to_group_by(&self.schema, columns)?;
                Some(Duration::from_secs(query.points(*points)?.step))
            }
            Kind::Flows { columns } => {
                columns_of_flows(&self.schema, columns)?;
                None
            }
        };
        let reason = "a file has every flow".to_owned();
        Ok(Plan { table: self.name_of_file(), reason, sql: Sql::default(), range, interval, reverse: None })
    }

    async fn query(&self, query: &FlowQuery) -> Result<Answer, Error> {
        let plan = self.plan(query).await?;
        let (Table { columns, rows }, _) = self.table(query).await?;
        Ok(Answer { columns, rows: stream::iter(rows.into_iter().map(Ok)).boxed(), plan })
    }

    async fn explain(&self, query: &FlowQuery) -> Result<Explanation, Error> {
        let plan = self.plan(query).await?;
        let start = Instant::now();
        let (_, work) = self.table(query).await?;
        let Progress { rows_read, bytes_read, .. } = work.progress();
        let seconds = start.elapsed().as_secs_f64();
        Ok(Explanation {
            plan,
            rows_estimated: rows_read,
            indexes: Vec::new(),
            rows_read,
            bytes_read,
            seconds,
        })
    }

    async fn progress(&self, id: &str) -> Result<Option<Progress>, Error> {
        Ok(self.lock().get(id).map(|work| work.progress()))
    }

    async fn stored(&self) -> Result<StoredSchema, Error> {
        let enabled = self.schema.columns().iter().filter(|column| !column.disabled);
        let columns = enabled.map(|column| StoredColumn {
            name: column.name.to_string(),
            kind: column.clickhouse_type.to_string(),
        });
        let table =
            StoredTable { name: self.name_of_file(), columns: columns.collect(), ..StoredTable::default() };
        Ok(StoredSchema { tables: vec![table], ..StoredSchema::default() })
    }

    async fn health(&self) -> Result<Health, Error> {
        let start = Instant::now();
        self.size()?;
        Ok(Health { version: env!("CARGO_PKG_VERSION").to_owned(), latency: start.elapsed() })
    }
}

#[cfg(test)]
mod tests;
