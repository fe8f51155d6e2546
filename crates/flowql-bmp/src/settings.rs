//! What is kept, and how much of it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

/// Settings of the sessions and of the tables.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The addresses and subnets that may connect. When empty, any may.
    pub allow: Vec<IpNet>,
    /// The passwords by which some routers sign what they send (TCP MD5, RFC 2385).
    pub passwords: Vec<(IpAddr, String)>,
    /// How long the routes of a lost session are kept.
    pub keep: Duration,
    /// How long a session may be silent before its connection is probed.
    pub probe: Duration,
    /// The router whose routes an exporter's flows get, where that is not the exporter's own address.
    pub exporters: HashMap<IpAddr, IpAddr>,
    /// Whether a flow whose exporter has no route gets one of another router.
    pub other_routers: bool,
    /// Whether what routers send to their peers (Adj-RIB-Out) is kept too. It is preferred last.
    pub adj_rib_out: bool,
    /// Limits.
    pub limits: Limits,
}

/// How much routers may have us keep.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Routers, by their addresses.
    pub routers: usize,
    /// Sessions at once.
    pub sessions: usize,
    /// Peers of a router: each table of a peer counts.
    pub peers: usize,
    /// VRFs of a router.
    pub vrfs: usize,
    /// Routes of all routers.
    pub routes: usize,
    /// The bytes of the attributes of all routes; of those that routes share, once.
    pub attributes: usize,
    /// Routes of a router to one prefix.
    pub paths: usize,
    /// The bytes of a message.
    pub message: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            passwords: Vec::new(),
            keep: Duration::from_secs(300),
            probe: Duration::from_secs(60),
            exporters: HashMap::new(),
            other_routers: false,
            adj_rib_out: false,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            routers: 1000,
            sessions: 1000,
            peers: 4096,
            vrfs: 4096,
            routes: 20_000_000,
            attributes: 2 << 30,
            paths: 256,
            message: 1 << 20,
        }
    }
}
