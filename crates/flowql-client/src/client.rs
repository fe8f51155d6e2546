//! The client: attempts, deadlines, turns.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};

use super::errors::{Failure, FailureKind};
use super::json_numbers::Cells;
use super::kill_query::{CAUTION, Ending};
use super::rows::Lines;
use super::servers::Servers;
use super::watch::silence;
use super::{ClientOptions, Insert, InsertCompression, Rows, ServerOptions, Statement, http, servers};
use crate::Error;
use flowql_embedded::{Embedded, EmbeddedOptions};

/// A database that answers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// The version of what answers.
    pub version: String,
    /// How long it took to answer.
    pub latency: Duration,
}

/// The settings that let every filter within the limits through, however it is expanded.
const LIMITS: &[(&str, &str)] = &[
    ("max_query_size", "16777216"),
    ("max_ast_elements", "2000000"),
    ("max_expanded_ast_elements", "4000000"),
    ("max_parser_depth", "10000"),
];

/// How rows are asked for. Their types say what becomes of each value, whatever the settings of the user are.
const FORMAT: &str = "JSONCompactEachRowWithNamesAndTypes";

/// So many bytes of an insert are compressed at once.
const FRAME: usize = 1 << 20;

/// How long to wait before another attempt at the same server, the second time twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// How long a server may go on after a client has given up, before it gives up itself.
const GRACE: Duration = Duration::from_secs(1);

/// A client of ClickHouse. Cloning it is cheap, and clones share their turns.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: clickhouse::Client,
    servers: Servers,
    options: ClientOptions,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Which settings the user may send, as far as is known: a [`Freedom`].
    freedom: AtomicU8,
}

/// What a query cost.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
pub struct Statistics {
    /// The rows that were read.
    pub rows_read: u64,
    /// The bytes of them, uncompressed.
    pub bytes_read: u64,
    /// The seconds that the server took.
    pub elapsed: f64,
}

/// How far a query is that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Progress {
    /// The rows that are read.
    pub rows_read: u64,
    /// The bytes of them, uncompressed.
    pub bytes_read: u64,
    /// How many rows are to be read, about; zero as long as that is not known.
    pub rows_total: u64,
}

/// Which settings may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Freedom {
    /// None: the profile of the user is `readonly = 1`.
    Nothing,
    /// All but `readonly`: the profile is `readonly = 2`.
    NotReadonly,
    /// All.
    All,
}

impl Freedom {
    const ALL: [Self; 3] = [Self::Nothing, Self::NotReadonly, Self::All];

    fn less(self) -> Option<Self> {
        match self {
            Self::All => Some(Self::NotReadonly),
            Self::NotReadonly => Some(Self::Nothing),
            Self::Nothing => None,
        }
    }
}

impl Client {
    /// A client of servers that are there.
    ///
    /// # Errors
    ///
    /// That an address or a certificate cannot be used. No server is asked yet.
    pub fn remote(servers: &ServerOptions, options: ClientOptions) -> Result<Self, Error> {
        Ok(Self::new(http::client(servers)?, Servers::remote(&servers.servers)?, options))
    }

    /// A client of the embedded engine, which is started by the first call, and again if it dies.
    ///
    /// # Errors
    ///
    /// That the HTTP client cannot be set up.
    pub fn embedded(engine: EmbeddedOptions, options: ClientOptions) -> Result<Self, Error> {
        let http = http::client(&ServerOptions::at("http://127.0.0.1"))?;
        Ok(Self::new(http, Servers::Embedded { options: engine, engine: Box::default() }, options))
    }

    fn new(http: clickhouse::Client, servers: Servers, options: ClientOptions) -> Self {
        let turns = Arc::new(Semaphore::new(options.concurrency.max(1)));
        let freedom = AtomicU8::new(Freedom::All as u8);
        Self {
            inner: Arc::new(Inner { http, servers, options, turns, waiting: AtomicUsize::new(0), freedom }),
        }
    }

