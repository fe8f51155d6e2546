//! A new aggregated table is filled while flows go on being written, and the filling is broken off at every place: in the
//! end each flow counts once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use flowql::Schema;
use flowql_client::testing;
use flowql_client::{Client, Insert, Sql, Statement};
use flowql_simulate::{Demo, load};
use flowql_tables::{self as tables, Aggregate, Aggregation, Change, Layout};
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(60);
/// The flows of a batch: few, so that batches are many.
const ROWS: u64 = 200;
/// Between the batches of one who writes: each makes parts that are merged.
const PAUSE: Duration = Duration::from_millis(30);

async fn missing(client: &Client, layout: &Layout, change: Change) -> Vec<tables::Statement> {
    let found = tables::Catalog::read(client, &layout.database).await.unwrap();
    tables::statements(layout, &Schema::default(), &found, change, None)
}

/// Rows, bytes and packets of a table; of the aggregated tables the rows do not count.
async fn sums(client: &Client, table: &str) -> [u64; 3] {
    let sql = format!("SELECT count(), sum(Bytes), sum(Packets) FROM {table}");
    let rows = client.rows(&Statement::read(Sql::of_test(sql))).await.unwrap().collect().await.unwrap();
    [0, 1, 2].map(|column| rows[0][column].as_u64().unwrap())
}

/// The flows of a batch of one who knows no tokens, and what they are: other ones in each batch.
const OTHERS: u64 = 3;

fn others(batch: u64, more: &str) -> String {
    format!(
        "SELECT now() - number * 700 AS TimeReceived, 64500 + number % 7 AS SrcAS, {batch} * 1000 + number AS Bytes, \
         1{more} AS Packets FROM numbers({OTHERS})"
    )
}

/// How many flows were written, and batches begun, by all writers.
#[derive(Default)]
struct Written {
    flows: AtomicU64,
    batches: AtomicU64,
}

/// Those who write batch after batch, each in a way of its own.
struct Writers {
    stop: Arc<AtomicBool>,
    written: Arc<Written>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Clone, Copy)]
enum Way {
    /// As the loader does.
    Raw,
    /// Through a table and a view that others made, as a collector of flows does.
    Foreign,
    /// To `flows` itself, row by row, so slowly that a batch is always under way.
    Slow,
}

impl Writers {
    fn new(client: &Client, layout: &Layout, written: &Arc<Written>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = |way| {
            let (client, layout, stop, written) =
                (client.clone(), layout.clone(), Arc::clone(&stop), Arc::clone(written));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let batch = written.batches.fetch_add(1, Ordering::Relaxed);
                    let flows = write(&client, &layout, way, batch).await;
                    written.flows.fetch_add(flows, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            })
        };
        let tasks = [Way::Raw, Way::Raw, Way::Foreign, Way::Slow].map(task).into();
        Self { stop, written: Arc::clone(written), tasks }
    }

    /// Waits until so many flows more are written.
    async fn go_on(&self, rows: u64) {
        let (start, before) = (Instant::now(), self.written.flows.load(Ordering::Relaxed));
        while self.written.flows.load(Ordering::Relaxed) < before + rows {
            assert!(start.elapsed() < PATIENCE, "the writers are too slow");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many flows have been written by now, by earlier writers too.
    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.written.flows.load(Ordering::Relaxed)
    }
}

/// Writes a batch, and returns how many flows that are.
async fn write(client: &Client, layout: &Layout, way: Way, batch: u64) -> u64 {
    let run = async |sql: String| client.execute(&Statement::write(Sql::of_test(sql))).await.unwrap();
    let columns = "TimeReceived, SrcAS, Bytes, Packets";
    match way {
        Way::Raw => {
            let span = Duration::from_secs(4 * 3600);
            let end = UNIX_EPOCH + Duration::from_secs(UNIX_EPOCH.elapsed().unwrap().as_secs() / 3600 * 3600);
            // Flows of the last hours: the late ones count too.
            let demo = Demo { seed: batch, rows: ROWS, end, span };
            return load(client, layout, &Schema::default(), &demo, PATIENCE, |_| {}).await.unwrap().rows;
        }
        Way::Foreign => run(format!("INSERT INTO collector ({columns}) {}", others(batch, ""))).await,
        Way::Slow => {
            let slow = others(batch, " + toUInt64(sleepEachRow(0.03))");
            let settings = "SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1";
            run(format!("INSERT INTO flows ({columns}) {slow} {settings}")).await;
        }
    }
    OTHERS
}

