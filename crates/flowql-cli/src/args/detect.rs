//! The options of `flowql detect`.

use clap::{Args, Subcommand};
use flowql_connect::BackendArgs;

/// Attacks: what is found, and what is done about it
///
/// `flowql up` and `flowql collect` look for attacks where `enabled` in [detect] of the configuration is true: by rules that
/// are filters, in the flows as they come. These commands ask the one that runs, at the address that the configuration has.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  flowql detect status
  flowql detect show 42
  flowql detect approve 42
  flowql detect off
  flowql detect replay --from -30d

Exit status: 0 when all is well, 1 when there is an attack that is not over or a rule is wrong, 2 when the detector cannot
be asked or refuses."
)]
pub(crate) struct Detect {
    #[command(subcommand)]
    pub(crate) action: DetectAction,
}

/// What to do about attacks.
#[derive(Debug, Subcommand)]
pub(crate) enum DetectAction {
    /// Show the attacks that are not over, the targets near a threshold, and what should be changed
    Status {
        #[command(flatten)]
        asked: AskedDetector,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show an attack: what it is made of, its signature, and everything that was decided
    Show {
        /// Its number
        number: u32,
        #[command(flatten)]
        asked: AskedDetector,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Let happen what is planned about an attack
    Approve {
        /// Its number
        number: u32,
        #[command(flatten)]
        asked: AskedDetector,
    },
    /// Take back what is done about an attack
    Withdraw {
        /// Its number
        number: u32,
        #[command(flatten)]
        asked: AskedDetector,
    },
    /// Let what is done about an attack last longer
    Extend {
        /// Its number
        number: u32,
        /// By how many seconds
        #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..=2_592_000))]
        by: u32,
        #[command(flatten)]
        asked: AskedDetector,
    },
    /// Take back everything that is done about attacks, and do nothing more until `on`, over restarts too
    Off {
        #[command(flatten)]
        asked: AskedDetector,
    },
    /// Do again what the mode says
    On {
        #[command(flatten)]
        asked: AskedDetector,
    },
    /// Show the rules of the configuration and of the program, and check them; no detector need run
    Rules {
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what the rules would have found in the flows of the past, when, and for how long
    ///
    /// It asks the database, by windows of whole multiples of 10 s, whichever collector filled it.
    Replay(Replay),
    /// Show the rule that routers would get for a filter, and what the guards say of it
    ///
    /// It says which condition a rule of BGP cannot carry. Nothing is announced.
    Announce(Announce),
}

/// What would be announced.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql detect announce --dry-run 'DstAddr = 203.0.113.9 AND Proto = \"udp\" AND SrcPort = \"ntp\"'
  flowql detect announce --dry-run --limit 10000000 'DstAddr << 203.0.113.0/24 AND Proto = \"icmp\"'
  flowql detect announce --dry-run --blackhole 'DstAddr = 203.0.113.9'

Exit status: 0 when the guards pass it, 1 when they refuse it, 2 when there is no such rule.")]
pub(crate) struct Announce {
    /// The filter of the traffic
    pub(crate) filter: String,
    /// Only show it: what is announced is what the detector wants
    #[arg(long, required = true)]
    pub(crate) dry_run: bool,
    /// Let so many bits a second through, instead of none
    #[arg(long, value_name = "BITS", conflicts_with = "blackhole", value_parser = clap::value_parser!(u32).range(8..))]
    pub(crate) limit: Option<u32>,
    /// Drop everything to the destination, by a blackhole route
    #[arg(long)]
    pub(crate) blackhole: bool,
    /// How long it would last
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) seconds: u32,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which flows are replayed.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The flows that were received from this time on
    #[arg(long, value_name = "TIME", default_value = "-24h", allow_hyphen_values = true)]
    pub(crate) from: String,
    /// And before this one
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    pub(crate) until: String,
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) target: BackendArgs,
}

/// Which detector is asked.
#[derive(Debug, Args)]
pub(crate) struct AskedDetector {
    /// Ask the collector at this address
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}
