//! What is known of routers, their sessions and their routes, as `/api/v1/routes` says it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use flowql_bmp::{Candidates, Counters, Distinguisher, Found, Refusal, Route, Status};
use serde::{Deserialize, Serialize};

use super::AddressTables;
use super::server::Bmp;

/// Routers, their sessions and their routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutesStatus {
    /// The address that routers connect to; none where nothing is listened at.
    pub listening: Option<SocketAddr>,
    /// Why nothing is listened at, where something should be.
    pub trouble: Option<String>,
    /// The routers, by address.
    pub routers: Vec<RouterState>,
    /// The sessions at the moment.
    pub sessions: Vec<SessionState>,
    /// What arrived in the sessions that ended.
    pub ended: EndedSessions,
    /// Connections refused because of their addresses.
    pub not_allowed: u64,
    /// Connections refused because there were as many as there may be.
    pub too_many: u64,
    /// The VRPs by which routes are valid or not; none where there is no file of them.
    pub vrps: Option<usize>,
}

/// A router.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterState {
    /// The address that it connects from.
    pub address: Option<IpAddr>,
    /// Its name, as it said.
    pub name: String,
    /// What it is, as it said.
    pub description: String,
    /// Its sessions at the moment.
    pub sessions: usize,
    /// Its routes.
    pub routes: usize,
    /// The different attributes of them.
    pub attributes: usize,
    /// Its peers, in each of its tables.
    pub peers: Vec<PeerState>,
    /// The prefixes of its VRFs.
    pub vrfs: Vec<VrfState>,
    /// The peers whose routes are being taken out.
    pub departing: usize,
}

/// A peer of a router, in one of its tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerState {
    /// Its address; none for the router's own table.
    pub address: Option<IpAddr>,
    /// Its AS; 0 where the router did not say.
    pub asn: u32,
    /// The route distinguisher of the VRF that it is in.
    pub vrf: Option<String>,
    /// The table: `adj-rib-in-pre`, `adj-rib-in-post`, `loc-rib`, `adj-rib-out-pre` or `adj-rib-out-post`.
    pub table: String,
    /// Its routes.
    pub routes: u64,
    /// Whether its session was lost: its routes are kept for a while.
    pub stale: bool,
}

/// The prefixes of a VRF.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VrfState {
    /// Its route distinguisher; none for the router's own table.
    pub vrf: Option<String>,
    /// Those of IPv4.
    pub ipv4: usize,
    /// Those of IPv6.
    pub ipv6: usize,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// Where it came from.
    pub from: SocketAddr,
    /// For how many seconds it has been there.
    pub seconds: u64,
    /// How many seconds ago the last message came.
    pub silent_seconds: Option<u64>,
    /// What arrived.
    pub counters: SessionCounters,
}

/// The sessions that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSessions {
    /// How many.
    pub sessions: u64,
    /// Where the last one came from.
    pub last_from: Option<SocketAddr>,
    /// Why it ended.
    pub last_reason: Option<String>,
    /// What arrived in all.
    pub counters: SessionCounters,
}

/// What arrived in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCounters {
    /// Messages read.
    pub messages: u64,
    /// Messages refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Updates read only after something had been taken out of them.
    pub cleaned_updates: u64,
    /// The prefixes taken out.
    pub cleaned_prefixes: u64,
    /// The prefixes from which bits beyond their length were taken.
    pub cleaned_bits: u64,
    /// The attributes taken out.
    pub cleaned_attributes: u64,
    /// Prefixes of Adj-RIB-Out, where that is not used.
    pub ignored: u64,
    /// Routes that were new.
    pub new: u64,
    /// Routes that took the place of another of their peer.
    pub replaced: u64,
    /// Routes withdrawn.
    pub withdrawn: u64,
    /// Routes refused because a limit was reached: `routes`, `attributes`, `paths`, `vrfs` or `peers`.
    pub over_limit: BTreeMap<String, u64>,
}

/// What is known of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRoutes {
    /// The routers that have a route to it.
    pub routers: Vec<RouterRoutes>,
}

/// The routes of a router to the longest prefix of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterRoutes {
    /// The router.
    pub router: IpAddr,
    /// The prefix.
    pub prefix: String,
    /// The routes, the chosen one first.
    pub routes: Vec<RouteState>,
    /// Why the first is the one that a flow would get.
    pub reason: String,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteState {
    /// The peer that it is from; none for the router's own table.
    pub peer: Option<IpAddr>,
    /// The AS of the peer.
    pub peer_asn: u32,
    /// The table that it is in.
    pub table: String,
    /// The identifier of its path (ADD-PATH), 0 without.
    pub path: u32,
    /// Whether its session was lost.
    pub stale: bool,
    /// The next hop.
    pub next_hop: Option<IpAddr>,
    /// The AS path.
    pub as_path: Vec<u32>,
    /// The AS that the prefix belongs to; none where the path ends in a set.
    pub origin: Option<u32>,
    /// The local preference.
    pub local_preference: Option<u32>,
    /// The multi-exit discriminator.
    pub med: Option<u32>,
    /// The communities.
    pub communities: Vec<String>,
    /// The large communities.
    pub large_communities: Vec<String>,
    /// The state by RPKI: `valid`, `invalid` or `not-found`; none without VRPs.
    pub rpki: Option<String>,
}

