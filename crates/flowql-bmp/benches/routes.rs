//! A full table, 1 M IPv4 and 200,000 IPv6 prefixes from each of four peers: time and memory to load it, lookups at rest
//! and while 5,000 updates a second arrive, a peer that goes, and how long lookups take meanwhile. Then the same routes in
//! 50 VRFs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use flowql_bmp::{
    Announced, Attributes, Distinguisher, Limits, Nlri, PeerKey, PeerKind, Rib, Router, Update, Vrf,
};
use ipnet::IpNet;

const IPV4: usize = 1_000_000;
const IPV6: usize = 200_000;
const PEERS: u8 = 4;
const VRFS: u64 = 50;
/// How many prefixes share attributes, as in real feeds.
const SHARED: usize = 6;

/// The numbers of xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// Different prefixes, with about the lengths of the Internet's.
fn prefixes() -> Vec<IpNet> {
    let mut random = Random(42);
    let mut seen = std::collections::HashSet::new();
    let mut prefixes = Vec::new();
    while prefixes.len() < IPV4 {
        let value = random.next();
        let length = [24, 24, 24, 24, 24, 24, 23, 22, 22, 21, 20, 19, 18, 17, 16, 24][(value >> 60) as usize];
        let address = Ipv4Addr::from((1 << 24) + (value as u32) % (222 << 24));
        let prefix = IpNet::new(address.into(), length).unwrap().trunc();
        if seen.insert(prefix) {
            prefixes.push(prefix);
        }
    }
    while prefixes.len() < IPV4 + IPV6 {
        let value = random.next();
        let length = [48, 48, 48, 48, 48, 48, 48, 44, 44, 40, 40, 36, 32, 32, 32, 29][(value >> 60) as usize];
        // Some 30,000 allocations, each of 32 bits.
        let allocation = u128::from(0x2400_0000_u32 + (random.next() % 30_000) as u32 * 0x101);
        let address = Ipv6Addr::from(allocation << 96 | u128::from(value & 0xffff) << 80);
        let prefix = IpNet::new(address.into(), length).unwrap().trunc();
        if seen.insert(prefix) {
            prefixes.push(prefix);
        }
    }
    prefixes
}

fn update(peer: u8, group: usize, prefixes: &[IpNet], round: u32) -> Update {
    let group = group as u32;
    let nlri = |prefix: &IpNet| Nlri { distinguisher: None, prefix: *prefix, path: 0 };
    Update {
        peer: PeerKey {
            kind: PeerKind::Global,
            distinguisher: None,
            address: Some(Ipv4Addr::new(192, 0, 2, peer).into()),
            identifier: None,
        },
        asn: 64500 + u32::from(peer),
        rib: Rib::PostPolicy,
        withdrawn: Vec::new(),
        announced: vec![Announced {
            next_hop: Some(Ipv4Addr::new(198, 51, 100, peer).into()),
            prefixes: prefixes.iter().map(nlri).collect(),
        }],
        attributes: Attributes {
            as_path: [64500 + u32::from(peer), 1299, 3356 + group % 50, 10_000 + group % 70_000].into(),
            path_length: 4 + (group % 3) as u16,
            med: Some(round),
            communities: [(65_000 << 16) | (group % 500), group, 7].into(),
            ..Attributes::default()
        },
        end_of_rib: None,
        cleaned: None,
    }
}

/// The memory of the process that is in use, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0_usize) * 4096
}

fn load(router: &Router, session: u64, prefixes: &[IpNet]) {
    let now = Instant::now();
    for peer in 0..PEERS {
        for (group, prefixes) in prefixes.chunks(SHARED).enumerate() {
            router.apply(session, &update(peer, group, prefixes, 0), now);
        }
    }
}

fn addresses(prefixes: &[IpNet]) -> Vec<IpAddr> {
    let mut random = Random(7);
    (0..1 << 16).map(|_| prefixes[random.next() as usize % prefixes.len()].broadcast()).collect()
}

