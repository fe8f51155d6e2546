//! What a route says, and which of several a flow is likely to have taken.

use std::cmp::Reverse;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::peer::{Peer, Rib};

/// The local preference of a route that names none.
const USUAL_PREFERENCE: u32 = 100;

/// A route distinguisher (RFC 4364, 4.2), as its eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Distinguisher(pub u64);

impl fmt::Display for Distinguisher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0 & 0xffff_ffff_ffff;
        match self.0 >> 48 {
            0 => write!(formatter, "{}:{}", value >> 32, value & 0xffff_ffff),
            1 => {
                let [_, _, a, b, c, d, high, low] = self.0.to_be_bytes();
                write!(formatter, "{}:{}", Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]))
            }
            2 => write!(formatter, "{}:{}", value >> 16, value & 0xffff),
            kind => write!(formatter, "{kind}:{value:012x}"),
        }
    }
}

impl FromStr for Distinguisher {
    type Err = NotDistinguisher;

    /// As it is shown: an AS or an IPv4 address, and a number. An AS of two bytes is one of kind 0, where the number fits.
    fn from_str(text: &str) -> Result<Self, NotDistinguisher> {
        let (left, right) = text.split_once(':').ok_or(NotDistinguisher)?;
        let number: u32 = right.parse().map_err(|_| NotDistinguisher)?;
        let short = || u16::try_from(number).map(u64::from).map_err(|_| NotDistinguisher);
        if let Ok(address) = left.parse::<Ipv4Addr>() {
            return Ok(Self(1 << 48 | u64::from(address.to_bits()) << 16 | short()?));
        }
        let asn: u32 = left.parse().map_err(|_| NotDistinguisher)?;
        match u16::try_from(asn) {
            Ok(asn) => Ok(Self(u64::from(asn) << 32 | u64::from(number))),
            Err(_) => Ok(Self(2 << 48 | u64::from(asn) << 16 | short()?)),
        }
    }
}

/// A text is not a route distinguisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a route distinguisher")]
pub struct NotDistinguisher;

/// A prefix of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nlri {
    /// The distinguisher, for VPN routes.
    pub distinguisher: Option<Distinguisher>,
    /// The prefix, without bits beyond its length.
    pub prefix: IpNet,
    /// The identifier of ADD-PATH (RFC 7911), 0 without.
    pub path: u32,
}

/// The attributes of a route, shared by all routes that have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// The next hop.
    pub next_hop: Option<IpAddr>,
    /// The AS path, nearest first; the members of a set follow each other, those of confederations are left out.
    pub as_path: Box<[u32]>,
    /// The length of the path for the choice of routes: a set counts once (RFC 4271, 9.1.2.2).
    pub path_length: u16,
    /// Whether the path ends in a set: the route then has no origin (RFC 6811, 2).
    pub ends_in_set: bool,
    /// The local preference.
    pub local_preference: Option<u32>,
    /// The multi-exit discriminator.
    pub med: Option<u32>,
    /// The communities (RFC 1997).
    pub communities: Box<[u32]>,
    /// The large communities (RFC 8092).
    pub large_communities: Box<[[u32; 3]]>,
}

/// A route of a peer to a prefix.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) attributes: Arc<Attributes>,
    pub(crate) peer: Arc<Peer>,
    pub(crate) path: u32,
    /// The [`digest`] of the next hop.
    hop: u32,
}

impl Route {
    /// Its attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Its attributes, to be kept.
    pub fn shared_attributes(&self) -> Arc<Attributes> {
        Arc::clone(&self.attributes)
    }

    /// Whom it is from.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The identifier of ADD-PATH, 0 without.
    pub fn path(&self) -> u32 {
        self.path
    }

    /// The AS that the prefix belongs to: the last of the path, and for an empty path that of the peer. None where the
    /// path ends in a set.
    pub fn origin(&self) -> Option<u32> {
        if self.attributes.ends_in_set {
            return None;
        }
        Some(self.attributes.as_path.last().copied().unwrap_or(self.peer.asn()))
    }

    pub(crate) fn new(attributes: Arc<Attributes>, peer: Arc<Peer>, path: u32) -> Self {
        let hop = digest(attributes.next_hop);
        Self { attributes, peer, path, hop }
    }

    /// The order in which routes are preferred that differ neither in fitting a flow nor in being current; the greatest
    /// is taken.
    pub(crate) fn preference(&self) -> Preference {
        let rib = match self.peer.rib() {
            Rib::LocRib => 3_u8,
            Rib::PostPolicy => 2,
            Rib::PrePolicy => 1,
            Rib::OutPrePolicy | Rib::OutPostPolicy => 0,
        };
        Preference {
            rib,
            local_preference: self.attributes.local_preference.unwrap_or(USUAL_PREFERENCE),
            path_length: Reverse(self.attributes.path_length),
            peer: Reverse(self.peer.key().address),
            path: Reverse(self.path),
            id: self.peer.id(),
        }
    }
}

