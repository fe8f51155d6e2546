//! The collector and the database are killed and stopped at random moments while known flows come in by UDP: all that was
//! in the journal must be in each table, once.
//!
//! `FLOWQL_CRASH_ROUNDS` says how often (10 when left out), `FLOWQL_CRASH_SEED` repeats the moments of a run.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod disk;
mod packets;
mod reference;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flowql_client::{ClientOptions, testing};
use flowql_embedded::{self as embedded, EmbeddedOptions};
use flowql_queue::{Journal, Queue};

use self::packets::{Exporter, Random};
use self::reference::{Expected, Keeper};

pub(crate) const PARTITIONS: u16 = 2;

/// Longer than anything takes that the test waits for.
const LONG: Duration = Duration::from_secs(300);

/// The collector as a process that is started again and again.
struct Collector {
    program: PathBuf,
    folder: PathBuf,
    listen: SocketAddr,
    http: SocketAddr,
    child: Child,
}

impl Collector {
    fn start(program: &Path, folder: &Path, aggregate: &str) -> Self {
        Self::start_at(program, folder, folder, aggregate)
    }

    /// One whose journal is in a folder of its own.
    fn start_at(program: &Path, folder: &Path, data: &Path, aggregate: &str) -> Self {
        let listen = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let configuration = format!(
            "[embedded]\nfolder = \"{}\"\n[collect]\nhttp = \"{http}\"\ndata = \"{}\"\nstop_ms = 120000\n\
             [collect.journal]\npartitions = {PARTITIONS}\nseconds = 1\n[collect.write]\nrows = 700\nflush = 4\n\
             [tables]\naggregate = \"{aggregate}\"\n\
             [[exporter]]\nmatch = \"127.0.0.2\"\nname = \"edge\"\n\
             [[exporter.interface]]\nindex = 2\nname = \"uplink\"\nprovider = \"Example\"\n\
             [[collect.listen]]\naddress = \"{listen}\"\n",
            folder.join("engine").display(),
            data.display(),
        );
        fs::write(folder.join("flowql.toml"), configuration).unwrap();
        let child = spawn(program, folder);
        Self { program: program.to_path_buf(), folder: folder.to_path_buf(), listen, http, child }
    }

