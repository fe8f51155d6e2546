//! The command line.

mod classify;
mod collect;
mod data;
mod decode;
mod detect;
mod engine;
mod exporters;
mod import;
mod routes;
mod simulate;
mod tail;
mod up;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use flowql_connect::BackendArgs;
use flowql_server::LogLevel;

pub(crate) use classify::Classify;
pub(crate) use collect::{Collect, Collecting};
pub(crate) use data::{By, DemoData, Making, Query, Rank, RowFormat, Tables, TablesAction};
pub(crate) use decode::Decode;
pub(crate) use detect::{Announce, AskedDetector, Detect, DetectAction, Replay};
pub(crate) use engine::{DataFolder, Engine, EngineAction, Idle};
pub(crate) use exporters::Exporters;
pub(crate) use import::{Import, ImportFiles, ImportFrom};
pub(crate) use routes::Routes;
pub(crate) use simulate::{Simulate, protocol_name};
pub(crate) use tail::Tail;
pub(crate) use up::Up;

/// Compile, check and format FlowQL filters.
///
/// FlowQL is a small language for filtering network flows. A filter is compiled to a ClickHouse WHERE clause.
#[derive(Debug, Parser)]
#[command(
    name = "flowql",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 when all is well, 1 for a bad filter, 2 for bad usage or input that cannot be read.

Examples:
  flowql compile 'SrcAS = AS15169 AND DstPort IN (80, 443)'
  flowql check --file filters/
  flowql fmt --write --file filters/edge.flowql
  flowql repl
  flowql help language"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Global {
    /// Read this configuration, not the flowql.toml of the directory or its parents
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Read no configuration
    #[arg(long, global = true, conflicts_with = "config")]
    pub(crate) no_config: bool,
    /// Say less: no warnings, hints or summaries in text output
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colours; `auto` heeds the terminal, NO_COLOR and CLICOLOR
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes it the choice of the process.
    pub(crate) fn choose(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Compile(Compile),
    Check(Check),
    Fmt(Fmt),
    Grep(Grep),
    Decode(Decode),
    Explain(Explain),
    Complete(Complete),
    Tokens(Tokens),
    Repl(Repl),
    Lsp(Lsp),
    Columns(Columns),
    Codes(Codes),
    Config(Configuration),
    #[command(alias = "store")]
    Engine(Engine),
    Import(Import),
    Collect(Collect),
    Exporters(Exporters),
    Routes(Routes),
    Detect(Detect),
    Classify(Classify),
    Serve(Serve),
    Tail(Tail),
    Up(Up),
    Tables(Tables),
    DemoData(DemoData),
    Simulate(Simulate),
    Query(Query),
    Completions(Completions),
    Man(Man),
    Help(Help),
}

/// Print the SQL of a filter
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql compile 'InIfBoundary = external AND DstAddr << 2001:db8::/64'
  echo 'SrcAS = AS15169' | flowql compile --reverse
  flowql compile --bound --json 'ExporterName = \"edge1\"'
  flowql compile --emit syntax 'SrcAS IN (AS1, AS2)'
  printf '{\"filter\": \"SrcPort = 80\", \"reverse\": true}\\n' | flowql compile --lines")]
pub(crate) struct Compile {
    /// The filter; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// Compile for the flows of the opposite direction
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Print the values as query parameters beside the SQL
    #[arg(long)]
    pub(crate) bound: bool,
    /// Qualify the dictionaries with this database
    #[arg(long, value_name = "NAME")]
    pub(crate) database: Option<String>,
    /// Print a JSON object: sql, parameters, columns, main_table_required, diagnostics
    #[arg(long)]
    pub(crate) json: bool,
    /// Answer each line of standard input, {"filter", "reverse"?, "database"?}, with one JSON line
    ///
    /// The options --reverse, --database and --bound hold for the lines that do not say otherwise. A bad filter does
    /// not change the exit status; a line that is not such JSON is answered with {"error", "line"}, and the exit
    /// status is then 2.
    #[arg(long, conflicts_with_all = ["filter", "json", "emit"])]
    pub(crate) lines: bool,
    /// Print a stage of the compilation
    #[arg(long, value_name = "STAGE", value_enum, conflicts_with = "json")]
    pub(crate) emit: Option<Stage>,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}

/// A stage of the compilation.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Stage {
    /// The tokens, one on a line, with their ranges in bytes
    Tokens,
    /// The tree as it is written, as an S-expression
    Syntax,
    /// The tree checked against the schema, every value read
    Typed,
    /// The SQL
    Sql,
}

/// Which columns there are.
#[derive(Debug, Args)]
pub(crate) struct AllColumns {
    /// Enable every column of the schema
    #[arg(long)]
    pub(crate) all_columns: bool,
}