/// In what a route is preferred, in the order in which it counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Preference {
    rib: u8,
    local_preference: u32,
    path_length: Reverse<u16>,
    peer: Reverse<Option<IpAddr>>,
    path: Reverse<u32>,
    id: u64,
}

/// What made a route the choice among those to its prefix: that in which it differs from the one that came closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// There is no other.
    Only,
    /// Its next hop is that of the flow.
    NextHop,
    /// The sessions of the others were lost.
    Current,
    /// The table of the router that it is in.
    Table,
    /// Its local preference.
    LocalPreference,
    /// The length of its path.
    PathLength,
    /// The address of its peer is lower.
    Peer,
    /// The identifier of its path is lower, or its session is newer.
    Path,
}

impl Why {
    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Only => "it is the only one",
            Self::NextHop => "its next hop is that of the flow",
            Self::Current => "the sessions of the others were lost",
            Self::Table => "it is in the table that says most of where flows go",
            Self::LocalPreference => "its local preference is the highest",
            Self::PathLength => "its path is the shortest",
            Self::Peer => "the address of its peer is the lowest",
            Self::Path => "its path has the lowest number",
        }
    }
}

/// Few bits of a next hop, by which a reader passes over other routes without reading their attributes.
fn digest(next_hop: Option<IpAddr>) -> u32 {
    match next_hop {
        None => 0,
        Some(IpAddr::V4(address)) => u32::from(address),
        Some(IpAddr::V6(address)) => {
            let bits = u128::from(address);
            (bits ^ (bits >> 32) ^ (bits >> 64) ^ (bits >> 96)) as u32
        }
    }
}

/// All routes to a prefix.
#[derive(Debug)]
pub struct Candidates {
    pub(crate) prefix: IpNet,
    /// In the order of their preference.
    pub(crate) routes: Box<[Route]>,
}

impl Candidates {
    /// The prefix.
    pub fn prefix(&self) -> IpNet {
        self.prefix
    }

    /// The routes.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The route that a flow to `next_hop` took most likely: one with that next hop; else, and among several, a current one
    /// before one of a lost session, the router's own choice (Loc-RIB) before what it has from its peers, after its
    /// policy before as received, and what it sends to them last; then the highest local preference and the shortest
    /// path.
    pub fn best(&self, next_hop: Option<IpAddr>) -> Option<&Route> {
        let fits = next_hop.map(|hop| (digest(Some(hop)), Some(hop)));
        let mut best: Option<((bool, bool), &Route)> = None;
        // INVARIANT: the routes are in the order of their preference, so the first of equal ones is the best.
        for route in &self.routes {
            let fits =
                fits.is_some_and(|(digest, hop)| route.hop == digest && route.attributes.next_hop == hop);
            let rank = (fits, !route.peer.is_stale());
            if rank == (true, true) {
                return Some(route);
            }
            if best.is_none_or(|(other, _)| rank > other) {
                best = Some((rank, route));
            }
        }
        best.map(|(_, route)| route)
    }

    /// The route that [`best`](Self::best) gives, and why it is that one.
    pub fn explained(&self, next_hop: Option<IpAddr>) -> Option<(&Route, Why)> {
        let best = self.best(next_hop)?;
        let others = self.routes.iter().filter(|route| !std::ptr::eq(*route, best));
        let reasons = others.map(|other| difference(best, other, next_hop));
        Some((best, reasons.max().unwrap_or(Why::Only)))
    }
}

/// The first thing that counts in which a route differs from another.
fn difference(best: &Route, other: &Route, next_hop: Option<IpAddr>) -> Why {
    let fits = |route: &Route| next_hop.is_some() && route.attributes.next_hop == next_hop;
    let (mine, theirs) = (best.preference(), other.preference());
    if fits(best) != fits(other) {
        Why::NextHop
    } else if best.peer.is_stale() != other.peer.is_stale() {
        Why::Current
    } else if mine.rib != theirs.rib {
        Why::Table
    } else if mine.local_preference != theirs.local_preference {
        Why::LocalPreference
    } else if mine.path_length != theirs.path_length {
        Why::PathLength
    } else if mine.peer != theirs.peer {
        Why::Peer
    } else {
        Why::Path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distinguisher_is_read_as_it_is_shown() {
        for (text, value) in [
            ("64500:1", 0x0000_fbf4_0000_0001_u64),
            ("64500:4294967295", 0x0000_fbf4_ffff_ffff),
            ("192.0.2.1:7", 0x0001_c000_0201_0007),
            ("4200000000:7", 0x0002_fa56_ea00_0007),
        ] {
            assert_eq!(text.parse(), Ok(Distinguisher(value)));
            assert_eq!(Distinguisher(value).to_string(), text);
        }
        for text in ["", "64500", "64500:x", "192.0.2.1:65536", "4200000000:65536", "a:1"] {
            assert_eq!(text.parse::<Distinguisher>(), Err(NotDistinguisher), "{text}");
        }
    }
}
