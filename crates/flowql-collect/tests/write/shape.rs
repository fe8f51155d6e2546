//! What shapes rows by settings: long flows shared out over their time, limits of rates, and settings that change.

use flowql_collect::CollectSection;
use flowql_decode::ExporterSection;

use super::*;

/// A datagram of NetFlow v5 of one exporter with so many flows, each of so many milliseconds, bytes and packets.
fn v5(sequence: u64, flows: u16, lasted: u64, bytes: u64, packets: u64) -> Vec<u8> {
    const UPTIME: u64 = 90_000_000;
    let mut datagram = Vec::new();
    push(&mut datagram, &[(5, 2), (flows.into(), 2), (UPTIME, 4), (seconds(), 4), (0, 4)]);
    push(&mut datagram, &[(sequence, 4), (0, 1), (0, 1), (1 << 14 | 10, 2)]);
    for flow in 0..u64::from(flows) {
        push(&mut datagram, &[(0x0A00_0001, 4), (0xC633_6401, 4), (0, 4), (1, 2), (2, 2)]);
        push(&mut datagram, &[(packets, 4), (bytes, 4), (UPTIME - lasted, 4), (UPTIME, 4)]);
        push(&mut datagram, &[(1_000 + flow, 2), (443, 2), (0, 1), (0, 1), (6, 1), (0, 1)]);
        push(&mut datagram, &[(0, 2), (0, 2), (0, 1), (0, 1), (0, 2)]);
    }
    datagram
}

