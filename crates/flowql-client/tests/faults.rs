//! The client against a real ClickHouse that is refused, slow, cut off, wrong, or killed: a clear error, the next server
//! tried where that is safe, never a panic, never a hang.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flowql_client::Error;
use flowql_client::testing::{self, READERS};
use flowql_client::{Client, ClientOptions, Insert, ServerOptions, Statement, sql};
use futures_util::StreamExt as _;
use serde_json::json;

use flowql_client::testing::proxy::{Fault, Proxy};

/// A client of these servers, with a short deadline.
fn client(servers: &[String]) -> Client {
    let options = ClientOptions { deadline: Duration::from_secs(2), ..ClientOptions::default() };
    let servers = ServerOptions { servers: servers.to_vec(), ..ServerOptions::at("") };
    Client::remote(&servers, options).unwrap()
}

/// The same as a user.
fn client_of(user: &str, server: &str) -> Client {
    let options = ClientOptions { deadline: Duration::from_secs(2), ..ClientOptions::default() };
    let servers = ServerOptions { user: Some(user.to_owned()), ..ServerOptions::at(server) };
    Client::remote(&servers, options).unwrap()
}

async fn answer(client: &Client) -> Result<u64, Error> {
    let rows = client.rows(&Statement::read("SELECT 6 * 7")).await?.collect().await?;
    Ok(rows[0][0].as_u64().unwrap())
}

/// An address where nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

const BAD_GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 22\r\n\r\n<h1>Bad gateway</h1>\r\n";
const OVERLOADED: &str = "HTTP/1.1 500 Internal Server Error\r\nX-ClickHouse-Exception-Code: 202\r\nContent-Length: 73\r\n\r\nCode: 202. DB::Exception: Too many queries. (TOO_MANY_SIMULTANEOUS_QUERIE";

#[tokio::test]
async fn the_next_server_is_asked_when_one_does_not_answer() {
    let engine = testing::engine().await;
    for fault in [
        Fault::Closed,
        Fault::CutAfter(0),
        Fault::CutAfter(40),
        Fault::Answer(BAD_GATEWAY),
        Fault::Answer(OVERLOADED),
    ] {
        let bad = Proxy::new(&engine.url(), fault.clone()).await;
        let client = client(&[bad.url(), engine.url()]);
        assert_eq!(answer(&client).await, Ok(42), "{fault:?}");
        assert_eq!(bad.connections(), 1, "{fault:?}");
        // From now on the one that answers is asked first.
        assert_eq!(answer(&client).await, Ok(42), "{fault:?}");
        assert_eq!(bad.connections(), 1, "{fault:?}");
    }
    assert_eq!(answer(&client(&[nobody(), engine.url()])).await, Ok(42));
}

#[tokio::test]
async fn without_another_server_the_error_says_what_happened() {
    let engine = testing::engine().await;
    let server = nobody();
    let error = answer(&client(std::slice::from_ref(&server))).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot reach {server}: ")), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");

    let bad = Proxy::new(&engine.url(), Fault::Closed).await;
    let error = answer(&client(&[bad.url()])).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    assert_eq!(bad.connections(), 2, "a read is tried again");

    let bad = Proxy::new(&engine.url(), Fault::Answer(BAD_GATEWAY)).await;
    let error = answer(&client(&[bad.url()])).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot reach {}: <h1>Bad gateway</h1>", bad.url()));
}

