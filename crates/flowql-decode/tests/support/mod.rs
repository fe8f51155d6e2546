//! What the tests share: rows as text, and the captures.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod messages;
pub(crate) mod traffic;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use flowql_decode::capture::{Packet, Reader, Step};
use flowql_decode::{
    Columns, Datagram, Decoder, Field, Fields, Kind, Limits, Settings, Source, TextId, Transport,
};

/// When the datagrams of the tests are received, in nanoseconds since 1970.
pub(crate) const NOW: u64 = 1_700_000_000_000_000_000;
pub(crate) const SECOND: u64 = 1_000_000_000;

pub(crate) fn decoder() -> Decoder {
    Decoder::new(Settings::default(), Limits::default(), Fields::all())
}

pub(crate) fn columns() -> Columns {
    Columns::new(Fields::all())
}

pub(crate) fn source(port: u16) -> Source {
    Source { address: ([192, 0, 2, 1], port).into(), listener: 0, transport: Transport::Udp }
}

pub(crate) fn datagram(bytes: &[u8]) -> Datagram<'_> {
    Datagram { received: NOW, source: source(2055), position: 0, bytes }
}

/// The rows as lines of `Column=value`, without the columns that are zero and those that all rows have.
pub(crate) fn lines(columns: &mut Columns, decoder: &Decoder) -> Vec<String> {
    columns.settle();
    (0..columns.rows()).map(|row| line(columns, decoder, row)).collect()
}

fn line(columns: &Columns, decoder: &Decoder, row: usize) -> String {
    let mut line = String::new();
    for &field in Field::ALL {
        if matches!(field, Field::TimeReceived | Field::ExporterAddress) {
            continue;
        }
        let value = match field.kind() {
            Kind::Number(_) => {
                Some(columns.number(field, row)).filter(|&number| number != 0).map(|n| n.to_string())
            }
            Kind::Address => Some(columns.address(field, row))
                .filter(|address| *address != [0; 16])
                .map(|address| IpAddr::V6(Ipv6Addr::from(address)).to_canonical().to_string()),
            Kind::Text => {
                let text = decoder.texts().text(TextId(columns.number(field, row) as u32));
                Some(text.to_owned()).filter(|text| !text.is_empty())
            }
            Kind::Numbers => {
                let items: Vec<u32> = columns.numbers(field, row).collect();
                Some(format!("{items:?}")).filter(|_| !items.is_empty())
            }
        };
        if let Some(value) = value {
            let space = if line.is_empty() { "" } else { " " };
            write!(line, "{space}{}={value}", field.name()).unwrap();
        }
    }
    line
}

/// Whether everything that a decoder was given is counted, and nothing twice, once its tickets are resumed.
pub(crate) fn add_up(decoder: &Decoder) {
    let counters = decoder.counters();
    let sets = counters.template_sets + counters.option_sets + counters.data_sets;
    let sets = sets + decoder.waiting() as u64 + counters.expired_sets + counters.malformed_sets;
    assert_eq!(counters.sets, sets, "{counters:?}");
    let records = counters.records + counters.option_records + counters.second_rows;
    assert_eq!(records, counters.rows + counters.option_records + counters.dropped(), "{counters:?}");
    assert!(counters.malformed_datagrams <= counters.datagrams, "{counters:?}");
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// A folder of the captures; `None` where they are not at hand.
pub(crate) fn captures(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FLOWQL_CAPTURES").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures");
    let folder = root.unwrap_or_else(beside).join(folder);
    folder.is_dir().then_some(folder)
}

/// The datagrams of a device, its templates first.
pub(crate) fn device(folder: &Path, name: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let file_name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.retain(|path| {
        let rest = file_name(path).strip_prefix(name).map(str::to_owned);
        rest.is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with("_tpl")
                || rest.starts_with("_opttpl")
                || rest.starts_with("_data")
        })
    });
    files.sort_by_key(|path| (file_name(path).contains("_data"), file_name(path)));
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The datagrams of a capture; `None` where the captures are not at hand.
pub(crate) fn packets(name: &str) -> Option<Vec<Packet>> {
    let file = std::fs::read(captures("pcap")?.join(name)).unwrap();
    let (mut reader, mut rest) = (Reader::default(), &file[..]);
    let mut packets = Vec::new();
    loop {
        let length = match reader.step(rest).unwrap() {
            Step::More => break,
            Step::Used(length) => length,
            Step::Packet(length, packet) => {
                packets.push(packet);
                length
            }
        };
        rest = &rest[length..];
    }
    assert!(rest.is_empty() && !packets.is_empty());
    Some(packets)
}