async fn totals(bench: &Bench, table: &str) -> Vec<String> {
    bench.ask(&format!("SELECT sum(Bytes), sum(Packets) FROM {table}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_flows_are_shared_out_over_their_time() {
    let mut bench = Bench::new(Aggregate::Collector).await;
    bench.section.spread = 10;
    // 300 s are 31 bins of 10 s; blocks have 50 rows, so that a flow's rows are in several.
    for number in 0..4 {
        bench.receive("192.0.2.1:7", &v5(number * 3, 3, 300_000, 100_001, 1_000));
    }
    bench.receive("192.0.2.1:7", &v5(12, 1, 0, 77, 7));
    let writer = bench.writer().await;
    until(&writer, "rows", |status| status.rows >= 12 * 30).await;
    let status = stop(writer).await;
    let rows = bench
        .ask("SELECT count(), uniq(TimeReceived), max(TimeReceived) - min(TimeReceived) FROM flows")
        .await;
    assert_eq!(rows[0], status.rows.to_string());
    assert!(status.blocks > 4 && status.counters.rows == 13, "{status:?}");
    assert!(["300", "290"].contains(&rows[2].as_str()), "{rows:?}");
    for table in ["flows", "flows_1m0s", "flows_5m0s", "flows_1h0m0s"] {
        let expected = [(12 * 100_001 + 77).to_string(), (12 * 1_000 + 7).to_string()];
        assert_eq!(totals(&bench, table).await, expected, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_too_many_flows_some_stand_for_all() {
    let mut bench = Bench::new(Aggregate::Collector).await;
    let limited = ExporterSection {
        addresses: vec!["192.0.2.1".to_owned()],
        rate_limit: Some(20),
        ..ExporterSection::default()
    };
    bench.section.exporter.push(limited);
    for number in 0..40 {
        bench.receive("192.0.2.1:7", &v5(number * 30, 30, 0, 10, 1));
        bench.receive("192.0.2.2:7", &v5(number * 30, 30, 0, 10, 1));
    }
    let writer = bench.writer().await;
    until(&writer, "rows", |status| status.rows + status.dropped >= 2_400).await;
    let status = stop(writer).await;
    assert_eq!(status.rows + status.dropped, 2_400);
    let limited = status.dropped;
    // What the status says of exporters is a second old at most.
    assert!(limited > 500 && status.limited.keys().eq([&"192.0.2.1".parse::<std::net::IpAddr>().unwrap()]));
    let of = "FROM flows WHERE ExporterAddress = toIPv6('192.0.2.1')";
    let kept = bench.ask(&format!("SELECT count(), sum(SamplingRate) {of}")).await;
    assert_eq!(kept[0], (1_200 - limited).to_string());
    // Segments of which nothing is kept have no flow in their place; of the others nothing is missing.
    let rates: u64 = kept[1].parse().unwrap();
    assert!(rates <= 12_000 && rates > 10 * (1_200 - limited), "{kept:?}");
    let others =
        bench.ask("SELECT count(), sum(SamplingRate) FROM flows WHERE ExporterAddress = toIPv6('192.0.2.2')");
    assert_eq!(others.await, ["1200", "12000"]);
    let sums = |table| format!("SELECT sum(Bytes * SamplingRate) FROM {table}");
    assert_eq!(bench.ask(&sums("flows")).await, bench.ask(&sums("flows_1h0m0s")).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_plan_is_used_from_the_next_chapter_on() {
    let mut bench = Bench::new(Aggregate::Collector).await;
    let writer = bench.writer().await;
    bench.receive("192.0.2.1:7", &v5(0, 1, 300_000, 1_000, 100));
    until(&writer, "row", |status| status.rows == 1).await;
    bench.section = CollectSection { spread: 10, ..bench.section };
    let catalog = Catalog::read(&bench.client, "flows").await.unwrap();
    writer.set_plan(Plan::new(&bench.section, &bench.schema, &catalog).unwrap());
    // What is received before the chapter ends is written by the plan before.
    let mut sent = 1;
    let end = Instant::now() + LONG;
    while bench.ask("SELECT uniq(TimeReceived) > 20 FROM flows").await[0] == "0" {
        assert!(Instant::now() < end, "no other plan");
        bench.receive("192.0.2.1:7", &v5(sent, 1, 300_000, 1_000, 100));
        sent += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop(writer).await;
    let expected = [(sent * 1_000).to_string(), (sent * 100).to_string()];
    for table in ["flows", "flows_1m0s", "flows_1h0m0s"] {
        assert_eq!(totals(&bench, table).await, expected, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_makes_the_sums_changes_only_while_nobody_writes() {
    let bench = Bench::new(Aggregate::Collector).await;
    let layout = |aggregate| Layout { database: "flows".to_owned(), aggregate, ..Layout::default() };
    let migrate = async |aggregate| {
        let (layout, client) = (layout(aggregate), &bench.client);
        tables::make(client, &layout, &bench.schema, Change::Add, None, |_| {}).await
    };
    let writer = bench.writer().await;
    bench.receive("192.0.2.1:7", &v5(0, 30, 0, 10, 1));
    until(&writer, "rows", |status| status.rows == 30).await;
    let refused = migrate(Aggregate::Views).await.unwrap_err().to_string();
    assert!(refused.contains("from sums of the collector to views while flows are written"), "{refused}");
    stop(writer).await;
    // The collector is stopped, and what it wrote last is not long ago.
    assert!(migrate(Aggregate::Views).await.is_err());
    bench.execute("ALTER TABLE flows DELETE WHERE 1 SETTINGS mutations_sync = 1").await;
    let refused = migrate(Aggregate::Views).await.unwrap_err().to_string();
    assert!(refused.contains("flows_reach"), "{refused}");
    // Ten minutes later.
    bench.execute("TRUNCATE TABLE flows_reach").await;
    bench
        .execute(
            "INSERT INTO flows (TimeReceived, Bytes, Packets, SamplingRate) VALUES (now() - 700, 5, 1, 1)",
        )
        .await;
    migrate(Aggregate::Views).await.unwrap();
    let catalog = Catalog::read(&bench.client, "flows").await.unwrap();
    assert!(catalog.summed().is_empty());
    // Views make the sums now, of what the collector writes by the tables of now.
    let writer = bench.writer().await;
    bench.receive("192.0.2.1:7", &v5(0, 30, 0, 10, 1));
    until(&writer, "rows", |status| status.rows == 30).await;
    stop(writer).await;
    let sums = bench.ask("SELECT sum(Bytes) FROM flows_1m0s WHERE TimeReceived > now() - 600").await;
    // The ones that the collector summed up, and the ones that the views did.
    assert_eq!(sums, ["600"]);
}
