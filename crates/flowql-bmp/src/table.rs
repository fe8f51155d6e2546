//! A table of routes: one writer, and readers that never wait.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use crate::peer::{Families, Peer};
use crate::published::{Published, Publisher};
use crate::route::{Candidates, Route};
use crate::segments::Segments;

/// How often a reader that met a change looks again. The last answer is taken then: readers never wait.
const ATTEMPTS: usize = 32;

/// The first places for prefixes, as a power of two.
const FIRST_PLACES: u32 = 10;

/// The routes of a router in a VRF, for readers.
pub struct Table {
    ipv4: Published,
    ipv6: Published,
    places: Segments<ArcSwapOption<Candidates>>,
    /// Counts the nodes and places that got a second use: what a reader found meanwhile may be of another prefix.
    reuses: AtomicU64,
}

/// The routes to the longest prefix of an address. It keeps them alive while it is held, so hold it for a moment only.
pub struct Matched {
    candidates: Guard<Option<Arc<Candidates>>>,
}

impl Matched {
    /// The routes; none in the moment in which the last is taken out.
    pub fn candidates(&self) -> Option<&Candidates> {
        self.candidates.deref().as_deref()
    }
}

impl Table {
    fn new() -> Self {
        Self {
            ipv4: Published::ipv4(),
            ipv6: Published::ipv6(),
            places: Segments::new(FIRST_PLACES),
            reuses: AtomicU64::new(0),
        }
    }

    /// The routes to the longest prefix of an address, in which IPv4 written as IPv6 is IPv4. It takes no lock.
    #[inline]
    pub fn lookup(&self, address: IpAddr) -> Option<Matched> {
        let (published, bits) = match address.to_canonical() {
            IpAddr::V4(address) => (&self.ipv4, u128::from(u32::from(address)) << 96),
            IpAddr::V6(address) => (&self.ipv6, u128::from(address)),
        };
        for _ in 1..ATTEMPTS {
            let before = self.reuses.load(Ordering::Acquire);
            let found = published.find(bits);
            let matched = found.and_then(|place| self.matched(place));
            // A place without routes was emptied just now.
            let settled =
                found.is_none() || matched.as_ref().is_some_and(|matched| matched.candidates().is_some());
            if settled && self.reuses.load(Ordering::Acquire) == before {
                return matched;
            }
        }
        published
            .find(bits)
            .and_then(|place| self.matched(place))
            .filter(|matched| matched.candidates().is_some())
    }

    fn matched(&self, place: u32) -> Option<Matched> {
        Some(Matched { candidates: self.places.get(place as usize)?.load() })
    }

    /// The bytes that it takes for lookups, without routes.
    pub fn bytes(&self) -> usize {
        self.ipv4.bytes()
            + self.ipv6.bytes()
            + self.places.allocated() * size_of::<ArcSwapOption<Candidates>>()
    }
}

/// What became of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    New,
    Replaced,
    /// There was no room.
    Full,
    /// The prefix has as many as it may.
    Refused,
}

/// The one writer of a table.
pub(crate) struct TableWriter {
    table: Arc<Table>,
    ipv4: PrefixMap<Ipv4Net, u32>,
    ipv6: PrefixMap<Ipv6Net, u32>,
    publisher4: Publisher,
    publisher6: Publisher,
    /// The length of the prefix in each place.
    lengths: Vec<u8>,
    free: Vec<u32>,
    paths: usize,
}

