//! One migration at a time: a table in the database is the lock, since two `CREATE TABLE` of one name cannot both succeed.
//!
//! Its comment says who holds it, its rows are signs of life. A lock whose holder is dead is taken over: at once where the
//! holder was a process of this machine, else [`SILENCE`] after its last sign. Nothing rests on that time being long
//! enough: whoever takes over waits for the statement that the other one has under way, and who lost the lock runs no other
//! statement.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Statement;
use super::layout::Layout;
use flowql_client::{self as clickhouse, Client, Error, Sql, UNKNOWN_DATABASE, iso_time, query_id, sql};

/// The table.
const LOCK: &str = "flowql_migration";

/// How often the holder gives a sign of life.
const BEAT: Duration = Duration::from_secs(5);

/// After how long without one the holder is taken for dead: six signs are missed then, by more than a network that
/// stumbles; and a person can wait for that long.
const SILENCE: Duration = Duration::from_secs(30);

/// What the ids of the statements of all migrations begin with.
const STATEMENTS: &str = "flowql-migration-";

/// The code of ClickHouse for a table that is there.
const TABLE_EXISTS: u32 = 57;

/// A lock that is held until it is released.
pub(crate) struct Lock<'a> {
    client: &'a Client,
    layout: &'a Layout,
    holder: Holder,
    beat: JoinHandle<()>,
}

/// Who holds a lock, as the comment of its table has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    /// What no other holder has.
    id: String,
    /// The machine, by its name.
    host: String,
    /// The process.
    pid: u32,
    /// What tells this start of this machine, and this space of processes, from all others; empty where that is unknown.
    place: String,
}

/// A lock that is there.
#[derive(Debug, Deserialize)]
struct Held {
    comment: String,
    since: u64,
    now: u64,
}

impl Holder {
    fn new() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let boot = read("/proc/sys/kernel/random/boot_id");
        let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let host = Some(read("/proc/sys/kernel/hostname")).filter(|host| !host.is_empty());
        Self {
            id: query_id("lock"),
            host: host
                .or_else(|| std::env::var("HOSTNAME").ok())
                .unwrap_or_else(|| "an unknown host".to_owned()),
            pid: std::process::id(),
            place: if boot.is_empty() { boot } else { format!("{boot} {}", space.display()) },
        }
    }

    /// Whether it is known to be gone: a process of this machine that is not there.
    fn is_dead(&self, me: &Self) -> bool {
        !self.place.is_empty()
            && self.place == me.place
            && !std::path::Path::new(&format!("/proc/{}", self.pid)).exists()
    }

    /// What the ids of its statements begin with.
    fn statements(&self) -> String {
        format!("{STATEMENTS}{}", self.id)
    }
}

