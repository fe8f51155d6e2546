//! The tables of a router: what its sessions write and lookups read.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::intern::{Interner, Room};
use crate::lock;
use crate::message::{Announced, Update};
use crate::peer::{Families, Peer, PeerKey, Rib};
use crate::route::{Attributes, Distinguisher, Nlri, Route};
use crate::routes::Found;
use crate::settings::Limits;
use crate::table::{Stored, Table, TableWriter};

/// The most bytes of a router's name, its description, and the name of a VRF.
const LONGEST_NAME: usize = 255;

/// What became of an update, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Routes that are new.
    pub new: u64,
    /// Routes that took the place of another of their peer.
    pub replaced: u64,
    /// Routes taken out.
    pub withdrawn: u64,
    /// Routes refused because there are as many as there may be.
    pub full: u64,
    /// Routes refused because their prefix has as many as it may.
    pub paths: u64,
    /// Routes refused because the router has as many VRFs as it may.
    pub vrfs: u64,
    /// Routes refused because the router has as many peers as it may.
    pub peers: u64,
    /// Routes refused because the attributes of all routes take as many bytes as they may.
    pub attributes: u64,
}

impl AddAssign for Applied {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.replaced += other.replaced;
        self.withdrawn += other.withdrawn;
        self.full += other.full;
        self.paths += other.paths;
        self.vrfs += other.vrfs;
        self.peers += other.peers;
        self.attributes += other.attributes;
    }
}

/// What all routers that share the limits take.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Routes.
    routes: AtomicUsize,
    /// The bytes of their attributes.
    attributes: Arc<AtomicUsize>,
}

/// The VRF of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vrf<'a> {
    /// None: the router's own table.
    Global,
    /// That of a distinguisher.
    Distinguisher(Distinguisher),
    /// That of a name, where the router said which it is.
    Name(&'a str),
}

type Tables = HashMap<Option<Distinguisher>, Arc<Table>>;

/// A router and its routes.
pub struct Router {
    address: IpAddr,
    tables: ArcSwap<Tables>,
    vrfs: ArcSwap<HashMap<String, Option<Distinguisher>>>,
    state: Mutex<State>,
    limits: Limits,
    taken: Arc<Taken>,
}

struct State {
    name: Option<String>,
    description: Option<String>,
    interner: Interner,
    writers: HashMap<Option<Distinguisher>, TableWriter>,
    peers: HashMap<(u64, PeerKey, Rib), Arc<Peer>>,
    /// Peers whose routes are being taken out.
    departing: Vec<Arc<Peer>>,
    sweep: Sweep,
    next_peer: u64,
    sessions: Vec<u64>,
    next_session: u64,
    routes: usize,
}

/// How far the routes of peers that left are taken out.
#[derive(Default)]
struct Sweep {
    /// Whether a peer has left since the sweep began, which then must be done again.
    again: bool,
    tables: Vec<Option<Distinguisher>>,
    place: usize,
}

/// What is known of a peer.
#[derive(Clone, Debug)]
pub struct PeerStatus {
    /// The peer.
    pub key: PeerKey,
    /// The table of the router.
    pub rib: Rib,
    /// Its AS.
    pub asn: u32,
    /// Its routes.
    pub routes: u64,
    /// Whether its session was lost.
    pub stale: bool,
}

/// What is known of a router.
#[derive(Clone, Debug)]
pub struct RouterStatus {
    /// Its address.
    pub address: IpAddr,
    /// Its name, as it said.
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Its sessions at the moment.
    pub sessions: usize,
    /// Its peers.
    pub peers: Vec<PeerStatus>,
    /// Its routes.
    pub routes: usize,
    /// The prefixes of IPv4 and IPv6, by VRF.
    pub prefixes: Vec<(Option<Distinguisher>, usize, usize)>,
    /// The different attributes that the routes have.
    pub attributes: usize,
    /// The peers whose routes are being taken out.
    pub departing: usize,
}

impl Router {
    /// A router without routes. Lookups find its own table from the start.
    pub fn new(address: IpAddr, limits: Limits) -> Self {
        Self::sharing(address, limits, Arc::default())
    }

