//! A journal on a disk that is really full: a small one in memory, where the system lets a user mount it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use flowql_queue::{Content, Item, Journal, Position, Queue, Record, Settings, Transport};

const FOLDER: &str = "FLOWQL_SMALL_DISK";
const NAME: &str = "a_full_disk_costs_the_oldest_and_damages_nothing";
/// Mounts a disk of 2 MiB at the first argument, then runs the others.
const MOUNT: &str = r#"mount -t tmpfs -o size=2m none "$0" && exec "$@""#;

#[test]
fn a_full_disk_costs_the_oldest_and_damages_nothing() {
    if let Ok(folder) = std::env::var(FOLDER) {
        on_small_disk(Path::new(&folder));
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
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

fn on_small_disk(folder: &Path) {
    // The journal does not know how small the disk is: it must find out by what it cannot write.
    let disk = |_: &Path| Ok(flowql_queue::Disk { total: 1 << 40, free: 1 << 40 });
    let host = flowql_queue::Host { disk, ..flowql_queue::Host::default() };
    let settings = Settings {
        segment_bytes: 300_000,
        segment_age: Duration::from_secs(1000),
        keep_free_percent: 0,
        host,
        ..Settings::default()
    };
    let journal = Journal::open(&folder.join("journal"), settings).unwrap();
    for number in 0..5000 {
        append(&journal, number).unwrap();
    }
    let counters = journal.counters();
    assert!(counters.lost_records > 2000, "{counters:?}");
    assert_eq!((counters.records, counters.refused), (5000, 0));
    assert_eq!(numbers(&journal), (counters.lost_records..5000).collect::<Vec<_>>());
    drop(journal);

    // Others fill the disk, and the journal has nothing that could go.
    let journal = Journal::open(&folder.join("other"), settings).unwrap();
    let filler = folder.join("filler");
    std::fs::write(&filler, vec![0; 4 << 20]).unwrap_err();
    let error = append(&journal, 0).unwrap_err();
    assert_eq!((error.records, journal.counters().refused), (1, 1));
    assert!(error.to_string().ends_with("No space left on device (os error 28)"), "{error}");
    std::fs::remove_file(filler).unwrap();
    append(&journal, 1).unwrap();
    assert_eq!(numbers(&journal), [1]);
}

fn append(journal: &Journal, number: u64) -> Result<(), flowql_queue::Refused> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.resize(1000, 0);
    let mut batch = journal.batch();
    let source = "192.0.2.1:2055".parse().unwrap();
    let (transport, content) = (Transport::Udp, Content::Datagram(&bytes));
    batch.push(&Record { time: 0, source, listener: 0, transport, connection: 0, content }).unwrap();
    journal.append(&mut batch)
}

/// The numbers in the journal, which must not be damaged.
fn numbers(journal: &Journal) -> Vec<u64> {
    let mut reader = journal.reader(0, Position::START).unwrap();
    let mut numbers = Vec::new();
    while let Some(item) = reader.next(Duration::ZERO).unwrap() {
        match item {
            Item::Record(_, Record { content: Content::Datagram(bytes), .. }) => {
                numbers.push(u64::from_le_bytes(*bytes.first_chunk().unwrap()));
            }
            Item::Damaged(range) => panic!("damaged: {range:?}"),
            _ => {}
        }
    }
    numbers
}
