//! The arguments of `flowql import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Make a flowql.toml of the configuration of another flow collector
///
/// What has no counterpart is in the file as a comment, with the reason.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql import akvorado akvorado.yaml
  flowql import akvorado config/akvorado.yaml --output flowql.toml")]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) from: ImportFrom,
}

/// Whose configuration it is.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    /// Read the configuration of Akvorado: akvorado.yaml, and the files of its services
    ///
    /// Files that others include are read by themselves. Listeners, exporters, SNMP, classifiers, networks, GeoIP, BMP,
    /// columns, tables, the database and saved filters are taken over. Classifiers become rules whose conditions are
    /// filters; one that cannot be said so is kept as a comment.
    #[command(after_help = "Examples:
  flowql import akvorado akvorado.yaml
  flowql import akvorado inlet.yaml outlet.yaml console.yaml --output flowql.toml
  flowql import akvorado akvorado.yaml --json | jq .left_out

Exit status: 0 when a configuration was made, 2 when a file cannot be read or written.")]
    Akvorado(ImportFiles),
}

/// From what to what.
#[derive(Debug, Args)]
pub(crate) struct ImportFiles {
    /// The files of the configuration
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write this file, which must not be there yet, instead of standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) output: Option<PathBuf>,
    /// Print a JSON object: toml, left_out with path, value and reason of each setting that was not taken over
    #[arg(long)]
    pub(crate) json: bool,
}
