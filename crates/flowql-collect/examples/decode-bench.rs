//! How long it takes to decode what is in a journal into columns. `tests/bench/collect` runs it.
//!
//! `decode-bench JOURNAL` prints how many flows there were, and the nanoseconds of the processor that each took.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use flowql_decode::{Columns, Datagram, Decoder, Fields, Limits, Settings, Source, Transport};
use flowql_queue::{Content, Item, Journal, Position, Queue};

/// The rows of a block, as the collector makes them.
const BLOCK: usize = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: decode-bench JOURNAL")?;
    let journal = Journal::open(Path::new(&folder), flowql_queue::Settings::default())?;
    let mut reader = journal.reader(0, Position::START)?;
    let fields = Fields::all();
    let mut decoder = Decoder::new(Settings::default(), Limits::default(), fields);
    let mut columns = Columns::new(fields);
    let (mut rows, mut number) = (0, 0);
    let begun = Instant::now();
    while let Some(item) = reader.next(Duration::ZERO)? {
        match item {
            Item::Record(_, record) => {
                let Content::Datagram(bytes) = record.content else { continue };
                let source = Source {
                    address: record.source,
                    listener: record.listener.into(),
                    transport: Transport::Udp,
                };
                number += 1;
                let datagram = Datagram { received: record.time, source, position: number, bytes };
                decoder.decode(&datagram, &mut columns, &mut ());
            }
            Item::End { time, .. } => decoder.tick(time),
            Item::Damaged(_) | Item::Missing(_) => {}
        }
        if columns.rows() >= BLOCK {
            rows += columns.rows();
            columns.settle();
            columns.clear();
        }
    }
    rows += columns.rows();
    println!("{rows} {:.1}", begun.elapsed().as_nanos() as f64 / rows.max(1) as f64);
    Ok(())
}
