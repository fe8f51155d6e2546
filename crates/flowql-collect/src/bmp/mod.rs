//! Routes: the BMP sessions of the collector, and what flows are looked up in.

mod section;
pub(crate) mod server;
pub mod status;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use flowql_bmp::{Attributes, Distinguisher, Found, Query, Routes, RpkiState, Settings, Vrf, Vrps};
use flowql_enrich::networks::{self, Published};

pub use section::{BmpRouterSection, BmpSection, BmpVrfSection, RpkiSection};

/// Names by which routers call their own table, in small letters.
const OWN_TABLE: [&str; 3] = ["", "default", "global"];

/// What addresses of flows are looked up in: routes, VRPs, networks and places. No lookup waits.
pub struct AddressTables {
    routes: Arc<Routes>,
    vrfs: ArcSwap<HashMap<String, Option<Distinguisher>>>,
    vrps: ArcSwapOption<Vrps>,
    networks: Arc<Published>,
}

/// The route of a flow to an address.
#[derive(Clone, Debug)]
pub(crate) struct FlowRoute {
    pub(crate) attributes: Arc<Attributes>,
    /// The length of the prefix.
    pub(crate) length: u8,
    /// The AS that the prefix belongs to; 0 where the route does not say.
    pub(crate) origin: u32,
    /// The state by the VRPs; `None` where there are none.
    pub(crate) rpki: Option<RpkiState>,
}

impl AddressTables {
    /// The routes of these, with the VRFs of a section, and networks.
    pub fn new(routes: Arc<Routes>, section: &BmpSection, networks: Arc<Published>) -> Self {
        Self { routes, vrfs: ArcSwap::from_pointee(section.vrfs()), vrps: ArcSwapOption::empty(), networks }
    }

    /// The routes.
    pub fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    /// Takes the VRFs of another section.
    pub(crate) fn configure(&self, section: &BmpSection) {
        self.vrfs.store(Arc::new(section.vrfs()));
    }

    /// Takes other VRPs from now on; none is that the state of routes is not known.
    pub fn set_vrps(&self, vrps: Option<Vrps>) {
        self.vrps.store(vrps.map(Arc::new));
    }

    /// How many VRPs there are; `None` where there is no file of them.
    pub(crate) fn vrps(&self) -> Option<usize> {
        self.vrps.load().as_ref().map(|vrps| vrps.len())
    }

    /// The networks and places of now.
    pub(crate) fn networks(&self) -> Arc<networks::Table> {
        self.networks.table()
    }

    /// The VRF of the name that a flow has.
    pub(crate) fn vrf<'n>(&self, name: &'n str) -> Vrf<'n> {
        match self.vrfs.load().get(name) {
            Some(Some(distinguisher)) => Vrf::Distinguisher(*distinguisher),
            Some(None) => Vrf::Global,
            None if OWN_TABLE.iter().any(|own| own.eq_ignore_ascii_case(name)) => Vrf::Global,
            None => Vrf::Name(name),
        }
    }

    /// The route that a flow took most likely.
    pub(crate) fn route(
        &self,
        exporter: IpAddr,
        vrf: &str,
        address: IpAddr,
        next_hop: Option<IpAddr>,
    ) -> Option<FlowRoute> {
        let query = Query { exporter, vrf: self.vrf(vrf), address, next_hop };
        self.flow_route(&self.routes.lookup(&query)?)
    }

    fn flow_route(&self, found: &Found) -> Option<FlowRoute> {
        let (prefix, route) = (found.prefix()?, found.route()?);
        Some(FlowRoute {
            attributes: route.shared_attributes(),
            length: prefix.prefix_len(),
            origin: route.origin().unwrap_or_default(),
            rpki: self.vrps.load().as_ref().map(|vrps| vrps.state(prefix, route.origin())),
        })
    }
}

impl Default for AddressTables {
    /// Without routes, VRPs and networks.
    fn default() -> Self {
        let routes = Arc::new(Routes::new(Arc::new(Settings::default())));
        Self::new(routes, &BmpSection::default(), Arc::default())
    }
}

impl std::fmt::Debug for AddressTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddressTables").finish_non_exhaustive()
    }
}
