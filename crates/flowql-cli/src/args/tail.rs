//! The arguments of `flowql tail`.

use clap::Args;

/// Show the flows that a filter selects, as a running collector writes them
///
/// It asks `flowql collect` at the address that `http` in [collect] of the configuration has, or `flowql up` at that of
/// `listen` in [server]. The collector
/// evaluates the filter itself, on the flows that the database has just acknowledged, and gives a sample of at most --rate
/// flows a second; what is left out is counted and said. That never slows the writing: where it would, flows are not
/// looked at, which is said too. Columns that are known only when a flow is in the database, as DstRPKI, are not known
/// here: ask `flowql query`. It continues until it is interrupted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql tail 'InIfBoundary = external AND Proto = \"udp\"'
  flowql tail 'DstAddr << 192.0.2.0/24' --columns TimeReceived,SrcAddr,DstPort,Bytes
  flowql tail '' --json --rate 100 | flowql grep --count 'DstPort = 53'
  flowql tail --max-count 10 'TCPFlags HAS SYN'
  flowql tail --url http://collector1:8081 --url http://collector2:8081 'SrcAS = AS15169'

Exit status: 0 when it is interrupted or has shown what was asked for, 1 for a bad filter, 2 when a collector cannot be
asked, refuses, or has ended.")]
pub(crate) struct Tail {
    /// The filter, empty for all flows; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// Show these columns rather than the usual ones
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Print each flow as a JSON object on one line, as `flowql grep` reads it; of all columns where none are named
    #[arg(long)]
    pub(crate) json: bool,
    /// Show at most so many flows a second of each collector
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rate: u32,
    /// Stop after so many flows
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_count: Option<u64>,
    /// Ask the collector at this address; several times for several
    #[arg(long, value_name = "URL")]
    pub(crate) url: Vec<String>,
}
