//! The routers of the network as speakers of BMP: their routes are those by which their flows go.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::encode::bmp::{self, Attributes, Peer, Prefix, Table};
use crate::flows::{Network, VRFS, next_hop};
use crate::schedule::{acts_as, loopback};
use crate::traffic::inside;
use crate::world::{HOME, Range};

/// The AS of the route servers of exchanges, which is not in the paths; for documentation (RFC 5398).
const ROUTE_SERVER: u32 = 64_510;
/// How long a collector may take to accept a session, and to take what is written.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a route of each router is withdrawn and announced again, in milliseconds.
const FLAP: u64 = 1_000;

/// A route of a router.
#[derive(Clone, Debug)]
struct Route {
    /// The peer that it is from; none where it is of the router's own network.
    peer: Option<Peer>,
    prefix: Prefix,
    next_hop: [u8; 16],
    path: Vec<u32>,
    local_preference: u32,
    communities: Vec<u32>,
    large: Vec<u128>,
}

/// An exporter as a speaker of BMP.
///
/// It tells of what its peers announce, before and after its policy, of what it sends to them, and of its own table and that
/// of its customers' VRF, with the paths of all peers (ADD-PATH).
#[derive(Clone, Debug)]
pub struct Speaker {
    name: String,
    routes: Vec<Route>,
}

/// How many routes a speaker has in which tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Prefixes, each once for each peer.
    pub routes: usize,
    /// Those of them that are from a peer, and not of the router's own network.
    pub received: usize,
    /// Peers.
    pub peers: usize,
}

impl Speaker {
    /// An exporter, by its number, of so many.
    pub fn new(network: &Network, exporter: u16, exporters: u16) -> Self {
        let world = &network.world;
        let mut routes = Vec::new();
        let mut names = Vec::new();
        for router in world
            .exporters
            .iter()
            .filter(|router| acts_as(router.place, world.exporters.len(), exporter.into(), exporters.into()))
        {
            names.push(router.name);
            for network in world.networks.items() {
                let mut seen = Vec::new();
                for way in network.ways.iter().filter(|way| way.exporter == router.place) {
                    let Some(interface) = router.interfaces.get(way.interface) else { continue };
                    // A peer has one path to a network.
                    if seen.contains(&way.interface) {
                        continue;
                    }
                    seen.push(way.interface);
                    for range in &network.ranges {
                        let hop = next_hop(range.is_v4, interface.index);
                        let asn = if interface.beyond == 0 { ROUTE_SERVER } else { interface.beyond };
                        routes.push(Route {
                            peer: Some(peer(hop, asn)),
                            prefix: prefix(range, interface.index),
                            next_hop: hop,
                            path: way.path.clone(),
                            local_preference: preference(interface.connectivity),
                            communities: way.communities.clone(),
                            large: way.large.clone(),
                        });
                    }
                }
            }
            for home in world.homes.items() {
                let Some(interface) = inside(router, home) else { continue };
                for range in [home.v4, home.v6] {
                    routes.push(Route {
                        peer: None,
                        prefix: prefix(&range, interface.index),
                        next_hop: next_hop(range.is_v4, interface.index),
                        path: Vec::new(),
                        local_preference: 0,
                        communities: Vec::new(),
                        large: Vec::new(),
                    });
                }
            }
        }
        Self { name: names.join("+"), routes }
    }

    /// What it announces.
    pub fn announced(&self) -> Announced {
        let received = self.routes.iter().filter(|route| route.peer.is_some()).count();
        Announced { routes: self.routes.len(), received, peers: self.peers().len() }
    }

    /// The peers, each once.
    fn peers(&self) -> Vec<Peer> {
        let mut peers: Vec<Peer> = self.routes.iter().filter_map(|route| route.peer).collect();
        peers.sort_unstable_by_key(|peer| (peer.address, peer.asn));
        peers.dedup();
        peers
    }

    /// What it says when its session begins: all of its tables.
    pub fn tables(&self) -> Vec<u8> {
        let mut out = Vec::new();
        bmp::initiation(&mut out, &self.name, "a simulated router");
        for peer in self.peers() {
            for table in [Table::PrePolicy, Table::PostPolicy, Table::OutPostPolicy] {
                self.table(&mut out, &Peer { table, ..peer }, "");
            }
        }
        for (peer, name) in own_tables() {
            self.table(&mut out, &peer, name);
        }
        out
    }

    fn table(&self, out: &mut Vec<u8>, peer: &Peer, name: &str) {
        bmp::peer_up(out, peer, HOME, name);
        let routes: Vec<_> = self.routes.iter().filter(|route| route.is_in(peer)).collect();
        routes.iter().for_each(|route| route.announce(out, peer));
        bmp::withdraw(out, peer, true, &[]);
        bmp::withdraw(out, peer, false, &[]);
        bmp::statistics(out, peer, routes.len() as u64);
    }

    /// A route goes and comes back, in all tables that it is in.
    pub fn flap(&self, number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let count = self.routes.len().max(1) as u64;
        let Some(route) = self.routes.get((number % count) as usize) else { return out };
        let received = route
            .peer
            .into_iter()
            .flat_map(|peer| [Table::PrePolicy, Table::PostPolicy].map(|table| Peer { table, ..peer }));
        for peer in received.chain(own_tables().map(|(peer, _)| peer)) {
            bmp::withdraw(&mut out, &peer, route.prefix.is_v4, &[route.prefix]);
            route.announce(&mut out, &peer);
        }
        out
    }
}

