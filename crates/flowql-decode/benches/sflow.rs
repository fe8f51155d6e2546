//! Speed of sFlow on a datagram of five samples: with columns, without them, and with a parser that leaves packet headers
//! as they are.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowparser_sflow::SflowParser;
use flowql::Schema;
use flowql_decode::frame::{TunnelMode, Tunnels};
use flowql_decode::sflow::{Decoder, InterfaceCounters, Session, Sink};
use flowql_decode::{Columns, Fields, Row};

#[path = "../tests/sflow/datagrams.rs"]
mod datagrams;
#[path = "../tests/frame/packets.rs"]
mod packets;

use datagrams::{address, datagram, ethernet_header, expanded_flow, flow, record, words};
use packets::{CLIENT, ENDS, Ipv4, SERVER, ethernet, tag, tcp, udp, vxlan};

const SAMPLES: usize = 5;

/// Leaves rows where they are.
struct Nothing;

impl Sink for Nothing {
    fn flow(&mut self, row: &mut Row) {
        black_box(row);
    }

    fn counters(&mut self, counters: &InterfaceCounters) {
        black_box(counters);
    }
}

/// Makes columns of rows.
struct Into(Columns);

impl Sink for Into {
    fn flow(&mut self, row: &mut Row) {
        self.0.push(row);
    }

    fn counters(&mut self, _: &InterfaceCounters) {}
}

/// The first 128 bytes of a TCP packet behind a VLAN tag.
fn header() -> Vec<u8> {
    let segment = [tcp(0x010), vec![0x55; 66]].concat();
    ethernet_header(&ethernet(0x8100, &tag(100, 0x0800, &Ipv4::new(6).with(&segment))))
}

/// What a switch, a router and BGP know.
fn device() -> Vec<Vec<u8>> {
    let path = words(&[1, 2, 3, 64_501, 64_502, 64_503]);
    let gateway =
        [address(&ENDS[0]), words(&[64_500, 64_510, 64_511]), path, words(&[2, 1, 2, 100])].concat();
    vec![
        record(1001, &words(&[100, 0, 200, 0])),
        record(1002, &[address(&ENDS[0]), words(&[24, 22])].concat()),
        record(1003, &gateway),
    ]
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let sample = |records: &[Vec<u8>]| datagram(1, &vec![flow(records); SAMPLES]);
    let expanded =
        |records: &[Vec<u8>]| datagram(1, &vec![expanded_flow([[0, 7], [0, 8]], records); SAMPLES]);
    let all = [vec![header()], device()].concat();
    let sampled = [words(&[52, 17]), CLIENT.to_vec(), SERVER.to_vec(), words(&[1000, 53, 0, 0])].concat();
    let inside = ethernet(0x0800, &Ipv4::new(6).with(&tcp(0x010)));
    let tunnel = ethernet(0x0800, &Ipv4::tunnel(17).with(&udp(4789, &vxlan(&inside))));
    vec![
        ("headers", sample(&[header()])),
        ("headers, switch, router, gateway", expanded(&all)),
        ("sampled IPv4", sample(&[record(3, &sampled)])),
        ("headers of tunnels", sample(&[ethernet_header(&tunnel)])),
    ]
}

fn benches(criterion: &mut Criterion) {
    let tunnels = Tunnels { mode: TunnelMode::Inner, ..Tunnels::default() };
    let parser = SflowParser::default();
    for (name, bytes) in inputs() {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(SAMPLES as u64));
        let (mut decoder, mut session) = (Decoder::new(Fields::all()), Session::default());
        group.bench_function("rows", |bencher| {
            bencher.iter(|| decoder.decode(black_box(&bytes), &tunnels, &mut session, &mut Nothing));
        });
        for (columns, fields) in
            [("all columns", Fields::all()), ("enabled columns", Fields::of(&Schema::default()))]
        {
            let mut decoder = Decoder::new(fields);
            let mut sink = Into(Columns::new(fields));
            group.bench_function(columns, |bencher| {
                bencher.iter(|| {
                    if sink.0.rows() > 50_000 {
                        sink.0.clear();
                    }
                    decoder.decode(black_box(&bytes), &tunnels, &mut session, &mut sink)
                });
            });
        }
        group.bench_function("flowparser-sflow", |bencher| {
            bencher.iter(|| parser.parse_bytes(black_box(&bytes)));
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
