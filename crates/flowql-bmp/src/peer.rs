//! Whom routes are from.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Instant;

use crate::lock;
use crate::route::Distinguisher;

/// The kind of a peer (RFC 7854, 4.2; RFC 9069, 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerKind {
    /// A peer of the router itself.
    Global,
    /// A peer within a VRF.
    Distinguished,
    /// A peer within a local instance.
    Local,
    /// The router's own table.
    LocRib,
}

/// What tells a peer of a router from its others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerKey {
    /// Its kind.
    pub kind: PeerKind,
    /// The VRF that it is in.
    pub distinguisher: Option<Distinguisher>,
    /// Its address; none for the router's own table.
    pub address: Option<IpAddr>,
    /// Its BGP identifier where it has no address: several tables of a router differ by it.
    pub identifier: Option<Ipv4Addr>,
}

/// The table of the router that a route is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rib {
    /// As received from the peer.
    PrePolicy,
    /// As received, after the router's policy.
    PostPolicy,
    /// What the router chose (RFC 9069).
    LocRib,
    /// What it would send to the peer, before its policy (RFC 8671).
    OutPrePolicy,
    /// What it sends to the peer.
    OutPostPolicy,
}

impl Rib {
    /// The name in the status.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrePolicy => "adj-rib-in-pre",
            Self::PostPolicy => "adj-rib-in-post",
            Self::LocRib => "loc-rib",
            Self::OutPrePolicy => "adj-rib-out-pre",
            Self::OutPostPolicy => "adj-rib-out-post",
        }
    }

    /// Whether it is what the router sends.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::OutPrePolicy | Self::OutPostPolicy)
    }
}

/// Families of routes that are loaded, and replaced, one by one: each ends with a marker of its own (RFC 4724, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families(u8);

impl Families {
    /// All.
    pub const ALL: Self = Self(0xff);
    /// IPv4 routes.
    pub const IPV4: Self = Self(1);
    /// IPv6 routes.
    pub const IPV6: Self = Self(2);
    /// VPN routes of IPv4, in tables other than their peer's.
    pub const VPN_IPV4: Self = Self(4);
    /// VPN routes of IPv6.
    pub const VPN_IPV6: Self = Self(8);
}

/// A peer, in one of the router's tables, within one session of BMP.
#[derive(Debug)]
pub struct Peer {
    id: u64,
    session: u64,
    key: PeerKey,
    rib: Rib,
    asn: u32,
    routes: AtomicU64,
    stale: AtomicBool,
    stale_since: Mutex<Option<Instant>>,
    /// The families whose routes are being taken out.
    leaving: AtomicU8,
}

impl Peer {
    pub(crate) fn new(id: u64, session: u64, key: PeerKey, rib: Rib, asn: u32) -> Self {
        Self {
            id,
            session,
            key,
            rib,
            asn,
            routes: AtomicU64::new(0),
            stale: AtomicBool::new(false),
            stale_since: Mutex::new(None),
            leaving: AtomicU8::new(0),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn session(&self) -> u64 {
        self.session
    }

    /// What tells it from others.
    pub fn key(&self) -> PeerKey {
        self.key
    }

    /// The table its routes are in.
    pub fn rib(&self) -> Rib {
        self.rib
    }

    /// Its AS; 0 where the router did not say.
    pub fn asn(&self) -> u32 {
        self.asn
    }

    /// How many routes it has.
    pub fn routes(&self) -> u64 {
        self.routes.load(Ordering::Relaxed)
    }

    pub(crate) fn add_route(&self) {
        self.routes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn take_route(&self) {
        self.routes.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether its session was lost, or another has taken its place.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stale(&self, now: Instant) {
        if !self.stale.swap(true, Ordering::Relaxed) {
            *lock(&self.stale_since) = Some(now);
        }
    }

    pub(crate) fn stale_since(&self) -> Option<Instant> {
        *lock(&self.stale_since)
    }

    /// Has the routes of these families taken out in the background.
    pub(crate) fn leave(&self, families: Families) {
        self.leaving.fetch_or(families.0, Ordering::Relaxed);
    }

    pub(crate) fn leaves(&self, family: Families) -> bool {
        self.leaving.load(Ordering::Relaxed) & family.0 != 0
    }

    /// The families whose routes are to go, as bits.
    pub(crate) fn leaving(&self) -> u8 {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Whether it is gone altogether.
    pub(crate) fn is_gone(&self) -> bool {
        self.leaving() == Families::ALL.0
    }
}
