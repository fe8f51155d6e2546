//! The section `[collect]` of `flowql.toml`.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use flowql::ConfigError;
use flowql_config::{Choice, Section};
use flowql_decode::{AddressSource, ElementSection, ExporterSection, TimeSource};
use flowql_queue::Settings;
use ipnet::IpNet;

use crate::asn;

/// A year: no wait is longer.
const LONGEST_SECONDS: u64 = 365 * 86_400;

/// The collector, `flowql collect`: where routers send their flows to, and how what they send is kept until the database
/// has it.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "collect",
    example = "[collect]\nallow = [\"192.0.2.0/24\"]\n",
    check = CollectSection::faults
)]
pub struct CollectSection {
    /// The addresses and subnets from which flows are taken. When empty, they are taken from anywhere.
    #[setting(example = ["192.0.2.0/24", "2001:db8::1"])]
    pub allow: Vec<String>,
    /// The most exporters whose templates are kept. NetFlow v1, v5, v7 and sFlow need none and are taken from more.
    #[setting(default = 10_000, range = 1..=1_000_000)]
    pub max_exporters: usize,
    /// The most sessions of an exporter whose templates are kept: its ports and observation domains.
    #[setting(default = 64, range = 1..=65_536)]
    pub max_sessions: usize,
    /// How long an exporter or a session without a valid datagram keeps its place when others need it.
    #[setting(default = 600, range = 1..=LONGEST_SECONDS, unit = "seconds")]
    pub idle_seconds: u64,
    /// The receive buffer that the kernel is asked for, for each socket. It holds what arrives while the collector is busy.
    #[setting(default = 32 << 20, range = 4096..=1 << 30, unit = "bytes")]
    pub receive_buffer: usize,
    /// How long a stop may take, in which what the kernel has received is kept, and written to the database. What is not
    /// written by then is in the journal.
    #[setting(default = 10_000, range = 0..=LONGEST_SECONDS * 1000, unit = "milliseconds")]
    pub stop_ms: u64,
    /// The address and port of the metrics and the health; empty for none.
    #[setting(default = "127.0.0.1:8081")]
    pub http: String,
    /// The folder of the journal. When left out, the one that systemd gives, else `flowql` in `$XDG_STATE_HOME` or
    /// `~/.local/state`; the journal is the folder `journal` in it.
    #[setting(example = "/var/lib/flowql")]
    pub data: Option<String>,
    /// The time of a flow. One over an hour before the receive time or a minute after it is not used.
    pub time: TimeSource,
    /// The bytes and packets of a flow that lasted longer are shared out over bins of so many seconds, back from its time, so
    /// that a graph shows when they were sent: at most 360 rows a flow, none without a packet. 0 for a row a flow.
    #[setting(range = 0..=3600, unit = "seconds")]
    pub spread: u32,
    /// The address of an exporter.
    pub exporter_address: AddressSource,
    /// Where the AS of a source and of a destination comes from, the first that knows it: `flow` is what the exporter sent,
    /// `routes` the origin of the route, `networks` what is configured, `geoip` the databases. With `-except-private`,
    /// numbers for private use, for documentation and reserved ones are passed over.
    #[setting(default = ["flow", "routes", "networks", "geoip"], example = ["flow-except-private", "routes", "networks", "geoip"])]
    pub asn_from: Vec<String>,
    /// Where flows arrive.
    #[section(default = ListenSection::usual())]
    pub listen: Vec<ListenSection>,
    /// Other collectors that get the same.
    #[section]
    pub forward: Vec<ForwardSection>,
    /// The journal.
    #[section]
    pub journal: JournalSection,
    /// How rows are written.
    #[section]
    pub write: WriteSection,
    /// When the collector is not ready.
    #[section]
    pub health: HealthSection,
    /// Elements that fill columns.
    #[section]
    pub element: Vec<ElementSection>,
    /// How exporters sample and count.
    #[section]
    pub exporter: Vec<ExporterSection>,
}

