//! The commands that need a database.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use flowql_connect::BackendArgs;

/// Create, migrate or show the flow tables
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql tables create
  flowql tables migrate --dry-run
  flowql tables create --as-names asns.csv --server http://clickhouse:8123
  flowql tables show

One `create` or `migrate` of a database runs at a time: the table `flowql_migration` is
there meanwhile, and another one ends with an error that names the first. One that was
killed is in nobody's way on the same machine, and for at most 30 s on another. `show`
and --dry-run need no turn.")]
pub(crate) struct Tables {
    #[command(subcommand)]
    pub(crate) action: TablesAction,
}

/// What to do with the flow tables.
#[derive(Debug, Subcommand)]
pub(crate) enum TablesAction {
    /// Make what is missing; what is there stays as it is
    Create {
        #[command(flatten)]
        making: Making,
        #[command(flatten)]
        target: BackendArgs,
    },
    /// Make what is missing, and add the columns and indexes of the configuration to what is there
    ///
    /// No row is lost. A new aggregated table is filled with the flows that are there, while others are written, in
    /// whatever way: each counts once. Two kinds of batches are no part of that, if they cross the filling. One that was
    /// stored before, and is repeated after since its acknowledgement was lost, counts twice in the new table. One that
    /// a table engine such as Kafka or Buffer writes by itself, or an asynchronous insert that nobody waits for, may be
    /// missing from the new table. Where that matters, pause such writers.
    Migrate {
        #[command(flatten)]
        making: Making,
        /// Change how long rows are kept, too: a shorter time deletes rows
        #[arg(long)]
        expire: bool,
        #[command(flatten)]
        target: BackendArgs,
    },
    /// List the tables that are there: resolution, oldest row, columns
    Show {
        /// Print a JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: BackendArgs,
    },
}

/// How tables are made.
#[derive(Debug, Args)]
pub(crate) struct Making {
    /// Print the SQL, and run none of it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Take the names of autonomous systems from this file: lines of a number and a name, `15169,Google`
    #[arg(long, value_name = "FILE")]
    pub(crate) as_names: Option<PathBuf>,
}

/// Fill the flow tables with flows like those of a real edge
///
/// The tables are created where they are missing. The same seed, rows, span and end give the same flows, and the same
/// flows are not stored twice.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql demo-data
  flowql demo-data --rows 10m --span 7d
  flowql demo-data --seed 7 --end 2026-01-31T00:00")]
pub(crate) struct DemoData {
    /// How many flows; `k` and `m` stand for thousands and millions
    #[arg(long, value_name = "N", default_value = "1m", value_parser = count)]
    pub(crate) rows: u64,
    /// Another seed gives other flows
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How much time the flows cover
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub(crate) span: String,
    /// When the last flow is received
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    pub(crate) end: String,
    #[command(flatten)]
    pub(crate) target: BackendArgs,
}

pub(super) fn count(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1000),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1_000_000),
            None => (text, 1),
        },
    };
    let number: Option<u64> = digits.replace('_', "").parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|rows| (1..=10_000_000_000).contains(rows))
        .ok_or_else(|| "write a number from 1 to 10000m, as 500k or 10m".to_owned())
}

/// Run a filter on the flows
///
/// Of the flows that the filter selects: the traffic over time, the values of columns with the most traffic, or the
/// flows themselves. The coarsest table that has what is asked for is read; or, without any database, a file of flows
/// (`--backend file`): JSON lines with the columns as keys, as `flowql grep` reads them. It answers as the table of every
/// flow does. Its columns that a dictionary fills are as the file has them, and a bad line ends the query with its number.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql query 'InIfBoundary = external' --top SrcAS
  flowql query 'DstPort = \"https\"' --top SrcAS,DstCountry --by packets --from -6h
  flowql query 'SrcAS = AS15169' --series --from -24h
  flowql query '' --series --top InIfName --step 1h --from 2026-01-30 --to 2026-01-31
  flowql query 'DstPort = 443' --top SrcAddr/24 --rank p95 --from yesterday --to today
  flowql query 'InIfName = \"et-0/0/0\"' --series --both --by inspeed --from '1 month ago'
  flowql query 'Proto = \"icmp\"' --flows --limit 50 --format json
  flowql query 'DstPort = 443' --top SrcAS --from -7d --backend file --flows-from flows.jsonl")]
pub(crate) struct Query {
    /// The filter, empty for all flows; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// The values of these columns that have the most traffic; with --series, their traffic over time
    ///
    /// Addresses can be cut to prefixes: SrcAddr/24 is /24 of IPv4 and /48 of IPv6, SrcAddr/24/56 says both.
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub(crate) top: Vec<String>,
    /// What traffic is measured in
    #[arg(long, value_name = "UNIT", value_enum, default_value_t = By::Bits)]
    pub(crate) by: By,
    /// What values of --top are ranked by: the average, or the maximum, last or 95th percentile of the points
    #[arg(long, value_name = "STATISTIC", value_enum, default_value_t = Rank::Average)]
    pub(crate) rank: Rank,
    /// The traffic over time; this is what is shown when nothing else is asked for
    #[arg(long)]
    pub(crate) series: bool,
    /// The flows themselves, the newest first
    #[arg(long, conflicts_with_all = ["top", "series", "by"])]
    pub(crate) flows: bool,
    /// With --flows, these columns rather than the usual ones
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', requires = "flows")]
    pub(crate) columns: Vec<String>,
    /// Since when: -1h, -7d, -3mo, '2 weeks ago', yesterday, 'last month', 2026-01-31, 2026-01-31T18:00
    #[arg(long, value_name = "TIME", default_value = "-1h", allow_hyphen_values = true)]
    pub(crate) from: String,
    /// Until when
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    pub(crate) to: String,
    /// At most so many rows or, of a series, top values
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) limit: u32,
    /// At most so many points of a series, or of a ranking by them; parts at the ends can make one more
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) points: u32,
    /// The time between the points instead: 2m, 1h
    #[arg(long, value_name = "TIME", conflicts_with = "points")]
    pub(crate) step: Option<String>,
    /// Select the flows of the opposite direction
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Answer for both directions: the rows of the filter, then those of the opposite direction
    #[arg(long, conflicts_with_all = ["reverse", "explain"])]
    pub(crate) both: bool,
    /// How to print the answer
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
    /// Show how the query runs instead: the table and why, what is read, what the keys save, the SQL
    #[arg(long)]
    pub(crate) explain: bool,
    /// Give up after so long
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub(crate) timeout: String,
    #[command(flatten)]
    pub(crate) target: BackendArgs,
}

/// What traffic is measured in.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum By {
    /// Bits per second, of layer 3
    Bits,
    /// Bits per second, of layer 2: 38 bytes a packet more
    L2bits,
    /// Packets per second
    Packets,
    /// Flow records
    Flows,
    /// Share of the speed of the input interfaces, at layer 2
    Inspeed,
    /// Share of the speed of the output interfaces, at layer 2
    Outspeed,
}

/// What values are ranked by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Rank {
    /// The whole time
    Average,
    /// The largest point
    #[value(alias = "max")]
    Maximum,
    /// The last whole point
    Last,
    /// The 95th percentile of the points, by nearest rank
    #[value(alias = "95th")]
    P95,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// For people; a series as a chart
    Table,
    /// An object with the rows, and how the query ran
    Json,
    /// A header and a line for each row
    Csv,
    /// A table of Markdown
    Markdown,
}
