//! Datagrams of sFlow cost no allocation once the columns have their memory.

use flowql_bench::alloc::{self, COUNTING, StatsAlloc, System};
use flowql_decode::frame::{TunnelMode, Tunnels};
use flowql_decode::sflow::{Decoder, InterfaceCounters, Session, Sink};
use flowql_decode::{Columns, Fields, Row};

#[path = "sflow/datagrams.rs"]
mod datagrams;
#[path = "frame/packets.rs"]
mod packets;

use datagrams::{address, counters, datagram, ethernet_header, flow, interface, record, words};
use packets::{ENDS, Ipv4, ethernet, mpls, tcp, udp, vxlan};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = COUNTING;

struct Into(Columns);

impl Sink for Into {
    fn flow(&mut self, row: &mut Row) {
        self.0.push(row);
    }

    fn counters(&mut self, _: &InterfaceCounters) {}
}

/// A datagram with every list that a row can have, a tunnel, counters, and a sample that is cut.
fn bytes() -> Vec<u8> {
    let inside = ethernet(0x8847, &mpls(&[16, 17], &Ipv4::new(6).with(&tcp(0x010))));
    let tunnel = ethernet(0x0800, &Ipv4::tunnel(17).with(&udp(4789, &vxlan(&inside))));
    let path = words(&[1, 2, 3, 64_501, 64_502, 64_503]);
    let gateway =
        [address(&ENDS[0]), words(&[64_500, 64_510, 64_511]), path, words(&[2, 1, 2, 100])].concat();
    let sample = flow(&[ethernet_header(&tunnel), record(1003, &gateway)]);
    datagram(1, &[sample.clone(), counters(&[interface(1)]), sample, record(1, &[0; 8])])
}

#[test]
fn records_cost_no_allocation() {
    let bytes = bytes();
    let mut decoder = Decoder::new(Fields::all());
    let (mut session, mut sink) = (Session::default(), Into(Columns::new(Fields::all())));
    let tunnels = Tunnels { mode: TunnelMode::Inner, ..Tunnels::default() };
    let mut read = |datagrams: usize| {
        sink.0.clear();
        let (_, usage) = alloc::count(|| {
            for _ in 0..datagrams {
                decoder.decode(&bytes, &tunnels, &mut session, &mut sink).expect("a header");
            }
        });
        (sink.0.rows(), usage.allocations)
    };
    let (rows, warm) = read(100);
    assert_eq!(rows, 200);
    assert!(warm > 0);
    let (rows, allocations) = read(100);
    assert_eq!((rows, allocations), (200, 0));
}