/// An address at which flows arrive. When there is none, `[::]:2055`, `[::]:4739` and `[::]:6343`, or `0.0.0.0` where there
/// is no IPv6.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(
    name = "collect.listen",
    list,
    example = "[[collect.listen]]\naddress = \"[::]:2055\"\nworkers = 2\n"
)]
pub struct ListenSection {
    /// The address and port. `[::]` takes IPv4 too.
    #[setting(required, example = "[::]:2055")]
    pub address: String,
    /// What arrives; `auto` tells NetFlow v1, v5, v7, v9, IPFIX and sFlow apart.
    pub protocol: ListenProtocol,
    /// What it arrives by; TCP and TLS are for IPFIX.
    pub transport: ListenTransport,
    /// How many threads receive UDP, each with a socket of its own. The datagrams of an exporter's port stay with one.
    #[setting(default = 1, range = 1..=256)]
    pub workers: usize,
    /// The most connections at once.
    #[setting(default = 256, range = 1..=65_536)]
    pub connections: usize,
    /// The certificate that exporters are shown over TLS, with those between it and its authority, in a PEM file.
    #[setting(example = "/etc/flowql/collector.pem")]
    pub certificate_file: String,
    /// Its key, in a PEM file.
    #[setting(example = "/etc/flowql/collector.key")]
    pub key_file: String,
    /// The authorities that must have signed the certificates of exporters, in a PEM file. When left out, exporters need
    /// none.
    #[setting(example = "/etc/flowql/exporters-ca.pem")]
    pub client_ca_file: String,
}

/// Another collector that the datagrams received by UDP are also sent to, so that both run while one moves. They keep
/// their source's address where the process may use it (the capability `CAP_NET_ADMIN`).
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "collect.forward", list, example = "[[collect.forward]]\nto = \"192.0.2.9:2055\"\n")]
pub struct ForwardSection {
    /// The address and port of the other collector.
    #[setting(required, example = "192.0.2.9:2055")]
    pub to: String,
    /// The addresses and subnets of the exporters whose datagrams it gets. When empty, it gets all that are taken.
    #[setting(example = ["192.0.2.1"])]
    pub exporters: Vec<String>,
}

/// What arrives at an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum ListenProtocol {
    /// Any protocol that is known.
    #[default]
    Auto,
    /// NetFlow and IPFIX.
    Netflow,
    /// sFlow.
    Sflow,
}

/// What flows arrive by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum ListenTransport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

/// How rows are written to the database.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "collect.write", example = "[collect.write]\nrows = 100000\n")]
pub struct WriteSection {
    /// The rows of a block that is full. Fewer are written when nothing more came.
    #[setting(default = 200_000, range = 1..=1_000_000)]
    pub rows: usize,
    /// For how long the collector sums flows up before their sums go to the aggregated tables.
    #[setting(default = 15, range = 1..=3600, unit = "seconds")]
    pub flush: u64,
}

/// When the collector says that it is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "collect.health", example = "[collect.health]\nunwritten_seconds = 30\n")]
pub struct HealthSection {
    /// When what was received so long ago is not in the database.
    #[setting(default = 60, range = 1..=LONGEST_SECONDS, unit = "seconds")]
    pub unwritten_seconds: u64,
    /// For how long after something of the queue was lost.
    #[setting(default = 300, range = 0..=LONGEST_SECONDS, unit = "seconds")]
    pub loss_seconds: u64,
}

/// The journal: what was received and is not in the database yet.
#[derive(Clone, Debug, PartialEq, Eq, Section)]
#[section(name = "collect.journal", example = "[collect.journal]\nsize = 34359738368\n")]
pub struct JournalSection {
    /// The most that it takes on the disk. Beyond it, and when less than `keep_free` of the disk is free, the oldest is lost.
    #[setting(default = 8 << 30, range = 1 << 20..=1_u64 << 50, unit = "bytes")]
    pub size: u64,
    /// How much of the disk it leaves free.
    #[setting(default = 5, range = 0..=90, unit = "percent")]
    pub keep_free: u8,
    /// The most that one of its files takes.
    #[setting(default = 16 << 20, range = 4096..=1 << 30, unit = "bytes")]
    pub segment_bytes: u64,
    /// How long one of its files is written before its flows go to the database.
    #[setting(default = 2, range = 1..=3600, unit = "seconds")]
    pub seconds: u64,
    /// How often what was received is made to be on the disk, which is what a loss of power can cost; 0 for each batch.
    #[setting(default = 200, range = 0..=60_000, unit = "milliseconds")]
    pub sync_ms: u64,
    /// How many parts of it are written to the database at once. All flows of an exporter are in one.
    #[setting(default = 1, range = 1..=256)]
    pub partitions: u16,
}

