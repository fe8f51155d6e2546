//! The client against a real ClickHouse.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use flowql_client::Error;
use flowql_client::native::Block;
use flowql_client::testing;
use flowql_client::{BlockWriter, BlockWriterOptions, Client, ClientOptions, Insert, RowBlock, Statement};
use flowql_client::{InsertCompression, ServerOptions};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One number.
async fn number(client: &Client, sql: &str) -> u64 {
    let rows = client.rows(&Statement::read(sql)).await.unwrap().collect().await.unwrap();
    rows[0][0].as_u64().unwrap()
}

async fn eventually(what: &str, check: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(120), "{what}: not within 120 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn values_come_and_go_as_they_are() {
    let client = testing::client().await;
    let hostile =
        ["", "\\", "\\N", "a\tb\nc\rd\0e", "'; DROP TABLE x --", "{p0:String}", "é\u{1F980}", "%_\\%"];
    for text in hostile {
        let statement = Statement::read("SELECT {text:String} AS text, length(text) AS bytes");
        let rows = client.rows(&statement.parameter("text", text)).await.unwrap();
        assert_eq!(rows.columns[0].kind, "String");
        assert_eq!(rows.collect().await.unwrap(), [[json!(text), json!(text.len())]]);
    }
    let sql = "SELECT toUInt128('340282366920938463463374607431768211455') AS u, 18446744073709551615 AS v, \
               -1 AS w, [toUInt64(1)] AS x, NULL AS y, toFixedString('DE', 2) AS z";
    let rows = client.rows(&Statement::read(sql)).await.unwrap();
    let kinds: Vec<_> = rows.columns.iter().map(|column| column.kind.as_str()).collect();
    assert_eq!(kinds, ["UInt128", "UInt64", "Int8", "Array(UInt64)", "Nullable(Nothing)", "FixedString(2)"]);
    let row = &rows.collect().await.unwrap()[0];
    let expected = json!(["340282366920938463463374607431768211455", u64::MAX, -1, [1], null, "DE"]);
    assert_eq!(json!(row), expected);

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        n: u64,
        big: u128,
        name: Option<String>,
    }
    let sql = "SELECT number AS n, toUInt128(n) AS big, NULL AS name FROM numbers(3)";
    let rows: Vec<Row> = client.all(&Statement::read(sql)).await.unwrap();
    assert_eq!(rows[2], Row { n: 2, big: 2, name: None });
}

#[tokio::test]
async fn reads_do_not_write() {
    let client = testing::client().await;
    let create = "CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x";
    let error = client.execute(&Statement::read(create)).await.unwrap_err();
    assert!(matches!(error, Error::Database { code: 164, .. }), "{error:?}");
    client.execute(&Statement::write(create)).await.unwrap();
    let error = client.rows(&Statement::read("INSERT INTO t VALUES (1)")).await.unwrap_err();
    assert!(matches!(error, Error::Database { code: 164, .. }), "{error:?}");
    assert_eq!(number(&client, "SELECT count() FROM t").await, 0);
}

#[tokio::test]
async fn a_deadline_ends_the_call_and_the_query() {
    let client = testing::client().await;
    let slow = Statement::read("SELECT count() FROM system.numbers").deadline(Duration::from_millis(300));
    let start = Instant::now();
    let error = client.rows(&slow).await.unwrap_err();
    assert_eq!(error, Error::Deadline(Duration::from_millis(300)));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    eventually("the query ends", async || {
        number(&client, "SELECT count() FROM system.processes WHERE query LIKE '%system.numbers'").await == 0
    })
    .await;
}

#[tokio::test]
async fn dropping_a_call_or_its_rows_cancels_the_query() {
    let client = testing::client().await;
    let running = async || {
        number(&client, "SELECT count() FROM system.processes WHERE query LIKE '%system.numbers'").await
    };
    let call = client.clone();
    let task =
        tokio::spawn(async move { call.rows(&Statement::read("SELECT count() FROM system.numbers")).await });
    eventually("the query runs", async || running().await == 1).await;
    task.abort();
    eventually("the query of the call ends", async || running().await == 0).await;

    let mut rows = client.rows(&Statement::read("SELECT number FROM system.numbers")).await.unwrap();
    assert_eq!(rows.rows.next().await.unwrap().unwrap(), [json!(0)]);
    assert_eq!(running().await, 1);
    drop(rows);
    eventually("the query ends", async || running().await == 0).await;
}

#[tokio::test]
async fn what_the_engine_refuses_is_said_in_its_words() {
    let client = testing::client().await;
    let error = client.rows(&Statement::read("SELECT nonsense")).await.unwrap_err();
    let Error::Database { code: 47, message } = error else { panic!("{error:?}") };
    assert!(message.starts_with("Unknown expression identifier `nonsense`"), "{message}");
    assert!(!message.contains("version"), "{message}");
    let many = Statement::read("SELECT number FROM system.numbers LIMIT 100").most_rows(10);
    let error = client.all::<serde_json::Value>(&many).await.unwrap_err();
    assert!(matches!(error, Error::Database { code: 396, .. }), "{error:?}");
}

