//! The embedded engine with the flows of a demonstration, which the tests share.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use flowql_client::testing;
use flowql_embedded::{Embedded, EmbeddedOptions};

use crate::service::{PATIENCE, Service, send};

/// Some batches of flows, the last a small one.
pub(crate) const ROWS: u64 = 104_000;

/// An engine in a temporary folder. It ends with the process of the tests, also when that is killed, and then removes
/// the folder.
pub(crate) struct Store {
    engine: Embedded,
    /// The end of the flows, in seconds since 1970; they go back for a day.
    pub(crate) end: u64,
}

impl Store {
    /// The store with the flows, filled when it is first asked for.
    pub(crate) fn filled() -> &'static Self {
        static STORE: OnceLock<Store> = OnceLock::new();
        STORE.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            // The program under test is the helper too.
            let helper = Some(testing::program());
            let options = EmbeddedOptions { helper, ..EmbeddedOptions::temporary() };
            let engine = runtime.block_on(Embedded::open(options)).unwrap();
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
            let store = Self { engine, end: now / 3600 * 3600 };
            store.run(&["demo-data", "--rows", "104k", "--end", &store.end.to_string()]);
            store
        })
    }

    /// A database of that name with flows of the hour that ends now.
    pub(crate) fn make_recent(&self, database: &str) {
        self.run(&["demo-data", "--rows", "20k", "--span", "1h", "--database", database]);
    }

    /// Runs the command on this store.
    pub(crate) fn run(&self, arguments: &[&str]) {
        let mut command = Command::new(testing::program());
        command.args(["--quiet", "--no-config"]).args(arguments).arg("--folder").arg(self.folder());
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn folder(&self) -> PathBuf {
        self.engine.folder().path().to_path_buf()
    }

    /// The address of the engine's HTTP interface.
    pub(crate) fn url(&self) -> String {
        self.engine.url()
    }

    /// A service on this store.
    pub(crate) fn serve(&self, config: &str, arguments: &[&str]) -> Service {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("flowql.toml"), config).unwrap();
        let store = self.folder();
        let backend = ["--backend", "embedded", "--folder", store.to_str().unwrap()];
        Service::start_in(folder, &[&backend, arguments].concat())
    }

    /// Asks the engine itself, beside the service.
    pub(crate) fn ask(&self, sql: &str) -> String {
        let address = self.url().trim_start_matches("http://").parse().unwrap();
        send(address, "POST", "/", &[], sql.as_bytes()).has(200).text().trim_end().to_owned()
    }

    /// A database of that name in which every row of the flows takes its time: to read `SrcNetName` of all takes
    /// minutes, and can be ended at any row.
    pub(crate) fn make_slow(&self, database: &str) {
        self.ask(&format!("CREATE DATABASE {database}"));
        self.ask(&format!(
            "CREATE VIEW {database}.flows AS SELECT now() AS TimeReceived, toUInt64(1) AS Bytes, toUInt64(1) AS \
             Packets, toUInt64(1) AS SamplingRate, concat('net', toString(sleepEachRow(0.05))) AS SrcNetName, \
             concat('net', toString(number)) AS DstNetName FROM numbers(5000) SETTINGS max_block_size = 1"
        ));
    }

    /// How many queries run in a database.
    pub(crate) fn running(&self, database: &str) -> usize {
        let sql = format!("SELECT count() FROM system.processes WHERE current_database = '{database}'");
        self.ask(&sql).parse().unwrap()
    }

    /// Waits until so many queries run in a database.
    #[track_caller]
    pub(crate) fn wait_for_running(&self, database: &str, expected: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.running(database) != expected {
            assert!(Instant::now() < deadline, "{} queries run, not {expected}", self.running(database));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
