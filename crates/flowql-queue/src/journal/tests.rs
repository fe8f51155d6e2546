use std::fs;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::{Backlog, Content, Item, Note, Record, State, Transport};

mod faults;
mod positions;
mod recovery;

/// Longer than anything takes that a test waits for.
const LONG: Duration = Duration::from_secs(30);
const NOW: Duration = Duration::ZERO;

/// Settings under which nothing happens by itself.
fn quiet() -> Settings {
    Settings { segment_age: LONG * 1000, keep_free_percent: 0, ..Settings::default() }
}

fn open(folder: &TempDir, settings: Settings) -> Journal {
    Journal::open(folder.path(), settings).unwrap()
}

fn record(source: u8, bytes: &[u8]) -> Record<'_> {
    let source = format!("192.0.2.{source}:2055").parse().unwrap();
    let content = Content::Datagram(bytes);
    Record { time: 1000, source, listener: 1, transport: Transport::Udp, connection: 0, content }
}

/// Appends a datagram with these bytes.
fn append(journal: &Journal, bytes: &[u8]) {
    let mut batch = journal.batch();
    batch.push(&record(1, bytes)).unwrap();
    journal.append(&mut batch).unwrap();
    assert!(batch.is_empty());
}

/// What a reader finds, as text: datagrams as they are, `|` for the end of a segment, `?` for what is damaged, `!` for
/// what is missing.
fn found(reader: &mut dyn Reader) -> String {
    let mut text = Vec::new();
    while let Some(item) = reader.next(NOW).unwrap() {
        if !text.is_empty() {
            text.push(b' ');
        }
        match item {
            Item::Record(_, Record { content: Content::Datagram(bytes), .. }) => {
                text.extend_from_slice(bytes);
            }
            Item::Record(..) => text.push(b'x'),
            Item::End { .. } => text.push(b'|'),
            Item::Damaged(_) => text.push(b'?'),
            Item::Missing(_) => text.push(b'!'),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn all(journal: &Journal) -> String {
    found(&mut *journal.reader(0, Position::START).unwrap())
}

/// The segments of the first partition.
fn segments(folder: &TempDir) -> Vec<PathBuf> {
    let folder = folder.path().join("0");
    segment::list(&folder).unwrap().into_iter().map(|sequence| segment::path(&folder, sequence)).collect()
}

#[test]
fn what_is_appended_is_read_and_read_again() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    append(&journal, b"one");
    append(&journal, b"two");
    assert_eq!(all(&journal), "one two");
    drop(journal);
    let journal = open(&folder, quiet());
    append(&journal, b"three");
    assert_eq!(all(&journal), "one two | three");
    assert_eq!(*journal.recovery(), Recovery { segments: 1, records: 2, ..Recovery::default() });
}

#[test]
fn a_record_comes_back_as_it_was_at_its_position() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    let source = "[2001:db8::9]:40000".parse().unwrap();
    let closed = Record {
        time: 5,
        source,
        listener: 3,
        transport: Transport::Tls,
        connection: 77,
        content: Content::Closed,
    };
    let datagram = Record { content: Content::Datagram(b"message"), ..closed };
    let mut batch = journal.batch();
    batch.push(&datagram).unwrap();
    batch.push(&closed).unwrap();
    journal.append(&mut batch).unwrap();

    let mut reader = journal.reader(0, Position::START).unwrap();
    let Some(Item::Record(first, record)) = reader.next(NOW).unwrap() else { panic!("no record") };
    assert_eq!(record, datagram);
    let Some(Item::Record(second, record)) = reader.next(NOW).unwrap() else { panic!("no record") };
    assert_eq!(record, closed);
    assert!(first < second && second < reader.position());
    let mut again = journal.reader(0, second).unwrap();
    assert_eq!(again.next(NOW).unwrap(), Some(Item::Record(second, closed)));
    assert_eq!(again.position(), reader.position());
}

#[test]
fn a_segment_is_closed_by_its_bytes() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, Settings { segment_bytes: 300, ..quiet() });
    for _ in 0..5 {
        append(&journal, &[b'a'; 30]);
    }
    let a = "a".repeat(30);
    assert_eq!(all(&journal), format!("{a} {a} | {a} {a} | {a}"));
    assert!(segments(&folder).iter().all(|path| fs::metadata(path).unwrap().len() <= 300));
    // One that is longer than a segment gets a segment of its own.
    append(&journal, &[b'b'; 400]);
    assert_eq!(all(&journal), format!("{a} {a} | {a} {a} | {a} | {}", "b".repeat(400)));
}