/// The routes that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutesQuery {
    /// The address; without it, the status is meant.
    pub address: Option<IpAddr>,
    /// The exporter whose flow it is: what it gets.
    pub exporter: Option<IpAddr>,
    /// Only what this router has.
    pub router: Option<IpAddr>,
    /// The VRF, by name or route distinguisher.
    pub vrf: Option<String>,
    /// The next hop of the flow.
    pub next_hop: Option<IpAddr>,
}

impl RoutesQuery {
    /// The query part of a URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(query: &str) -> Result<Self, String> {
        let mut parsed = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let address =
                || value.parse().map_err(|_| format!("`{key}` is not an address: `{value}`")).map(Some);
            match &*key {
                "address" => parsed.address = address()?,
                "exporter" => parsed.exporter = address()?,
                "router" => parsed.router = address()?,
                "next_hop" => parsed.next_hop = address()?,
                "vrf" => parsed.vrf = Some(value.into_owned()),
                _ => return Err(format!("unknown parameter `{key}`")),
            }
        }
        if parsed.address.is_none() && parsed != Self::default() {
            return Err("`address` is missing".to_owned());
        }
        Ok(parsed)
    }

    /// As the query part of a URL.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        let addresses = [
            ("address", self.address),
            ("exporter", self.exporter),
            ("router", self.router),
            ("next_hop", self.next_hop),
        ];
        for (key, address) in addresses {
            text.extend_pairs(address.map(|address| (key, address.to_string())));
        }
        text.extend_pairs(self.vrf.as_ref().map(|vrf| ("vrf", vrf)));
        text.finish()
    }
}

impl AddressTables {
    /// What is known of an address: what a flow of an exporter gets, or what each router has.
    pub(crate) fn explain(&self, query: &RoutesQuery) -> AddressRoutes {
        let Some(address) = query.address else { return AddressRoutes::default() };
        let name = query.vrf.as_deref().unwrap_or_default();
        let vrf = match name.parse() {
            Ok(distinguisher) => flowql_bmp::Vrf::Distinguisher(distinguisher),
            Err(_) => self.vrf(name),
        };
        let found: Vec<Found> = match query.exporter {
            Some(exporter) => {
                let query = flowql_bmp::Query { exporter, vrf, address, next_hop: query.next_hop };
                self.routes.lookup(&query).into_iter().collect()
            }
            None => {
                let mut routers = self.routes.routers();
                let wanted = query.router.map(|router| router.to_canonical());
                routers.retain(|router| wanted.is_none_or(|wanted| wanted == router.address()));
                routers.sort_by_key(|router| router.address());
                routers.iter().filter_map(|router| router.lookup(vrf, address, query.next_hop)).collect()
            }
        };
        AddressRoutes { routers: found.iter().filter_map(|found| self.router_routes(found)).collect() }
    }

    fn router_routes(&self, found: &Found) -> Option<RouterRoutes> {
        let candidates = found.candidates()?;
        let (best, why) = found.explained()?;
        let others = candidates.routes().iter().filter(|route| !std::ptr::eq(*route, best));
        let routes = std::iter::once(best).chain(others).map(|route| self.route_state(candidates, route));
        Some(RouterRoutes {
            router: found.router(),
            prefix: candidates.prefix().to_string(),
            routes: routes.collect(),
            reason: why.text().to_owned(),
        })
    }

    fn route_state(&self, candidates: &Candidates, route: &Route) -> RouteState {
        let (attributes, peer) = (route.attributes(), route.peer());
        let vrps = self.vrps.load();
        let rpki = vrps.as_ref().map(|vrps| vrps.state(candidates.prefix(), route.origin()));
        RouteState {
            peer: peer.key().address,
            peer_asn: peer.asn(),
            table: peer.rib().name().to_owned(),
            path: route.path(),
            stale: peer.is_stale(),
            next_hop: attributes.next_hop,
            as_path: attributes.as_path.to_vec(),
            origin: route.origin(),
            local_preference: attributes.local_preference,
            med: attributes.med,
            communities: attributes.communities.iter().map(|community| community_text(*community)).collect(),
            large_communities: attributes.large_communities.iter().map(large_text).collect(),
            rpki: rpki.map(|state| state.to_string()),
        }
    }
}

