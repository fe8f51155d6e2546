//! Several who make or change the tables at the same time, and one who is killed at it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::engine::Engine;
use super::{Place, Ran};

const PATIENCE: Duration = Duration::from_secs(60);

/// A store with flows, and its engine.
struct Store {
    engine: Engine,
    address: String,
}

impl Store {
    /// With no tables yet.
    fn new() -> Self {
        let engine = Engine(Place::new());
        let url = engine.0.run(&["engine", "start", "--folder", "data"]).has_status(0).stdout;
        Self { address: url.trim().trim_start_matches("http://").to_owned(), engine }
    }

    /// With flows, and a new aggregated table that the configuration asks for since then.
    fn with_a_table_to_fill() -> Self {
        let store = Self::new();
        store.configure("[[tables.aggregated]]\ninterval = 3600\nkeep_days = 0\n");
        store.engine.0.run(&["demo-data", "--rows", "20k", "--folder", "data"]).has_status(0);
        store.configure(
            "[[tables.aggregated]]\ninterval = 3600\nkeep_days = 0\n[[tables.aggregated]]\ninterval = 60\nkeep_days = 0\n",
        );
        store
    }

    fn configure(&self, text: &str) {
        // New aggregated tables are filled from `flows` where views make them.
        let text = format!("[tables]\naggregate = \"views\"\n{text}");
        std::fs::write(self.engine.0.path("flowql.toml"), text).unwrap();
    }

