//! Either process is killed while flows are loaded: afterwards every acknowledged batch is there, none twice, and the
//! aggregated tables agree with the flows.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use flowql::Schema;
use flowql_client::testing;
use flowql_client::{Client, ClientOptions, Sql, Statement};
use flowql_embedded::{self as embedded, EmbeddedOptions};
use flowql_simulate::{Demo, load};
use flowql_tables::{self as tables, Change, Layout};

const BATCHES: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(120);

/// The same for both processes: the flows are of the last hours of a day that has begun.
fn demo() -> Demo {
    let day = 24 * 60 * 60;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(now / day * day);
    Demo { seed: 7, rows: BATCHES * flowql_simulate::BATCH, end, span: Duration::from_secs(6 * 60 * 60) }
}

fn layout() -> Layout {
    Layout { database: "flowql".to_owned(), ..Layout::default() }
}

async fn store(folder: &Path) -> Client {
    let engine = EmbeddedOptions { folder: Some(folder.to_path_buf()), ..testing::options() };
    let options = ClientOptions { database: "flowql".to_owned(), ..ClientOptions::default() };
    let client = Client::embedded(engine, options).unwrap();
    let found = tables::Catalog::read(&client, &layout().database).await.unwrap();
    let made = tables::statements(&layout(), &Schema::default(), &found, Change::Nothing, None);
    tables::apply(&client, &made, |_| {}).await.unwrap();
    client
}

/// Rows, bytes and packets of a table; of the aggregated tables the rows do not count.
async fn sums(client: &Client, table: &str) -> [u64; 3] {
    let sql = format!("SELECT count(), sum(Bytes), sum(Packets) FROM {table}");
    let rows = client.rows(&Statement::read(Sql::of_test(sql))).await.unwrap().collect().await.unwrap();
    [0, 1, 2].map(|column| rows[0][column].as_u64().unwrap())
}

/// That all is there, once.
async fn is_whole(client: &Client) {
    let [rows, bytes, packets] = sums(client, "flows").await;
    assert_eq!(rows, demo().rows);
    for table in ["flows_1m0s", "flows_5m0s", "flows_1h0m0s"] {
        assert_eq!(sums(client, table).await[1..], [bytes, packets], "{table}");
    }
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_is_killed_while_flows_are_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let client = store(folder.path()).await;
    let path = folder.path().to_path_buf();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let rows = acknowledged.clone();
    // Whenever two batches more are in, wherever the engine is then.
    let killer = tokio::spawn(async move {
        let mut killed = 0;
        while killed < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if rows.load(Ordering::Relaxed) < 2 * killed * flowql_simulate::BATCH {
                continue;
            }
            if let Ok(Some(state)) = embedded::status(&path) {
                kill(state.pid);
                killed += 1;
            }
        }
    });
    let say = |loaded: flowql_simulate::Loaded| acknowledged.store(loaded.rows, Ordering::Relaxed);
    let loaded = load(&client, &layout(), &Schema::default(), &demo(), PATIENCE, say).await.unwrap();
    assert_eq!(loaded.rows, demo().rows);
    killer.await.unwrap();
    is_whole(&client).await;
    embedded::stop(folder.path()).await.unwrap();
}

/// The variable that makes [`a_loader_to_be_killed`] one, and names its data folder.
const LOADER: &str = "FLOWQL_TEST_LOADER";

fn report(folder: &Path) -> PathBuf {
    folder.join("acknowledged")
}

/// Not a test by itself: the process that the next test kills.
#[tokio::test]
async fn a_loader_to_be_killed() {
    let Some(folder) = std::env::var_os(LOADER).map(PathBuf::from) else { return };
    let client = store(&folder).await;
    let say =
        |loaded: flowql_simulate::Loaded| std::fs::write(report(&folder), loaded.rows.to_string()).unwrap();
    load(&client, &layout(), &Schema::default(), &demo(), PATIENCE, say).await.unwrap();
}

#[tokio::test]
async fn the_loader_is_killed_and_another_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut loader = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_loader_to_be_killed"])
        .env(LOADER, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let acknowledged = || {
        let text = std::fs::read_to_string(report(folder.path())).unwrap_or_default();
        text.parse::<u64>().unwrap_or_default()
    };
    let start = Instant::now();
    while acknowledged() < 3 * flowql_simulate::BATCH {
        assert!(start.elapsed() < Duration::from_secs(120), "the loader is too slow");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(loader.id());
    loader.wait().unwrap();
    let before = acknowledged();
    assert!(before < demo().rows, "it was killed too late");
    let client = store(folder.path()).await;
    let [rows, ..] = sums(&client, "flows").await;
    assert!(rows >= before, "{rows} rows of {before} that were acknowledged");
    load(&client, &layout(), &Schema::default(), &demo(), PATIENCE, |_| {}).await.unwrap();
    is_whole(&client).await;
    embedded::stop(folder.path()).await.unwrap();
}
