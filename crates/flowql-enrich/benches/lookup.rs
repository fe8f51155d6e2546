//! What networks cost: 1 M prefixes of IPv4 and 200,000 of IPv6, as many as the routes of the Internet, loaded from a file
//! and looked up; and what names of exporters and interfaces cost.
//!
//! `cargo bench -p flowql-enrich`. It prints what the table takes in memory. The times are those of the processor in the
//! thread, so that others on the machine count only for what they take from the caches.

#![expect(clippy::expect_used, reason = "a benchmark that fails says where")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowql_enrich::exporters::{Directory, NamesReader};
use flowql_enrich::networks::{Fact, GeoipSection, NetworkFormat, NetworkSourceSection, Published, Sources};
use rustix::time::{ClockId, clock_gettime};

const V4_PREFIXES: usize = 1_000_000;
const V6_PREFIXES: usize = 200_000;
/// How many different facts they have.
const ROWS: u64 = 100_000;
/// The addresses of a round.
const ADDRESSES: usize = 65_536;

/// How long this thread had a processor for so many rounds of something.
fn timed<T>(rounds: u64, mut round: impl FnMut() -> T) -> Duration {
    let used = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("it is not negative");
    let before = used();
    for _ in 0..rounds {
        black_box(round());
    }
    used() - before
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A unicast address.
fn v4(random: &mut Random) -> u32 {
    let first = 1 + random.below(223);
    u32::try_from(first << 24 | random.below(1 << 24)).expect("it has 32 bits")
}

/// An address in one of the blocks that registries give.
fn v6(random: &mut Random) -> u128 {
    let block = 0x2001_u128 + u128::from(random.below(12)) * 0x100;
    block << 112 | u128::from(random.below(1 << 12)) << 100 | u128::from(random.next()) << 56
}

/// Most prefixes are a /24 or a /48, as on the Internet. Returns the prefixes as CSV, and their addresses.
fn file() -> (String, Vec<u128>, Vec<u128>) {
    let mut random = Random(1);
    let mut text = "prefix,name,role,asn\n".to_owned();
    let (mut of_v4, mut of_v6) = (Vec::new(), Vec::new());
    let mut line = |address: IpAddr, length: u64, random: &mut Random| {
        let row = random.below(ROWS);
        writeln!(text, "{address}/{length},name{row},role{},{row}", row % 16).expect("a string takes it");
    };
    for _ in 0..V4_PREFIXES {
        let address = Ipv4Addr::from_bits(v4(&mut random));
        let length = if random.below(10) < 6 { 24 } else { 14 + random.below(15) };
        line(address.into(), length, &mut random);
        of_v4.push(address.to_ipv6_mapped().to_bits());
    }
    for _ in 0..V6_PREFIXES {
        let address = Ipv6Addr::from_bits(v6(&mut random));
        let length = if random.below(10) < 5 { 48 } else { 29 + random.below(28) };
        line(address.into(), length, &mut random);
        of_v6.push(address.to_bits());
    }
    let mut chosen = |addresses: &[u128]| -> Vec<u128> {
        let place = |_| usize::try_from(random.below(addresses.len() as u64)).expect("it fits");
        (0..ADDRESSES).map(place).filter_map(|place| addresses.get(place).copied()).collect()
    };
    let (of_v4, of_v6) = (chosen(&of_v4), chosen(&of_v6));
    (text, of_v4, of_v6)
}

fn load(path: &Path) -> Arc<Published> {
    let section = NetworkSourceSection {
        file: path.display().to_string(),
        format: NetworkFormat::Csv,
        separator: ",".to_owned(),
        columns: Vec::new(),
        lists: Vec::new(),
    };
    let mut sources = Sources::new(&[], &[section], &GeoipSection { databases: Vec::new() });
    sources.refresh();
    let status = sources.status();
    assert!(status.iter().all(|status| status.prefixes == V4_PREFIXES + V6_PREFIXES && status.skipped == 0));
    sources.published()
}

fn networks(criterion: &mut Criterion) {
    let (text, of_v4, of_v6) = file();
    let folder = tempfile::tempdir().expect("there is a folder");
    let path = folder.path().join("networks.csv");
    std::fs::write(&path, text).expect("it is written");

    let mut group = criterion.benchmark_group("networks");
    group.sample_size(10);
    group.bench_function("load 1.2 M prefixes from a CSV file", |bencher| {
        bencher.iter_custom(|rounds| timed(rounds, || load(&path)));
    });
    let table = load(&path).table();
    println!("networks: the table takes {} bytes, {} rows", table.bytes(), table.len());

    group.sample_size(50);
    group.throughput(Throughput::Elements(ADDRESSES as u64));
    for (name, addresses) in [("look up IPv4", &of_v4), ("look up IPv6", &of_v6)] {
        group.bench_function(name, |bencher| {
            let id = |sum: u32, &address: &u128| sum ^ table.id_of_bits(address);
            bencher.iter_custom(|rounds| timed(rounds, || addresses.iter().fold(0, id)));
        });
    }
    group.bench_function("look up IPv4 with a text", |bencher| {
        let length = |sum: usize, &address: &u128| sum + table.lookup_bits(address).get(Fact::Name).len();
        bencher.iter_custom(|rounds| timed(rounds, || of_v4.iter().fold(0, length)));
    });
    group.finish();
}

fn names(criterion: &mut Criterion) {
    let mut reader = NamesReader::new(Arc::new(Directory::default()));
    let mut random = Random(2);
    let mut flow = || {
        let exporter =
            Ipv4Addr::from_bits(0xc000_0200 | u32::try_from(random.below(100)).expect("it is small"));
        (IpAddr::V4(exporter), u32::try_from(random.below(50)).expect("it is small"))
    };
    let flows: Vec<(IpAddr, u32)> = (0..ADDRESSES).map(|_| flow()).collect();
    let mut group = criterion.benchmark_group("names");
    group.throughput(Throughput::Elements(ADDRESSES as u64));
    group.bench_function("interface of 5,000", |bencher| {
        bencher.iter_custom(|rounds| {
            timed(rounds, || {
                for &(exporter, index) in &flows {
                    black_box(reader.interface(exporter, index));
                }
            })
        });
    });
    group.finish();
}

criterion_group!(benches, networks, names);
criterion_main!(benches);