/// Where values for completion come from: a file, the backend of the options, or the one that is configured.
#[derive(Debug, Args)]
pub(crate) struct ValuesFrom {
    /// Offer the values of this TOML or JSON file, the backend `static`
    ///
    /// It lists values by column, and by type for the columns without a list; the most used come first:
    ///
    ///   [columns]
    ///   ExporterName = ["edge1.example.net", "edge2.example.net"]
    ///   InIfName = [{ value = "Ethernet1/1", detail = "Transit: Example" }]
    ///   DstPort = [443, 53]
    ///   [types]
    ///   asn = [{ value = "AS15169", detail = "Google" }, "AS64500"]
    ///
    /// A column without a list also has that of the opposite direction: OutIfName that of InIfName.
    #[arg(long, value_name = "FILE", verbatim_doc_comment, help_heading = "Values of the network")]
    pub(crate) values: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) backend: BackendArgs,
}

/// Say what is wrong, or doubtful, in filters
///
/// Each diagnostic is shown with its code, the text underlined, help, and fixes. `flowql codes` explains the codes.
/// In a *.flowql file each line `-- name: NAME` starts a filter, which the others can refer to as @NAME.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql check 'SrcASN = 15169'
  flowql check --file edge.flowql core.flowql
  flowql check --format github --file filters/
  flowql check --fix --file edge.flowql
  flowql check - < filter.txt")]
pub(crate) struct Check {
    /// The filter; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// Check these files; of a directory, all *.flowql, *.dashboard.toml and *.view.toml files below it
    #[arg(long = "file", short, value_name = "PATH", num_args = 1.., conflicts_with = "filter")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print what was found; text goes to standard error
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Apply the sure fixes of errors that have just one, then check what is left
    #[arg(long, requires = "files", conflicts_with = "filter")]
    pub(crate) fix: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// An object with the diagnostics and a summary
    Json,
    /// Workflow commands of GitHub Actions
    Github,
    /// SARIF 2.1.0
    Sarif,
}

/// Print filters in the canonical layout
///
/// Keywords in upper case, columns in the case of the schema, long filters broken before AND and OR. Text with errors
/// is left as it is and reported.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql fmt 'srcas=15169 and dstport in (80,443)'
  flowql fmt --check --file filters/
  flowql fmt --write --file edge.flowql
  flowql fmt < filter.txt")]
pub(crate) struct Fmt {
    /// The filter; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// Format these files; of a directory, all *.flowql files below it
    #[arg(long = "file", short, value_name = "PATH", num_args = 1.., conflicts_with = "filter")]
    pub(crate) files: Vec<PathBuf>,
    /// Only say what would change; the exit status is then 1
    #[arg(long, conflicts_with = "write")]
    pub(crate) check: bool,
    /// Put the formatted text in the place of each file's
    #[arg(long, short, requires = "files", conflicts_with = "filter")]
    pub(crate) write: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}

/// Filter flows without a database: print the JSON lines that a filter selects
///
/// A flow is a JSON object on one line with the names of the columns as keys, as ClickHouse writes it with FORMAT
/// JSONEachRow. A column that it lacks is computed from others where the tables do so without a dictionary (PacketSize,
/// Dst1stAS, SrcNetPrefix and the like), and is otherwise zero or empty, as the database would store it. Lines that are
/// no flows are reported and left out. With --quiet nothing is printed, and the first selected flow is the last that is
/// read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql grep 'InIfBoundary = external AND Proto = \"udp\"' flows.jsonl
  flowql grep --count 'DstAddr << 192.0.2.0/24' monday.jsonl tuesday.jsonl
  zcat flows.jsonl.gz | flowql grep --invert 'SrcAS IN (AS64512-AS65534)'
  flowql grep --quiet @attack flows.jsonl && echo 'there it is'

Exit status: 0 when some flow was selected, 1 when none was, 2 for a bad filter and for input that cannot be used.")]
pub(crate) struct Grep {
    /// The filter
    pub(crate) filter: String,
    /// Read these files; `-`, or nothing, is standard input
    pub(crate) files: Vec<PathBuf>,
    /// Print the flows that the filter does not select
    #[arg(long = "invert", short = 'v', visible_alias = "invert-match")]
    pub(crate) invert: bool,
    /// Print only how many flows were selected, of each file
    #[arg(long, short)]
    pub(crate) count: bool,
    /// Stop reading a file after so many selected flows
    #[arg(long, short, value_name = "N")]
    pub(crate) max_count: Option<u64>,
    /// Put the number of its line before each flow
    #[arg(long, short = 'n')]
    pub(crate) line_number: bool,
    /// Put the name of its file before each flow
    #[arg(long, short = 'H')]
    pub(crate) with_filename: bool,
    /// Select the flows of the opposite direction
    #[arg(long)]
    pub(crate) reverse: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}

/// Say in plain English what a filter selects
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql explain 'InIfBoundary = external AND NOT DstPort IN (80, 443)'
  flowql explain --json 'SrcAS = AS15169'
  flowql explain < filter.txt")]
