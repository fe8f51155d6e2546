//! What GoBGP and FRR say by BMP of tables that a peer of BGP announces to them. Each test is left out, with a word, where
//! the program is not installed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod peer;
mod router;
#[path = "../support/mod.rs"]
mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowql_bmp::{
    Distinguisher, Observer, PeerStatus, Query, Rib, RouterStatus, Routes, Server, Settings, Vrf,
};
use ipnet::IpNet;
use tokio::task::JoinHandle;

use self::peer::Peer;
use self::router::{Kind, Router};

/// Longer than anything takes that a test waits for.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// How often the state is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Where both programs connect from.
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A server, which ends with its test.
struct Collector {
    address: SocketAddr,
    routes: Arc<Routes>,
    observer: Observer,
    running: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Collector {
    async fn start() -> Self {
        let settings = Settings { keep: Duration::from_secs(5), ..Settings::default() };
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), settings).await.unwrap();
        let (address, routes, observer) =
            (server.local_address().unwrap(), server.routes(), server.observer());
        Self { address, routes, observer, running: tokio::spawn(server.run(std::future::pending())) }
    }

    /// Waits until the router is as it should be.
    async fn until(&self, what: &str, is_so: impl Fn(&RouterStatus) -> bool) {
        let end = Instant::now() + LONG;
        loop {
            let status = self.routes.router(ROUTER).map(|router| router.status());
            if status.as_ref().is_some_and(&is_so) {
                return;
            }
            assert!(Instant::now() < end, "{what}: {status:?}, {:?}", self.observer.status());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a peer has so many routes in each of these tables.
    async fn until_routes(&self, peer: Ipv4Addr, ribs: &[Rib], routes: usize) {
        let has = |status: &RouterStatus, rib| {
            let of = |other: &&PeerStatus| other.key.address == Some(peer.into()) && other.rib == rib;
            status.peers.iter().filter(of).map(|other| other.routes as usize).sum::<usize>()
        };
        let what = format!("{routes} routes of {peer}");
        self.until(&what, |status| ribs.iter().all(|rib| has(status, *rib) == routes)).await;
    }

    /// The path of the route that a flow gets.
    fn path(&self, vrf: Vrf<'_>, address: IpAddr, next_hop: Option<IpAddr>) -> Option<Vec<u32>> {
        let found = self.routes.lookup(&Query { exporter: ROUTER, vrf, address, next_hop })?;
        Some(found.route()?.attributes().as_path.to_vec())
    }

    /// Waits until that is so.
    async fn until_path(&self, vrf: Vrf<'_>, address: &str, hop: Option<u8>, path: Option<&[u32]>) {
        let end = Instant::now() + LONG;
        let hop = hop.map(|hop| Ipv4Addr::new(198, 51, 100, hop).into());
        while self.path(vrf, address.parse().unwrap(), hop).as_deref() != path {
            let found = self.path(vrf, address.parse().unwrap(), hop);
            assert!(Instant::now() < end, "{address}: {found:?}, not {path:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Nothing that came was refused or changed.
    fn check_whole(&self) {
        let status = self.observer.status();
        let sessions = status.sessions.iter().map(|session| session.counters);
        for counters in sessions.chain([status.ended]) {
            assert_eq!(counters.refused, [0; 4], "{counters:?}");
            assert_eq!(counters.cleaned, 0, "{counters:?}");
            assert_eq!(counters.applied.full + counters.applied.paths, 0, "{counters:?}");
        }
    }
}

const BOTH: [Rib; 2] = [Rib::PrePolicy, Rib::PostPolicy];

/// A synthetic table of IPv4: each /24 from 11.0.0.0 on.
fn ipv4(count: u32) -> Vec<IpNet> {
    (0..count)
        .map(|place| IpNet::new(Ipv4Addr::from((11 << 24) + (place << 8)).into(), 24).unwrap())
        .collect()
}

/// The same of IPv6: each /48 from 2a00:: on.
fn ipv6(count: u32) -> Vec<IpNet> {
    let address = |place: u32| Ipv6Addr::from((0x2a00_u128 << 112) + (u128::from(place) << 80));
    (0..count).map(|place| IpNet::new(address(place).into(), 48).unwrap()).collect()
}

/// The path of the prefixes of a chunk: some share theirs, as in real tables. None has the AS of the router.
fn path_of(asn: u16, chunk: usize) -> [u32; 3] {
    [asn.into(), 1299, 100_000 + chunk as u32]
}

/// The prefixes that share a path.
const CHUNK: usize = 5;

fn announce_table(peer: &mut Peer, asn: u16, hop: u8, prefixes: &[IpNet]) {
    for (chunk, prefixes) in prefixes.chunks(CHUNK).enumerate() {
        peer.announce(prefixes, &path_of(asn, chunk), hop, 1);
    }
}

/// A table of a router, of each family; then flaps, and the peer goes.
async fn a_table(kind: Kind, third: u8, count4: u32, count6: u32) {
    if !kind.is_here() {
        return;
    }
    let (host, from) = (Ipv4Addr::new(127, 0, third, 4), Ipv4Addr::new(127, 0, third, 6));
    let collector = Collector::start().await;
    let router = Router::start(kind, host, collector.address, &[(from, 64_501)]);
    let mut peer = Peer::connect(from, router.address, 64_501, false);
    let (table4, table6) = (ipv4(count4), ipv6(count6));
    let begun = Instant::now();
    announce_table(&mut peer, 64_501, 9, &table4);
    announce_table(&mut peer, 64_501, 9, &table6);
    let count = table4.len() + table6.len();
    collector.until_routes(from, &BOTH, count).await;
    eprintln!("{kind:?}: {count} routes, twice each, in {:.1?}", begun.elapsed());
    for (table, step) in [(&table4, 997), (&table6, 97)] {
        for place in (0..table.len()).step_by(step) {
            let found = collector.path(Vrf::Global, table[place].broadcast(), None);
            assert_eq!(found.as_deref(), Some(&path_of(64_501, place / CHUNK)[..]), "{}", table[place]);
        }
    }
    // Flaps: some go and come back, with other paths.
    for round in 0..20 {
        peer.withdraw(&table4[..100], 1);
        peer.announce(&table4[..100], &[64_501, 7, round], 9, 1);
    }
    peer.withdraw(&table4[100..150], 1);
    peer.withdraw(&table6[..50], 1);
    collector.until_routes(from, &BOTH, count - 100).await;
    collector.until_path(Vrf::Global, "11.0.7.1", None, Some(&[64_501, 7, 19])).await;
    collector.until_path(Vrf::Global, "11.0.120.1", None, None).await;
    collector.check_whole();
    drop(peer);
    collector.until("the routes of the peer are gone", |status| status.routes == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frr_sends_a_table() {
    // The whole of the Internet's takes minutes on a busy machine.
    let is_full = std::env::var_os("FLOWQL_FULL_TABLE").is_some();
    let (ipv4, ipv6) = if is_full { (1_000_000, 200_000) } else { (50_000, 10_000) };
    a_table(Kind::Frr, 11, ipv4, ipv6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gobgp_sends_a_table() {
    a_table(Kind::Gobgp, 12, 40_000, 10_000).await;
}

/// A router that is killed while it loads, and comes back with another table: what is found then is that one.
async fn a_restart(kind: Kind, third: u8) {
    if !kind.is_here() {
        return;
    }
    let (host, from) = (Ipv4Addr::new(127, 0, third, 4), Ipv4Addr::new(127, 0, third, 6));
    let collector = Collector::start().await;
    let mut router = Router::start(kind, host, collector.address, &[(from, 64_501)]);
    let table = ipv4(20_000);
    let mut peer = Peer::connect(from, router.address, 64_501, false);
    announce_table(&mut peer, 64_501, 9, &table);
    collector.until("the table begins", |status| status.routes > 1_000).await;
    router.restart();
    drop(peer);
    let mut peer = Peer::connect(from, router.address, 64_501, false);
    // The second half, by other paths.
    peer.announce(&table[10_000..], &[64_501, 8], 9, 1);
    let is_replaced = |status: &RouterStatus| {
        let of = |peer: &PeerStatus| (peer.stale, peer.key.address, peer.routes);
        let current: Vec<_> = status.peers.iter().map(of).filter(|peer| !peer.0).collect();
        current.iter().filter(|peer| peer.1 == Some(from.into()) && peer.2 == 10_000).count() == 2
    };
    collector.until("the second table is there", is_replaced).await;
    // What only the session before had is gone after a while.
    collector.until_path(Vrf::Global, "11.0.0.1", None, None).await;
    collector.until_path(Vrf::Global, "11.60.0.1", None, Some(&[64_501, 8])).await;
    collector.check_whole();
}

/// Two peers with a route each to a prefix, one with two paths; VPN routes; one of the peers goes.
async fn many_ways(kind: Kind, third: u8, has_paths: bool) {
    if !kind.is_here() {
        return;
    }
    let address = |last| Ipv4Addr::new(127, 0, third, last);
    let collector = Collector::start().await;
    let peers = [(address(6), 64_501), (address(7), 64_502)];
    let router = Router::start(kind, address(4), collector.address, &peers);
    let [mut first, mut second] = [(peers[0], has_paths), (peers[1], false)]
        .map(|((from, asn), has_paths)| Peer::connect(from, router.address, asn, has_paths));
    let prefix: [IpNet; 1] = ["203.0.113.0/24".parse().unwrap()];
    first.announce(&prefix, &[64_501, 1], 1, 1);
    second.announce(&prefix, &[64_502, 2], 2, 1);
    if has_paths {
        first.announce(&prefix, &[64_501, 3], 3, 7);
        collector.until_path(Vrf::Global, "203.0.113.9", Some(3), Some(&[64_501, 3])).await;
    }
    for (hop, path) in [(1, [64_501, 1]), (2, [64_502, 2])] {
        collector.until_path(Vrf::Global, "203.0.113.9", Some(hop), Some(&path)).await;
    }
    let vrf = Distinguisher(64_500 << 32 | 7);
    first.announce_vpn(vrf.0, &[64_501, 5], 5);
    collector.until_path(Vrf::Distinguisher(vrf), "203.0.113.9", None, Some(&[64_501, 5])).await;
    assert_eq!(collector.path(Vrf::Distinguisher(Distinguisher(1)), [203, 0, 113, 9].into(), None), None);
    if has_paths {
        // The other path of the peer stays.
        first.withdraw(&prefix, 1);
        let hop = Some(Ipv4Addr::new(198, 51, 100, 1).into());
        let end = Instant::now() + LONG;
        while collector.path(Vrf::Global, [203, 0, 113, 9].into(), hop).as_deref() == Some(&[64_501, 1]) {
            assert!(Instant::now() < end, "the path is not withdrawn");
            tokio::time::sleep(LOOK).await;
        }
        collector.until_path(Vrf::Global, "203.0.113.9", Some(3), Some(&[64_501, 3])).await;
    }
    drop(first);
    collector.until_path(Vrf::Distinguisher(vrf), "203.0.113.9", None, None).await;
    collector.until_path(Vrf::Global, "203.0.113.9", Some(3), Some(&[64_502, 2])).await;
    // Though GoBGP 3.10 leaves out the identifiers of paths in what it sends after its policy.
    collector.check_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frr_comes_back() {
    a_restart(Kind::Frr, 13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gobgp_comes_back() {
    a_restart(Kind::Gobgp, 14).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frr_sends_peers_and_vrfs() {
    many_ways(Kind::Frr, 15, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gobgp_sends_peers_paths_and_vrfs() {
    many_ways(Kind::Gobgp, 16, true).await;
}
