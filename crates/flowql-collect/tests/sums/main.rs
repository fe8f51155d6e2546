//! Where the collector sums up: what is asked near the present is what is asked later, by the queries of the product on a
//! real database.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../crash/packets.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod packets;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql::{Compiler, SavedFilters, Schema};
use flowql_backend::{
    Backend as _, ClickHouse, Direction, FlowFilter, FlowQuery, Kind, QueryOptions, TimeRange, Unit,
};
use flowql_client::{AnswerTable, Client, ClientOptions, Sql, Statement, testing};
use flowql_collect::write::{Plan, Writer};
use flowql_collect::{CollectSection, WriteSection};
use flowql_queue::{Content, Journal, Queue, Record, Settings, Transport};
use flowql_tables::{self as tables, Aggregate, Aggregation, Catalog, Change, Layout};
use tempfile::TempDir;
use tokio::runtime::Handle;

use self::packets::Exporter;

/// Longer than anything takes that the test waits for.
const LONG: Duration = Duration::from_secs(120);

/// How many seconds late some datagrams are.
const LATE: u64 = 2;

/// So many answers near the present are compared.
const ANSWERS: usize = 12;

/// The seconds of the intervals: the second is fed by the first, the third is no multiple of it.
const INTERVALS: [u64; 3] = [2, 4, 5];