    /// One that shares its limits of routes and attributes with others.
    pub(crate) fn sharing(address: IpAddr, limits: Limits, taken: Arc<Taken>) -> Self {
        let room = Room::new(limits.attributes, Arc::clone(&taken.attributes));
        let writer = TableWriter::new(limits.paths);
        let tables = HashMap::from([(None, Arc::clone(writer.table()))]);
        Self {
            address,
            tables: ArcSwap::from_pointee(tables),
            vrfs: ArcSwap::from_pointee(HashMap::new()),
            state: Mutex::new(State {
                name: None,
                description: None,
                interner: Interner::new(room),
                writers: HashMap::from([(None, writer)]),
                peers: HashMap::new(),
                departing: Vec::new(),
                sweep: Sweep::default(),
                next_peer: 0,
                sessions: Vec::new(),
                next_session: 0,
                routes: 0,
            }),
            limits,
            taken,
        }
    }

    /// Its address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The table of a VRF.
    pub fn table(&self, vrf: Vrf<'_>) -> Option<Arc<Table>> {
        let key = match vrf {
            Vrf::Global => None,
            Vrf::Distinguisher(distinguisher) => Some(distinguisher),
            Vrf::Name(name) => *self.vrfs.load().get(name)?,
        };
        self.tables.load().get(&key).map(Arc::clone)
    }

    /// The route of this router in a VRF for a flow to an address. It takes no lock.
    pub fn lookup(&self, vrf: Vrf<'_>, address: IpAddr, next_hop: Option<IpAddr>) -> Option<Found> {
        let matched = self.table(vrf)?.lookup(address)?;
        Some(Found::new(matched, self.address, next_hop))
    }

    /// Begins a session, and returns its number.
    pub fn open(&self) -> u64 {
        let mut state = lock(&self.state);
        state.next_session += 1;
        let session = state.next_session;
        state.sessions.push(session);
        session
    }

    /// Ends a session. Its routes are kept, but those of another session are preferred and replace them.
    pub fn close(&self, session: u64, now: Instant) {
        let mut state = lock(&self.state);
        state.sessions.retain(|other| *other != session);
        state.peers.values().filter(|peer| peer.session() == session).for_each(|peer| peer.set_stale(now));
    }

