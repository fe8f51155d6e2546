//! Blocks that are lent, and what those who watch get of them.

use std::time::Duration;

use flowql_decode::{Columns, Fields, Row, Texts};
use flowql_enrich::exporters::Directory;
use serde_json::Value;

use super::*;
use crate::asn::sources;
use crate::bmp::AddressTables;
use crate::write::{Names, RowAddresses, RowNames};

/// Longer than anything takes that a test waits for.
const LONG: Duration = Duration::from_secs(60);

/// So many flows, of ports from 0.
fn block(rows: u16) -> Batch {
    let mut texts = Texts::new(10);
    let name = texts.id("eth0");
    let mut columns = Columns::new(Fields::all());
    let exporter_address = std::net::Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().octets();
    for port in 0..rows {
        columns.push(&Row {
            time_received: 1_700_000_000,
            exporter_address,
            dst_port: port,
            bytes: 1000,
            packets: 2,
            flow_direction: 1,
            in_if_index: 3,
            in_if_name: name,
            dst_as_path: vec![7, 8],
            ..Row::default()
        });
    }
    columns.settle();
    let mut names = Names::new(&Arc::<Directory>::default());
    let named = RowNames::new(&mut names, &columns, &texts);
    let asn_from = sources(&["flow".to_owned()]);
    let addresses = RowAddresses::complete(&AddressTables::default(), &asn_from, &mut columns, &texts);
    Batch::new(&columns, &texts, named, addresses)
}

fn tails() -> Arc<Tails> {
    Tails::start(Arc::new(Config::default())).unwrap()
}

fn watch(tails: &Arc<Tails>, query: &str) -> Watch {
    tails.watch(Request::parse(query, &Config::default()).unwrap()).unwrap()
}

/// Lends a block when the one before was looked at.
async fn lend(tails: &Tails, rows: u16) {
    while tails.is_busy.load(Ordering::Acquire) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tails.offer(rows.into(), || block(rows));
}

async fn next(watch: &mut Watch) -> Value {
    let line = tokio::time::timeout(LONG, watch.next()).await.unwrap().unwrap();
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn each_gets_what_its_filter_selects() {
    let tails = tails();
    tails.offer(1, || panic!("nobody watches"));
    let mut first = watch(&tails, "filter=DstPort+IN+(7,9)&rate=100&columns=DstPort,PacketSize,Dst2ndAS");
    let mut second = watch(&tails, "filter=DstPort+%3D+3+AND+InIfName+%3D+%22eth0%22&rate=100");
    lend(&tails, 20).await;
    for port in [7, 9] {
        assert_eq!(
            next(&mut first).await,
            serde_json::json!({"DstPort": port, "PacketSize": 500, "Dst2ndAS": 8})
        );
    }
    let flow = next(&mut second).await;
    for (name, value) in [
        ("ExporterName", "192.0.2.1"),
        ("ExporterAddress", "192.0.2.1"),
        ("InIfName", "eth0"),
        ("FlowDirection", "ingress"),
        ("TimeReceived", "2023-11-14 22:13:20"),
    ] {
        assert_eq!(flow[name], value, "{flow}");
    }
    let counts = Counts { written: 20, selected: 2, shown: 2, ..Counts::default() };
    assert_eq!((first.counts(), second.counts().selected), (counts, 1));
    drop((first, second));
    assert_eq!(tails.count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_left_out_is_counted() {
    let tails = tails();
    let mut watch = watch(&tails, "rate=10");
    lend(&tails, 1000).await;
    let ports: Vec<Value> =
        [next(&mut watch).await, next(&mut watch).await].map(|flow| flow["DstPort"].clone()).into();
    assert_eq!(ports, [99, 199], "they are spread over the block");
    while tails.is_busy.load(Ordering::Acquire) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let counts = watch.counts();
    assert_eq!((counts.written, counts.selected, counts.unseen), (1000, 1000, 0));
    assert_eq!(counts.shown + counts.left_out, 1000);
    assert!((10..50).contains(&counts.shown), "{counts:?}");
    // While a block is looked at, others go by.
    tails.is_busy.store(true, Ordering::Release);
    tails.offer(5, || panic!("it is busy"));
    assert_eq!(watch.counts(), Counts { unseen: 5, ..counts });
}

#[tokio::test]
async fn the_end_is_the_end_of_all_that_is_watched() {
    let tails = tails();
    let mut all: Vec<Watch> = (0..MOST_WATCHERS).map(|_| watch(&tails, "")).collect();
    let request = || Request::parse("", &Config::default()).unwrap();
    assert!(tails.watch(request()).is_none(), "so many watch");
    tails.close();
    let ended = tokio::time::timeout(LONG, all[0].next()).await.unwrap();
    assert_eq!(ended, None);
    all.clear();
    assert!(tails.watch(request()).is_none(), "it has ended");
}
