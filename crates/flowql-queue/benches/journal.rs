//! What a datagram costs in the journal, and how fast a segment is read again after a crash.
//!
//! `cargo bench -p flowql-queue`. The times are those of the processor in the thread that appends or reads (Linux says
//! them), so that neither the disk nor others on the machine count.

#![expect(clippy::expect_used, reason = "a benchmark that fails says where")]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flowql_queue::{Batch, Content, Journal, Position, Queue, Record, Settings, Transport};

/// The datagrams of one system call of the receiver.
const BATCH: u64 = 64;
/// A datagram with one flow, and one with 24.
const LENGTHS: [usize; 2] = [120, 1400];

fn settings() -> Settings {
    Settings { size: 256 << 20, keep_free_percent: 0, ..Settings::default() }
}

fn fill(batch: &mut Batch, payload: &[u8]) {
    for number in 0..BATCH {
        let record = Record {
            time: number,
            source: ([192, 0, 2, 1], 2055).into(),
            listener: 0,
            transport: Transport::Udp,
            connection: 0,
            content: Content::Datagram(payload),
        };
        batch.push(&record).expect("it is short");
    }
}

/// How long this thread had a processor while it did something.
fn timed(action: impl FnOnce()) -> Duration {
    let used = || {
        // The kernel brings it up to date when a thread gives its processor up.
        std::thread::yield_now();
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
        let nanoseconds = stat.split(' ').next().and_then(|number| number.parse().ok());
        Duration::from_nanos(nanoseconds.expect("a number"))
    };
    let before = used();
    action();
    used() - before
}

/// From the datagrams of a system call to the file, the oldest segments removed as others are written.
fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    for length in LENGTHS {
        let folder = tempfile::TempDir::new().expect("a folder");
        let journal = Journal::open(folder.path(), settings()).expect("a journal");
        let payload = vec![0x5a; length];
        let mut batch = journal.batch();
        group.throughput(Throughput::Elements(BATCH));
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            bencher.iter_custom(|batches| {
                timed(|| {
                    for _ in 0..batches {
                        fill(&mut batch, &payload);
                        journal.append(&mut batch).expect("it has room");
                    }
                })
            });
        });
    }
    group.finish();
}

/// A journal of 16 MB that was not closed, as a crash leaves it.
fn unfinished(folder: &Path, length: usize) -> u64 {
    let live = tempfile::TempDir::new().expect("a folder");
    let settings = Settings { segment_bytes: 1 << 30, segment_age: Duration::from_secs(1000), ..settings() };
    let journal = Journal::open(live.path(), settings).expect("a journal");
    let payload = vec![0x5a; length];
    let mut batch = journal.batch();
    while journal.counters().bytes < 16 << 20 {
        fill(&mut batch, &payload);
        journal.append(&mut batch).expect("it has room");
    }
    std::fs::create_dir_all(folder.join("0")).expect("a folder");
    for file in ["journal", "0/00000000000000000001.segment"] {
        std::fs::copy(live.path().join(file), folder.join(file)).expect("a copy");
    }
    journal.counters().bytes
}

/// The opening of such a journal, and the reading of all records in it.
fn read(criterion: &mut Criterion) {
    for length in LENGTHS {
        let folder = tempfile::TempDir::new().expect("a folder");
        let bytes = unfinished(folder.path(), length);
        let segment = folder.path().join("0/00000000000000000001.segment");
        let open = std::fs::metadata(&segment).expect("its length").len();
        let mut group = criterion.benchmark_group("recover");
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            let recover = || {
                let file = std::fs::File::options().write(true).open(&segment).expect("the segment");
                file.set_len(open).expect("its end cut off");
                let mut journal = None;
                let time =
                    timed(|| journal = Some(Journal::open(folder.path(), settings()).expect("a journal")));
                assert_eq!(journal.map(|journal| journal.recovery().unfinished), Some(1));
                time
            };
            bencher.iter_custom(|times| (0..times).map(|_| recover()).sum());
        });
        group.finish();
        let journal = Journal::open(folder.path(), settings()).expect("a journal");
        let mut group = criterion.benchmark_group("read");
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            let read = || {
                let mut reader = journal.reader(0, Position::START).expect("a reader");
                while let Some(item) = reader.next(Duration::ZERO).expect("an item") {
                    black_box(item);
                }
            };
            bencher.iter_custom(|times| timed(|| (0..times).for_each(|_| read())));
        });
        group.finish();
    }
}

criterion_group!(benches, append, read);
criterion_main!(benches);