    fn restart(&mut self) {
        self.child.wait().unwrap();
        self.child = spawn(&self.program, &self.folder);
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Ends it as an operator does, and waits for that.
    fn stop(&mut self) {
        signal(self.child.id(), "TERM");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// What it answers; `None` where it does not.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.http).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// The sum of a metric over all its labels.
    fn metric(&self, name: &str) -> Option<f64> {
        let answer = self.get("/metrics")?;
        let of_metric = |line: &&str| {
            let rest = line.strip_prefix("flowql_collect_").and_then(|line| line.strip_prefix(name));
            rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
        };
        let lines = answer.lines().filter(of_metric);
        let values: Vec<f64> = lines.map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}

fn spawn(program: &Path, folder: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(program)
        .args(["collect", "--config"])
        .arg(folder.join("flowql.toml"))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn signal(process: u32, name: &str) {
    // It may be gone by now.
    drop(
        Command::new("kill").args([&format!("-{name}"), &process.to_string()]).stderr(Stdio::null()).status(),
    );
}

fn engine(folder: &Path) -> Option<u32> {
    embedded::status(&folder.join("engine")).ok()?.map(|state| state.pid)
}

/// What is done to them.
fn fault(number: u64, collector: &mut Collector, random: &mut Random) {
    let engine = engine(&collector.folder);
    match number % 5 {
        0 => collector.kill(),
        1 => engine.into_iter().for_each(|engine| signal(engine, "KILL")),
        2 => {
            engine.into_iter().for_each(|engine| signal(engine, "KILL"));
            collector.kill();
        }
        3 => {
            engine.into_iter().for_each(|engine| signal(engine, "STOP"));
            std::thread::sleep(Duration::from_millis(random.below(3_000)));
            engine.into_iter().for_each(|engine| signal(engine, "CONT"));
            collector.kill();
        }
        _ => signal(collector.child.id(), "TERM"),
    }
    if number % 5 != 1 {
        collector.restart();
    }
}

fn wait_for(what: &str, collector: &Collector, mut is_there: impl FnMut(&Collector) -> bool) {
    let until = Instant::now() + LONG;
    while !is_there(collector) {
        assert!(Instant::now() < until, "no {what} within {LONG:?}: {}", collector.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends flows until it is told to stop.
fn send(to: SocketAddr, seed: u64, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let addresses = [("127.0.0.2", 9), ("127.0.0.3", 9), ("127.0.0.4", 5), ("127.0.0.5", 5)];
        let mut exporters: Vec<Exporter> = addresses
            .iter()
            .zip(seed..)
            .map(|((address, version), seed)| Exporter::at(address, *version, seed))
            .collect();
        while !stop.load(Ordering::Relaxed) {
            exporters.iter_mut().for_each(|exporter| exporter.send(to));
            std::thread::sleep(Duration::from_millis(15));
        }
    })
}

/// One after the other: each has its own engine.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn rounds() -> u64 {
    std::env::var("FLOWQL_CRASH_ROUNDS").map_or(10, |rounds| rounds.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_journalled_is_in_each_table_once_whatever_is_killed() {
    let _turn = TURN.lock().await;
    crash("collector", rounds()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_have_what_was_journalled_once_whatever_is_killed() {
    let _turn = TURN.lock().await;
    crash("views", rounds().div_ceil(3)).await;
}

async fn crash(aggregate: &str, rounds: u64) {
    let seed = std::env::var("FLOWQL_CRASH_SEED")
        .map_or_else(|_| u64::from(std::process::id()), |seed| seed.parse().unwrap());
    println!("FLOWQL_CRASH_SEED={seed}");
    let program = testing::program();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let keeper = Keeper::start(&path.join("journal"), &path.join("kept"));
    let mut collector = Collector::start(&program, path, aggregate);
    let stop = Arc::new(AtomicBool::new(false));
    let sender = send(collector.listen, seed, &stop);
    let mut random = Random(seed << 1 | 1);
    wait_for("first row", &collector, |collector| collector.metric("rows_written_total") > Some(0.0));
    for round in 0..rounds {
        std::thread::sleep(Duration::from_millis(random.below(4_000)));
        fault(round, &mut collector, &mut random);
    }
    stop.store(true, Ordering::Relaxed);
    sender.join().unwrap();
    wait_for("end of the backlog", &collector, |collector| {
        collector.metric("unwritten_records") == Some(0.0)
            && collector.metric("stretches_written_total").is_some()
    });
    let ready = collector.get("/readyz").unwrap();
    assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");
    // Who sends is known once what was noted has been decoded again.
    wait_for("exporters", &collector, |collector| {
        let exporters = collector.get("/api/v1/exporters").unwrap();
        exporters.contains("\"address\":\"127.0.0.3\"") && exporters.contains("\"name\":\"edge\"")
    });
    collector.stop();
    let left = Journal::open(
        &path.join("journal"),
        flowql_queue::Settings { partitions: PARTITIONS, ..Default::default() },
    );
    let left = left.unwrap();
    assert!(left.assigned().iter().all(|partition| left.backlog(*partition).unwrap().records == 0));
    drop(left);
    let expected = Expected::of(&keeper.stop());
    println!("{aggregate}, {rounds} rounds, {:?}", expected.flows);
    assert!(expected.flows.rows > 1_000, "{:?}", expected.flows);
    let engine = EmbeddedOptions { folder: Some(path.join("engine")), ..testing::options() };
    let options = ClientOptions { database: "flowql".to_owned(), ..ClientOptions::default() };
    let client = testing::client_with(engine, options).await;
    expected.check(&client).await;
    reference::check_mode(&client, aggregate).await;
    embedded::stop(&path.join("engine")).await.unwrap();
}
