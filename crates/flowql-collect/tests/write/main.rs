//! What is in a queue is written to a real database.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod clock;
#[path = "../crash/packets.rs"]
#[allow(dead_code, reason = "another test uses the rest")]
mod packets;
mod routes;
mod shape;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql::Schema;
use flowql_client::{Client, ClientOptions, Sql, Statement, testing};
use flowql_collect::bmp::AddressTables;
use flowql_collect::write::{PartitionStatus, Plan, Writer};
use flowql_collect::{CollectSection, WriteSection};
use flowql_decode::SamplingSection;
use flowql_enrich::exporters::{Directory, ExporterSection};
use flowql_queue::{Content, Journal, Queue, Record, Settings, Transport};
use flowql_tables::{self as tables, Aggregate, Catalog, Change, Layout};
use tempfile::TempDir;
use tokio::runtime::Handle;

use self::packets::{Exporter, push, seconds, set};

/// Longer than anything takes that a test waits for.
const LONG: Duration = Duration::from_secs(120);

/// A database with tables, and a journal.
struct Bench {
    client: Client,
    journal: Arc<Journal>,
    schema: Schema,
    section: CollectSection,
    directory: Arc<Directory>,
    addresses: Arc<AddressTables>,
    _folder: TempDir,
}

impl Bench {
    async fn new(aggregate: Aggregate) -> Self {
        Self::with(aggregate, Schema::default()).await
    }

    /// With the tables of a schema.
    async fn with(aggregate: Aggregate, schema: Schema) -> Self {
        let layout = Layout { database: "flows".to_owned(), aggregate, ..Layout::default() };
        let options = ClientOptions { database: "flows".to_owned(), ..ClientOptions::default() };
        let client = testing::client_with(testing::options(), options).await;
        tables::make(&client, &layout, &schema, Change::Nothing, None, |_| {}).await.unwrap();
        let folder = TempDir::new().unwrap();
        let settings = Settings {
            keep_free_percent: 0,
            segment_age: Duration::from_millis(50),
            segment_bytes: 4096,
            ..Settings::default()
        };
        let journal = Arc::new(Journal::open(folder.path(), settings).unwrap());
        // Small blocks, so that stretches have several.
        let section =
            CollectSection { write: WriteSection { rows: 50, flush: 15 }, ..CollectSection::default() };
        Self {
            client,
            journal,
            schema,
            section,
            directory: Arc::default(),
            addresses: Arc::default(),
            _folder: folder,
        }
    }

    async fn writer(&self) -> Writer {
        let catalog = Catalog::read(&self.client, "flows").await.unwrap();
        let plan = Plan::new(&self.section, &self.schema, &catalog).unwrap();
        let queue: Arc<dyn Queue> = Arc::<Journal>::clone(&self.journal);
        let (names, addresses) = (&self.directory, &self.addresses);
        Writer::start(queue, plan, names, addresses, self.client.clone(), &Handle::current()).unwrap()
    }

    fn receive(&self, source: &str, bytes: &[u8]) {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        let source: SocketAddr = source.parse().unwrap();
        let content = Content::Datagram(bytes);
        let record = Record { time, source, listener: 0, transport: Transport::Udp, connection: 0, content };
        let mut batch = self.journal.batch();
        batch.push(&record).unwrap();
        self.journal.append(&mut batch).unwrap();
    }

    async fn execute(&self, sql: &str) {
        self.client.execute(&Statement::write(Sql::of_test(sql))).await.unwrap();
    }

    /// The cells of the only row of an answer, as text.
    async fn ask(&self, sql: &str) -> Vec<String> {
        let statement = Statement::read(Sql::of_test(sql));
        let rows = self.client.rows(&statement).await.unwrap().collect().await.unwrap();
        rows[0].iter().map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)).collect()
    }
}