#[tokio::test]
async fn a_server_that_is_silent_costs_the_deadline_and_no_more() {
    let engine = testing::engine().await;
    let silent = Proxy::new(&engine.url(), Fault::Silent).await;
    let start = Instant::now();
    let error = answer(&client(&[silent.url()])).await.unwrap_err();
    assert_eq!(error, Error::Deadline(Duration::from_secs(2)));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_is_silent_is_left_for_the_next_one_long_before_the_deadline() {
    let engine = testing::engine().await;
    let direct = client(&[engine.url()]);
    for sql in
        ["CREATE DATABASE d ENGINE = Atomic", "CREATE TABLE d.t (x UInt64) ENGINE = MergeTree ORDER BY x"]
    {
        direct.execute(&Statement::write(sql)).await.unwrap();
    }
    let insert = Insert {
        sql: "INSERT INTO d.t FORMAT TSV".into(),
        data: Bytes::from_static(b"1\n"),
        token: "one".to_owned(),
        deadline: None,
    };
    let patient = |servers: &[String]| {
        let servers = ServerOptions { servers: servers.to_vec(), ..ServerOptions::at("") };
        Client::remote(&servers, ClientOptions::default()).unwrap()
    };
    let silent = Proxy::new(&engine.url(), Fault::Silent).await;
    let servers = [silent.url(), engine.url()];
    let start = Instant::now();
    let reader = patient(&servers);
    assert_eq!(answer(&reader).await, Ok(42));
    patient(&servers).insert(&insert).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let before = silent.connections();
    assert_eq!(answer(&reader).await, Ok(42));
    assert_eq!(silent.connections(), before, "from now on the other one is asked first");
    // What may have been done is not done again: a write waits.
    let write = Statement::write("SELECT 1").deadline(Duration::from_millis(1500));
    assert!(matches!(patient(&servers).execute(&write).await, Err(Error::Deadline(_))));
    // When all are silent the last one is waited for.
    let error = answer(&client(&[silent.url(), silent.url()])).await.unwrap_err();
    assert_eq!(error, Error::Deadline(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_server_that_is_slow_is_waited_for() {
    let engine = testing::engine().await;
    let other = Proxy::new(&engine.url(), Fault::Closed).await;
    let client = Client::remote(
        &ServerOptions { servers: vec![engine.url(), other.url()], ..ServerOptions::at("") },
        ClientOptions::default(),
    )
    .unwrap();
    let slow = Statement::read("SELECT sleep(2.5)");
    assert_eq!(client.rows(&slow).await.unwrap().collect().await.unwrap().len(), 1);
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn wrong_credentials_are_said_and_not_shown() {
    let engine = testing::engine().await;
    let servers = ServerOptions {
        user: Some("nobody".to_owned()),
        password: Some("secret-word".to_owned()),
        ..ServerOptions::at(engine.url())
    };
    let client = Client::remote(&servers, ClientOptions::default()).unwrap();
    let error = answer(&client).await.unwrap_err();
    assert_eq!(error, Error::Credentials { server: engine.url() });
    assert!(!format!("{client:?} {servers:?} {error}").contains("secret-word"));
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Numbers {
    a: u128,
    b: Vec<i128>,
    c: u64,
    d: Vec<u64>,
}

#[tokio::test]
async fn a_user_who_may_not_change_settings_is_served_without() {
    let folder = tempfile::tempdir().unwrap();
    let engine = testing::engine_with_users(folder.path(), &READERS).await;
    let direct = client(&[engine.url()]);
    for sql in
        ["CREATE DATABASE d ENGINE = Atomic", "CREATE TABLE d.t (x UInt64) ENGINE = MergeTree ORDER BY x"]
    {
        direct.execute(&Statement::write(sql)).await.unwrap();
    }
    for (readonly, (user, _)) in [1_u8, 2].into_iter().zip(READERS) {
        let client = client_of(user, &engine.url());
        assert_eq!(client.caution(), None);
        let settings = Statement::read(
            "SELECT getSetting('readonly') = {readonly:UInt64}, getSetting('max_query_size') > 1000000",
        )
        .parameter("readonly", &readonly.to_string());
        for _ in 0..2 {
            let rows = client.rows(&settings).await.unwrap().collect().await.unwrap();
            assert_eq!(rows[0][0], 1, "{readonly}");
            // All that may be sent is sent.
            assert_eq!(rows[0][1], u8::from(readonly == 2), "{readonly}");
        }
        let numbers =
            Statement::read("SELECT number AS n, toString(n) AS text FROM numbers(3)").most_rows(10);
        assert_eq!(client.all::<serde_json::Value>(&numbers).await.unwrap().len(), 3);
        assert!(client.health().await.unwrap().version.starts_with("26."));
        assert_eq!(client.caution().is_some(), readonly == 1);
        // All digits of a number come, in the same form.
        let (wide, most) = ("340282366920938463463374607431768211455", u64::MAX);
        let sql = sql!(
            "SELECT toUInt128('{wide}') AS a, [toInt256(1)] AS b, {most} AS c, [toUInt64(7)] AS d",
            wide,
            most
        );
        let rows = client.rows(&Statement::read(&sql)).await.unwrap().collect().await.unwrap();
        assert_eq!(rows, [[json!(wide), json!(["1"]), json!(most), json!([7])]], "{readonly}");
        let structures: Vec<Numbers> = client.all(&Statement::read(sql)).await.unwrap();
        let expected = Numbers { a: u128::MAX, b: vec![1], c: u64::MAX, d: vec![7] };
        assert_eq!(structures, [expected], "{readonly}");
        for write in ["INSERT INTO d.t VALUES (1)", "DROP TABLE d.t"] {
            let error = client.execute(&Statement::write(write)).await.unwrap_err();
            assert!(matches!(error, Error::Database { code: 164, .. }), "{error:?}");
        }
    }
}

#[tokio::test]
async fn the_queries_of_a_user_who_may_not_change_settings_end_with_their_calls() {
    let folder = tempfile::tempdir().unwrap();
    let engine = testing::engine_with_users(folder.path(), &READERS).await;
    let direct = client(&[engine.url()]);
    let client = client_of(READERS[0].0, &engine.url());
    answer(&client).await.unwrap();
    let runs = async |id: &str| direct.progress(id).await.unwrap().is_some();
    let waits_for = async |id: &str, expected: bool| {
        let start = Instant::now();
        while runs(id).await != expected {
            assert!(start.elapsed() < Duration::from_secs(120), "{id}: it runs: {}", !expected);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let slow =
        Statement::read("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))");
    // The call is dropped.
    let (caller, statement) = (client.clone(), slow.clone().named("dropped"));
    let call = tokio::spawn(async move { caller.rows(&statement).await.map(|_| ()) });
    waits_for("dropped", true).await;
    call.abort();
    waits_for("dropped", false).await;
    // The call comes to its deadline.
    let error = client.rows(&slow.named("late")).await.unwrap_err();
    assert_eq!(error, Error::Deadline(Duration::from_secs(2)));
    waits_for("late", false).await;
    // The rows are dropped.
    let endless = Statement::read("SELECT number FROM system.numbers").named("rows");
    let mut rows = client.rows(&endless).await.unwrap();
    rows.rows.next().await.unwrap().unwrap();
    assert!(runs("rows").await);
    drop(rows);
    waits_for("rows", false).await;
    assert_eq!(answer(&client).await, Ok(42));
}

#[tokio::test]
async fn rows_that_are_cut_off_end_in_an_error() {
    let engine = testing::engine().await;
    let cut = Proxy::new(&engine.url(), Fault::CutAfter(100_000)).await;
    let client = client(&[cut.url(), engine.url()]);
    let rows = client.rows(&Statement::read("SELECT number FROM numbers(1000000)")).await.unwrap();
    let mut rows = rows.rows;
    let mut count = 0;
    let error = loop {
        match rows.next().await {
            Some(Ok(_)) => count += 1,
            Some(Err(error)) => break error,
            None => panic!("{count} rows, and no error"),
        }
    };
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    assert!(count > 1000, "{count}");
    assert_eq!(cut.connections(), 1, "rows that were delivered are not asked for again");
}

#[tokio::test]
async fn an_exception_after_the_first_rows_is_an_error() {
    let engine = testing::engine().await;
    let client = client(&[engine.url()]);
    let sql = "SELECT number, throwIf(number = 500000, 'in the middle') FROM numbers(1000000)";
    let late = Statement::read(sql).setting("max_block_size", 1000).setting("http_response_buffer_size", 0);
    let mut rows = client.rows(&late).await.unwrap().rows;
    let mut count = 0;
    let error = loop {
        match rows.next().await {
            Some(Ok(_)) => count += 1,
            Some(Err(error)) => break error,
            None => panic!("{count} rows, and no error"),
        }
    };
    assert!(count > 0, "the answer had begun");
    let Error::Database { code: 395, message } = &error else { panic!("{error:?} after {count} rows") };
    assert!(message.contains("in the middle"), "{message}");
}

#[tokio::test]
async fn a_write_is_not_tried_again_unless_it_was_never_sent() {
    let engine = testing::engine().await;
    let cut = Proxy::new(&engine.url(), Fault::CutAfter(0)).await;
    let one = client(&[cut.url(), engine.url()]);
    let create = Statement::write("CREATE DATABASE once ENGINE = Atomic");
    let error = one.execute(&create).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    assert_eq!(cut.connections(), 1);
    let two = client(&[nobody(), engine.url()]);
    two.execute(&Statement::write("CREATE DATABASE twice ENGINE = Atomic")).await.unwrap();
}

#[tokio::test]
async fn a_batch_whose_acknowledgement_is_lost_is_stored_once() {
    let engine = testing::engine().await;
    let direct = client(&[engine.url()]);
    for sql in [
        "CREATE DATABASE d ENGINE = Atomic",
        "CREATE TABLE d.t (x UInt64) ENGINE = MergeTree ORDER BY x SETTINGS non_replicated_deduplication_window = 100",
    ] {
        direct.execute(&Statement::write(sql)).await.unwrap();
    }
    let lossy = Proxy::new(&engine.url(), Fault::CutAfter(0)).await;
    let client = client(&[lossy.url(), engine.url()]);
    let insert = Insert {
        sql: "INSERT INTO d.t FORMAT TSV".into(),
        data: Bytes::from_static(b"1\n2\n"),
        token: "one".to_owned(),
        deadline: None,
    };
    client.insert(&insert).await.unwrap();
    assert_eq!(lossy.connections(), 1);
    let rows =
        direct.rows(&Statement::read("SELECT count() FROM d.t")).await.unwrap().collect().await.unwrap();
    assert_eq!(rows[0][0], 2);
}

#[tokio::test]
async fn an_engine_that_is_killed_in_the_middle_of_a_query_is_started_again() {
    let client = testing::client().await;
    client.health().await.unwrap();
    let pid = client.engine().unwrap().state().pid;
    let mut rows = client.rows(&Statement::read("SELECT number FROM system.numbers")).await.unwrap().rows;
    rows.next().await.unwrap().unwrap();
    let waiting = client.clone();
    let waits = tokio::spawn(async move {
        let sql = "SELECT count() FROM numbers(3000000000) WHERE NOT ignore(sipHash64(number))";
        waiting.rows(&Statement::read(sql).named("waits")).await
    });
    while client.progress("waits").await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let error = loop {
        match rows.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("the rows end without an error"),
        }
    };
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    // The call that had no rows yet runs again on the new engine; it is too long to wait for.
    assert_eq!(answer(&client).await, Ok(42));
    assert_ne!(client.engine().unwrap().state().pid, pid);
    waits.abort();
}