/// A message of NetFlow v9 or IPFIX, set by set.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) is_v9: bool,
    pub(crate) domain: u32,
    pub(crate) sequence: u32,
    /// Seconds since 1970, and for NetFlow v9 milliseconds since the start.
    pub(crate) time: u32,
    pub(crate) uptime: u32,
    pub(crate) sets: Vec<u8>,
}

/// A field of a template: enterprise, number and length.
pub(crate) type Spec = (u32, u16, u16);

/// Fields of IANA's registry.
pub(crate) fn plain(fields: &[(u16, u16)]) -> Vec<Spec> {
    fields.iter().map(|&(id, length)| (0, id, length)).collect()
}

impl Message {
    pub(crate) fn v9() -> Self {
        let time = (NOW / SECOND) as u32;
        Self { is_v9: true, domain: 7, sequence: 1, time, uptime: 1_000_000, sets: Vec::new() }
    }

    pub(crate) fn ipfix() -> Self {
        Self { is_v9: false, ..Self::v9() }
    }

    /// Any set.
    pub(crate) fn set(mut self, id: u16, bytes: &[u8]) -> Self {
        self.sets.extend(id.to_be_bytes());
        self.sets.extend((bytes.len() as u16 + 4).to_be_bytes());
        self.sets.extend(bytes);
        self
    }

    /// A template of flows.
    pub(crate) fn template(self, id: u16, fields: &[Spec]) -> Self {
        let mut bytes = [id.to_be_bytes(), (fields.len() as u16).to_be_bytes()].concat();
        fields.iter().for_each(|&field| bytes.extend(spec(field)));
        let set = if self.is_v9 { 0 } else { 2 };
        self.set(set, &bytes)
    }

    /// A template of options, the first fields of which are scopes.
    pub(crate) fn options(self, id: u16, scopes: usize, fields: &[Spec]) -> Self {
        let (first, second) = match self.is_v9 {
            true => (scopes * 4, (fields.len() - scopes) * 4),
            false => (fields.len(), scopes),
        };
        let mut bytes = [id, first as u16, second as u16].map(u16::to_be_bytes).concat();
        fields.iter().for_each(|&field| bytes.extend(spec(field)));
        let set = if self.is_v9 { 1 } else { 3 };
        self.set(set, &bytes)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.is_v9 {
            bytes.extend([0, 9, 0, 1]);
            bytes.extend([self.uptime, self.time, self.sequence, self.domain].map(u32::to_be_bytes).concat());
        } else {
            bytes.extend([0, 10]);
            bytes.extend((16 + self.sets.len() as u16).to_be_bytes());
            bytes.extend([self.time, self.sequence, self.domain].map(u32::to_be_bytes).concat());
        }
        bytes.extend(&self.sets);
        bytes
    }
}

fn spec((enterprise, id, length): Spec) -> Vec<u8> {
    if enterprise == 0 {
        return [id, length].map(u16::to_be_bytes).concat();
    }
    let head = [id | 0x8000, length].map(u16::to_be_bytes).concat();
    [head, enterprise.to_be_bytes().to_vec()].concat()
}

/// Numbers of so many bytes, one after the other.
pub(crate) fn values(values: &[(u64, usize)]) -> Vec<u8> {
    values.iter().flat_map(|&(value, length)| value.to_be_bytes()[8 - length..].to_vec()).collect()
}

/// Decodes messages of one session, and gives the rows as text.
pub(crate) fn decode(messages: &[Message]) -> Vec<String> {
    let (mut decoder, mut columns) = (decoder(), columns());
    for message in messages {
        decoder.decode(&datagram(&message.bytes()), &mut columns, &mut ());
    }
    assert_eq!(decoder.counters().malformed(), 0, "{:?}", decoder.counters());
    lines(&mut columns, &decoder)
}
