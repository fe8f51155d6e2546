//! The options of `flowql engine`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// The embedded ClickHouse: fetch its library, start it, stop it, look at it
///
/// FlowQL brings a ClickHouse along, which runs in a process of its own over a data folder and answers on a port of
/// this machine. It is started as needed and ends when nobody has used it for a while; `start` and `stop` are for
/// those who want to see to it themselves.
#[derive(Debug, Args)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  flowql engine install
  flowql engine status --json
  flowql engine start --idle never
  flowql engine stop"
)]
pub(crate) struct Engine {
    #[command(subcommand)]
    pub(crate) action: EngineAction,
}

/// What to do with the embedded ClickHouse.
#[derive(Debug, Subcommand)]
pub(crate) enum EngineAction {
    /// Fetch the library, once, and verify it
    ///
    /// npm fetches it as it is configured; where there is no npm, or no network, give the file that
    /// `npm pack @chdb/lib-linux-x64-gnu` has written elsewhere.
    Install {
        /// Take it from this file: the package of npm (.tgz), or the library itself
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Say whether it runs, and where
    Status {
        #[command(flatten)]
        folder: DataFolder,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Start it, unless it runs already, and print its address
    Start {
        #[command(flatten)]
        folder: DataFolder,
        /// End it when nobody has used it for so many seconds, or `never`; as configured when left out
        #[arg(long, value_name = "SECONDS", value_parser = idle)]
        idle: Option<Idle>,
    },
    /// Stop it, whoever uses it
    Stop {
        #[command(flatten)]
        folder: DataFolder,
    },
}

/// Which data folder.
#[derive(Debug, Args)]
pub(crate) struct DataFolder {
    /// The data folder; as configured when left out
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// For how long an engine goes on that nobody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Idle(pub(crate) Option<Duration>);

fn idle(text: &str) -> Result<Idle, String> {
    match text {
        "never" => Ok(Idle(None)),
        text => match text.parse() {
            Ok(seconds) => Ok(Idle(Some(Duration::from_secs(seconds)))),
            Err(_) => Err("a number of seconds, or `never`".to_owned()),
        },
    }
}