#[test]
fn a_segment_is_closed_by_its_age_with_the_time() {
    let folder = TempDir::new().unwrap();
    let host = Host { now: || 42, ..Host::default() };
    let settings = Settings { segment_age: Duration::from_millis(1), host, ..quiet() };
    let journal = open(&folder, settings);
    append(&journal, b"one");
    let mut reader = journal.reader(0, Position::START).unwrap();
    assert!(matches!(reader.next(LONG).unwrap(), Some(Item::Record(..))));
    assert_eq!(reader.next(LONG).unwrap(), Some(Item::End { next: Position::segment(2), time: 42 }));
    assert_eq!(reader.position(), Position::segment(2));
    assert_eq!(segments(&folder).len(), 1, "an idle journal makes no segments");
}

#[test]
fn a_mark_ends_a_segment_even_if_nothing_came() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    journal.mark(0).unwrap();
    append(&journal, b"one");
    journal.mark(0).unwrap();
    assert_eq!(all(&journal), "| one |");
}

#[test]
fn a_reader_waits_for_the_tail() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    let mut reader = journal.reader(0, Position::START).unwrap();
    let before = Instant::now();
    assert_eq!(reader.next(Duration::from_millis(20)).unwrap(), None);
    assert!(before.elapsed() >= Duration::from_millis(20));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..100_u8 {
                append(&journal, &[number]);
                if number % 10 == 0 {
                    journal.mark(0).unwrap();
                }
            }
            done.store(true, Relaxed);
        });
        let mut expected = 0;
        while expected < 100 {
            match reader.next(LONG).unwrap() {
                Some(Item::Record(_, record)) => {
                    assert_eq!(record.content, Content::Datagram(&[expected]));
                    expected += 1;
                }
                Some(Item::End { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    assert!(done.into_inner());
}

#[test]
fn a_source_address_has_one_partition() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, Settings { partitions: 4, ..quiet() });
    let mut batch = journal.batch();
    for source in 0..=255 {
        for port in 0..3 {
            let source = format!("192.0.2.{source}:{port}").parse().unwrap();
            batch.push(&Record { source, ..record(0, b"") }).unwrap();
        }
    }
    assert_eq!(batch.records(), 768);
    journal.append(&mut batch).unwrap();
    let mut seen = std::collections::HashMap::new();
    for partition in journal.assigned() {
        let mut reader = journal.reader(partition, Position::START).unwrap();
        let mut records = 0;
        while let Some(Item::Record(_, record)) = reader.next(NOW).unwrap() {
            records += 1;
            assert_eq!(*seen.entry(record.source.ip()).or_insert(partition), partition);
        }
        assert!((100..300).contains(&records), "{records} in {partition}");
    }
    assert_eq!(seen.len(), 256);
    assert_eq!(journal.counters().records, 768);
    assert!(matches!(journal.reader(4, Position::START), Err(Error::NoPartition { partition: 4 })));
}

#[test]
fn a_datagram_that_is_too_long_is_refused() {
    let folder = TempDir::new().unwrap();
    let journal = open(&folder, quiet());
    let mut batch = journal.batch();
    batch.push(&record(1, &[0; crate::LONGEST])).unwrap();
    let error = batch.push(&record(1, &[0; crate::LONGEST + 1])).unwrap_err();
    assert_eq!(error.to_string(), "a datagram of 65536 bytes is longer than 65,535");
    assert_eq!(batch.records(), 1);
}

#[test]
fn a_batch_of_another_queue_is_refused() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut batch = open(&other, quiet()).batch();
    batch.push(&record(1, b"one")).unwrap();
    let journal = open(&folder, quiet());
    let refused = journal.append(&mut batch).unwrap_err();
    assert_eq!(refused.to_string(), "1 records are not in the queue: the batch is of another queue");
    assert_eq!(all(&journal), "");
}

#[test]
fn a_clock_that_jumps_changes_neither_order_nor_age() {
    static CLOCK: AtomicU64 = AtomicU64::new(u64::MAX);
    let folder = TempDir::new().unwrap();
    let host = Host { now: || CLOCK.fetch_xor(u64::MAX, Relaxed), ..Host::default() };
    let settings = Settings { host, ..quiet() };
    let journal = open(&folder, settings);
    for (time, bytes) in [(u64::MAX, b"a"), (0, b"b"), (1 << 60, b"c"), (7, b"d")] {
        let mut batch = journal.batch();
        batch.push(&Record { time, ..record(1, bytes) }).unwrap();
        journal.append(&mut batch).unwrap();
        journal.mark(0).unwrap();
    }
    assert_eq!(all(&journal), "a | b | c | d |");
    drop(journal);
    // Which segment is the oldest does not follow the clock either.
    let used = open(&folder, settings).counters().used;
    let journal = open(&folder, Settings { size: used + 60, ..settings });
    append(&journal, b"e");
    assert_eq!(all(&journal), "! b | c | d | e");
}
