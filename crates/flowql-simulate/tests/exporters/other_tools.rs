//! Second opinions, where the tools are installed: Wireshark's `tshark` has nothing to complain about, and nfdump counts
//! the same flows, bytes and packets.

use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowql_decode::Protocol;
use flowql_simulate::{Datagram, PROTOCOLS, Scenario, Sender, Settings, Summary, loopback, pcap};

use super::scenarios::simulate;

/// Writes datagrams into a capture.
fn capture(path: &Path, sent: &[(u64, Datagram)]) {
    let mut writer = pcap::Writer::new(Vec::new()).unwrap();
    for (time, datagram) in sent {
        let source = pcap::port(datagram.exporter, datagram.life);
        let source = std::net::SocketAddrV4::new(loopback(datagram.exporter).into(), source);
        let target = std::net::SocketAddrV4::new([127, 0, 0, 1].into(), 2055);
        writer.write(time * 1_000_000, source, target, &datagram.bytes).unwrap();
    }
    std::fs::write(path, writer.finish().unwrap()).unwrap();
}

/// What reads a protocol.
fn dissector(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Sflow { "sflow" } else { "cflow" }
}

/// What `tshark` prints of a capture; `None` where it is not installed.
fn tshark(capture: &Path, protocol: Protocol, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("tshark");
    // What a sampled packet carries is all zeros: that is for other dissectors to judge.
    command.args(["-n", "-o", "sflow.enable_dissection:FALSE", "-d"]);
    command.arg(format!("udp.port==2055,{}", dissector(protocol))).arg("-r").arg(capture).args(arguments);
    let output = match command.output() {
        Ok(output) => output,
        Err(_) => {
            eprintln!("skipped: no tshark");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Datagrams of one protocol, in the scenarios.
fn of(protocol: Protocol, scenarios: &[Scenario]) -> (Vec<(u64, Datagram)>, Summary) {
    simulate(&Settings {
        exporters: 2,
        protocols: vec![protocol],
        scenarios: scenarios.to_vec(),
        ..Settings::default()
    })
}

/// The scenarios whose packets cannot be read, or not by templates.
const UNREADABLE: [Scenario; 2] = [Scenario::Noise, Scenario::NoTemplate];
#[test]
fn tshark_has_nothing_to_complain_about() {
    /// The number of the severity "warning"; notes have a smaller one, errors a larger one.
    const WARNING: u64 = 0x60_0000;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("simulated.pcap");
    for &protocol in PROTOCOLS {
        let able = |scenario: &&Scenario| scenario.protocols().contains(&protocol);
        let readable = |scenario: &&Scenario| !UNREADABLE.contains(scenario);
        let scenarios = Scenario::ALL.iter().filter(able).filter(readable);
        for scenarios in scenarios.map(|&scenario| vec![scenario]).chain([vec![]]) {
            let (sent, _) = of(protocol, &scenarios);
            capture(&path, &sent);
            let fields = ["frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message"];
            let arguments = ["-T", "fields"].into_iter().chain(fields.iter().flat_map(|field| ["-e", field]));
            let Some(text) = tshark(&path, protocol, &arguments.collect::<Vec<_>>()) else { return };
            assert_eq!(text.lines().count(), sent.len());
            for line in text.lines() {
                let context = || format!("{} {scenarios:?} {line}", protocol.name());
                let columns: Vec<&str> = line.split('\t').collect();
                assert!(columns[0].contains(dissector(protocol)), "{}", context());
                let severities = columns[2].split(',').filter(|value| !value.is_empty());
                let is_warned =
                    severities.map(|value| value.parse::<u64>().unwrap()).any(|value| value >= WARNING);
                let is_well = !is_warned && columns[1].is_empty();
                assert!(is_well || is_known(protocol, &scenarios, columns[3]), "{}", context());
            }
        }
    }
}

/// Whether a complaint is about what the scenario is for, or about what `tshark` does not do.
fn is_known(protocol: Protocol, scenarios: &[Scenario], complaint: &str) -> bool {
    let has = |scenario| scenarios.contains(&scenario);
    // It reads the records of a changed template by the first one of that number, and so counts others than there are:
    // IPFIX numbers records.
    let miscounts = protocol == Protocol::Ipfix && has(Scenario::TemplateChange);
    let jumps = has(Scenario::Loss) || has(Scenario::Reordering) || miscounts;
    // After a restart data comes before its templates, which are those of the port before.
    complaint.starts_with("Unexpected flow sequence") && jumps
        || complaint.contains("no template found") && has(Scenario::Restarts)
}

/// The sum of all values of a field.
fn sum(text: &str) -> u64 {
    text.split(['\n', ',']).filter(|value| !value.is_empty()).map(|value| value.parse::<u64>().unwrap()).sum()
}

#[test]
fn tshark_counts_the_same() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("simulated.pcap");
    for &protocol in PROTOCOLS {
        let (sent, summary) = of(protocol, &[]);
        capture(&path, &sent);
        let (packets, octets) = match protocol {
            Protocol::Sflow => ("sflow_245.header.frame_length", "sflow_245.header.frame_length"),
            _ => ("cflow.packets", "cflow.octets"),
        };
        let values = |field| tshark(&path, protocol, &["-T", "fields", "-e", field]);
        let Some(counted) = values(octets) else { return };
        let stored = summary.total().stored;
        // A frame has the headers and the check sequence of Ethernet too.
        let headers = if protocol == Protocol::Sflow { 18 * stored.flows } else { 0 };
        assert_eq!(sum(&counted), stored.bytes + headers, "{}", protocol.name());
        if protocol != Protocol::Sflow {
            assert_eq!(sum(&values(packets).unwrap()), stored.packets, "{}", protocol.name());
        }
    }
}

/// Starts nfdump's collector on a port, and waits until it listens; `None` where it is not installed.
fn nfcapd(folder: &Path, port: u16) -> Option<Child> {
    let mut command = Command::new("nfcapd");
    command.args(["-b", "127.0.0.1", "-t", "3600", "-p"]).arg(port.to_string()).arg("-w").arg(folder);
    let log = std::fs::File::create(folder.with_extension("log")).unwrap();
    let child = match command.stdout(Stdio::null()).stderr(log).spawn() {
        Ok(child) => child,
        Err(_) => {
            eprintln!("skipped: no nfcapd");
            return None;
        }
    };
    wait_until(|| queue(port).is_some());
    Some(child)
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The bytes that wait at a port, and the datagrams that were dropped there; `None` where nobody listens.
fn queue(port: u16) -> Option<(u64, u64)> {
    let table = std::fs::read_to_string("/proc/net/udp").ok()?;
    let local = format!("0100007F:{port:04X}");
    let line = table.lines().find(|line| line.split_whitespace().nth(1) == Some(local.as_str()))?;
    let columns: Vec<&str> = line.split_whitespace().collect();
    let (_, waiting) = columns[4].split_once(':')?;
    Some((u64::from_str_radix(waiting, 16).unwrap(), columns.last()?.parse().unwrap()))
}

#[test]
fn nfdump_counts_the_same() {
    for &protocol in PROTOCOLS.iter().filter(|&&protocol| protocol != Protocol::Sflow) {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("flows");
        std::fs::create_dir(&folder).unwrap();
        let target = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let Some(mut nfcapd) = nfcapd(&folder, target.port()) else { return };
        let (sent, summary) = of(protocol, &[]);
        let mut sender = Sender::new(target);
        for (_, datagram) in &sent {
            // One at a time, so that none is lost.
            sender.send(datagram).unwrap();
            wait_until(|| queue(target.port()).is_some_and(|(waiting, _)| waiting == 0));
        }
        assert_eq!(queue(target.port()).unwrap().1, 0);
        assert!(Command::new("kill").arg(nfcapd.id().to_string()).status().unwrap().success());
        nfcapd.wait().unwrap();
        let log = std::fs::read_to_string(folder.with_extension("log")).unwrap();
        // Of the names of applications it reads those of NetFlow v9, not the same by IPFIX.
        let is_known = |line: &&str| protocol == Protocol::Ipfix && line.starts_with("Process_nbar_option: ");
        let complaints = log.lines().filter(|line| line.starts_with("Process_") && !line.contains("New "));
        let complaints: Vec<&str> = complaints.filter(|line| !is_known(line)).collect();
        assert_eq!(complaints, [""; 0], "{}", protocol.name());
        let counts = Command::new("nfdump").arg("-R").arg(&folder).arg("-I").output().unwrap();
        let counts = String::from_utf8(counts.stdout).unwrap();
        let count = |name: &str| -> u64 {
            let value = counts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.unwrap_or_else(|| panic!("{counts}")).parse().unwrap()
        };
        // It multiplies by the rate in the header of NetFlow v5; both exporters have the same one.
        let rate = if protocol == Protocol::NetflowV5 { 2048 } else { 1 };
        let stored = summary.total().stored;
        let wanted = (stored.flows, stored.bytes * rate, stored.packets * rate);
        assert_eq!((count("Flows"), count("Bytes"), count("Packets")), wanted, "{}", protocol.name());
    }
}
