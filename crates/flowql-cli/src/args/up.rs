//! The arguments of `flowql up`.

use std::net::SocketAddr;

use clap::Args;

use super::collect::Collecting;

/// Collect flows and show them: all of FlowQL in one process
///
/// It is `flowql collect` and `flowql serve` together, on the embedded ClickHouse unless the configuration or an option names
/// another database: the command for a single machine. Nothing needs to be configured: the engine is fetched and the
/// tables are made where they are missing, and it prints where routers send to and where the page is. The service answers for
/// both: /api/v1/exporters, /api/v1/tail, /metrics, /healthz and /readyz are at its address, and `http` in [collect] is not
/// used. The configuration of the collector is read again at SIGHUP and when its file changes, the saved filters at SIGHUP.
/// SIGTERM stops it: what is received by then is written, or kept for the next start. The log is on standard error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql up
  flowql up --http 0.0.0.0:8080 --listen '[::]:2055'
  flowql up --data /var/lib/flowql --server http://clickhouse:8123
  flowql simulate --rate 2000                 # no router at hand: in another terminal")]
pub(crate) struct Up {
    /// Answer over HTTP at this address and port, the page included; port 0 is any free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) collecting: Collecting,
}
