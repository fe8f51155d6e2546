//! The arguments of `flowql simulate`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use flowql_decode::Protocol;
use flowql_simulate::{Attack, PROTOCOLS, Scenario};

use super::data::count;

/// Send flows as routers do, to try a collector on
///
/// Exporters of NetFlow v1, v5, v7, v9, IPFIX and sFlow send the flows of the network that `demo-data` shows, with templates,
/// names, sampling and counters. On this machine each exporter has an address of its own: 127.0.0.1, 127.0.0.2 and so on;
/// elsewhere they differ by their ports. The same seed, rate and options give the same datagrams; --start fixes their
/// times, too. In the end it says what was sent, and what a collector should have stored of it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  flowql simulate
  flowql simulate --target 127.0.0.1:2055 --rate 20k --seconds 60 --json
  flowql simulate --protocol netflow9,ipfix --exporters 50 --flows 1m
  flowql simulate --bmp --rate 5000
  flowql simulate --scenario nsel,restarts,loss
  flowql simulate --scenario dns-flood --protocol sflow --rate 5000
  flowql simulate --attack carpet --protocol sflow --rate 20k
  flowql simulate --pcap flows.pcap --seconds 60 --start 2026-01-31T00:00 && flowql decode flows.pcap

Exit status: 0 when all was sent, 2 for bad usage, and when a datagram cannot be sent or written.")]
pub(crate) struct Simulate {
    /// Send to this address and port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2055")]
    pub(crate) target: SocketAddr,
    /// Send the routes of the exporters by BMP to this address and port, too: sessions from the addresses that their flows
    /// come from, with the tables that the flows follow
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:10179",
        conflicts_with = "pcap"
    )]
    pub(crate) bmp: Option<SocketAddr>,
    /// Write a capture instead, at once; its packets go to the target
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,
    /// How many flows a second, `k` and `m` stand for thousands and millions; `max` is as many as can be sent
    #[arg(long, value_name = "N", default_value = "1000", value_parser = rate)]
    pub(crate) rate: Rate,
    /// End after so many flows; without this and --seconds it ends when interrupted, a capture after 60 s
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) flows: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) seconds: Option<u64>,
    /// Another seed gives other flows
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many exporters there are; one for each protocol when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) exporters: Option<u16>,
    /// Which protocols the exporters speak, in turn; all when left out
    #[arg(long, value_name = "PROTOCOL,...", value_delimiter = ',', value_parser = protocol())]
    pub(crate) protocol: Vec<Protocol>,
    /// What happens in addition; several are combined
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = scenario())]
    pub(crate) scenario: Vec<Scenario>,
    /// Let four flows in five be those of an attack, or of what looks like one: a detector should leave that alone
    #[arg(long, value_name = "KIND", value_parser = attack())]
    pub(crate) attack: Option<Attack>,
    /// How many flows a datagram has at most; Ethernet and the protocol may say fewer
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch: u16,
    /// When the first flow ends, by the clock of the exporters
    #[arg(long, value_name = "TIME", default_value = "now", allow_hyphen_values = true)]
    pub(crate) start: String,
    /// List the scenarios, and the protocols that can do each
    #[arg(long)]
    pub(crate) list: bool,
    /// Print a JSON object at the end: what was sent by protocol, and what should be stored; with --list, the scenarios
    #[arg(long)]
    pub(crate) json: bool,
}

fn attack() -> impl TypedValueParser<Value = Attack> {
    let values = Attack::ALL.iter().map(|attack| PossibleValue::new(attack.name()).help(attack.about()));
    PossibleValuesParser::new(values)
        // Every possible value is one.
        .map(|name| Attack::named(&name).unwrap_or(Attack::Ntp))
}

/// How many flows a second are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) Option<u64>);

fn rate(text: &str) -> Result<Rate, String> {
    match text {
        "max" => Ok(Rate(None)),
        text => count(text).map(|rate| Rate(Some(rate))),
    }
}

/// The name of a protocol on the command line, and in JSON.
pub(crate) const fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::NetflowV1 => "netflow1",
        Protocol::NetflowV5 => "netflow5",
        Protocol::NetflowV7 => "netflow7",
        Protocol::NetflowV9 => "netflow9",
        Protocol::Ipfix => "ipfix",
        Protocol::Sflow => "sflow",
    }
}

fn protocol() -> impl TypedValueParser<Value = Protocol> {
    let names = PossibleValuesParser::new(PROTOCOLS.iter().map(|&protocol| protocol_name(protocol)));
    names.map(|name| {
        let found = PROTOCOLS.iter().find(|&&protocol| protocol_name(protocol) == name);
        // Every possible value has a protocol.
        found.copied().unwrap_or(Protocol::NetflowV9)
    })
}

fn scenario() -> impl TypedValueParser<Value = Scenario> {
    let values =
        Scenario::ALL.iter().map(|scenario| PossibleValue::new(scenario.name()).help(scenario.about()));
    PossibleValuesParser::new(values)
        // Every possible value is a scenario.
        .map(|name| Scenario::named(&name).unwrap_or(Scenario::Noise))
}