impl TableWriter {
    /// An empty table, with at most `paths` routes a prefix.
    pub(crate) fn new(paths: usize) -> Self {
        let table = Table::new();
        Self {
            publisher4: Publisher::new(&table.ipv4),
            publisher6: Publisher::new(&table.ipv6),
            table: Arc::new(table),
            ipv4: PrefixMap::new(),
            ipv6: PrefixMap::new(),
            lengths: Vec::new(),
            free: Vec::new(),
            paths,
        }
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// How many prefixes there are, of IPv4 and IPv6.
    pub(crate) fn prefixes(&self) -> (usize, usize) {
        (self.ipv4.len(), self.ipv6.len())
    }

    /// Adds a route when there is room, or replaces the one of the same peer and path.
    pub(crate) fn set(&mut self, prefix: IpNet, route: Route, room: bool) -> Stored {
        let Some(place) = self.place(prefix) else {
            return if room { self.insert(prefix, route) } else { Stored::Full };
        };
        let Some(slot) = self.table.places.get(place as usize) else { return Stored::Refused };
        let old = slot.load();
        let old = old.as_ref().map_or(&[][..], |candidates| &candidates.routes);
        let same =
            old.iter().position(|other| other.path == route.path && Arc::ptr_eq(&other.peer, &route.peer));
        if same.is_none() && !room {
            return Stored::Full;
        }
        if same.is_none() && old.len() >= self.paths {
            return Stored::Refused;
        }
        if same.is_none() {
            route.peer.add_route();
        }
        let mut routes = Vec::with_capacity(old.len() + usize::from(same.is_none()));
        routes.extend(
            old.iter().enumerate().filter(|(index, _)| Some(*index) != same).map(|(_, route)| route.clone()),
        );
        let place = routes.partition_point(|other: &Route| other.preference() >= route.preference());
        routes.insert(place, route);
        slot.store(Some(Arc::new(Candidates { prefix, routes: routes.into() })));
        if same.is_some() { Stored::Replaced } else { Stored::New }
    }

    /// Takes out the route of a peer and path, and says whether there was one.
    pub(crate) fn withdraw(&mut self, prefix: IpNet, peer: &Arc<Peer>, path: u32) -> bool {
        let Some(place) = self.place(prefix) else { return false };
        self.keep(place, |route| route.path != path || !Arc::ptr_eq(&route.peer, peer)) > 0
    }

    /// Takes out the routes of peers that leave, from at most `steps` places on from `from`. Returns how many went, and
    /// where to continue.
    pub(crate) fn remove(
        &mut self,
        from: usize,
        steps: usize,
        family: &dyn Fn(&Peer, IpNet) -> Families,
    ) -> (usize, Option<usize>) {
        let end = self.lengths.len().min(from.saturating_add(steps));
        let mut removed = 0;
        for place in from..end {
            let Ok(place) = u32::try_from(place) else { break };
            let Some(candidates) = self.table.places.get(place as usize).and_then(ArcSwapOption::load_full)
            else {
                continue;
            };
            let prefix = candidates.prefix;
            let stays =
                |route: &Route| route.peer.leaving() == 0 || !route.peer.leaves(family(&route.peer, prefix));
            removed += self.keep(place, stays);
        }
        (removed, (end < self.lengths.len()).then_some(end))
    }

    /// Keeps the routes of a place that `stays` accepts, and returns how many went.
    fn keep(&mut self, place: u32, stays: impl Fn(&Route) -> bool) -> usize {
        let Some(slot) = self.table.places.get(place as usize) else { return 0 };
        let Some(old) = slot.load_full() else { return 0 };
        let leaving =
            old.routes.iter().filter(|route| !stays(route)).inspect(|route| route.peer.take_route()).count();
        if leaving == old.routes.len() {
            self.delete(old.prefix, place);
        } else if leaving > 0 {
            let routes = old.routes.iter().filter(|route| stays(route)).cloned().collect();
            slot.store(Some(Arc::new(Candidates { prefix: old.prefix, routes })));
        }
        leaving
    }

    fn place(&self, prefix: IpNet) -> Option<u32> {
        match prefix {
            IpNet::V4(prefix) => self.ipv4.get(&prefix).copied(),
            IpNet::V6(prefix) => self.ipv6.get(&prefix).copied(),
        }
    }

    fn insert(&mut self, prefix: IpNet, route: Route) -> Stored {
        let Some(place) = self.allocate(prefix.prefix_len()) else { return Stored::Refused };
        let Some(slot) = self.table.places.get(place as usize) else { return Stored::Refused };
        route.peer.add_route();
        slot.store(Some(Arc::new(Candidates { prefix, routes: [route].into() })));
        let lengths = &self.lengths;
        let length_of = |place: u32| lengths.get(place as usize).copied().unwrap_or(0);
        let reuses = &self.table.reuses;
        match prefix {
            IpNet::V4(prefix) => {
                self.ipv4.insert(prefix, place);
                self.publisher4.insert(&self.table.ipv4, reuses, bits4(prefix), place, &length_of);
            }
            IpNet::V6(prefix) => {
                self.ipv6.insert(prefix, place);
                self.publisher6.insert(&self.table.ipv6, reuses, bits6(prefix), place, &length_of);
            }
        }
        Stored::New
    }

    /// Takes a prefix out: first from the lookups, then its routes, then its place is free for another.
    fn delete(&mut self, prefix: IpNet, place: u32) {
        match prefix {
            IpNet::V4(prefix) => {
                self.ipv4.remove(&prefix);
                let cover = self.ipv4.get_lpm(&prefix).map(|(_, cover)| *cover);
                self.publisher4.remove(&self.table.ipv4, bits4(prefix), place, cover);
            }
            IpNet::V6(prefix) => {
                self.ipv6.remove(&prefix);
                let cover = self.ipv6.get_lpm(&prefix).map(|(_, cover)| *cover);
                self.publisher6.remove(&self.table.ipv6, bits6(prefix), place, cover);
            }
        }
        if let Some(slot) = self.table.places.get(place as usize) {
            slot.store(None);
        }
        self.free.push(place);
    }

    fn allocate(&mut self, length: u8) -> Option<u32> {
        if let Some(place) = self.free.pop() {
            self.table.reuses.fetch_add(1, Ordering::AcqRel);
            *self.lengths.get_mut(place as usize)? = length;
            return Some(place);
        }
        // The highest bit tells nodes from values, and a value is stored with one added.
        let place = u32::try_from(self.lengths.len()).ok().filter(|place| *place < (1 << 31) - 1)?;
        self.lengths.push(length);
        self.table.places.grow_to(place as usize);
        Some(place)
    }
}

fn bits4(prefix: Ipv4Net) -> (u128, u8) {
    (u128::from(u32::from(prefix.network())) << 96, prefix.prefix_len())
}

fn bits6(prefix: Ipv6Net) -> (u128, u8) {
    (u128::from(prefix.network()), prefix.prefix_len())
}