fn community_text(community: u32) -> String {
    format!("{}:{}", community >> 16, community & 0xffff)
}

fn large_text([first, second, third]: &[u32; 3]) -> String {
    format!("{first}:{second}:{third}")
}

impl RoutesStatus {
    /// The status of a server and of what it gave.
    pub(crate) fn of(bmp: &Bmp, tables: &AddressTables) -> Self {
        let status = Self { trouble: bmp.trouble.clone(), vrps: tables.vrps(), ..Self::default() };
        match &bmp.listening {
            Some((address, observer)) => {
                Self { listening: Some(*address), ..status }.with(observer.status(), Instant::now())
            }
            None => status,
        }
    }

    fn with(self, found: Status, now: Instant) -> Self {
        let mut routers: Vec<_> = found.routers.into_iter().map(RouterState::from).collect();
        routers.sort_by_key(|router| router.address);
        let ago = |instant| now.saturating_duration_since(instant).as_secs();
        let sessions = found.sessions.into_iter().map(|session| SessionState {
            from: session.from,
            seconds: ago(session.since),
            silent_seconds: session.last_message.map(ago),
            counters: session.counters.into(),
        });
        let (last_from, last_reason) = found.last_end.unzip();
        Self {
            routers,
            sessions: sessions.collect(),
            ended: EndedSessions {
                sessions: found.ended_sessions,
                last_from,
                last_reason,
                counters: found.ended.into(),
            },
            not_allowed: found.not_allowed,
            too_many: found.too_many,
            ..self
        }
    }
}

impl From<flowql_bmp::RouterStatus> for RouterState {
    fn from(router: flowql_bmp::RouterStatus) -> Self {
        let text = |distinguisher: Option<Distinguisher>| distinguisher.map(|vrf| vrf.to_string());
        let peer = |peer: flowql_bmp::PeerStatus| PeerState {
            address: peer.key.address,
            asn: peer.asn,
            vrf: text(peer.key.distinguisher),
            table: peer.rib.name().to_owned(),
            routes: peer.routes,
            stale: peer.stale,
        };
        let mut peers: Vec<_> = router.peers.into_iter().map(peer).collect();
        peers.sort_by(|one, other| {
            (&one.vrf, one.address, &one.table).cmp(&(&other.vrf, other.address, &other.table))
        });
        let vrf = |(vrf, ipv4, ipv6)| VrfState { vrf: text(vrf), ipv4, ipv6 };
        Self {
            address: Some(router.address),
            name: router.name.unwrap_or_default(),
            description: router.description.unwrap_or_default(),
            sessions: router.sessions,
            routes: router.routes,
            attributes: router.attributes,
            peers,
            vrfs: router.prefixes.into_iter().map(vrf).collect(),
            departing: router.departing,
        }
    }
}

impl From<Counters> for SessionCounters {
    fn from(counters: Counters) -> Self {
        let some = |pairs: Vec<(&str, u64)>| {
            let met = pairs.into_iter().filter(|(_, count)| *count > 0);
            met.map(|(name, count)| (name.to_owned(), count)).collect()
        };
        let applied = counters.applied;
        let refused = Refusal::ALL.iter().map(|refusal| refusal.name()).zip(counters.refused);
        Self {
            messages: counters.messages,
            refused: some(refused.collect()),
            cleaned_updates: counters.cleaned,
            cleaned_prefixes: counters.cleaned_prefixes,
            cleaned_bits: counters.cleaned_bits,
            cleaned_attributes: counters.cleaned_attributes,
            ignored: counters.ignored,
            new: applied.new,
            replaced: applied.replaced,
            withdrawn: applied.withdrawn,
            over_limit: some(vec![
                ("routes", applied.full),
                ("attributes", applied.attributes),
                ("paths", applied.paths),
                ("vrfs", applied.vrfs),
                ("peers", applied.peers),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let query = RoutesQuery {
            address: "2001:db8::1".parse().ok(),
            exporter: "192.0.2.1".parse().ok(),
            router: None,
            vrf: Some("a & b".to_owned()),
            next_hop: "192.0.2.9".parse().ok(),
        };
        assert_eq!(RoutesQuery::parse(&query.text()), Ok(query));
        assert_eq!(RoutesQuery::parse(""), Ok(RoutesQuery::default()));
        let wrong = |text| RoutesQuery::parse(text).unwrap_err();
        assert_eq!(wrong("address=edge"), "`address` is not an address: `edge`");
        assert_eq!(wrong("addr=192.0.2.1"), "unknown parameter `addr`");
        assert_eq!(wrong("vrf=a"), "`address` is missing");
    }
}
