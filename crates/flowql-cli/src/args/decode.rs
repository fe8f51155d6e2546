//! The arguments of `flowql decode`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::AllColumns;

/// Show what routers send: decode NetFlow, IPFIX and sFlow of a capture, a journal or a port
///
/// Reads pcap and pcapng files, of Ethernet, Linux cooked mode and raw IP, and the journal of a collector, which may run
/// meanwhile, and prints a flow as a JSON object on one line, with the names of the columns as keys, as `flowql grep` reads
/// it; columns that are zero or empty are left out. Of a journal, `[[collect.element]]`, `[[collect.exporter]]`, `time` and
/// `exporter_address` of the configuration hold, as they do for the collector.
/// Templates, records of options and what cannot be decoded are said on standard error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql decode router.pcap | flowql grep 'DstPort = \"domain\"'
  tcpdump -w - udp port 2055 | flowql decode -
  flowql decode --all-columns --listen '[::]:2055'
  flowql decode --records router.pcapng
  flowql decode /var/lib/flowql/journal

Exit status: 0 when all is well, 1 when a part could not be decoded, 2 for input that cannot be read.")]
pub(crate) struct Decode {
    /// Read this capture, or this folder of a journal; `-`, or nothing, is standard input
    #[arg(conflicts_with = "listen")]
    pub(crate) file: Option<PathBuf>,
    /// Decode what comes to this address, until interrupted
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Print the records as they were sent, each element with its name, those of options too
    #[arg(long)]
    pub(crate) records: bool,
    /// Stop after so many datagrams
    #[arg(long, short, value_name = "N")]
    pub(crate) max_count: Option<u64>,
    #[command(flatten)]
    pub(crate) columns: AllColumns,
}
