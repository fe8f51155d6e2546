//! The disk of the journal is full for a while: what could not be kept is counted, all else is in `flows` once, and nothing is
//! in any table twice.

use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use flowql_client::{Client, ClientOptions, Sql, Statement, testing};
use flowql_embedded::{self as embedded, EmbeddedOptions};

use super::packets::{push, seconds};
use super::{Collector, wait_for};

const FOLDER: &str = "FLOWQL_SMALL_DISK";
const NAME: &str = "disk::a_full_disk_costs_what_is_counted_and_doubles_nothing";
/// Mounts a disk of 32 MiB at the first argument, then runs the others.
const MOUNT: &str = r#"mount -t tmpfs -o size=32m none "$0" && exec "$@""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_what_is_counted_and_doubles_nothing() {
    if let Ok(folder) = std::env::var(FOLDER) {
        on_small_disk(Path::new(&folder)).await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mounted = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", MOUNT]).arg(folder.path()).arg(program);
        command.args(arguments).env(FOLDER, folder.path()).output()
    };
    if !mounted(Path::new("true"), &[]).is_ok_and(|output| output.status.success()) {
        println!("skipped: a user may not mount a disk here");
        return;
    }
    let output = mounted(&std::env::current_exe().unwrap(), &[NAME, "--exact", "--nocapture"]).unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// A sender of datagrams of one flow, of which no two are alike.
struct Sender {
    socket: UdpSocket,
    to: SocketAddr,
    sent: u64,
}

impl Sender {
    fn send(&mut self, datagrams: u64) {
        for _ in 0..datagrams {
            let mut bytes = Vec::new();
            push(
                &mut bytes,
                &[(5, 2), (1, 2), (1_000, 4), (seconds(), 4), (0, 4), (self.sent, 4), (0, 2), (0, 2)],
            );
            push(&mut bytes, &[(self.sent, 4), (0xC633_6401, 4), (0, 4), (1, 2), (2, 2), (1, 4), (100, 4)]);
            push(&mut bytes, &[(0, 4), (0, 4), (80, 2), (443, 2), (0, 1), (0, 1), (6, 1), (0, 1)]);
            push(&mut bytes, &[(64_500, 2), (64_600, 2), (24, 1), (16, 1), (0, 2)]);
            self.socket.send_to(&bytes, self.to).unwrap();
            self.sent += 1;
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}

async fn on_small_disk(disk: &Path) {
    let program = testing::program();
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start_at(&program, folder.path(), disk, "collector");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut sender = Sender { socket, to: collector.listen, sent: 0 };
    let sum = |name: &str| collector.metric(name).unwrap_or_default();
    wait_for("listener", &collector, |_| collector.metric("datagrams_received_total").is_some());
    wait_for("first row", &collector, |_| {
        sender.send(50);
        sum("rows_written_total") > 0.0
    });
    for _ in 0..2 {
        let refused = sum("datagrams_refused_total") + sum("journal_lost_records_total");
        // Others fill the disk to the last byte.
        let filler = disk.join("filler");
        let mut file = File::create(&filler).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
        wait_for("refusal", &collector, |_| {
            sender.send(200);
            drop(file.write_all(&[1; 512]));
            sum("datagrams_refused_total") + sum("journal_lost_records_total") > refused
        });
        drop(file);
        fs::remove_file(filler).unwrap();
        let rows = sum("rows_written_total");
        wait_for("rows after that", &collector, |_| {
            sender.send(50);
            sum("rows_written_total") > rows
        });
    }
    wait_for("all that was sent", &collector, |_| sum("datagrams_received_total") as u64 == sender.sent);
    wait_for("end of the backlog", &collector, |_| sum("unwritten_records") == 0.0);
    let queued = sum("datagrams_queued_total");
    assert_eq!(sum("datagrams_received_total"), queued + sum("datagrams_refused_total"));
    let [queued, lost] = [queued, sum("journal_lost_records_total")].map(|count| count as u64);
    let mut collector = collector;
    collector.stop();
    let engine = EmbeddedOptions { folder: Some(folder.path().join("engine")), ..testing::options() };
    let options = ClientOptions { database: "flowql".to_owned(), ..ClientOptions::default() };
    let client = testing::client_with(engine, options).await;
    let counts = ask(&client, "SELECT count(), uniqExact(SrcAddr), sum(Bytes) FROM flows").await;
    let counts: Vec<u64> = counts.iter().map(|count| count.parse().unwrap()).collect();
    // Of what was lost some was in `flows` already, and waited for its sums.
    let could_be = queued - lost..=queued;
    assert!(could_be.contains(&counts[0]) && counts[0] == counts[1], "{counts:?} {could_be:?}");
    assert_eq!(counts[2], counts[0] * 100);
    for table in ["flows_1m0s", "flows_5m0s", "flows_1h0m0s"] {
        let sums: u64 = ask(&client, &format!("SELECT sum(Bytes) FROM {table}")).await[0].parse().unwrap();
        // Rows whose segment went before their sums were stored are missing there; none is there twice.
        assert!(sums > 0 && sums <= counts[2], "{table}: {sums} {counts:?}");
    }
    embedded::stop(&folder.path().join("engine")).await.unwrap();
}

/// The cells of the only row of an answer, as text.
async fn ask(client: &Client, sql: &str) -> Vec<String> {
    let rows = client.rows(&Statement::read(Sql::of_test(sql))).await.unwrap().collect().await.unwrap();
    rows[0].iter().map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)).collect()
}
