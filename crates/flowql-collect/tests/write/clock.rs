//! The clock jumps, to and fro, while flows come in and writers come and go.

use std::sync::atomic::{AtomicI64, Ordering};

use flowql_queue::Host;

use super::*;

/// How far the clock of the journal is off, in seconds.
static OFF: AtomicI64 = AtomicI64::new(0);

fn now() -> u64 {
    let seconds = seconds().saturating_add_signed(OFF.load(Ordering::Relaxed));
    seconds * 1_000_000_000
}

impl Bench {
    /// Receives a datagram by that clock.
    fn receive_off(&self, source: &str, bytes: &[u8]) {
        let source: SocketAddr = source.parse().unwrap();
        let content = Content::Datagram(bytes);
        let (transport, time) = (Transport::Udp, now());
        let record = Record { time, source, listener: 0, transport, connection: 0, content };
        let mut batch = self.journal.batch();
        batch.push(&record).unwrap();
        self.journal.append(&mut batch).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_costs_nothing_and_doubles_nothing() {
    let mut bench = Bench::new(Aggregate::Collector).await;
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        keep_free_percent: 0,
        segment_age: Duration::from_millis(50),
        segment_bytes: 4096,
        host: Host { now, ..Host::default() },
        ..Settings::default()
    };
    bench.journal = Arc::new(Journal::open(folder.path(), settings).unwrap());
    // The chapters are short, so that several end while the clock is off.
    bench.section.write.flush = 1;
    let mut exporters = [Exporter::at("127.0.0.1", 5, 3), Exporter::at("127.0.0.1", 5, 4)];
    let (mut rows, mut bytes) = (0, 0);
    for (round, off) in [0, 5_400, -7_200, 30, 86_400, -3_600, 0].into_iter().enumerate() {
        OFF.store(off, Ordering::Relaxed);
        let writer = bench.writer().await;
        for _ in 0..30 {
            for (number, exporter) in exporters.iter_mut().enumerate() {
                let datagram = exporter.datagram();
                rows += u64::from(datagram[3]);
                bytes += sum_of_bytes(&datagram);
                bench.receive_off(&format!("192.0.2.{number}:7"), &datagram);
            }
        }
        if round % 2 == 0 {
            // It ends in the middle; the next one writes what was begun once more.
            tokio::task::spawn_blocking(|| drop(writer)).await.unwrap();
        } else {
            until(&writer, "end of the backlog", |_| bench.journal.backlog(0).unwrap().records == 0).await;
            stop(writer).await;
        }
    }
    let writer = bench.writer().await;
    until(&writer, "end of the backlog", |_| bench.journal.backlog(0).unwrap().records == 0).await;
    let status = stop(writer).await;
    assert_eq!((status.losses, status.lost_sets, status.lost_states), (0, 0, 0), "{status:?}");
    let counted = bench.ask("SELECT count(), sum(Bytes), uniq(toStartOfHour(TimeReceived)) FROM flows").await;
    assert_eq!(counted[..2], [rows.to_string(), bytes.to_string()]);
    assert!(counted[2].parse::<u64>().unwrap() >= 5, "{counted:?}");
    for table in ["flows_1m0s", "flows_5m0s", "flows_1h0m0s"] {
        assert_eq!(
            bench.ask(&format!("SELECT sum(Bytes) FROM {table}")).await[0],
            bytes.to_string(),
            "{table}"
        );
    }
}

/// The bytes of the flows of a datagram of NetFlow v5.
fn sum_of_bytes(datagram: &[u8]) -> u64 {
    let records = datagram[24..].chunks_exact(48);
    records
        .map(|record| u64::from(u32::from_be_bytes([record[20], record[21], record[22], record[23]])))
        .sum()
}
