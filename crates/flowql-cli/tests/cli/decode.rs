//! `flowql decode`: what routers send.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::process::Stdio;

use super::{Place, run};

/// A datagram of NetFlow v9: a template, and one flow by it.
fn datagram() -> Vec<u8> {
    let mut bytes = vec![0, 9, 0, 2, 0, 0, 0x27, 0x10, 0x65, 0x53, 0xF1, 0x00, 0, 0, 0, 1, 0, 0, 0, 7];
    let fields: [u16; 14] = [8, 4, 12, 4, 11, 2, 4, 1, 1, 4, 61, 1, 12_345, 2];
    bytes.extend([0, 0, 0, 36, 1, 44, 0, 7]);
    bytes.extend(fields.map(u16::to_be_bytes).concat());
    bytes.extend([1, 44, 0, 22, 192, 0, 2, 1, 198, 51, 100, 7, 0, 53, 17, 0, 0, 2, 0, 1, 0xAB, 0xCD]);
    bytes
}

/// A capture of raw IP with datagrams.
fn capture(datagrams: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [&[0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0][..], &[0; 12], &101_u32.to_le_bytes()].concat();
    for datagram in datagrams {
        let length = datagram.len() as u16;
        let mut packet = [&[0x45, 0][..], &(length + 28).to_be_bytes(), &[0, 0, 0, 0, 64, 17, 0, 0]].concat();
        packet.extend([192, 0, 2, 99, 192, 0, 2, 100, 0x1F, 0x90, 0x08, 0x07]);
        packet.extend([&(length + 8).to_be_bytes()[..], &[0, 0], datagram].concat());
        let size = packet.len() as u32;
        file.extend([1_700_000_000, 0, size, size].map(u32::to_le_bytes).concat());
        file.extend(packet);
    }
    file
}

const FLOW: &str = "{\"TimeReceived\":\"2023-11-14 22:13:20\",\"SamplingRate\":1,\
                    \"ExporterAddress\":\"192.0.2.99\",\"SrcAddr\":\"192.0.2.1\",\"DstAddr\":\"198.51.100.7\",\
                    \"EType\":2048,\"Proto\":17,\"DstPort\":53,\"Bytes\":512,\"Packets\":1,\
                    \"FlowDirection\":\"egress\"}\n";

#[test]
fn flows_are_json_lines_that_grep_reads() {
    let place = Place::new().with("router.pcap", capture(&[datagram()]));
    let ran = place.run(&["decode", "router.pcap"]).has_status(0);
    assert_eq!(ran.stdout, FLOW);
    assert_eq!(
        ran.stderr,
        "192.0.2.99:8080 domain 7: template 300: sourceIPv4Address 4, destinationIPv4Address 4, \
         destinationTransportPort 2, protocolIdentifier 1, octetDeltaCount 4, flowDirection 1, 12345 2\n\
         1 datagrams, 1 flows, 1 flows without a sampling rate\n"
    );
    for (filter, status) in [("DstPort = 53 AND FlowDirection = egress", 0), ("DstAddr << 192.0.2.0/24", 1)] {
        place.run_with(&["grep", filter], &ran.stdout).has_status(status);
    }
    let ran = place.run_with(&["decode", "--quiet"], capture(&[datagram()])).has_status(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (FLOW, ""));
}

#[test]
fn records_are_shown_as_they_were_sent() {
    let place = Place::new();
    let ran = place.run_with(&["decode", "--quiet", "--records", "-"], capture(&[datagram()])).has_status(0);
    assert_eq!(
        ran.stdout,
        "{\"exporter\":\"192.0.2.99:8080\",\"domain\":7,\"template\":300,\"sourceIPv4Address\":\"192.0.2.1\",\
         \"destinationIPv4Address\":\"198.51.100.7\",\"destinationTransportPort\":53,\
         \"protocolIdentifier\":17,\"octetDeltaCount\":512,\"flowDirection\":1,\"12345\":\"abcd\"}\n"
    );
}

#[test]
fn what_cannot_be_decoded_is_said() {
    let place = Place::new();
    let bad = vec![vec![0, 77, 0, 0]; 5];
    let ran = place.run_with(&["decode"], capture(&bad)).has_status(1);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr.matches("192.0.2.99:8080: unknown protocol").count(), 3, "{ran}");
    assert!(ran.stderr.ends_with("5 datagrams, 0 flows, 5 parts that cannot be decoded\n"), "{ran}");
    // A set whose template never comes.
    let mut alone = datagram();
    alone.drain(20..56);
    let ran = place.run_with(&["decode"], capture(&[alone])).has_status(1);
    assert!(ran.stderr.ends_with("1 sets without a template\n"), "{ran}");
    let ran = place.run_with(&["decode"], "no capture").has_status(2);
    assert!(ran.stderr.contains("cannot read `standard input`: not a pcap or pcapng file"), "{ran}");
    let ran = run(&["decode", "nowhere.pcap"]).has_status(2);
    assert!(ran.stderr.contains("cannot read `nowhere.pcap`"), "{ran}");
}

#[test]
fn a_port_is_listened_on() {
    let place = Place::new();
    let mut command = place.command(&["decode", "--listen", "127.0.0.1:0", "--max-count", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&datagram(), address).unwrap();
    let mut flows = String::new();
    child.stdout.take().unwrap().read_to_string(&mut flows).unwrap();
    assert!(flows.contains("\"ExporterAddress\":\"127.0.0.1\",\"SrcAddr\":\"192.0.2.1\""), "{flows}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_journal_is_decoded_as_the_collector_decodes_it() {
    let collector = super::collector::Collector::start(
        &["collect"],
        "[collect.journal]\nseconds = 3600\n[[collect.exporter]]\n[[collect.exporter.sampling]]\noverride = 7\n",
    );
    let simulate = ["simulate", "--target", &collector.listen, "--flows", "400", "--rate", "2k", "--json"];
    let sent = collector.place().run(&simulate).has_status(0).json();
    let flows = sent["total"]["stored"]["flows"].as_u64().unwrap();
    // The segment that is being written is read too, and the collector has the journal meanwhile.
    let lines = collector.wait("all flows", || {
        let decoded = collector.place().run(&["decode", "journal/journal"]);
        let lines: Vec<String> = decoded.stdout.lines().map(str::to_owned).collect();
        (lines.len() as u64 == flows).then_some(lines)
    });
    assert!(lines.iter().all(|line| line.contains("\"SamplingRate\":7")), "{}", lines[0]);
    let few = collector.place().run(&["decode", "--max-count", "1", "journal/journal"]).stdout;
    assert!(few.lines().count() < lines.len() && lines[0].starts_with("{\"TimeReceived\""));
    let none = collector.place().run(&["decode", "data"]).has_status(2);
    assert!(none.stderr.contains("cannot read the journal `data`"), "{none}");
}