impl<'a> Lock<'a> {
    /// Takes the lock of a database, which is made if need be.
    ///
    /// # Errors
    ///
    /// That another migration holds it, or why the database does not answer.
    pub(crate) async fn take(client: &'a Client, layout: &'a Layout) -> Result<Self, Error> {
        /// A lock may come and go while it is looked at, but not for ever.
        const ATTEMPTS: usize = 20;
        let holder = Holder::new();
        let comment = serde_json::to_string(&holder).unwrap_or_default();
        let create = sql!(
            "CREATE TABLE {table} (beat DateTime) ENGINE = MergeTree ORDER BY beat COMMENT {comment}",
            table = layout.table(LOCK),
            comment = Sql::string(&comment)
        );
        for _ in 0..ATTEMPTS {
            match write(client, create.clone()).await {
                Ok(()) => {
                    let beat = tokio::spawn(beat(client.clone(), layout.table(LOCK)));
                    return Ok(Self { client, layout, holder, beat });
                }
                Err(Error::Database { code: TABLE_EXISTS, .. }) => {}
                Err(Error::Database { code: UNKNOWN_DATABASE, .. }) => {
                    write(client, layout.create_database()).await?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            let Some(held) = look(client, layout).await? else { continue };
            let other: Option<Holder> = serde_json::from_str(&held.comment).ok();
            let last = last_beat(client, layout).await.unwrap_or(held.since);
            let silent = Duration::from_secs(held.now.saturating_sub(last));
            if silent < SILENCE && !other.as_ref().is_some_and(|other| other.is_dead(&holder)) {
                return Err(busy(layout, other.as_ref(), &held, silent));
            }
            // Of several who find it dead one renames it: the name is that of the dead lock, and stays taken until the new
            // one is released.
            let old = format!("{LOCK}_{}", other.map_or_else(|| held.since.to_string(), |other| other.id));
            let rename =
                sql!("RENAME TABLE {lock} TO {old}", lock = layout.table(LOCK), old = layout.table(&old));
            match write(client, rename).await {
                Ok(()) | Err(Error::Database { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Busy)
    }

    /// Waits for what migrations that are dead have under way.
    pub(crate) fn settle(&self) -> Statement {
        Statement {
            waits: true,
            ..Statement::new(
                "wait for what a migration that was broken off has under way",
                sql!(
                    "SELECT count() AS count FROM system.processes WHERE startsWith(query_id, {all}) \
                     AND NOT startsWith(query_id, {own})",
                    all = Sql::string(STATEMENTS),
                    own = Sql::string(&self.holder.statements())
                ),
            )
        }
    }

    /// The id of a statement.
    pub(crate) fn statement_id(&self, number: usize) -> String {
        format!("{}-{number}", self.holder.statements())
    }

    /// That it is still held.
    ///
    /// # Errors
    ///
    /// That another migration took over.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let held = look(self.client, self.layout).await?;
        let holder: Option<Holder> = held.and_then(|held| serde_json::from_str(&held.comment).ok());
        if holder.is_some_and(|holder| holder.id == self.holder.id) {
            return Ok(());
        }
        Err(Error::Setup {
            message: format!(
                "this migration gave no sign of life for {} s, so another one took over",
                SILENCE.as_secs()
            ),
            help: Some("run the command again when the other one is done: it goes on from there".to_owned()),
        })
    }

    /// Gives it back, and takes away what is left of those that were taken over.
    ///
    /// # Errors
    ///
    /// That it is not held any more, or cannot be given back.
    pub(crate) async fn release(self) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Row {
            name: String,
        }
        self.beat.abort();
        self.check().await?;
        let sql = sql!(
            "SELECT name FROM system.tables WHERE database = {database} AND startsWith(name, {lock})",
            database = Sql::string(&self.layout.database),
            lock = Sql::string(LOCK)
        );
        let mut names: Vec<String> =
            read::<Row>(self.client, sql).await?.into_iter().map(|row| row.name).collect();
        // The lock itself comes last, and no other one is there before.
        names.sort_by_key(|name| name == LOCK);
        for name in names {
            let table = self.layout.table(&name);
            write(self.client, sql!("DROP TABLE IF EXISTS {table} SYNC", table)).await?;
        }
        Ok(())
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

/// Gives signs of life until it is aborted.
async fn beat(client: Client, table: Sql) {
    loop {
        let sign = clickhouse::Statement::write(sql!("INSERT INTO {table} SELECT now()", table = &table));
        // Where one does not come through, the next may.
        drop(client.execute(&sign.without_database().deadline(BEAT)).await);
        sleep(BEAT).await;
    }
}

async fn look(client: &Client, layout: &Layout) -> Result<Option<Held>, Error> {
    let sql = sql!(
        "SELECT comment, toUnixTimestamp(metadata_modification_time) AS since, toUnixTimestamp(now()) AS now \
         FROM system.tables WHERE database = {database} AND name = {lock}",
        database = Sql::string(&layout.database),
        lock = Sql::string(LOCK)
    );
    Ok(read(client, sql).await?.pop())
}

/// The last sign of life; `None` where there is none, or the lock is gone.
async fn last_beat(client: &Client, layout: &Layout) -> Option<u64> {
    #[derive(Deserialize)]
    struct Row {
        last: u64,
    }
    let sql = sql!("SELECT toUnixTimestamp(max(beat)) AS last FROM {lock}", lock = layout.table(LOCK));
    read::<Row>(client, sql).await.ok()?.pop().map(|row| row.last).filter(|last| *last > 0)
}

fn busy(layout: &Layout, other: Option<&Holder>, held: &Held, silent: Duration) -> Error {
    let by = other.map(|other| format!("by process {} on {}, ", other.pid, other.host)).unwrap_or_default();
    Error::Setup {
        message: format!(
            "the tables of `{}` are being changed: {by}since {}, last seen {} s ago",
            layout.database,
            iso_time(held.since),
            silent.as_secs()
        ),
        help: Some(format!(
            "run the command again when that is done; if it was killed, {} s after it was last seen",
            SILENCE.as_secs()
        )),
    }
}

async fn read<T: for<'a> Deserialize<'a>>(client: &Client, sql: Sql) -> Result<Vec<T>, Error> {
    client.all(&clickhouse::Statement::read(sql).without_database()).await
}

async fn write(client: &Client, sql: Sql) -> Result<(), Error> {
    client.execute(&clickhouse::Statement::write(sql).without_database()).await
}
