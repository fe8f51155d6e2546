//! The arguments of `flowql routes`.

use std::net::IpAddr;

use clap::Args;

/// Show what a running collector knows of routes, and which one a flow gets
///
/// It asks `flowql collect` at the address that `http` in [collect] of the configuration has. Without an address it prints
/// the routers that send their routes by BMP, with their peers and sessions. With one, it prints the routes to the longest
/// prefix that has the address: first the one that a flow gets, and why it is that one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql routes
  flowql routes 203.0.113.9
  flowql routes 203.0.113.9 --router 192.0.2.1 --vrf 64500:1
  flowql routes 203.0.113.9 --exporter 198.51.100.1 --next-hop 192.0.2.254
  flowql routes 2001:db8::1 --json

Exit status: 0 when a route is found or the status is printed, 1 when no route is found or nothing is listened at,
2 when the collector cannot be asked.")]
pub(crate) struct Routes {
    /// The address to look up
    pub(crate) address: Option<IpAddr>,
    /// Show what a flow of this exporter gets, where it has no routes of its own from another router if so configured
    #[arg(long, value_name = "ADDRESS", requires = "address", conflicts_with = "router")]
    pub(crate) exporter: Option<IpAddr>,
    /// Show what this router has, not all
    #[arg(long, value_name = "ADDRESS", requires = "address")]
    pub(crate) router: Option<IpAddr>,
    /// Look in this VRF, by its name or route distinguisher
    #[arg(long, value_name = "VRF", requires = "address")]
    pub(crate) vrf: Option<String>,
    /// Choose as for a flow with this next hop
    #[arg(long, value_name = "ADDRESS", requires = "address")]
    pub(crate) next_hop: Option<IpAddr>,
    /// Ask the collector at this address
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Print a JSON object: the routers with their routes or, without an address, the status
    #[arg(long)]
    pub(crate) json: bool,
}
