//! The routes of all routers, and the lookup of a flow in them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use ipnet::IpNet;

use crate::lock;
use crate::route::{Candidates, Route, Why};
use crate::router::{Router, Taken, Vrf};
use crate::settings::Settings;
use crate::table::Matched;

/// What is asked of the tables.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The exporter of the flow.
    pub exporter: IpAddr,
    /// The VRF of the flow.
    pub vrf: Vrf<'a>,
    /// The address that is looked up.
    pub address: IpAddr,
    /// The next hop of the flow, where it is known.
    pub next_hop: Option<IpAddr>,
}

/// The answer.
pub struct Found {
    matched: Matched,
    router: IpAddr,
    next_hop: Option<IpAddr>,
}

impl Found {
    pub(crate) fn new(matched: Matched, router: IpAddr, next_hop: Option<IpAddr>) -> Self {
        Self { matched, router, next_hop: next_hop.map(|hop| hop.to_canonical()) }
    }

    /// The router whose route it is.
    pub fn router(&self) -> IpAddr {
        self.router
    }

    /// The prefix.
    pub fn prefix(&self) -> Option<IpNet> {
        self.matched.candidates().map(Candidates::prefix)
    }

    /// The route that the flow took most likely.
    pub fn route(&self) -> Option<&Route> {
        self.matched.candidates().and_then(|candidates| candidates.best(self.next_hop))
    }

    /// The same route, and what made it the choice.
    pub fn explained(&self) -> Option<(&Route, Why)> {
        self.matched.candidates().and_then(|candidates| candidates.explained(self.next_hop))
    }

    /// All routes to the prefix.
    pub fn candidates(&self) -> Option<&Candidates> {
        self.matched.candidates()
    }
}

/// The routes of all routers.
pub struct Routes {
    routers: ArcSwap<HashMap<IpAddr, Arc<Router>>>,
    writing: Mutex<()>,
    taken: Arc<Taken>,
    settings: Arc<Settings>,
}

impl Routes {
    /// No routes yet.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            routers: ArcSwap::from_pointee(HashMap::new()),
            writing: Mutex::new(()),
            taken: Arc::default(),
            settings,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// The route of a flow: of its exporter, and only where the settings say so of another router. It takes no lock.
    pub fn lookup(&self, query: &Query<'_>) -> Option<Found> {
        let routers = self.routers.load();
        let exporter = query.exporter.to_canonical();
        let own = self.settings.exporters.get(&exporter).copied().unwrap_or(exporter);
        let find = |router: &Router| router.lookup(query.vrf, query.address, query.next_hop);
        if let Some(found) = routers.get(&own).and_then(|router| find(router)) {
            return Some(found);
        }
        if !self.settings.other_routers {
            return None;
        }
        // The lowest address, so that a flow gets the same route each time.
        let others = routers.values().filter(|router| router.address() != own);
        others.filter_map(|router| find(router)).min_by_key(|found| found.router)
    }

    /// Whether any router is known: without one no lookup finds anything.
    pub fn has_routers(&self) -> bool {
        !self.routers.load().is_empty()
    }

    /// A router, when it is known.
    pub fn router(&self, address: IpAddr) -> Option<Arc<Router>> {
        self.routers.load().get(&address.to_canonical()).map(Arc::clone)
    }

    /// All routers.
    pub fn routers(&self) -> Vec<Arc<Router>> {
        self.routers.load().values().map(Arc::clone).collect()
    }

    /// Begins a session of a router, new where it is not known yet. None when there are as many as there may be.
    pub fn open(&self, address: IpAddr) -> Option<(Arc<Router>, u64)> {
        let _writing = lock(&self.writing);
        let address = address.to_canonical();
        if let Some(router) = self.router(address) {
            let session = router.open();
            return Some((router, session));
        }
        let routers = self.routers.load();
        if routers.len() >= self.settings.limits.routers {
            return None;
        }
        let router = Arc::new(Router::sharing(address, self.settings.limits, Arc::clone(&self.taken)));
        let session = router.open();
        let mut routers = HashMap::clone(&routers);
        routers.insert(address, Arc::clone(&router));
        self.routers.store(Arc::new(routers));
        Some((router, session))
    }

    /// Forgets routers without a session and without routes.
    pub fn forget_idle(&self) {
        let _writing = lock(&self.writing);
        let routers = self.routers.load();
        if routers.values().any(|router| router.is_idle()) {
            let kept = routers.iter().filter(|(_, router)| !router.is_idle());
            self.routers
                .store(Arc::new(kept.map(|(address, router)| (*address, Arc::clone(router))).collect()));
        }
    }
}