#[tokio::test]
async fn a_batch_with_a_token_is_stored_once() {
    let client = testing::client().await;
    let create = "CREATE TABLE t (x UInt64) ENGINE = MergeTree ORDER BY x SETTINGS non_replicated_deduplication_window = 100";
    client.execute(&Statement::write(create)).await.unwrap();
    let batch = |token: &str| Insert {
        sql: "INSERT INTO t (x) FORMAT TSV".to_owned(),
        data: Bytes::from_static(b"1\n2\n3\n"),
        token: token.to_owned(),
        deadline: None,
    };
    for token in ["a", "b", "a", "b", "a"] {
        client.insert(&batch(token)).await.unwrap();
    }
    assert_eq!(number(&client, "SELECT sum(x) FROM t").await, 12);
    let bad = Insert { sql: "INSERT INTO t (y) FORMAT TSV".to_owned(), ..batch("c") };
    let error = client.insert(&bad).await.unwrap_err();
    assert!(matches!(error, Error::Database { code: 16, .. }), "{error:?}");
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_may() {
    let options = ClientOptions { concurrency: 2, waiting: 3, ..ClientOptions::default() };
    let client = testing::client_with(testing::options(), options).await;
    let slow = Statement::read("SELECT sleep(0.3)");
    let calls = (0..8).map(|_| async { client.rows(&slow).await?.collect().await });
    let results = futures_util::future::join_all(calls).await;
    let busy = results.iter().filter(|result| matches!(result, Err(Error::Busy))).count();
    assert_eq!((busy, results.iter().filter(|result| result.is_ok()).count()), (3, 5), "{results:?}");
    client.health().await.unwrap();
}

#[tokio::test]
async fn a_block_keeps_more_values_than_two_bytes_can_number() {
    const ROWS: u32 = 70_000;
    let client = testing::client().await;
    client
        .execute(
            &Statement::write(
                "CREATE TABLE hops (n UInt32, hop LowCardinality(IPv6), name LowCardinality(String)) ENGINE = MergeTree \
                 ORDER BY n",
            )
            .setting("allow_suspicious_low_cardinality_types", "1"),
        )
        .await
        .unwrap();
    let names: Vec<String> = (0..ROWS).map(|number| format!("hop-{number}")).collect();
    let mut block = Block::new(3, ROWS as usize);
    block.fixed("n", "UInt32", (0..ROWS).map(u32::to_le_bytes));
    block.few_addresses("hop", (0..ROWS).map(|number| Ipv4Addr::from(number).to_ipv6_mapped().octets()));
    block.few_texts("name", names.iter().map(String::as_str));
    let insert = Insert {
        sql: "INSERT INTO hops (n, hop, name) FORMAT Native".to_owned(),
        data: block.into_bytes().into(),
        token: "hops".to_owned(),
        deadline: None,
    };
    let writer = BlockWriter::new(client.clone(), BlockWriterOptions::default());
    writer.write(&RowBlock { insert, rows: u64::from(ROWS) }).await.unwrap();
    let same = "SELECT count() AS rows, countIf(name = concat('hop-', toString(n)) AND \
                toString(hop) = concat('::ffff:', IPv4NumToString(n))) AS same, uniqExact(hop) AS hops FROM hops";
    let rows = client.rows(&Statement::read(same)).await.unwrap().collect().await.unwrap();
    assert_eq!(rows, [[ROWS, ROWS, ROWS].map(serde_json::Value::from).to_vec()]);
    let counts = writer.counts();
    assert_eq!((counts.blocks, counts.rows, counts.failures, counts.in_flight), (1, u64::from(ROWS), 0, 0));
    assert!(counts.bytes > 70_000);
}

#[tokio::test]
async fn a_block_has_words_by_their_numbers_and_times_in_milliseconds() {
    let schema = flowql::Schema::all_columns();
    let column = |name: &str| schema.column(schema.find(name).unwrap());
    let (end, event) = (column("FlowEnd"), column("FirewallEvent"));
    let client = testing::client().await;
    let create = format!(
        "CREATE TABLE ends (FlowEnd {}, FirewallEvent {}) ENGINE = MergeTree ORDER BY FlowEnd",
        end.clickhouse_type, event.clickhouse_type
    );
    client.execute(&Statement::write(create)).await.unwrap();
    let mut block = Block::new(2, 2);
    block.fixed(
        &end.name,
        &end.clickhouse_type.to_string(),
        [0, 1_796_000_000_123_i64].map(i64::to_le_bytes).into_iter(),
    );
    block.fixed(&event.name, &event.clickhouse_type.to_string(), [0, 3_i8].map(i8::to_le_bytes).into_iter());
    let insert = Insert {
        sql: "INSERT INTO ends (FlowEnd, FirewallEvent) FORMAT Native".to_owned(),
        data: block.into_bytes().into(),
        token: "ends".to_owned(),
        deadline: None,
    };
    let writer = BlockWriter::new(client.clone(), BlockWriterOptions::default());
    writer.write(&RowBlock { insert, rows: 2 }).await.unwrap();
    let read = "SELECT toString(toTimeZone(FlowEnd, 'UTC')), FirewallEvent FROM ends ORDER BY FlowEnd";
    let rows = client.rows(&Statement::read(read)).await.unwrap().collect().await.unwrap();
    let expected = [["1970-01-01 00:00:00.000", "undefined"], ["2026-11-30 00:53:20.123", "flow denied"]];
    assert_eq!(rows, expected.map(|row| row.map(serde_json::Value::from).to_vec()));
}

#[tokio::test]
async fn inserts_are_compressed_where_that_is_asked_for() {
    const ROWS: u32 = 500_000;
    let engine = testing::engine().await;
    let relay = Relay::new(engine.url().trim_start_matches("http://")).await;
    let mut sent = Vec::new();
    for (table, compression) in [("plain", InsertCompression::Remote), ("small", InsertCompression::Always)] {
        let options = ClientOptions { compression, ..ClientOptions::default() };
        let client = Client::remote(&ServerOptions::at(relay.url()), options).unwrap();
        let create = format!("CREATE TABLE {table} (n UInt32, m UInt64) ENGINE = MergeTree ORDER BY n");
        client.execute(&Statement::write(create)).await.unwrap();
        let before = relay.bytes();
        let mut block = Block::new(2, ROWS as usize);
        block.fixed("n", "UInt32", (0..ROWS).map(u32::to_le_bytes));
        block.fixed("m", "UInt64", (0..ROWS).map(|row| u64::from(row % 7).to_le_bytes()));
        let insert = Insert {
            sql: format!("INSERT INTO {table} (n, m) FORMAT Native"),
            data: block.into_bytes().into(),
            token: table.to_owned(),
            deadline: None,
        };
        let writer = BlockWriter::new(client.clone(), BlockWriterOptions::default());
        writer.write(&RowBlock { insert, rows: u64::from(ROWS) }).await.unwrap();
        sent.push(relay.bytes() - before);
        let same = format!("SELECT count(), countIf(m = n % 7), uniqExact(n) FROM {table}");
        let rows = client.rows(&Statement::read(same)).await.unwrap().collect().await.unwrap();
        assert_eq!(rows, [[ROWS, ROWS, ROWS].map(serde_json::Value::from).to_vec()]);
    }
    assert!(sent[0] > 12 * ROWS as usize, "{sent:?}");
    assert!(sent[1] < 6 * ROWS as usize, "{sent:?}");
}

/// Passes connections on, and counts the bytes that clients send.
struct Relay {
    address: SocketAddr,
    bytes: Arc<AtomicUsize>,
}

impl Relay {
    async fn new(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bytes = Arc::new(AtomicUsize::new(0));
        let (server, counter) = (server.to_owned(), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let counter = Arc::clone(&counter);
                tokio::spawn(async move {
                    let mut buffer = vec![0; 64 * 1024];
                    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
                        counter.fetch_add(read, Ordering::Relaxed);
                        to_server.write_all(&buffer[..read]).await.unwrap();
                    }
                });
                // Either side may go at any time.
                tokio::spawn(async move { drop(tokio::io::copy(&mut from_server, &mut to_client).await) });
            }
        });
        Self { address, bytes }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn blocks_do_not_wait_for_queries() {
    let options = ClientOptions { concurrency: 1, database: "flows".to_owned(), ..ClientOptions::default() };
    let client = testing::client_with(testing::options(), options).await;
    client.execute(&Statement::write("CREATE TABLE n (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS non_replicated_deduplication_window = 100")).await.unwrap();
    // The only turn is taken for as long as the rows are there.
    let rows = client.rows(&Statement::read("SELECT number FROM numbers(1000000)")).await.unwrap();
    let mut block = Block::new(1, 1);
    block.fixed("x", "UInt8", [[7_u8]].into_iter());
    let insert = Insert {
        sql: "INSERT INTO n (x) FORMAT Native".to_owned(),
        data: block.into_bytes().into(),
        token: "n".to_owned(),
        deadline: None,
    };
    let writer = BlockWriter::new(client.clone(), BlockWriterOptions::default());
    let block = RowBlock { insert, rows: 1 };
    // The second time the token keeps the row from being stored again.
    writer.write(&block).await.unwrap();
    writer.write(&block).await.unwrap();
    drop(rows);
    let stored =
        client.rows(&Statement::read("SELECT count() FROM n")).await.unwrap().collect().await.unwrap();
    assert_eq!(stored, [[serde_json::Value::from(1)].to_vec()]);
    let refused = RowBlock {
        insert: Insert { sql: "INSERT INTO missing (x) FORMAT Native".to_owned(), ..block.insert },
        rows: 1,
    };
    assert!(matches!(writer.write(&refused).await, Err(Error::Database { code: 60, .. })));
    assert_eq!((writer.counts().blocks, writer.counts().failures), (2, 1));
}
