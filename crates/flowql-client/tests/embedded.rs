//! The life of the embedded engine: started on demand, shared, started again, ended.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use flowql_client::testing;
use flowql_embedded::{self as embedded, Embedded, EmbeddedOptions, EngineError};

/// What the engine answers to a statement.
fn ask(engine: &Embedded, statement: &str) -> String {
    let mut stream = TcpStream::connect(engine.url().trim_start_matches("http://")).unwrap();
    let length = statement.len();
    write!(stream, "POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{statement}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.trim_end().to_owned()
}

fn kill(pid: u32) {
    let status = Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// A process that is dead but not yet reaped is gone too.
fn is_gone(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_err() || stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}

/// After that something hangs. A slow machine must not reach it.
const PATIENCE: Duration = Duration::from_secs(120);

async fn eventually(what: &str, check: impl Fn() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn at(folder: &Path, idle: Duration) -> EmbeddedOptions {
    EmbeddedOptions { folder: Some(folder.to_path_buf()), idle: Some(idle), ..testing::options() }
}

#[tokio::test]
async fn a_temporary_engine_ends_with_its_owner() {
    let engine = testing::engine().await;
    assert_eq!(ask(&engine, "SELECT 6 * 7"), "42");
    let (pid, folder) = (engine.state().pid, engine.folder().path().to_path_buf());
    assert!(folder.exists() && !is_gone(pid));
    drop(engine);
    eventually("the process ends", || is_gone(pid)).await;
    eventually("the folder is removed", || !folder.exists()).await;
}

#[tokio::test]
async fn users_of_a_folder_share_an_engine_that_ends_when_they_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let idle = Duration::from_secs(2);
    let open = || async { Embedded::open(at(folder.path(), idle)).await.unwrap() };
    let (first, second, third) = tokio::join!(open(), open(), open());
    let state = first.state();
    assert_eq!((second.state(), third.state()), (state.clone(), state.clone()));
    drop((first, second));
    // For as long as it takes until one without users ends.
    let unused = tempfile::tempdir().unwrap();
    let pid = Embedded::open(at(unused.path(), idle)).await.unwrap().state().pid;
    eventually("an engine without users ends", || is_gone(pid)).await;
    assert_eq!(embedded::status(folder.path()).unwrap(), Some(state.clone()));
    drop(third);
    let fourth = open().await;
    assert_eq!(fourth.state(), state, "it goes on for a while");
    drop(fourth);
    eventually("the process ends", || is_gone(state.pid)).await;
    assert_eq!(embedded::status(folder.path()).unwrap(), None);
    assert!(folder.path().exists());
}

#[tokio::test]
async fn an_engine_that_died_is_started_again_with_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let engine = testing::engine_at(folder.path()).await;
    ask(&engine, "CREATE DATABASE kept ENGINE = Atomic");
    ask(&engine, "CREATE TABLE kept.t (x UInt8) ENGINE = MergeTree ORDER BY x");
    assert_eq!(ask(&engine, "INSERT INTO kept.t VALUES (1), (2), (3)"), "");
    let (before, url) = (engine.state(), engine.url());
    kill(before.pid);
    eventually("the process ends", || embedded::status(folder.path()).unwrap().is_none()).await;
    assert_eq!(engine.ensure().await.unwrap(), url, "the port is kept");
    assert_ne!(engine.state().pid, before.pid);
    assert_eq!(ask(&engine, "SELECT sum(x) FROM kept.t"), "6");
    assert!(embedded::stop(folder.path()).await.unwrap());
}

#[tokio::test]
async fn stop_ends_the_engine_and_the_next_user_starts_another() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!embedded::stop(folder.path()).await.unwrap());
    let engine = testing::engine_at(folder.path()).await;
    let pid = engine.state().pid;
    assert!(embedded::stop(folder.path()).await.unwrap());
    assert_eq!(embedded::status(folder.path()).unwrap(), None);
    eventually("the process ends", || is_gone(pid)).await;
    engine.ensure().await.unwrap();
    assert_eq!(ask(&engine, "SELECT 1"), "1");
    assert!(embedded::stop(folder.path()).await.unwrap());
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let none = PathBuf::from("/no/such/file");
    let options = EmbeddedOptions { library: Some(none.clone()), ..testing::options() };
    let error = Embedded::open(options).await.unwrap_err();
    assert!(matches!(error, EngineError::NoLibrary(_)), "{error}");
    assert!(error.help().contains("flowql engine install"));

    let file = tempfile::NamedTempFile::new().unwrap();
    let options = EmbeddedOptions { library: Some(file.path().to_path_buf()), ..testing::options() };
    let error = Embedded::open(options).await.unwrap_err();
    assert!(error.to_string().contains("cannot load"), "{error}");

    let options = EmbeddedOptions { folder: Some(file.path().to_path_buf()), ..testing::options() };
    let error = Embedded::open(options).await.unwrap_err();
    assert!(matches!(error, EngineError::Folder { .. }), "{error}");
}

/// The variable that makes [`an_owner_to_be_killed`] one, and names the file for its report.
const OWNER: &str = "FLOWQL_TEST_OWNER";

/// Not a test by itself: the process that the next test kills.
#[tokio::test]
async fn an_owner_to_be_killed() {
    let Some(report) = std::env::var_os(OWNER) else { return };
    let engine = testing::engine().await;
    let text = format!("{} {}", engine.state().pid, engine.folder().path().display());
    std::fs::write(report, text).unwrap();
    tokio::time::sleep(2 * PATIENCE).await;
}

/// An owner in a process of its own, with the process of its engine and its folder.
async fn owner() -> (Child, u32, PathBuf) {
    let report = tempfile::NamedTempFile::new().unwrap();
    let owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "an_owner_to_be_killed", "--nocapture"])
        .env(OWNER, report.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let text = || std::fs::read_to_string(report.path()).unwrap();
    eventually("the owner has its engine", || text().contains(' ')).await;
    let text = text();
    let (pid, folder) = text.split_once(' ').unwrap();
    (owner, pid.parse().unwrap(), PathBuf::from(folder))
}

#[tokio::test]
async fn an_owner_that_is_killed_leaves_neither_process_nor_folder() {
    let (mut owner, pid, folder) = owner().await;
    assert!(folder.exists() && !is_gone(pid));
    kill(owner.id());
    owner.wait().unwrap();
    eventually("the process ends", || is_gone(pid)).await;
    eventually("the folder is removed", || !folder.exists()).await;
}

#[tokio::test]
async fn a_folder_whose_owner_and_engine_are_killed_is_removed_by_the_next_owner() {
    let ((mut first, one, left), (mut second, other, used)) = tokio::join!(owner(), owner());
    for pid in [first.id(), one] {
        kill(pid);
    }
    first.wait().unwrap();
    eventually("the process ends", || is_gone(one)).await;
    let make_old = |folder: &Path| {
        let hour = Duration::from_secs(3600);
        File::open(folder).unwrap().set_modified(SystemTime::now() - hour).unwrap();
    };
    let engine = testing::engine().await;
    assert!(left.exists(), "it could be one that is just being made");
    drop(engine);
    make_old(&left);
    make_old(&used);
    drop(testing::engine().await);
    assert!(!left.exists(), "the next owner removes it");
    assert!(used.exists() && !is_gone(other), "another one is in use");
    kill(second.id());
    second.wait().unwrap();
    eventually("the folder is removed", || !used.exists()).await;
}