/// Waits until the writer is as asked for.
async fn until(writer: &Writer, what: &str, is_so: impl Fn(&PartitionStatus) -> bool) -> PartitionStatus {
    let end = Instant::now() + LONG;
    loop {
        let status = writer.status().remove(0);
        if is_so(&status) {
            return status;
        }
        assert!(Instant::now() < end, "no {what}: {status:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Stops it where its runtime is not in the way.
async fn stop(writer: Writer) -> PartitionStatus {
    let stopped = tokio::task::spawn_blocking(|| writer.stop(Instant::now() + LONG));
    stopped.await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_refused_are_kept_and_written_once() {
    for aggregate in [Aggregate::Collector, Aggregate::Views] {
        refused(aggregate).await;
    }
}

async fn refused(aggregate: Aggregate) {
    let bench = Bench::new(aggregate).await;
    bench.execute("CREATE TABLE trap (x UInt8) ENGINE = MergeTree ORDER BY x").await;
    bench
        .execute("CREATE MATERIALIZED VIEW trapped TO trap AS SELECT throwIf(Bytes >= 0) AS x FROM flows")
        .await;
    let mut exporter = Exporter::at("127.0.0.1", 5, 3);
    let datagrams: Vec<Vec<u8>> = (0..40).map(|_| exporter.datagram()).collect();
    let rows: u64 = datagrams.iter().map(|bytes| u64::from(bytes[3])).sum();
    datagrams.iter().for_each(|bytes| bench.receive("192.0.2.1:7", bytes));
    let writer = bench.writer().await;
    let status = until(&writer, "refusal", |status| status.trouble.is_some()).await;
    let trouble = status.trouble.unwrap();
    assert!(trouble.refused && trouble.message.contains("395"), "{trouble:?}");
    assert_eq!((status.rows, bench.journal.backlog(0).unwrap().records), (0, 40));
    bench.execute("DROP TABLE trapped").await;
    until(&writer, "rows", |status| status.rows == rows && status.trouble.is_none()).await;
    let status = stop(writer).await;
    assert!(status.blocks > 1 && status.stretches >= 1, "{status:?}");
    assert_eq!(bench.journal.backlog(0).unwrap().records, 0);
    let all = bench.ask("SELECT count(), sum(Bytes), any(ExporterName), any(SamplingRate) FROM flows").await;
    assert_eq!([&all[0], &all[2], &all[3]], [&rows.to_string(), "192.0.2.1", "100"]);
    for table in ["flows_1m0s", "flows_5m0s", "flows_1h0m0s"] {
        assert_eq!(bench.ask(&format!("SELECT sum(Bytes) FROM {table}")).await[0], all[1], "{table}");
    }
}

/// A message of NetFlow v9 with these sets.
fn message(sequence: u64, sets: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    push(&mut bytes, &[(9, 2), (1, 2), (1_000, 4), (seconds(), 4), (sequence, 4), (0, 4)]);
    bytes.extend_from_slice(sets);
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_decoder_knows_outlives_the_writer() {
    let mut bench = Bench::new(Aggregate::Collector).await;
    let (mut template, mut data) = (Vec::new(), Vec::new());
    let mut body = Vec::new();
    push(&mut body, &[(300, 2), (3, 2), (8, 2), (4, 2), (10, 2), (2, 2), (1, 2), (4, 2)]);
    set(&mut template, 0, &body);
    let mut body = Vec::new();
    push(&mut body, &[(0xC000_0201, 4), (7, 2), (1_500, 4)]);
    set(&mut data, 300, &body);
    // The data waits for its template, which comes in another segment.
    bench.receive("192.0.2.1:7", &message(0, &data));
    let writer = bench.writer().await;
    until(&writer, "waiting set", |status| status.waiting == 1).await;
    let status = stop(writer).await;
    assert_eq!((status.rows, status.waiting), (0, 1));
    // Another writer knows what waits, and its rows are named by what the configuration says now.
    let edge = ExporterSection {
        r#match: "192.0.2.0/24".to_owned(),
        name: "edge".to_owned(),
        group: String::new(),
        role: String::new(),
        site: String::new(),
        region: String::new(),
        tenant: String::new(),
        interface: Vec::new(),
    };
    bench.directory.configure(&[edge], Default::default(), Default::default());
    let rate = SamplingSection { default: Some(50), ..SamplingSection::default() };
    let of_exporter = flowql_decode::ExporterSection {
        addresses: vec!["192.0.2.1".to_owned()],
        sampling: vec![rate],
        ..flowql_decode::ExporterSection::default()
    };
    bench.section.exporter.push(of_exporter);
    let writer = bench.writer().await;
    bench.receive("192.0.2.1:7", &message(1, &template));
    until(&writer, "row", |status| status.rows == 1).await;
    stop(writer).await;
    // And a third one knows the template.
    let writer = bench.writer().await;
    bench.receive("192.0.2.1:7", &message(2, &data));
    until(&writer, "row", |status| status.rows == 1).await;
    let status = stop(writer).await;
    assert_eq!((status.lost_states, status.lost_sets, status.losses), (0, 0, 0));
    let row =
        bench.ask("SELECT count(), any(ExporterName), any(InIfName), sum(Bytes * SamplingRate) FROM flows");
    assert_eq!(row.await, ["2", "edge", "if7", "150000"]);
}
