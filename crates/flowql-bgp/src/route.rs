//! A rule as a route of BGP, in whichever way it is announced.

use std::fmt::{self, Display, Formatter};
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use crate::guards::Approved;
use crate::rule::{Action, Matcher};

/// BLACKHOLE (RFC 7999).
const BLACKHOLE: u32 = 0xffff_029a;

/// NO_EXPORT (RFC 1997).
const NO_EXPORT: u32 = 0xffff_ff01;

/// NO_LLGR (RFC 9494): routers drop the route as soon as the session is lost.
const NO_LLGR: u32 = 0xffff_0007;

/// The second part of the large community that carries the incident.
const INCIDENT: u32 = 1;

/// What routes carry in addition to what the rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSettings {
    /// The AS that announces.
    pub local_as: u32,
    /// The next hop of blackholes of IPv4: an address that routers drop traffic to.
    pub next_hop4: Ipv4Addr,
    /// The next hop of blackholes of IPv6.
    pub next_hop6: Ipv6Addr,
    /// More communities for blackholes, as upstreams ask for.
    pub blackhole_communities: Vec<u32>,
    /// Whether blackholes stay for a while at routers that lose their announcer, as Flowspec rules do.
    pub keep_blackholes: bool,
}

/// A route with all that says what it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Route {
    /// The traffic: what BGP calls the NLRI.
    pub traffic: Matcher,
    /// The communities, in order.
    pub communities: Vec<u32>,
    /// The extended communities, in order.
    pub extended: Vec<u64>,
    /// The large communities, in order.
    pub large: Vec<[u32; 3]>,
}

impl RouteSettings {
    /// Settings for an AS and next hops, without more communities.
    pub const fn new(local_as: u32, next_hop4: Ipv4Addr, next_hop6: Ipv6Addr) -> Self {
        Self { local_as, next_hop4, next_hop6, blackhole_communities: Vec::new(), keep_blackholes: false }
    }

    /// The route of a rule.
    pub fn route(&self, rule: &Approved) -> Route {
        let (communities, extended) = match rule.traffic() {
            Matcher::Blackhole(_) => (self.of_blackhole(), Vec::new()),
            Matcher::Flowspec(_) => (Vec::new(), vec![extended(rule.action())]),
        };
        let large = vec![[self.local_as, INCIDENT, rule.incident()]];
        Route { traffic: rule.traffic().clone(), communities, extended, large }
    }

    fn of_blackhole(&self) -> Vec<u32> {
        let mut communities = vec![BLACKHOLE, NO_EXPORT];
        if !self.keep_blackholes {
            communities.push(NO_LLGR);
        }
        communities.extend(&self.blackhole_communities);
        communities.sort_unstable();
        communities.dedup();
        communities
    }
}

/// The extended community of an action (RFC 8955, 7).
#[expect(clippy::cast_precision_loss, reason = "the rate is carried as a float of 32 bits")]
fn extended(action: Action) -> u64 {
    let rate = |kind: u64, rate: f32| kind << 48 | u64::from(rate.to_bits());
    match action {
        Action::Drop => rate(0x8006, 0.0),
        Action::LimitBytes(bytes) => rate(0x8006, bytes as f32),
        Action::LimitPackets(packets) => rate(0x800c, packets as f32),
        Action::Redirect(target) => 0x8008 << 48 | u64::from(target.asn) << 32 | u64::from(target.value),
    }
}

impl Display for Route {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.traffic)?;
        for community in &self.communities {
            write!(out, " {}:{}", community >> 16, community & 0xffff)?;
        }
        for community in &self.extended {
            write!(out, " {community:#018x}")?;
        }
        for [one, two, three] in &self.large {
            write!(out, " {one}:{two}:{three}")?;
        }
        Ok(())
    }
}