/// A store without aggregated tables, and one that is to be there.
async fn store() -> (Client, Layout) {
    let client = testing::client().await;
    let layout = Layout {
        database: client.options().database.clone(),
        aggregated: Vec::new(),
        aggregate: Aggregate::Views,
        ..Layout::default()
    };
    tables::apply(&client, &missing(&client, &layout, Change::Nothing).await, |_| {}).await.unwrap();
    let minute = Aggregation { interval: Duration::from_secs(60), ttl: Duration::from_secs(86_400 * 9) };
    (client, Layout { aggregated: vec![minute], ..layout })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flow_counts_once_in_a_table_that_is_filled_meanwhile() {
    let (client, layout) = store().await;
    for sql in [
        "CREATE TABLE collector (TimeReceived DateTime, SrcAS UInt32, Bytes UInt64, Packets UInt64) ENGINE = Null",
        "CREATE MATERIALIZED VIEW collector_consumer TO flows AS SELECT * FROM collector",
    ] {
        client.execute(&Statement::write(sql)).await.unwrap();
    }
    let written = Arc::default();
    // Broken off after so many of its statements; the last time not at all.
    for stop in [3, 5, 7, 9, usize::MAX] {
        let writers = Writers::new(&client, &layout, &written);
        writers.go_on(ROWS).await;
        let statements = missing(&client, &layout, Change::Add).await;
        assert_eq!(statements.len(), 12, "{statements:?}");
        let begun = statements.get(..stop).unwrap_or(&statements);
        tables::apply(&client, begun, |_| {}).await.unwrap();
        writers.go_on(ROWS).await;
        // Who comes by meanwhile and makes what is missing does no harm to what was begun.
        let others = missing(&client, &layout, Change::Nothing).await;
        assert!(stop < 5 || others.is_empty(), "{stop}: {others:?}");
        tables::apply(&client, &missing(&client, &layout, Change::Add).await, |_| {}).await.unwrap();
        assert!(missing(&client, &layout, Change::AddAndExpire).await.is_empty(), "{stop}");
        writers.go_on(ROWS).await;
        let flows = writers.end().await;
        let [rows, bytes, packets] = sums(&client, "flows").await;
        assert_eq!(rows, flows);
        assert_eq!(sums(&client, "flows_1m0s").await[1..], [bytes, packets], "{stop}");
        for table in ["flows_1m0s_consumer", "flows_1m0s"] {
            client
                .execute(&Statement::write(Sql::of_test(format!("DROP TABLE {table} SYNC"))))
                .await
                .unwrap();
        }
    }
}

/// What [`tables::caution`] says is so.
#[tokio::test]
async fn a_batch_that_is_repeated_across_the_filling_counts_twice_in_the_new_table_only() {
    let (client, layout) = store().await;
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let batch = |token: &str, bytes: u64| Insert {
        sql: "INSERT INTO flows_raw (TimeReceived, Bytes, Packets) FORMAT TSV".into(),
        data: format!("{now}\t{bytes}\t1\n").into(),
        token: token.to_owned(),
        deadline: None,
    };
    // Each is repeated at once, which nobody sees; one is repeated later.
    for insert in [batch("a", 1), batch("b", 10), batch("b", 10)] {
        client.insert(&insert).await.unwrap();
    }
    let filling = missing(&client, &layout, Change::Add).await;
    assert!(tables::caution(&filling).unwrap().contains("counts twice"));
    tables::apply(&client, &filling, |_| {}).await.unwrap();
    assert_eq!(sums(&client, "flows_1m0s").await[1..], [11, 2]);
    for insert in [batch("a", 1), batch("c", 100), batch("c", 100)] {
        client.insert(&insert).await.unwrap();
    }
    assert_eq!(sums(&client, "flows").await, [3, 111, 3]);
    assert_eq!(sums(&client, "flows_1m0s").await[1..], [112, 4]);
}
