//! The tables agree with a plain list of routes: random updates are applied to both, and after each, random addresses are
//! looked up in both.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use flowql_bmp::{
    Announced, Attributes, Distinguisher, Families, Limits, Nlri, PeerKey, PeerKind, Rib, Router, Update, Vrf,
};
use ipnet::IpNet;
use proptest::prelude::*;

const KEEP: Duration = Duration::from_secs(300);

/// What happens to a router.
#[derive(Clone, Debug)]
enum Event {
    Announce {
        peer: u8,
        vrf: u8,
        prefix: IpNet,
        path: u32,
        preference: u32,
        length: u16,
    },
    Withdraw {
        peer: u8,
        vrf: u8,
        prefix: IpNet,
        path: u32,
    },
    PeerDown {
        peer: u8,
    },
    /// The session is lost, and a new one begins.
    Reconnect,
    /// A peer of the session has sent all it has of a family.
    EndOfRib {
        peer: u8,
        ipv6: bool,
    },
    /// The time for which the routes of lost sessions are kept is over.
    Expire,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    session: u64,
    peer: u8,
    vrf: u8,
    prefix: IpNet,
    path: u32,
    preference: u32,
    length: u16,
}

struct Model {
    entries: Vec<Entry>,
    session: u64,
}

fn key(peer: u8) -> PeerKey {
    PeerKey {
        kind: PeerKind::Global,
        distinguisher: None,
        address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, peer))),
        identifier: None,
    }
}

/// The second peer's routes are before the router's policy.
fn rib(peer: u8) -> Rib {
    if peer == 1 { Rib::PrePolicy } else { Rib::PostPolicy }
}

fn distinguisher(vrf: u8) -> Option<Distinguisher> {
    (vrf > 0).then(|| Distinguisher(u64::from(vrf)))
}

fn next_hop(peer: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, peer))
}

fn update(peer: u8) -> Update {
    Update {
        peer: key(peer),
        asn: u32::from(peer),
        rib: rib(peer),
        withdrawn: Vec::new(),
        announced: Vec::new(),
        attributes: Attributes::default(),
        end_of_rib: None,
        cleaned: None,
    }
}

fn finish(router: &Router, now: Instant) {
    while router.step(now, KEEP, 3) {}
}

impl Model {
    /// Does what happened, to the router and to the list.
    fn apply(&mut self, router: &Router, event: &Event, now: &mut Instant) {
        match *event {
            Event::Announce { peer, vrf, prefix, path, preference, length } => {
                let mut update = update(peer);
                update.attributes.local_preference = Some(preference);
                update.attributes.path_length = length;
                let prefixes = vec![Nlri { distinguisher: distinguisher(vrf), prefix, path }];
                update.announced.push(Announced { next_hop: Some(next_hop(peer)), prefixes });
                router.apply(self.session, &update, *now);
                let entry = Entry { session: self.session, peer, vrf, prefix, path, preference, length };
                self.take(|other| {
                    (other.session, other.peer, other.vrf, other.prefix, other.path)
                        == (entry.session, peer, vrf, prefix, path)
                });
                self.entries.push(entry);
            }
            Event::Withdraw { peer, vrf, prefix, path } => {
                let mut update = update(peer);
                update.withdrawn.push(Nlri { distinguisher: distinguisher(vrf), prefix, path });
                let applied = router.apply(self.session, &update, *now);
                let session = self.session;
                let taken = self.take(|other| {
                    (other.session, other.peer, other.vrf, other.prefix, other.path)
                        == (session, peer, vrf, prefix, path)
                });
                assert_eq!(applied.withdrawn, taken as u64);
            }
            Event::PeerDown { peer } => {
                router.peer_down(self.session, key(peer));
                finish(router, *now);
                let session = self.session;
                self.take(|other| other.session == session && other.peer == peer);
            }
            Event::Reconnect => {
                router.close(self.session, *now);
                self.session = router.open();
            }
            Event::EndOfRib { peer, ipv6 } => {
                let family = if ipv6 { Families::IPV6 } else { Families::IPV4 };
                router.apply(self.session, &Update { end_of_rib: Some(family), ..update(peer) }, *now);
                finish(router, *now);
                let session = self.session;
                self.take(|other| {
                    other.session != session
                        && other.peer == peer
                        && other.vrf == 0
                        && is_ipv6(other.prefix) == ipv6
                });
            }
            Event::Expire => {
                *now += KEEP;
                finish(router, *now);
                let session = self.session;
                self.take(|other| other.session != session);
            }
        }
    }

