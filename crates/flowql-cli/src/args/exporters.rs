//! The arguments of `flowql exporters`.

use clap::Args;

/// Show which exporters send to a running collector, and what is wrong with them
///
/// It asks `flowql collect` at the address that `http` in [collect] of the configuration has, or `flowql up` at that of
/// `listen` in [server], and prints a table: name,
/// address, protocols, flows a second over the last half minute, templates, what was lost by the sequence numbers, how far
/// the clock is ahead, and how many interfaces have names. Below each exporter is what is wrong with it, and what to do; those with
/// the worst problems come first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql exporters
  flowql exporters --json
  flowql exporters --url http://collector1:8081 --url http://collector2:8081
  flowql exporters >/dev/null || echo 'some exporter has a problem'

Exit status: 0 when all is well, 1 when something is wrong with an exporter or with what comes in,
2 when a collector cannot be asked.")]
pub(crate) struct Exporters {
    /// Ask the collector at this address; several times for several, whose answers are merged
    #[arg(long, value_name = "URL")]
    pub(crate) url: Vec<String>,
    /// Print a JSON object: exporters, each with its problems, sessions, and problems of what comes in
    #[arg(long)]
    pub(crate) json: bool,
}
