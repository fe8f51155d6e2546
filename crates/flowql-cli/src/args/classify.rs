//! The arguments of `flowql classify`.

use std::path::PathBuf;

use clap::Args;
use flowql_connect::BackendArgs;

/// Show what the rules of [classify] gave to exporters and interfaces, and why
///
/// It asks `flowql collect` at the address that `http` in [collect] of the configuration has, and prints every exporter and
/// interface of which flows came, with what is known of it and what each rule set. With --rules it says what other rules
/// would change, and changes nothing. With --suggest it prints rules to paste, for interfaces without a boundary: by words
/// of their descriptions, and by the traffic of the last hour in the tables.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql classify
  flowql classify --rules new.toml
  flowql classify --suggest >> flowql.toml
  flowql classify --json | jq '.interfaces[] | select(.facts.boundary == null)'

Exit status: 0 when all is well, 2 for bad usage or rules, and when the collector cannot be asked.")]
pub(crate) struct Classify {
    /// Ask the collector at this address
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Say what the rules of this file would change: one with [[classify.exporter]] and [[classify.interface]]
    #[arg(long, value_name = "FILE", conflicts_with = "suggest")]
    pub(crate) rules: Option<PathBuf>,
    /// Print rules for interfaces that have no boundary
    #[arg(long, conflicts_with = "json")]
    pub(crate) suggest: bool,
    /// Print a JSON object: rules, exporters and interfaces, or with --rules an array of changes
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) target: BackendArgs,
}