    fn take(&mut self, goes: impl Fn(&Entry) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| !goes(entry));
        before - self.entries.len()
    }

    /// The routes to the longest prefix.
    fn find(&self, vrf: u8, address: IpAddr) -> Vec<&Entry> {
        // IPv4 written as IPv6 is IPv4.
        let address = address.to_canonical();
        let matching = |entry: &&Entry| entry.vrf == vrf && entry.prefix.contains(&address);
        let longest = self.entries.iter().filter(matching).map(|entry| entry.prefix.prefix_len()).max();
        self.entries
            .iter()
            .filter(matching)
            .filter(|entry| Some(entry.prefix.prefix_len()) == longest)
            .collect()
    }

    /// The best of them, by the words of the documentation.
    fn best<'a>(&self, mut routes: Vec<&'a Entry>, hop: u8) -> &'a Entry {
        let narrow = |routes: &mut Vec<&'a Entry>, keeps: &dyn Fn(&Entry) -> bool| {
            if routes.iter().any(|route| keeps(route)) {
                routes.retain(|route| keeps(route));
            }
        };
        narrow(&mut routes, &|route| route.peer == hop);
        narrow(&mut routes, &|route| route.session == self.session);
        narrow(&mut routes, &|route| rib(route.peer) == Rib::PostPolicy);
        let preference = routes.iter().map(|route| route.preference).max().unwrap();
        narrow(&mut routes, &|route| route.preference == preference);
        let length = routes.iter().map(|route| route.length).min().unwrap();
        narrow(&mut routes, &|route| route.length == length);
        routes.sort_by_key(|route| (route.peer, route.path, std::cmp::Reverse(route.session)));
        routes[0]
    }
}

fn is_ipv6(prefix: IpNet) -> bool {
    matches!(prefix, IpNet::V6(_))
}

/// Compares a lookup in both.
fn compare(router: &Router, model: &Model, vrf: u8, address: IpAddr, hop: u8) {
    let expected = model.find(vrf, address);
    let table = router.table(distinguisher(vrf).map_or(Vrf::Global, Vrf::Distinguisher));
    let matched = table.and_then(|table| table.lookup(address));
    let Some(matched) = matched else {
        assert!(expected.is_empty(), "{address} in {vrf}: nothing, expected {expected:?}");
        return;
    };
    let candidates = matched.candidates().unwrap();
    assert!(!expected.is_empty(), "{address} in {vrf}: {candidates:?}, expected nothing");
    let found = |route: &flowql_bmp::Route| {
        let attributes = route.attributes();
        (route.peer().asn(), route.path(), attributes.local_preference.unwrap(), attributes.path_length)
    };
    let list = |entry: &Entry| (u32::from(entry.peer), entry.path, entry.preference, entry.length);
    let mut routes: Vec<_> = candidates.routes().iter().map(found).collect();
    let mut listed: Vec<_> = expected.iter().map(|entry| list(entry)).collect();
    routes.sort_unstable();
    listed.sort_unstable();
    assert_eq!(candidates.prefix(), expected[0].prefix, "{address} in {vrf}");
    assert_eq!(routes, listed, "{address} in {vrf}");
    let best = candidates.best(Some(next_hop(hop))).unwrap();
    assert_eq!(found(best), list(model.best(expected, hop)), "{address} in {vrf} to {hop}");
}

/// Addresses with few bits set or cleared, so that prefixes nest.
fn address() -> impl Strategy<Value = IpAddr> {
    let byte = prop_oneof![3 => Just(0_u8), 1 => Just(255), 1 => Just(128), 1 => Just(1)];
    prop_oneof![
        proptest::collection::vec(byte.clone(), 4)
            .prop_map(|bytes| IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).unwrap()))),
        proptest::collection::vec(byte, 16)
            .prop_map(|bytes| IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap()))),
    ]
}

fn prefix() -> impl Strategy<Value = IpNet> {
    (address(), 0..=128_u8).prop_map(|(address, length)| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        IpNet::new(address, length % (most + 1)).unwrap().trunc()
    })
}

fn event(prefixes: Vec<IpNet>) -> impl Strategy<Value = Event> {
    let prefix = proptest::sample::select(prefixes);
    let route = (0..3_u8, 0..2_u8, prefix, 0..2_u32);
    prop_oneof![
        12 => (route.clone(), 0..3_u32, 0..3_u16).prop_map(|((peer, vrf, prefix, path), preference, length)| {
            Event::Announce { peer, vrf, prefix, path, preference, length }
        }),
        8 => route.prop_map(|(peer, vrf, prefix, path)| Event::Withdraw { peer, vrf, prefix, path }),
        1 => (0..3_u8).prop_map(|peer| Event::PeerDown { peer }),
        1 => Just(Event::Reconnect),
        2 => (0..3_u8, any::<bool>()).prop_map(|(peer, ipv6)| Event::EndOfRib { peer, ipv6 }),
        1 => Just(Event::Expire),
    ]
}

fn history() -> impl Strategy<Value = Vec<(Event, Vec<IpAddr>)>> {
    // Few prefixes, so that they are announced and withdrawn many times over.
    proptest::collection::vec(prefix(), 1..24).prop_flat_map(|prefixes| {
        let looked_up = prop_oneof![
            address(),
            proptest::sample::select(prefixes.clone()).prop_map(|prefix| prefix.network()),
            proptest::sample::select(prefixes.clone()).prop_map(|prefix| prefix.broadcast()),
        ];
        let step = (event(prefixes), proptest::collection::vec(looked_up, 6));
        proptest::collection::vec(step, 1..80)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tables_agree_with_a_list(history in history()) {
        let router = Router::new(IpAddr::V4(Ipv4Addr::LOCALHOST), Limits::default());
        let mut model = Model { entries: Vec::new(), session: router.open() };
        let mut now = Instant::now();
        for (event, addresses) in &history {
            model.apply(&router, event, &mut now);
            prop_assert_eq!(router.status().routes, model.entries.len());
            for address in addresses {
                for vrf in 0..2 {
                    compare(&router, &model, vrf, *address, 1);
                }
            }
        }
    }
}