impl ListenSection {
    fn usual() -> Vec<Self> {
        ["[::]:2055", "[::]:4739", "[::]:6343"].map(Self::at).to_vec()
    }

    /// UDP at an address, any protocol.
    #[must_use]
    pub fn at(address: &str) -> Self {
        let (protocol, transport) = (ListenProtocol::Auto, ListenTransport::Udp);
        let [certificate_file, key_file, client_ca_file] = [const { String::new() }; 3];
        Self {
            address: address.to_owned(),
            protocol,
            transport,
            workers: 1,
            connections: 256,
            certificate_file,
            key_file,
            client_ca_file,
        }
    }
}

impl ForwardSection {
    /// The networks of the exporters; all are meant where there are none.
    pub(crate) fn networks(&self) -> Vec<IpNet> {
        networks(&self.exporters)
    }
}

impl JournalSection {
    /// The settings of the journal.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            partitions: self.partitions,
            size: self.size,
            keep_free_percent: self.keep_free,
            segment_bytes: self.segment_bytes,
            segment_age: Duration::from_secs(self.seconds),
            sync: Duration::from_millis(self.sync_ms),
            ..Settings::default()
        }
    }

    /// Opens the journal in a folder.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`](flowql_queue::Journal::open).
    pub fn open(&self, folder: &Path) -> Result<flowql_queue::Journal, flowql_queue::Error> {
        flowql_queue::Journal::open(folder, self.settings())
    }
}

impl CollectSection {
    /// The networks that may send; any may where there are none.
    pub(crate) fn allowed(&self) -> Vec<IpNet> {
        networks(&self.allow)
    }

    fn faults(&self) -> Vec<ConfigError> {
        let mut faults = network_faults("allow", &self.allow);
        if !self.http.is_empty() {
            faults.extend(address_fault("http".to_owned(), &self.http));
        }
        faults.extend(asn::faults("collect.asn_from", &self.asn_from));
        faults.extend(flowql_decode::Settings::of_sections(&self.element, &self.exporter).1);
        for (index, forward) in self.forward.iter().enumerate() {
            faults.extend(address_fault(format!("forward[{index}].to"), &forward.to));
            faults.extend(network_faults(&format!("forward[{index}].exporters"), &forward.exporters));
        }
        for (index, listen) in self.listen.iter().enumerate() {
            faults.extend(address_fault(format!("listen[{index}].address"), &listen.address));
            if listen.transport != ListenTransport::Udp && listen.protocol == ListenProtocol::Sflow {
                let message = "sFlow comes by UDP only".to_owned();
                faults.push(fault(format!("listen[{index}].protocol"), message, "leave `transport` out"));
            }
            let files = [&listen.certificate_file, &listen.key_file];
            if listen.transport == ListenTransport::Tls && files.iter().any(|file| file.is_empty()) {
                let message = "TLS needs a certificate and its key".to_owned();
                let help = "set `certificate_file` and `key_file`";
                faults.push(fault(format!("listen[{index}].transport"), message, help));
            }
        }
        faults
    }
}

fn fault(key: String, message: String, help: &str) -> ConfigError {
    fault_at(format!("collect.{key}"), message, help)
}

/// A fault of a key, with the names of its sections.
pub(crate) fn fault_at(path: String, message: String, help: &str) -> ConfigError {
    ConfigError { path, message, help: Some(help.to_owned()) }
}

fn address_fault(key: String, text: &str) -> Option<ConfigError> {
    socket_fault(format!("collect.{key}"), text, 2055)
}