/// A collector without sockets.
struct Bench {
    client: Client,
    journal: Arc<Journal>,
    /// The rows that were received.
    received: AtomicU64,
    _folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let day = Duration::from_secs(86_400);
        let interval = |seconds| Aggregation { interval: Duration::from_secs(seconds), ttl: day };
        let layout = Layout {
            database: "flows".to_owned(),
            aggregated: INTERVALS.map(interval).to_vec(),
            aggregate: Aggregate::Collector,
            ..Layout::default()
        };
        let options = ClientOptions { database: "flows".to_owned(), ..ClientOptions::default() };
        let client = testing::client_with(testing::options(), options).await;
        tables::make(&client, &layout, &Schema::default(), Change::Nothing, None, |_| {}).await.unwrap();
        let folder = TempDir::new().unwrap();
        let settings =
            Settings { keep_free_percent: 0, segment_age: Duration::from_millis(300), ..Settings::default() };
        let journal = Arc::new(Journal::open(folder.path(), settings).unwrap());
        Self { client, journal, received: AtomicU64::new(0), _folder: folder }
    }

    async fn writer(&self) -> Writer {
        let section =
            CollectSection { write: WriteSection { rows: 1000, flush: 3 }, ..CollectSection::default() };
        let catalog = Catalog::read(&self.client, "flows").await.unwrap();
        let plan = Plan::new(&section, &Schema::default(), &catalog).unwrap();
        let queue: Arc<dyn Queue> = Arc::<Journal>::clone(&self.journal);
        Writer::start(queue, plan, &Arc::default(), &Arc::default(), self.client.clone(), &Handle::current())
            .unwrap()
    }

    /// Receives a datagram of NetFlow v5, by its time some seconds ago.
    fn receive(&self, bytes: &[u8], late: u64) {
        let time = SystemTime::now() - Duration::from_secs(late);
        let time = time.duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let source: SocketAddr = "192.0.2.1:7".parse().unwrap();
        let content = Content::Datagram(bytes);
        let record = Record { time, source, listener: 0, transport: Transport::Udp, connection: 0, content };
        let mut batch = self.journal.batch();
        batch.push(&record).unwrap();
        self.journal.append(&mut batch).unwrap();
        self.received.fetch_add(u64::from(bytes[3]), Ordering::SeqCst);
    }

    /// Waits until the database has acknowledged so many rows.
    async fn acknowledged(&self, writer: &Writer, rows: u64) {
        let end = Instant::now() + LONG;
        while writer.status()[0].rows < rows {
            assert!(Instant::now() < end, "{:?}", writer.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A series of the bits of each source AS, with its plan's SQL and table.
    async fn series(&self, from: u64, to: u64, step: u64) -> (AnswerTable, String, String) {
        let schema = Schema::default();
        let saved = SavedFilters::default();
        let compiler = Compiler::new(&schema, &saved);
        let filter = FlowFilter::compile(&compiler, "Proto = 6", Direction::Forward, None).unwrap();
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let query = FlowQuery {
            filter,
            range: TimeRange { from: at(from), to: at(to) },
            kind: Kind::Series { columns: vec!["SrcAS".to_owned()], unit: Unit::Bits, points: 100 },
            limit: 3,
            options: QueryOptions { step: Some(Duration::from_secs(step)), ..QueryOptions::default() },
            id: None,
        };
        // What is stored is looked at each time.
        let backend = ClickHouse::new(self.client.clone(), schema.clone());
        let answer = backend.query(&query).await.unwrap();
        let (sql, table) = (answer.plan.sql.to_string(), answer.plan.table.clone());
        (answer.collect().await.unwrap(), sql, table)
    }

    async fn bytes_of(&self, table: &str) -> String {
        let sql = Statement::read(Sql::of_test(format!("SELECT toString(sum(Bytes)) FROM {table}")));
        let rows = self.client.rows(&sql).await.unwrap().collect().await.unwrap();
        rows[0][0].as_str().unwrap().to_owned()
    }
}

fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// The seconds of a table's interval.
fn interval_of(table: &str) -> u64 {
    let seconds = table.strip_prefix("flows_").and_then(|rest| rest.strip_suffix('s'));
    seconds.map_or(1, |seconds| seconds.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_series_is_the_one_that_is_asked_later() {
    let bench = Arc::new(Bench::new().await);
    let writer = bench.writer().await;
    let stop = Arc::new(AtomicBool::new(false));
    let (sending, stopped) = (Arc::clone(&bench), Arc::clone(&stop));
    let sender = std::thread::spawn(move || {
        let mut exporter = Exporter::at("127.0.0.1", 5, 11);
        for number in 0_u64.. {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            sending.receive(&exporter.datagram(), if number.is_multiple_of(7) { LATE } else { 0 });
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    // Some of the time is in the aggregated tables by then.
    let begun = now();
    while writer.status()[0].summed == 0 || now() < begun + 8 {
        assert!(now() < begun + LONG.as_secs(), "{:?}", writer.status());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut asked = Vec::new();
    for (number, step) in INTERVALS.into_iter().cycle().enumerate() {
        // Nothing earlier than this comes any more, and all of it is acknowledged.
        let end = (now() - LATE - 1) / step * step;
        bench.acknowledged(&writer, bench.received.load(Ordering::SeqCst)).await;
        let from = (end - 8 - number as u64 % 20) / step * step;
        let (answer, sql, table) = bench.series(from, end, step).await;
        // The answer is of whole intervals of the table: one that goes beyond the end has what still comes.
        if end.is_multiple_of(interval_of(&table)) {
            asked.push(((from, end, step), answer, sql, table));
        }
        if asked.len() == ANSWERS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    stop.store(true, Ordering::Relaxed);
    sender.join().unwrap();
    let stopped = tokio::task::spawn_blocking(|| writer.stop(Instant::now() + LONG)).await.unwrap();
    assert_eq!(stopped[0].rows, bench.received.load(Ordering::SeqCst));
    for ((from, end, step), answer, sql, _) in &asked {
        let (later, later_sql, _) = bench.series(*from, *end, *step).await;
        assert!(answer.rows.len() > 1);
        assert_eq!(answer.rows, later.rows, "{from} to {end} by {step}\n{sql}\n{later_sql}");
    }
    // That was not all of one table.
    let joined = asked.iter().filter(|(.., sql, _)| sql.contains("UNION ALL")).count();
    let read: BTreeSet<&str> = asked.iter().map(|(.., table)| table.as_str()).collect();
    assert!(joined > 0 && read.len() == INTERVALS.len(), "{joined} {read:?}");
    let bytes = bench.bytes_of("flows").await;
    for table in ["flows_2s", "flows_4s", "flows_5s"] {
        assert_eq!(bench.bytes_of(table).await, bytes, "{table}");
    }
    // What others write comes by the table for writers.
    let row = "INSERT INTO flows_raw (TimeReceived, Bytes, Packets) SELECT now(), 7, 1";
    bench.client.execute(&Statement::write(row)).await.unwrap();
    let more = (bytes.parse::<u64>().unwrap() + 7).to_string();
    for table in ["flows", "flows_2s", "flows_4s", "flows_5s"] {
        assert_eq!(bench.bytes_of(table).await, more, "{table}");
    }
}