    /// Whether it has neither a session nor routes.
    pub fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.sessions.is_empty() && state.peers.is_empty() && state.departing.is_empty()
    }

    /// Notes what the router says of itself.
    pub fn describe(&self, name: Option<String>, description: Option<String>) {
        let mut state = lock(&self.state);
        state.name = name.map(shorten).or_else(|| state.name.take());
        state.description = description.map(shorten).or_else(|| state.description.take());
    }

    /// A session of a peer began: what the same session had in this table is gone. The families of a router's own table
    /// come up one by one (RFC 9069, 6.1.1), so nothing of that is.
    pub fn peer_up(&self, session: u64, key: PeerKey, rib: Rib, vrf: Option<String>) {
        if let Some(vrf) = vrf {
            self.name_vrf(shorten(vrf), key.distinguisher);
        }
        if rib != Rib::LocRib {
            self.depart(|of, peer, other| of == session && peer == key && other == rib);
        }
    }

    /// A session of a peer ended: its routes are taken out in the background.
    pub fn peer_down(&self, session: u64, key: PeerKey) {
        self.depart(|of, peer, _| of == session && peer == key);
    }

    fn depart(&self, leaves: impl Fn(u64, PeerKey, Rib) -> bool) {
        let mut state = lock(&self.state);
        let leaving = state.peers.extract_if(|(session, peer, rib), _| leaves(*session, *peer, *rib));
        let leaving: Vec<_> = leaving.map(|(_, peer)| peer).collect();
        state.depart(leaving);
    }

    /// Writes an update.
    pub fn apply(&self, session: u64, update: &Update, now: Instant) -> Applied {
        let mut state = lock(&self.state);
        let mut applied = Applied::default();
        let Some(peer) = state.peer(session, update, self.limits.peers, now) else {
            applied.peers = update.announced.iter().map(Announced::count).sum();
            return applied;
        };
        for nlri in &update.withdrawn {
            let key = nlri.distinguisher.or(update.peer.distinguisher);
            let Some(writer) = state.writers.get_mut(&key) else { continue };
            if writer.withdraw(nlri.prefix, &peer, nlri.path) {
                applied.withdrawn += 1;
                self.less(&mut state, 1);
            }
        }
        for announced in &update.announced {
            let attributes = Attributes { next_hop: announced.next_hop, ..update.attributes.clone() };
            let Some(attributes) = state.interner.intern(attributes) else {
                applied.attributes += announced.count();
                continue;
            };
            for nlri in &announced.prefixes {
                self.announce(&mut state, &peer, nlri, &attributes, &mut applied);
            }
        }
        if let Some(family) = update.end_of_rib {
            state.replace(&peer, family);
        }
        applied
    }

    fn announce(
        &self,
        state: &mut State,
        peer: &Arc<Peer>,
        nlri: &Nlri,
        attributes: &Arc<Attributes>,
        applied: &mut Applied,
    ) {
        let key = nlri.distinguisher.or(peer.key().distinguisher);
        if !state.writers.contains_key(&key) {
            if state.writers.len() > self.limits.vrfs {
                applied.vrfs += 1;
                return;
            }
            state.writers.insert(key, TableWriter::new(self.limits.paths));
            self.publish(state);
        }
        let room = self.taken.routes.load(Ordering::Relaxed) < self.limits.routes;
        let Some(writer) = state.writers.get_mut(&key) else { return };
        match writer.set(nlri.prefix, Route::new(Arc::clone(attributes), Arc::clone(peer), nlri.path), room) {
            Stored::New => {
                applied.new += 1;
                state.routes += 1;
                self.taken.routes.fetch_add(1, Ordering::Relaxed);
            }
            Stored::Replaced => applied.replaced += 1,
            Stored::Full => applied.full += 1,
            Stored::Refused => applied.paths += 1,
        }
    }

    /// Takes out routes of peers that left and of sessions lost for longer than `keep`: at most `steps` prefixes are
    /// looked at. Says whether there is more to do.
    pub fn step(&self, now: Instant, keep: Duration, steps: usize) -> bool {
        let mut state = lock(&self.state);
        state.expire(now, keep);
        if state.sweep.tables.is_empty() {
            // First the attributes that nothing of the last sweep has any more.
            if state.interner.purge_step() {
                return true;
            }
            if !state.sweep.again {
                return false;
            }
            state.sweep = Sweep { again: false, tables: state.writers.keys().copied().collect(), place: 0 };
        }
        let Some(key) = state.sweep.tables.last().copied() else { return false };
        let place = state.sweep.place;
        let Some(writer) = state.writers.get_mut(&key) else { return false };
        let family = |peer: &Peer, prefix: ipnet::IpNet| family(peer, key, prefix);
        let (removed, next) = writer.remove(place, steps, &family);
        self.less(&mut state, removed);
        state.sweep.place = next.unwrap_or(0);
        if next.is_none() {
            state.sweep.tables.pop();
            if state.sweep.tables.is_empty() {
                self.finish_sweep(&mut state);
            }
        }
        true
    }

    /// Counts routes that went.
    fn less(&self, state: &mut State, routes: usize) {
        state.routes = state.routes.saturating_sub(routes);
        self.taken.routes.fetch_sub(routes, Ordering::Relaxed);
    }

    /// Forgets peers without routes and the tables of VRFs without any.
    fn finish_sweep(&self, state: &mut State) {
        state.departing.retain(|peer| peer.routes() > 0);
        state.peers.retain(|_, peer| peer.routes() > 0 || peer.leaving() == 0);
        let before = state.writers.len();
        state.writers.retain(|key, writer| key.is_none() || writer.prefixes() != (0, 0));
        if state.writers.len() != before {
            self.publish(state);
        }
        state.interner.begin_purge();
    }

    fn publish(&self, state: &State) {
        let tables = state.writers.iter().map(|(key, writer)| (*key, Arc::clone(writer.table())));
        self.tables.store(Arc::new(tables.collect()));
    }

    fn name_vrf(&self, name: String, key: Option<Distinguisher>) {
        let vrfs = self.vrfs.load();
        if vrfs.get(&name) == Some(&key) || vrfs.len() >= self.limits.vrfs {
            return;
        }
        let mut vrfs = HashMap::clone(&vrfs);
        vrfs.insert(name, key);
        self.vrfs.store(Arc::new(vrfs));
    }

    /// What is known of it.
    pub fn status(&self) -> RouterStatus {
        let state = lock(&self.state);
        let peers = state.peers.values().map(|peer| PeerStatus {
            key: peer.key(),
            rib: peer.rib(),
            asn: peer.asn(),
            routes: peer.routes(),
            stale: peer.is_stale(),
        });
        let prefixes = state.writers.iter().map(|(key, writer)| {
            let (ipv4, ipv6) = writer.prefixes();
            (*key, ipv4, ipv6)
        });
        let mut prefixes: Vec<_> = prefixes.collect();
        prefixes.sort_unstable();
        RouterStatus {
            address: self.address,
            name: state.name.clone(),
            description: state.description.clone(),
            sessions: state.sessions.len(),
            peers: peers.collect(),
            routes: state.routes,
            prefixes,
            attributes: state.interner.len(),
            departing: state.departing.len(),
        }
    }
}