pub(crate) struct Explain {
    /// The filter; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// Explain the filter for the flows of the opposite direction
    #[arg(long)]
    pub(crate) reverse: bool,
    /// Print a JSON object: lines, each with its depth and text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}

/// List what may stand at a place of a filter, the best first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql complete 'SrcAS = AS15169 AND dst'
  flowql complete --cursor 3 'src = 1'
  flowql complete --json 'InIfBoundary = '
  flowql complete --values values.toml 'SrcAS = goo'
  flowql complete --server https://clickhouse.example:8443 'SrcAS = goo'")]
pub(crate) struct Complete {
    /// The filter, finished or not; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// The place, in bytes from the start; the end of the filter when left out
    #[arg(long, value_name = "N")]
    pub(crate) cursor: Option<u32>,
    /// List at most so many candidates
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// Print a JSON object: replace, candidates, the request for values of the network, and why some are missing
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
    #[command(flatten)]
    pub(crate) values: ValuesFrom,
}

/// List the tokens of a filter with their classes, as editors colour them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql tokens 'SrcAS = AS15169 -- Google'
  flowql tokens --paint 'SrcAS = AS15169 -- Google'
  flowql tokens --json < filter.txt")]
pub(crate) struct Tokens {
    /// The filter; `-`, or nothing where standard input is no terminal, reads it from there
    pub(crate) filter: Option<String>,
    /// Print the filter in colours instead
    #[arg(long, conflicts_with = "json")]
    pub(crate) paint: bool,
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}

/// Try filters at a prompt that colours, completes and checks them, and shows their SQL
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql repl
  flowql repl --all-columns --bound
  flowql repl --values values.toml")]
pub(crate) struct Repl {
    /// Show the values as query parameters beside the SQL
    #[arg(long)]
    pub(crate) bound: bool,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
    #[command(flatten)]
    pub(crate) values: ValuesFrom,
}

/// Run the language server over standard input and output
///
/// An editor starts it. The configuration is the flowql.toml of the editor's workspace, unless --config or the
/// initialization options of the editor say otherwise. The exit status is 0 when the editor asked for the end, else 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql lsp
  flowql lsp --config /etc/flowql.toml")]
pub(crate) struct Lsp {
    /// Accepted since many editors say it; there is no other way
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
    #[command(flatten)]
    pub(crate) values: ValuesFrom,
}

/// List the columns of the schema
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql columns
  flowql columns port
  flowql columns 'src*' --all
  flowql columns --json dstas")]
pub(crate) struct Columns {
    /// A part of the name, or with `*` and `?` a pattern for the whole name, in any case
    pub(crate) pattern: Option<String>,
    /// Include the columns that are not enabled
    #[arg(long)]
    pub(crate) all: bool,
    /// Print a JSON array, each column with everything that is known of it
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the diagnostic codes, or explain one
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql codes
  flowql codes E101
  flowql codes --json like-without-wildcard")]
pub(crate) struct Codes {
    /// The code, or its name
    pub(crate) code: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the configuration, the defaults written out
///
/// The configuration is the file of --config, or the flowql.toml of the directory or of its nearest parent that has
/// one. Filters of the configuration that have errors are reported.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql config
  flowql config --json
  flowql config --no-config > flowql.toml
  flowql config --reference")]
pub(crate) struct Configuration {
    /// Print JSON: path, config, problems
    #[arg(long)]
    pub(crate) json: bool,
    /// Print every setting that there is instead, with its type, default and meaning
    #[arg(long)]
    pub(crate) reference: bool,
    /// The reference as Markdown, for the page of the documentation
    #[arg(long, hide = true, requires = "reference", conflicts_with = "json")]
    pub(crate) markdown: bool,
}

/// Answer over HTTP: for a console, a chat bot or another program
///
/// The options hold in the place of what [server] of the configuration says. The address is in the log. SIGTERM stops
/// the service, SIGHUP makes it read the saved filters of the configuration again. /docs describes the API.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql serve
  flowql serve --listen 127.0.0.1:0 --backend none
  flowql serve --data /var/lib/flowql --log-level debug")]
pub(crate) struct Serve {
    /// Listen on this address and port; port 0 is any free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) values: ValuesFrom,
    /// Keep the saved filters in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// Log what is at least this important
    #[arg(long, value_name = "LEVEL", value_parser = log_level())]
    pub(crate) log_level: Option<LogLevel>,
}

fn log_level() -> impl TypedValueParser<Value = LogLevel> {
    let names = PossibleValuesParser::new(LogLevel::ALL.map(LogLevel::name));
    // Every possible value has a level.
    names.map(|name| LogLevel::named(&name).unwrap_or_default())
}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql completions bash > ~/.local/share/bash-completion/completions/flowql
  flowql completions zsh > ~/.zfunc/_flowql
  flowql completions fish > ~/.config/fish/completions/flowql.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Print the manual page, or write the pages of all commands
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql man | man -l -
  flowql man --dir ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Write one page for each command into this directory
    #[arg(long, value_name = "DIR", action = ArgAction::Set)]
    pub(crate) dir: Option<PathBuf>,
}

/// Show the reference of the language, or the help of a command
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql help language | less
  flowql help coming-from
  flowql help compile")]
pub(crate) struct Help {
    /// language, columns, configuration, diagnostics, words, coming-from, or a command
    pub(crate) topic: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for command in super::Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n"), "{}", command.get_name());
        }
    }
}