    /// The options.
    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    /// What there is to say of the user, as far as is known by now: that it lacks what keeps its queries within limits.
    pub fn caution(&self) -> Option<&'static str> {
        (self.freedom() == Freedom::Nothing).then_some(CAUTION)
    }

    /// Whether it asks the embedded engine.
    pub fn is_embedded(&self) -> bool {
        matches!(self.inner.servers, Servers::Embedded { .. })
    }

    /// The embedded engine, if that is what is asked, and if it was started.
    pub fn engine(&self) -> Option<&Embedded> {
        match &self.inner.servers {
            Servers::Embedded { engine, .. } => engine.get(),
            Servers::Remote { .. } => None,
        }
    }

    /// The rows of a statement, as they come. Returns when the answer begins.
    ///
    /// # Errors
    ///
    /// Why there is no answer. The rows may end in an error too.
    pub async fn rows(&self, statement: &Statement) -> Result<Rows, Error> {
        let (lines, columns, query_id) = self.run(statement, FORMAT, Lines::columns).await?;
        let rows = lines.into_rows(&columns);
        Ok(Rows { columns, rows, query_id })
    }

    /// All rows of a statement, each as a structure with a field per column.
    ///
    /// # Errors
    ///
    /// Why there is no answer, or none that has these fields.
    pub async fn all<T: DeserializeOwned>(&self, statement: &Statement) -> Result<Vec<T>, Error> {
        let (_, rows, _) = self
            .run(statement, FORMAT, async |lines| {
                let columns = lines.columns().await?;
                let cells = Cells::of(&columns);
                let mut rows = Vec::new();
                while let Some(line) = lines.next().await? {
                    rows.push(lines.structure(&line, &columns, &cells)?);
                }
                Ok(rows)
            })
            .await?;
        Ok(rows)
    }

    /// Runs a statement that reads for what it costs; its rows are dropped.
    ///
    /// # Errors
    ///
    /// Why it was not answered.
    pub async fn statistics(&self, statement: &Statement) -> Result<Statistics, Error> {
        #[derive(serde::Deserialize)]
        struct Answer {
            statistics: Statistics,
        }
        let (_, statistics, _) = self
            .run(statement, "JSON", async |lines| {
                let mut text = Vec::new();
                while let Some(line) = lines.next().await? {
                    text.extend_from_slice(&line);
                    text.push(b' ');
                }
                Ok(lines.parse::<Answer>(&text)?.statistics)
            })
            .await?;
        Ok(statistics)
    }

    /// How far a statement is that was [named](Statement::named); `None` where it does not run, or not at the server that
    /// is asked.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn progress(&self, id: &str) -> Result<Option<Progress>, Error> {
        let sql = "SELECT read_rows AS rows_read, read_bytes AS bytes_read, total_rows_approx AS rows_total \
                   FROM system.processes WHERE startsWith(query_id, {id:String})";
        let asked =
            Statement::read(sql).parameter("id", id).without_database().deadline(Duration::from_secs(2));
        Ok(self.all(&asked).await?.pop())
    }

    /// Runs a statement for what it does.
    ///
    /// # Errors
    ///
    /// Why it was not done, or that this is not known.
    pub async fn execute(&self, statement: &Statement) -> Result<(), Error> {
        self.run(statement, "Null", async |lines| {
            while lines.next().await?.is_some() {}
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Stores a batch of rows, and returns when that is acknowledged. Attempts that are not are repeated, and the token
    /// keeps the rows from being stored twice.
    ///
    /// # Errors
    ///
    /// That the server refuses the batch, or that no attempt was acknowledged. In the latter case the batch may be
    /// stored; another call with the same batch settles it.
    pub async fn insert(&self, insert: &Insert) -> Result<(), Error> {
        let _turn = self.turn(Instant::now() + self.inner.options.deadline).await?;
        self.insert_now(insert).await
    }

    /// The same without waiting for a turn, for those who have turns of their own.
    pub(crate) async fn insert_now(&self, insert: &Insert) -> Result<(), Error> {
        let deadline = insert.deadline.unwrap_or(self.inner.options.deadline);
        let mut first = None;
        for attempt in 0..self.inner.servers.attempts() {
            if attempt > 0 {
                sleep(PAUSE * 2_u32.saturating_pow(u32::try_from(attempt).unwrap_or(1))).await;
            }
            let server = match self.inner.servers.pick(attempt).await {
                Ok(server) => server,
                Err(error) => return Err(first.unwrap_or(error)),
            };
            let stored = tokio::select! {
                stored = self.insert_once(insert, &server, deadline) => stored,
                failure = self.silence(attempt, &server) => Err(failure),
            };
            match stored {
                Ok(()) => {
                    self.inner.servers.answered(&server);
                    return Ok(());
                }
                Err(Failure { error, kind: FailureKind::NotSent | FailureKind::Server }) => {
                    first.get_or_insert(error);
                }
                Err(Failure { error, .. }) => return Err(error),
            }
        }
        Err(first.unwrap_or(Error::Deadline(deadline)))
    }

    async fn insert_once(&self, insert: &Insert, server: &str, deadline: Duration) -> Result<(), Failure> {
        let client = self.inner.http.clone().with_url(server).with_database(&self.inner.options.database);
        let is_compressed =
            self.inner.options.compression == InsertCompression::Always || !servers::is_local(server);
        let client =
            if is_compressed { client.with_compression(clickhouse::Compression::Lz4) } else { client };
        let mut request = client
            .insert_formatted_with(insert.sql.to_string())
            .with_setting("query_id", query_id("insert"))
            // What waits in the server's memory could not be acknowledged, and has tokens of its own.
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", &insert.token)
            .with_setting("deduplicate_blocks_in_dependent_materialized_views", "1");
        let sent = async {
            let mut rest = insert.data.clone();
            loop {
                let piece = rest.split_to(if is_compressed { rest.len().min(FRAME) } else { rest.len() });
                request.send(piece).await?;
                if rest.is_empty() {
                    return request.end().await;
                }
            }
        };
        match timeout_at(Instant::now() + deadline, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::new(error, server, deadline, false)),
            // It is not known what became of it: the token makes another attempt safe.
            Err(_) => Err(Failure { kind: FailureKind::Server, ..Failure::deadline(deadline) }),
        }
    }

    /// Whether a server answers, and which version it is.
    ///
    /// # Errors
    ///
    /// Why none does.
    pub async fn health(&self) -> Result<Health, Error> {
        #[derive(serde::Deserialize)]
        struct Row {
            version: String,
        }
        let start = Instant::now();
        let deadline = self.inner.options.deadline.min(Duration::from_secs(5));
        // A server without our database is healthy.
        let question = Statement::read("SELECT version() AS version").without_database().deadline(deadline);
        let rows: Vec<Row> = self.all(&question).await?;
        let version = rows.into_iter().next().map(|row| row.version).unwrap_or_default();
        Ok(Health { version, latency: start.elapsed() })
    }

    /// Runs a statement until `begin` has read the beginning of the answer: until then it may be attempted again.
    async fn run<T>(
        &self,
        statement: &Statement,
        format: &str,
        begin: impl AsyncFn(&mut Lines) -> Result<T, Failure>,
    ) -> Result<(Lines, T, String), Error> {
        let deadline = statement.deadline.unwrap_or(self.inner.options.deadline);
        let due = Instant::now() + deadline;
        let mut turn = Some(self.turn(due).await?);
        let mut first = None;
        let mut attempt = 0;
        while attempt < self.inner.servers.attempts() {
            let server = match timeout_at(due, self.inner.servers.pick(attempt)).await {
                Ok(Ok(server)) => server,
                Ok(Err(error)) => return Err(first.unwrap_or(error)),
                Err(_) => return Err(first.unwrap_or(Error::Deadline(deadline))),
            };
            let freedom = self.freedom();
            let id = match &statement.id {
                Some(id) => format!("{id}-{attempt}"),
                None => query_id(if statement.is_read { "read" } else { "write" }),
            };
            let query = self.query(statement, &server, freedom, due, &id);
            let ending = (freedom == Freedom::Nothing)
                .then(|| Ending::new(self.inner.http.clone().with_url(&server), &id));
            let Some(held) = turn.take() else { break };
            let failure = match query.fetch_bytes(format) {
                Ok(cursor) => {
                    let mut lines = Lines::new(cursor, &server, due, deadline, held, ending);
                    let begun = tokio::select! {
                        begun = begin(&mut lines) => begun,
                        // Only what may be asked again is given up for another server.
                        failure = self.silence(attempt, &server), if statement.is_read => Err(failure),
                    };
                    match begun {
                        Ok(begun) => {
                            self.inner.servers.answered(&server);
                            return Ok((lines, begun, id));
                        }
                        Err(failure) => {
                            turn = Some(lines.into_turn());
                            failure
                        }
                    }
                }
                Err(error) => {
                    turn = Some(held);
                    Failure::new(error, &server, deadline, false)
                }
            };
            let is_safe = statement.is_read || failure.kind == FailureKind::NotSent;
            match failure.kind {
                FailureKind::Settings => match freedom.less() {
                    Some(less) => {
                        self.inner.freedom.fetch_min(less as u8, Ordering::Relaxed);
                        continue;
                    }
                    None => return Err(failure.error),
                },
                FailureKind::NotSent | FailureKind::Server if is_safe => {
                    first.get_or_insert(failure.error);
                }
                _ => return Err(failure.error),
            }
            attempt += 1;
            let pause = PAUSE * u32::try_from(attempt).unwrap_or(1);
            if Instant::now() + pause >= due {
                break;
            }
            sleep(pause).await;
        }
        Err(first.unwrap_or(Error::Deadline(deadline)))
    }

    /// Comes to an end when the server of an attempt is silent, and another one is left to ask.
    async fn silence(&self, attempt: usize, server: &str) -> Failure {
        if !self.inner.servers.has_another(attempt) {
            return std::future::pending().await;
        }
        silence(&self.inner.http, server).await
    }

    fn query(
        &self,
        statement: &Statement,
        server: &str,
        freedom: Freedom,
        due: Instant,
        id: &str,
    ) -> clickhouse::query::Query {
        let client = self.inner.http.clone().with_url(server);
        let client = match statement.has_database {
            true => client.with_database(&self.inner.options.database),
            false => client,
        };
        let mut query = client.query_raw(&statement.sql).with_setting("query_id", id);
        for (name, value) in &statement.parameters {
            query = query.with_setting(name, value);
        }
        if freedom == Freedom::Nothing {
            return query;
        }
        for (name, value) in LIMITS {
            query = query.with_setting(*name, *value);
        }
        for (name, value) in &statement.settings {
            query = query.with_setting(name, value);
        }
        if statement.is_read {
            // The server's clock starts later than ours; it is the second line, for clients that are gone.
            let left = due.saturating_duration_since(Instant::now()) + GRACE;
            query = query
                .with_setting("max_execution_time", left.as_secs().max(1).to_string())
                .with_setting("cancel_http_readonly_queries_on_client_close", "1");
            if freedom == Freedom::All {
                query = query.with_setting("readonly", "1");
            }
        }
        match statement.most_rows {
            Some(rows) => query.with_setting("max_result_rows", rows.to_string()),
            None => query,
        }
    }

    /// Waits for a turn.
    async fn turn(&self, due: Instant) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(turn) = Arc::clone(&self.inner.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let _waits = Waits::new(&self.inner.waiting, self.inner.options.waiting)?;
        let start = Instant::now();
        match timeout_at(due, Arc::clone(&self.inner.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(Error::Busy),
            Err(_) => Err(Error::Deadline(start.elapsed())),
        }
    }

    fn freedom(&self) -> Freedom {
        let known = self.inner.freedom.load(Ordering::Relaxed);
        Freedom::ALL.into_iter().find(|freedom| *freedom as u8 == known).unwrap_or(Freedom::All)
    }
}

/// One more that waits for its turn, until this is dropped.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Error> {
        let waits = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < most { Ok(waits) } else { Err(Error::Busy) }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An id that no other query has; an operator of the server sees by it what asks.
pub fn query_id(what: &str) -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("flowql-{what}-{:016x}{:016x}", random(), random())
}
