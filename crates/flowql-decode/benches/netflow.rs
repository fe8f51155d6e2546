//! NetFlow and IPFIX into columns, and `netflow_parser`'s parse alone of the same datagrams in the same run.
//!
//! The mixed datagrams are the captures, where they are at hand: `FLOWQL_CAPTURES`, or `../shared/captures`. Those whose
//! templates or samplers are not in the captures are left out, since they would wait.

#![expect(clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowql_decode::{Columns, Datagram, Decoder, Fields, Limits, Settings, Source, Transport};
use netflow_parser::NetflowParser;

const NOW: u64 = 1_700_000_000_000_000_000;

/// Datagrams, each with the number of the exporter that sent it.
type Datagrams = Vec<(u16, Vec<u8>)>;

fn decode(decoder: &mut Decoder, columns: &mut Columns, datagrams: &Datagrams) -> usize {
    columns.clear();
    for (exporter, bytes) in datagrams {
        let source =
            Source { address: ([192, 0, 2, 1], *exporter).into(), listener: 0, transport: Transport::Udp };
        let datagram = Datagram { received: NOW, source, position: 0, bytes };
        decoder.decode(&datagram, columns, &mut ());
    }
    columns.rows()
}

fn parse(parsers: &mut [NetflowParser], datagrams: &Datagrams) -> usize {
    let parsed = datagrams.iter().map(|(exporter, bytes)| {
        let parser = parsers.get_mut(usize::from(*exporter)).expect("a parser for each exporter");
        black_box(parser.parse_bytes(bytes)).packets.len()
    });
    parsed.sum()
}

fn compare(criterion: &mut Criterion, name: &str, datagrams: &Datagrams) {
    let mut group = criterion.benchmark_group(name);
    let exporters = datagrams.iter().map(|(exporter, _)| *exporter).max().unwrap_or_default();
    let mut decoder = Decoder::new(Settings::default(), Limits::default(), Fields::all());
    let mut columns = Columns::new(Fields::all());
    let rows = decode(&mut decoder, &mut columns, datagrams);
    if rows == 0 {
        panic!("{name} has no flows");
    }
    group.throughput(Throughput::Elements(rows as u64));
    group.bench_function("columns", |bencher| {
        bencher.iter(|| decode(&mut decoder, &mut columns, black_box(datagrams)));
    });
    let mut parsers: Vec<NetflowParser> = (0..=exporters).map(|_| NetflowParser::default()).collect();
    group.bench_function("netflow_parser", |bencher| {
        bencher.iter(|| parse(&mut parsers, black_box(datagrams)));
    });
    group.finish();
}

/// A full datagram of version 5.
fn v5() -> Datagrams {
    let mut bytes = vec![0, 5, 0, 30];
    bytes.extend((0..24 - 4 + 30 * 48).map(|place| (place % 251) as u8));
    vec![(0, bytes)]
}

/// A template of version 9 and records of it, as routers send them.
fn v9() -> Datagrams {
    let fields: [(u16, u16); 16] = [
        (8, 4),
        (12, 4),
        (15, 4),
        (10, 4),
        (14, 4),
        (2, 4),
        (1, 4),
        (22, 4),
        (21, 4),
        (7, 2),
        (11, 2),
        (16, 4),
        (17, 4),
        (9, 1),
        (13, 1),
        (4, 1),
    ];
    let length: usize = fields.iter().map(|field| usize::from(field.1)).sum();
    let header = [&[0, 9, 0, 1][..], &[1; 16]].concat();
    let count = fields.len() as u16;
    let mut template = [&header[..], &[0, 0], &(8 + count * 4).to_be_bytes(), &[1, 44]].concat();
    template.extend(count.to_be_bytes());
    template
        .extend(fields.iter().flat_map(|&(id, length)| [id.to_be_bytes(), length.to_be_bytes()].concat()));
    let records: Vec<u8> = (0..length * 24).map(|place| (place % 251) as u8).collect();
    let size = (records.len() as u16 + 4).to_be_bytes();
    let flows = [&header[..], &[1, 44], &size, &records].concat();
    let mut datagrams = vec![(0, template)];
    datagrams.extend((0..20).map(|_| (0, flows.clone())));
    datagrams
}

/// The captures of devices, templates first.
fn captures() -> Option<Datagrams> {
    let root = std::env::var_os("FLOWQL_CAPTURES").map(PathBuf::from);
    let root =
        root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join("datagrams"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    let name = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    files.retain(|path| {
        !["netscaler", "asr9k", "nprobe_dpi"].iter().any(|device| name(path).contains(device))
    });
    files.sort_by_key(|path| (name(path).contains("_data"), name(path)));
    let device = |path: &PathBuf| {
        let name = name(path);
        ["_tpl", "_opttpl", "_data"]
            .iter()
            .filter_map(|part| name.find(part))
            .min()
            .map_or(name.clone(), |end| name.chars().take(end).collect())
    };
    let mut devices: Vec<String> = Vec::new();
    let datagrams = files.iter().filter_map(|path| {
        let device = device(path);
        let place = devices.iter().position(|known| *known == device).unwrap_or_else(|| {
            devices.push(device);
            devices.len() - 1
        });
        Some((place as u16, std::fs::read(path).ok()?))
    });
    Some(datagrams.collect())
}

fn benches(criterion: &mut Criterion) {
    compare(criterion, "v5", &v5());
    compare(criterion, "v9", &v9());
    if let Some(datagrams) = captures() {
        compare(criterion, "captures", &datagrams);
    }
}

criterion_group!(all, benches);
criterion_main!(all);