impl State {
    /// The peer of an update, new where it is not known yet.
    fn peer(&mut self, session: u64, update: &Update, limit: usize, now: Instant) -> Option<Arc<Peer>> {
        let key = (session, update.peer, update.rib);
        if let Some(peer) = self.peers.get(&key) {
            return Some(Arc::clone(peer));
        }
        if self.peers.len() + self.departing.len() >= limit {
            return None;
        }
        // The same peer of an older session is replaced.
        let replaced =
            self.peers.values().filter(|peer| peer.key() == update.peer && peer.rib() == update.rib);
        replaced.for_each(|peer| peer.set_stale(now));
        self.next_peer += 1;
        let peer = Arc::new(Peer::new(self.next_peer, session, update.peer, update.rib, update.asn));
        self.peers.insert(key, Arc::clone(&peer));
        Some(peer)
    }

    /// A family of a peer is complete: what is left of it from lost sessions goes.
    fn replace(&mut self, peer: &Peer, family: Families) {
        for other in self.peers.values() {
            if other.is_stale()
                && other.key() == peer.key()
                && other.rib() == peer.rib()
                && !other.leaves(family)
            {
                other.leave(family);
                self.sweep.again = true;
            }
        }
    }

    fn expire(&mut self, now: Instant, keep: Duration) {
        let old = |peer: &Peer| {
            peer.stale_since().is_some_and(|since| now.saturating_duration_since(since) >= keep)
        };
        let leaving: Vec<_> =
            self.peers.extract_if(|_, peer| peer.is_gone() || old(peer)).map(|(_, peer)| peer).collect();
        self.depart(leaving);
    }

    fn depart(&mut self, peers: Vec<Arc<Peer>>) {
        for peer in peers {
            peer.leave(Families::ALL);
            self.departing.push(peer);
            self.sweep.again = true;
        }
    }
}

/// The family that a route of a peer was sent in.
fn family(peer: &Peer, table: Option<Distinguisher>, prefix: ipnet::IpNet) -> Families {
    match (prefix, table == peer.key().distinguisher) {
        (ipnet::IpNet::V4(_), true) => Families::IPV4,
        (ipnet::IpNet::V6(_), true) => Families::IPV6,
        (ipnet::IpNet::V4(_), false) => Families::VPN_IPV4,
        (ipnet::IpNet::V6(_), false) => Families::VPN_IPV6,
    }
}

/// At most [`LONGEST_NAME`] bytes of a name.
fn shorten(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(LONGEST_NAME));
    name
}