fn routes(criterion: &mut Criterion) {
    let prefixes = prefixes();
    let before = resident();
    let router = Arc::new(Router::new(Ipv4Addr::LOCALHOST.into(), Limits::default()));
    let session = router.open();
    let start = Instant::now();
    load(&router, session, &prefixes);
    let (took, bytes) = (start.elapsed(), resident().saturating_sub(before));
    let status = router.status();
    eprintln!(
        "loaded {} routes, {} attributes in {took:.2?}: {} MiB, {} bytes a route",
        status.routes,
        status.attributes,
        bytes >> 20,
        bytes / status.routes
    );
    let table = router.table(Vrf::Global).unwrap();
    eprintln!("of that for lookups: {} MiB", table.bytes() >> 20);
    let (ipv4, ipv6) = (addresses(&prefixes[..IPV4]), addresses(&prefixes[IPV4..]));
    let hop = Some(IpAddr::from(Ipv4Addr::new(198, 51, 100, 2)));
    let mut group = criterion.benchmark_group("routes");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    let mut measure = |name: &str, addresses: &[IpAddr], best: bool| {
        let mut next = addresses.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let matched = table.lookup(*next.next().unwrap()).unwrap();
                if best {
                    black_box(matched.candidates().unwrap().best(hop).unwrap().attributes().next_hop);
                }
                black_box(matched);
            });
        });
    };
    measure("lookup ipv4", &ipv4, false);
    measure("lookup ipv6", &ipv6, false);
    // Traffic goes to few destinations most of the time: these stay in the caches.
    measure("lookup ipv4, 256 addresses", &ipv4[..256], false);
    measure("lookup ipv6, 256 addresses", &ipv6[..256], false);
    measure("lookup ipv4, 256 addresses, best of four", &ipv4[..256], true);
    measure("lookup ipv4, best of four", &ipv4, true);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (stop, router, prefixes) = (Arc::clone(&stop), Arc::clone(&router), prefixes.clone());
        move || flap(&stop, &router, session, &prefixes)
    });
    measure("lookup ipv4, 5,000 updates a second", &ipv4, false);
    measure("lookup ipv6, 5,000 updates a second", &ipv6, false);
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    group.finish();
    depart(&router, session, &ipv4);
    drop((router, table));
    vrfs(criterion, &prefixes);
}

/// A peer goes, while another thread looks up addresses.
fn depart(router: &Arc<Router>, session: u64, addresses: &[IpAddr]) {
    let stop = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let (stop, table) = (Arc::clone(&stop), router.table(Vrf::Global).unwrap());
        let addresses = addresses.to_vec();
        move || {
            let mut took = Vec::new();
            for address in addresses.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let begun = Instant::now();
                black_box(table.lookup(*address));
                took.push(begun.elapsed());
            }
            took.sort_unstable();
            took
        }
    });
    let start = Instant::now();
    router.peer_down(session, update(1, 0, &[], 0).peer);
    let mut longest = Duration::ZERO;
    loop {
        let step = Instant::now();
        let more = router.step(step, Duration::from_secs(300), 512);
        longest = longest.max(step.elapsed());
        if !more {
            break;
        }
    }
    let gone = start.elapsed();
    stop.store(true, Ordering::Relaxed);
    let took = reader.join().unwrap();
    eprintln!("a peer of four gone in {gone:.2?}, the longest step {longest:.2?}");
    eprintln!(
        "lookups meanwhile, with the reading of the clock: half within {:.2?}, 999 of 1,000 within {:.2?}, the longest {:.2?}",
        took[took.len() / 2],
        took[took.len() * 999 / 1000],
        took[took.len() - 1]
    );
}

/// The same number of routes, shared out over the tables of VRFs.
fn vrfs(criterion: &mut Criterion, prefixes: &[IpNet]) {
    let before = resident();
    let router = Router::new(Ipv4Addr::LOCALHOST.into(), Limits::default());
    let session = router.open();
    let start = Instant::now();
    let of_vrf = |vrf: u64| prefixes.iter().copied().skip(vrf as usize).step_by(VRFS as usize);
    for vrf in 0..VRFS {
        let prefixes: Vec<IpNet> = of_vrf(vrf).collect();
        for peer in 0..PEERS {
            for (group, prefixes) in prefixes.chunks(SHARED).enumerate() {
                let mut update = update(peer, group, prefixes, 0);
                update.peer.kind = PeerKind::Distinguished;
                update.peer.distinguisher = Some(Distinguisher(vrf));
                router.apply(session, &update, start);
            }
        }
    }
    let (took, bytes) = (start.elapsed(), resident().saturating_sub(before));
    let status = router.status();
    eprintln!(
        "loaded {} routes into {VRFS} VRFs in {took:.2?}: {} MiB more in use",
        status.routes,
        bytes >> 20
    );
    let mut group = criterion.benchmark_group("vrfs");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20);
    for (name, family) in [("lookup ipv4", true), ("lookup ipv6", false)] {
        let asked = (0..VRFS).flat_map(|vrf| {
            let ours = of_vrf(vrf).filter(|prefix| prefix.addr().is_ipv4() == family);
            ours.step_by(16).take(64).map(move |prefix| (vrf, prefix.broadcast()))
        });
        let asked: Vec<_> = asked.collect();
        let mut next = asked.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (vrf, address) = next.next().unwrap();
                let vrf = Vrf::Distinguisher(Distinguisher(*vrf));
                black_box(router.lookup(vrf, *address, None).unwrap().route().is_some());
            });
        });
    }
    group.finish();
}

/// Withdraws and announces prefixes, 5,000 a second.
fn flap(stop: &AtomicBool, router: &Router, session: u64, prefixes: &[IpNet]) {
    let mut random = Random(99);
    let (start, mut sent) = (Instant::now(), 0_u64);
    while !stop.load(Ordering::Relaxed) {
        if start.elapsed().as_secs_f64() * 5000.0 < sent as f64 {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let index = random.next() as usize % (prefixes.len() - SHARED);
        let update = update(0, index / SHARED, &prefixes[index..=index], sent as u32);
        router.apply(session, &update, Instant::now());
        sent += 1;
    }
}

criterion_group!(benches, routes);
criterion_main!(benches);
