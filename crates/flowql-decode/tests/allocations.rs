//! No record, and no datagram that is not the first of its kind, costs an allocation.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod support;

use flowql_bench::alloc::{self, COUNTING, StatsAlloc, System};
use flowql_decode::{Columns, Decoder};
use support::{Message, columns, datagram, decoder, plain, values};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = COUNTING;

fn decode(decoder: &mut Decoder, columns: &mut Columns, datagrams: &[Vec<u8>]) {
    columns.clear();
    for bytes in datagrams {
        decoder.decode(&datagram(bytes), columns, &mut ());
    }
    columns.settle();
}

/// One test, since the counter is that of the process.
#[test]
fn decoding_allocates_nothing_once_it_is_warm() {
    let fields =
        plain(&[(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (22, 4), (21, 4), (48, 2)]);
    let record = values(&[(1, 4), (2, 4), (3, 2), (4, 2), (6, 1), (900, 8), (2, 8), (5, 4), (9, 4), (5, 2)]);
    let fixed = Message::v9().template(300, &fields).set(300, &record.repeat(20));
    let labels = plain(&[(27, 16), (28, 16), (70, 3), (71, 3), (90, 8), (95, 4), (234, 4), (210, 0xFFFF)]);
    let mut variable = vec![7; 16 + 16 + 3 + 3 + 8 + 4 + 4];
    variable.extend([2, 0, 0]);
    let variable = Message::ipfix().template(300, &labels).set(300, &variable.repeat(9));
    let biflow = plain(&[(7, 2), (231, 4), (232, 4)]);
    let biflow =
        Message::ipfix().template(301, &biflow).set(301, &values(&[(1, 2), (5, 4), (6, 4)]).repeat(9));
    let options = Message::v9().options(400, 1, &plain(&[(48, 2), (34, 4)])).set(400, &[0, 5, 0, 0, 0, 9]);
    let names = Message::ipfix().options(401, 1, &plain(&[(10, 4), (82, 4)])).set(401, b"\0\0\0\x03eth3");
    let mut v5 = vec![0, 5, 0, 30];
    v5.resize(24 + 30 * 48, 9);
    let messages = [options, names, fixed, variable, biflow].map(|message| message.bytes());
    let datagrams = [&messages[..], &[v5]].concat();

    let (mut decoder, mut columns) = (decoder(), columns());
    decode(&mut decoder, &mut columns, &datagrams);
    let rows = columns.rows();
    assert_eq!((rows, decoder.counters().malformed()), (20 + 9 + 18 + 30, 0));
    let (_, usage) = alloc::count(|| decode(&mut decoder, &mut columns, &datagrams));
    assert_eq!((usage.allocations, columns.rows()), (0, rows));
}
