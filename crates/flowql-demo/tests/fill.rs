//! A new table of sums is filled while flows go on being written, and the filling is broken off at every place: in the
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
use flowql_backend::clickhouse::{Client, Statement};
use flowql_backend::tables::{self, Aggregation, Change, Layout};
use flowql_backend::testing;
use flowql_demo::{Demo, load};
use tokio::task::JoinHandle;

const PATIENCE: Duration = Duration::from_secs(60);
/// The flows of a batch: few, so that batches are many.
const ROWS: u64 = 200;
/// Between the batches of one who writes: each makes parts that are merged.
const PAUSE: Duration = Duration::from_millis(30);

async fn missing(client: &Client, layout: &Layout, change: Change) -> Vec<tables::Statement> {
    let found = tables::find(client, layout).await.unwrap();
    tables::statements(layout, &Schema::default(), &found, change, None)
}

/// Rows, bytes and packets of a table; of the tables of sums the rows do not count.
async fn sums(client: &Client, table: &str) -> [u64; 3] {
    let sql = format!("SELECT count(), sum(Bytes), sum(Packets) FROM {table}");
    let rows = client.rows(&Statement::read(sql)).await.unwrap().collect().await.unwrap();
    [0, 1, 2].map(|column| rows[0][column].as_u64().unwrap())
}

/// Someone who writes batch after batch, two at a time.
struct Writer {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
    seed: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<()>>,
}

impl Writer {
    /// Its batches are those of the seeds from this one on.
    fn new(client: &Client, layout: &Layout, seed: u64) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let seed = Arc::new(AtomicU64::new(seed));
        let task = || {
            let (client, layout, stop, written, seed) =
                (client.clone(), layout.clone(), Arc::clone(&stop), Arc::clone(&written), Arc::clone(&seed));
            tokio::spawn(async move {
                let span = Duration::from_secs(4 * 3600);
                let end =
                    UNIX_EPOCH + Duration::from_secs(UNIX_EPOCH.elapsed().unwrap().as_secs() / 3600 * 3600);
                while !stop.load(Ordering::Relaxed) {
                    // Flows of the last hours: the late ones count too.
                    let demo = Demo { seed: seed.fetch_add(1, Ordering::Relaxed), rows: ROWS, end, span };
                    let loaded = load(&client, &layout, &Schema::default(), &demo, PATIENCE, |_| {}).await;
                    written.fetch_add(loaded.unwrap().rows, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
            })
        };
        let tasks = vec![task(), task()];
        Self { stop, written, seed, tasks }
    }

    /// Waits until so many flows more are written.
    async fn goes_on(&self, rows: u64) {
        let (start, before) = (Instant::now(), self.written.load(Ordering::Relaxed));
        while self.written.load(Ordering::Relaxed) < before + rows {
            assert!(start.elapsed() < PATIENCE, "the writer is too slow");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How many batches have been written by now, those of earlier writers too.
    async fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.seed.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flow_counts_once_in_a_table_that_is_filled_meanwhile() {
    let client = testing::client().await;
    let layout =
        Layout { database: client.options().database.clone(), aggregated: Vec::new(), ..Layout::default() };
    tables::apply(&client, &missing(&client, &layout, Change::Nothing).await, |_| {}).await.unwrap();
    let minute = Aggregation { interval: Duration::from_secs(60), ttl: Duration::from_secs(86_400 * 9) };
    let layout = Layout { aggregated: vec![minute], ..layout };
    let mut seed = 0;
    // Broken off after so many of its statements; the last time not at all.
    for stop in [4, 5, 6, 8, usize::MAX] {
        let writer = Writer::new(&client, &layout, seed);
        writer.goes_on(ROWS).await;
        let statements = missing(&client, &layout, Change::Add).await;
        assert_eq!(statements.len(), 10, "{statements:?}");
        let begun = statements.get(..stop).unwrap_or(&statements);
        tables::apply(&client, begun, |_| {}).await.unwrap();
        writer.goes_on(ROWS).await;
        // Who comes by meanwhile and makes what is missing does no harm to what was begun.
        let others = missing(&client, &layout, Change::Nothing).await;
        assert!(others.is_empty(), "{stop}: {others:?}");
        tables::apply(&client, &missing(&client, &layout, Change::Add).await, |_| {}).await.unwrap();
        assert!(missing(&client, &layout, Change::AddAndExpire).await.is_empty(), "{stop}");
        writer.goes_on(ROWS).await;
        seed = writer.end().await;
        let [rows, bytes, packets] = sums(&client, "flows").await;
        assert_eq!(rows, seed * ROWS);
        assert_eq!(sums(&client, "flows_1m0s").await[1..], [bytes, packets], "{stop}");
        for table in ["flows_1m0s_consumer", "flows_1m0s"] {
            client.execute(&Statement::write(format!("DROP TABLE {table} SYNC"))).await.unwrap();
        }
    }
}
