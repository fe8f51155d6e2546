//! The arguments of `flowql collect`.

use std::net::SocketAddr;

use clap::Args;
use flowql_connect::BackendArgs;
use flowql_server::LogLevel;

use super::log_level;

/// Collect flows: receive what routers send, and write it to the flow tables
///
/// NetFlow v1, v5, v7 and v9, IPFIX and sFlow arrive at the addresses of [[collect.listen]] in the configuration. What
/// arrives is kept in a journal on disk until the database has it, each flow once, whatever is killed meanwhile. The
/// tables are created where they are missing. The options hold in the place of what [collect] of the configuration says.
/// Metrics and health are at http://127.0.0.1:8081/metrics, /healthz and /readyz. The configuration is read again at SIGHUP
/// and when its file changes; a bad one is refused. SIGTERM stops the collector: what is received by then is written, or kept
/// for the next start. The log is on standard error.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  flowql collect
  flowql collect --listen '[::]:2055' --data /var/lib/flowql
  flowql collect --server http://clickhouse:8123 --database flows
  curl http://127.0.0.1:8081/readyz")]
pub(crate) struct Collect {
    /// Answer about metrics and health at this address and port
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) collecting: Collecting,
}

/// What to collect, and where to put it.
#[derive(Clone, Debug, Args)]
pub(crate) struct Collecting {
    /// Listen for UDP at this address and port; several times for several
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Keep the journal in this folder, and with `flowql up` the saved filters
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// Log what is at least this important
    #[arg(long, value_name = "LEVEL", value_parser = log_level())]
    pub(crate) log_level: Option<LogLevel>,
    #[command(flatten)]
    pub(crate) target: BackendArgs,
}