    /// Asks the engine itself.
    fn ask(&self, sql: &str) -> String {
        ask(&self.address, sql)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.engine.0.command(&[&["tables"], arguments, &["--folder", "data"]].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.engine.0.run(&[&["tables"], arguments, &["--folder", "data"]].concat())
    }

    /// Holds up the filling: a migration waits for each batch that is under way when it begins to wait, and this one does
    /// not end by itself.
    fn hold_up(&self, name: &str) {
        self.ask(&format!("CREATE TABLE flowql.{name} (x UInt8) ENGINE = Null"));
        let (address, sleep) = (self.address.clone(), "SELECT sleepEachRow(1) FROM numbers(3000)");
        let insert = format!("INSERT INTO flowql.{name} {sleep} SETTINGS max_block_size = 1");
        thread::spawn(move || ask(&address, &insert));
        let query = format!("query LIKE 'INSERT INTO flowql.{name} %'");
        self.wait_for(&format!("SELECT count() FROM system.processes WHERE {query}"), "1");
    }

    fn let_go(&self, name: &str) {
        self.ask(&format!("KILL QUERY WHERE query LIKE 'INSERT INTO flowql.{name} %' SYNC"));
    }

    fn wait_for(&self, sql: &str, expected: &str) {
        let start = Instant::now();
        while self.ask(sql) != expected {
            assert!(start.elapsed() < PATIENCE, "{sql}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a migration has begun, and so waits for what holds it up.
    fn wait_for_the_filling(&self) {
        self.wait_for("SELECT count() FROM system.columns WHERE name = 'FillMark'", "1");
    }

    /// That each flow counts once everywhere, and that nothing is left to do or of the migrations.
    fn is_right(&self) {
        let sums = |table: &str| self.ask(&format!("SELECT sum(Bytes), sum(Packets) FROM flowql.{table}"));
        assert_eq!(self.ask("SELECT count() FROM flowql.flows"), "20000");
        for table in ["flows_1m0s", "flows_1h0m0s"] {
            assert_eq!(sums(table), sums("flows"), "{table}");
        }
        assert_eq!(self.run(&["migrate"]).has_status(0).stderr, "all is there already\n");
        assert_eq!(self.ask("SELECT name FROM system.tables WHERE name LIKE 'flowql_migration%'"), "");
        assert_eq!(self.ask("SELECT count() FROM system.columns WHERE name = 'FillMark'"), "0");
    }
}

fn ask(address: &str, sql: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", sql.len());
    stream.write_all(format!("{head}{sql}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    body.trim_end().to_owned()
}

/// What a process said, and its exit status.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn two_make_the_tables_at_once() {
    let store = Store::new();
    store.configure("[[tables.aggregated]]\ninterval = 3600\nkeep_days = 0\n");
    let both = [store.start(&["create"]), store.start(&["create"])].map(end);
    println!("{both:?}");
    for (status, said) in &both {
        let other = said.starts_with("error: the tables of `flowql` are being changed: ");
        assert!(*status == Some(0) || (*status == Some(2) && other), "{said}");
    }
    assert!(both.iter().any(|(status, _)| *status == Some(0)));
    assert_eq!(store.run(&["create"]).has_status(0).stderr, "all is there already\n");
    // The names of the dictionaries are there once.
    assert_eq!(store.ask("SELECT count() - uniqExact(asn) FROM flowql.asns_names"), "0");
    assert_eq!(store.ask("SELECT name FROM system.tables WHERE name LIKE 'flowql_migration%'"), "");
}

#[test]
fn one_migrates_and_another_is_told_so() {
    let store = Store::with_a_table_to_fill();
    store.hold_up("first");
    let first = store.start(&["migrate"]);
    store.wait_for_the_filling();
    let second = store.run(&["migrate"]).has_status(2);
    let process = format!("by process {} on ", first.id());
    assert!(second.stderr.contains("the tables of `flowql` are being changed"), "{second}");
    assert!(second.stderr.contains(&process) && second.stderr.contains("since 20"), "{second}");
    assert!(second.stderr.contains("help: run the command again when that is done"), "{second}");
    // Looking needs no lock.
    store.run(&["show"]).has_status(0);
    let plan = store.run(&["migrate", "--dry-run"]).has_status(0).stdout;
    let note = "note: each flow counts once in a new table, but for two kinds of batches";
    assert!(plan.contains(&format!("-- {note}")), "{plan}");
    store.let_go("first");
    let (status, said) = end(first);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.starts_with(note), "{said}");
    store.is_right();
}

#[test]
fn a_migration_that_is_killed_is_followed_by_another() {
    let store = Store::with_a_table_to_fill();
    store.hold_up("first");
    let kill = |mut migration: Child| {
        migration.kill().unwrap();
        migration.wait().unwrap();
        assert_eq!(store.ask("SELECT count() FROM system.tables WHERE name = 'flowql_migration'"), "1");
    };
    // At the very beginning, and where the new table is there and not full yet.
    let migration = store.start(&["migrate"]);
    store.wait_for_the_filling();
    kill(migration);
    let mut migration = store.start(&["migrate"]);
    let mut said = BufReader::new(migration.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line == "wait for the batches that are under way"));
    // It waits for the first only; for the second, which begins now, when it waits again.
    store.hold_up("second");
    store.let_go("first");
    store.wait_for("SELECT count() FROM system.tables WHERE name = 'flows_1m0s_consumer'", "1");
    kill(migration);
    let last = store.start(&["migrate"]);
    store.let_go("second");
    let (status, said) = end(last);
    assert_eq!(status, Some(0), "{said}");
    store.is_right();
}

#[test]
fn tables_on_a_cluster_are_left_to_whoever_runs_it() {
    let store = Store::new();
    store.configure("[clickhouse]\ncluster = \"east\"\n");
    let make = |more: &[&str]| {
        let server = format!("http://{}", store.address);
        store.engine.0.run(&[&["tables", "create", "--server", &server], more].concat())
    };
    let refused = make(&[]).has_status(2).stderr;
    assert!(
        refused.starts_with("error: tables cannot be made on the cluster `east` yet\nhelp: "),
        "{refused}"
    );
    assert_eq!(store.ask("SELECT count() FROM system.tables WHERE name LIKE 'flow%'"), "0");
    assert!(make(&["--dry-run"]).has_status(0).stdout.contains("CREATE TABLE"));
}

#[test]
fn the_lock_of_another_machine_ends_when_that_is_silent() {
    let store = Store::with_a_table_to_fill();
    let holder = r#"{"id":"1","host":"far","pid":7,"place":"elsewhere"}"#;
    store.ask(&format!(
        "CREATE TABLE flowql.flowql_migration (beat DateTime) ENGINE = MergeTree ORDER BY beat COMMENT '{holder}'"
    ));
    let beat = |age: u64| store.ask(&format!("INSERT INTO flowql.flowql_migration SELECT now() - {age}"));
    // Its first sign of life is that it is there.
    let refused = store.run(&["migrate"]).has_status(2);
    assert!(refused.stderr.contains("by process 7 on far, since "), "{refused}");
    beat(20);
    let refused = store.run(&["migrate"]).has_status(2);
    assert!(refused.stderr.contains(", last seen 2"), "{refused}");
    store.ask("TRUNCATE TABLE flowql.flowql_migration");
    beat(40);
    // Two see that it is dead, and do not see each other.
    let both = [store.start(&["migrate"]), store.start(&["migrate"])].map(end);
    assert!(both.iter().any(|(status, _)| *status == Some(0)), "{both:?}");
    assert!(
        both.iter().all(|(status, said)| *status == Some(0) || said.contains("are being changed")),
        "{both:?}"
    );
    store.is_right();
}