/// What is wrong with an address and port; the port is for the example.
pub(crate) fn socket_fault(path: String, text: &str, port: u16) -> Option<ConfigError> {
    let help = format!("write it as `[::]:{port}` or `192.0.2.1:{port}`");
    let fault = || fault_at(path, format!("invalid address and port `{text}`"), &help);
    text.parse::<SocketAddr>().is_err().then(fault)
}

fn network_faults(key: &str, texts: &[String]) -> Vec<ConfigError> {
    subnet_faults(&format!("collect.{key}"), texts)
}

/// What is wrong with a list of addresses and subnets.
pub(crate) fn subnet_faults(path: &str, texts: &[String]) -> Vec<ConfigError> {
    let wrong = texts.iter().enumerate().filter(|(_, text)| network(text).is_none());
    let help = "write it as `192.0.2.1` or `10.0.0.0/8`";
    wrong
        .map(|(index, text)| {
            fault_at(format!("{path}[{index}]"), format!("invalid address or subnet `{text}`"), help)
        })
        .collect()
}

pub(crate) fn networks(texts: &[String]) -> Vec<IpNet> {
    texts.iter().filter_map(|text| network(text)).collect()
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use flowql_config::{Config, KnownSection, Registry};

    use super::*;

    const SECTIONS: Registry = &[KnownSection::of::<CollectSection>()];

    fn errors(text: &str) -> Vec<String> {
        let errors = Config::parse(text, "f", SECTIONS).unwrap_err();
        errors.to_string().lines().map(|line| line.trim_start_matches("f:").to_owned()).collect()
    }

    #[test]
    fn errors_are_at_their_lines() {
        let text = "[collect]\nallow = [\"10.0.0.0/8\", \"router\"]\n[[collect.listen]]\naddress = \"2055\"\n\
                    [[collect.listen]]\naddress = \"[::]:1\"\ntransport = \"tcp\"\nprotocol = \"sflow\"\n\
                    [[collect.listen]]\naddress = \"[::]:2\"\ntransport = \"tls\"\nkey_file = \"k\"\n";
        assert_eq!(
            errors(text),
            [
                "2:24: invalid address or subnet `router`: write it as `192.0.2.1` or `10.0.0.0/8`",
                "4:11: invalid address and port `2055`: write it as `[::]:2055` or `192.0.2.1:2055`",
                "8:12: sFlow comes by UDP only: leave `transport` out",
                "11:13: TLS needs a certificate and its key: set `certificate_file` and `key_file`",
            ]
        );
        assert_eq!(
            errors("[[collect.forward]]\nto = \"192.0.2.9\"\nexporters = [\"all\"]\n"),
            [
                "2:6: invalid address and port `192.0.2.9`: write it as `[::]:2055` or `192.0.2.1:2055`",
                "3:14: invalid address or subnet `all`: write it as `192.0.2.1` or `10.0.0.0/8`",
            ]
        );
        assert_eq!(
            errors("[[collect.listen]]\nworkers = 2\n"),
            ["1:1: [[collect.listen]] lacks the key `address`"]
        );
        assert_eq!(
            errors("[collect.journal]\npartitions = 0\n"),
            ["2:14: `partitions` must be an integer from 1 to 256"]
        );
        assert_eq!(
            errors("[[collect.exporter]]\naddresses = [\"router\"]\n"),
            ["2:14: invalid address `router`: write it as `192.0.2.1` or `2001:db8::1`"]
        );
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let config = Config::parse("[collect.journal]\nsync_ms = 0\nseconds = 5\n", "f", SECTIONS).unwrap();
        let section = config.section::<CollectSection>();
        let addresses: Vec<_> = section.listen.iter().map(|listen| listen.address.as_str()).collect();
        assert_eq!(addresses, ["[::]:2055", "[::]:4739", "[::]:6343"]);
        let settings = section.journal.settings();
        assert_eq!((settings.size, settings.keep_free_percent, settings.partitions), (8 << 30, 5, 1));
        assert_eq!((settings.sync, settings.segment_age), (Duration::ZERO, Duration::from_secs(5)));
    }
}