impl Route {
    /// Whether a table of a peer has it.
    fn is_in(&self, peer: &Peer) -> bool {
        match peer.table {
            Table::LocRib => true,
            Table::OutPostPolicy => self.peer.is_none(),
            Table::PrePolicy | Table::PostPolicy => {
                self.peer.is_some_and(|mine| mine.address == peer.address && mine.asn == peer.asn)
            }
        }
    }

    fn announce(&self, out: &mut Vec<u8>, peer: &Peer) {
        let after_policy = Attributes {
            next_hop: self.next_hop,
            path: &self.path,
            local_preference: self.local_preference,
            communities: &self.communities,
            large: &self.large,
        };
        let attributes = match peer.table {
            Table::LocRib | Table::PostPolicy => after_policy,
            // The policy marks routes.
            Table::PrePolicy => {
                Attributes { local_preference: 0, communities: &[], large: &[], ..after_policy }
            }
            Table::OutPostPolicy => Attributes {
                next_hop: if self.prefix.is_v4 { own_v4().octets() } else { own_v6().octets() },
                path: &[HOME],
                ..Attributes::default()
            },
        };
        bmp::announce(out, peer, &[self.prefix], &attributes);
    }
}

/// The router's own table and that of its customers, which have the same routes.
fn own_tables() -> [(Peer, &'static str); 2] {
    let [(_, internet), (customers_id, customers)] = VRFS;
    let peer = |distinguisher| Peer {
        table: Table::LocRib,
        distinguisher,
        address: [0; 16],
        asn: HOME,
        identifier: [192, 0, 2, 1],
        has_paths: true,
    };
    let distinguisher = u64::from(HOME) << 32 | u64::from(customers_id);
    [(peer(0), internet), (peer(distinguisher), customers)]
}

fn own_v4() -> Ipv6Addr {
    Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped()
}

const fn own_v6() -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xDB8, 0xFFFF, 0, 0, 0, 0, 1)
}

fn peer(address: [u8; 16], asn: u32) -> Peer {
    let [.., a, b, c, d] = address;
    Peer {
        table: Table::PostPolicy,
        distinguisher: 0,
        address,
        asn,
        identifier: [a, b, c, d],
        has_paths: false,
    }
}

fn prefix(range: &Range, path: u32) -> Prefix {
    let address = match range.is_v4 {
        true => Ipv4Addr::from(range.base as u32).to_ipv6_mapped().octets(),
        false => range.base.to_be_bytes(),
    };
    Prefix { is_v4: range.is_v4, address, length: range.mask, path }
}

fn preference(connectivity: &str) -> u32 {
    match connectivity {
        "transit" => 100,
        "ix" => 200,
        _ => 300,
    }
}

/// Sessions of exporters with a collector.
#[derive(Debug)]
pub struct RouteSender {
    sessions: Vec<(Speaker, TcpStream)>,
    /// How often routes have flapped, and when the next one does, in milliseconds since 1970.
    flaps: u64,
    due: u64,
}

impl RouteSender {
    /// Connects every exporter to a collector, and sends its tables. On this machine each has the address that its flows
    /// come from.
    ///
    /// # Errors
    ///
    /// That the collector cannot be reached, or does not take what is sent.
    pub fn connect(network: &Network, exporters: u16, target: SocketAddr) -> io::Result<Self> {
        let sessions = (0..exporters).map(|exporter| {
            let speaker = Speaker::new(network, exporter, exporters);
            let mut stream = connect(exporter, target)?;
            stream.write_all(&speaker.tables())?;
            Ok((speaker, stream))
        });
        Ok(Self { sessions: sessions.collect::<io::Result<_>>()?, flaps: 0, due: 0 })
    }

    /// What is announced in all sessions.
    pub fn announced(&self) -> Announced {
        self.sessions.iter().fold(Announced::default(), |sum, (speaker, _)| {
            let of = speaker.announced();
            Announced {
                routes: sum.routes + of.routes,
                received: sum.received + of.received,
                peers: sum.peers + of.peers,
            }
        })
    }

    /// Does what is due at a time, in milliseconds since 1970: a route of each router flaps once a second.
    ///
    /// # Errors
    ///
    /// That a session is lost.
    pub fn tick(&mut self, now: u64) -> io::Result<()> {
        if now < self.due {
            return Ok(());
        }
        self.due = now + FLAP;
        self.flaps += 1;
        self.sessions.iter_mut().try_for_each(|(speaker, stream)| stream.write_all(&speaker.flap(self.flaps)))
    }

    /// Ends the sessions.
    ///
    /// # Errors
    ///
    /// That a session was lost.
    pub fn finish(self) -> io::Result<()> {
        let mut end = Vec::new();
        bmp::termination(&mut end);
        self.sessions.into_iter().try_for_each(|(_, mut stream)| stream.write_all(&end))
    }
}

fn connect(exporter: u16, target: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
    if target.ip().is_loopback() && target.is_ipv4() {
        let source = IpAddr::from(loopback(exporter));
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    socket.connect_timeout(&target.into(), PATIENCE)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket.into())
}
