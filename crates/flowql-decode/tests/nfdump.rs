//! A second opinion on the same datagrams, where nfdump is installed: they are sent to its collector `nfcapd` on the
//! loopback interface, and each field that both know must be the same.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flowql_decode::{Columns, Datagram, Field};
use support::messages::{COMMON, IPV4, legacy, message};
use support::{Random, columns, decoder, source};

/// Elements that the two see differently, by the version of the protocol, and why: messages are without them, of the fixed
/// records they are not compared. The version is nfdump 1.7.1.
const DIFFERENCES: &[(u8, u16, &str)] = &[
    (5, 9, "nfdump keeps no masks of NetFlow v5"),
    (5, 13, "the same"),
    (7, 9, "nor of NetFlow v7"),
    (7, 13, "the same"),
    (10, 89, "nfdump knows this element in NetFlow v9 only"),
    (10, 128, "the same"),
    (10, 129, "the same"),
    (10, 281, "the same"),
    (10, 282, "the same"),
];

fn differs(version: u8, id: u16) -> bool {
    DIFFERENCES.iter().any(|&(of, element, _)| (of, element) == (version, id))
}

/// nfdump's collector, which writes into a folder.
struct Nfcapd {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Nfcapd {
    /// Starts it; `None` where it is not installed.
    fn start() -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("flowql-nfdump-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("nfcapd");
        command.args(["-b", "127.0.0.1", "-p", &port.to_string(), "-t", "3600", "-B", "4000000", "-w"]);
        let started = command.arg(&folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let Ok(process) = started else {
            std::fs::remove_dir_all(&folder).unwrap();
            return None;
        };
        let mut collector = Self { process, folder, port };
        collector.wait(|queue| queue.is_some());
        Some(collector)
    }

    /// Waits for what is expected of the bytes that its socket has not read yet; there are none where it has no socket.
    fn wait(&mut self, is_expected: impl Fn(Option<u64>) -> bool) {
        let local = format!("0100007F:{:04X}", self.port);
        loop {
            let sockets = std::fs::read_to_string("/proc/self/net/udp").unwrap();
            let queue = sockets.lines().find_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let queue = fields.get(4)?.split_once(':')?.1;
                (fields.get(1) == Some(&local.as_str())).then(|| u64::from_str_radix(queue, 16).unwrap())
            });
            if is_expected(queue) {
                return;
            }
            assert_eq!(self.process.try_wait().unwrap(), None, "nfcapd ended");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends datagrams, and gives the flows that nfdump has of them, each field by its name.
    fn flows(mut self, datagrams: &[(u8, Vec<u8>)]) -> Vec<BTreeMap<String, String>> {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for (_, bytes) in datagrams {
            socket.send_to(bytes, ("127.0.0.1", self.port)).unwrap();
            self.wait(|queue| queue == Some(0));
        }
        // It writes its file when it ends.
        let ended = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(ended.success());
        self.process.wait().unwrap();
        let read = |path: &Path| {
            let mut command = Command::new("nfdump");
            let output = command.args(["-o", "raw", "-q", "-r"]).arg(path).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let files = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
        files.sort();
        let text: String = files.iter().map(|path| read(path)).collect();
        let flow = |text: &str| text.lines().filter_map(field).collect();
        text.split("Flow Record:").skip(1).map(flow).collect()
    }
}

impl Drop for Nfcapd {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A line `name = value and what it means`; `None` for a value that is zero.
fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(" = ")?;
    let value = value.split_whitespace().next()?;
    // Labels have the rest of their entry after them.
    let value = if name.starts_with("  MPLS") { value.split('-').next()? } else { value };
    let is_zero = value.chars().all(|character| "0x.:".contains(character));
    (!is_zero).then(|| (name.trim().to_owned(), value.to_owned()))
}

/// The fields of a row as nfdump writes them, without those that are zero.
fn written(columns: &Columns, row: usize, version: u8) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let number = |field| columns.number(field, row);
    let mut put = |name: &str, value: String| found.insert(name.to_owned(), value);
    for &(_, _, column, name) in COMMON.iter().chain(&IPV4) {
        let value = match column {
            // nfdump counts what was sampled times the rate.
            Field::Bytes | Field::Packets => number(column) * number(Field::SamplingRate),
            // It shows those of TCP.
            Field::TCPFlags if number(Field::Proto) != 6 => continue,
            // It has the value as sent, ours begins with 1.
            Field::FlowDirection => number(column).saturating_sub(1),
            Field::MPLSLabels => {
                for (place, label) in columns.numbers(column, row).enumerate() {
                    put(&format!("MPLS Lbl  {}", place + 1), label.to_string());
                }
                continue;
            }
            _ => number(column),
        };
        let text = match column {
            Field::SrcAddr | Field::DstAddr | Field::NextHop | Field::SrcAddrNAT | Field::DstAddrNAT => {
                let address = Ipv6Addr::from(columns.address(column, row));
                match IpAddr::V6(address).to_canonical() {
                    address if address.is_unspecified() => continue,
                    address => address.to_string(),
                }
            }
            _ if value == 0 => continue,
            Field::SrcMAC | Field::DstMAC => {
                let bytes: Vec<String> =
                    value.to_be_bytes().iter().skip(2).map(|byte| format!("{byte:02x}")).collect();
                bytes.join(":")
            }
            Field::TCPFlags => format!("{value:#04x}"),
            _ => value.to_string(),
        };
        put(name, text);
    }
    put("first", number(Field::FlowStart).to_string());
    put("last", number(Field::FlowEnd).to_string());
    put("version", version.to_string());
    found
}

#[test]
fn nfdump_sees_the_same() {
    let Some(collector) = Nfcapd::start() else {
        eprintln!("skipped: no nfcapd");
        return;
    };
    let mut random = Random(7);
    let datagrams: Vec<(u8, Vec<u8>)> = (0..400)
        .map(|number| match number % 4 {
            0 => legacy(&mut random, number),
            _ => message(&mut random, number, differs),
        })
        .collect();
    let (mut decoder, mut rows) = (decoder(), Vec::new());
    for (place, (version, bytes)) in datagrams.iter().enumerate() {
        let mut columns = columns();
        let datagram = Datagram { received: support::NOW, source: source(1), position: place as u64, bytes };
        decoder.decode(&datagram, &mut columns, &mut ());
        columns.settle();
        rows.extend((0..columns.rows()).map(|row| (*version, written(&columns, row, *version))));
    }
    assert_eq!(decoder.counters().malformed(), 0);
    let flows = collector.flows(&datagrams);
    assert_eq!(flows.len(), rows.len());
    let known = COMMON.iter().chain(&IPV4).map(|known| (known.0, known.3));
    let known: Vec<(u16, &str)> = known.chain([(22, "first"), (21, "last")]).collect();
    let mut differ: BTreeMap<(u8, &str), (usize, String)> = BTreeMap::new();
    let mut compared = 0;
    for ((version, ours), theirs) in rows.iter().zip(&flows) {
        for &(id, name) in &known {
            let (our, their) = (ours.get(name), theirs.get(name));
            if differs(*version, id) {
                assert_eq!(their, None, "nfdump has learned {name}");
                continue;
            }
            compared += usize::from(our.is_some());
            if our != their {
                let example = format!("ours {our:?}, nfdump's {their:?}");
                differ.entry((*version, name)).or_insert((0, example)).0 += 1;
            }
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(compared > 20_000, "{compared}");
}
