//! Speed of filters on columns: the time for a block of flows, one filter and fifty, and one filter row by row.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails by panicking")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowql::typed::Filter;
use flowql::{Column, Compiler, Options, SavedFilters, Schema};
use flowql_eval::Evaluator;
use flowql_eval::columns::{ColumnReader, FilterSet, Flows, Numbers, Values};

const ROWS: usize = 65_536;

/// Flows with random values.
struct Block {
    addresses: Vec<u8>,
    ports: Vec<u8>,
    protocols: Vec<u8>,
    bytes: Vec<u8>,
    names: Vec<u8>,
    texts: Vec<String>,
}

impl Block {
    fn new() -> Self {
        let mut state: u64 = 1;
        let mut below = |end: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) % end
        };
        let mut block = Self {
            addresses: Vec::new(),
            ports: Vec::new(),
            protocols: Vec::new(),
            bytes: Vec::new(),
            names: Vec::new(),
            texts: (0..40).map(|number| format!("edge{number}.example.net")).collect(),
        };
        for _ in 0..ROWS {
            let address = 0xFFFF_C000_0000_u128 | u128::from(below(1 << 16));
            block.addresses.extend(address.to_be_bytes());
            block.ports.extend([53_u16, 80, 123, 443, 8080][below(5) as usize].to_le_bytes());
            block.protocols.extend([6_u32, 17, 1][below(3) as usize].to_le_bytes());
            block.bytes.extend(below(100_000).to_le_bytes());
            block.names.extend((below(40) as u32).to_le_bytes());
        }
        block
    }
}

impl Flows for Block {
    fn rows(&self) -> usize {
        ROWS
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        Some(match column.name.as_ref() {
            "SrcAddr" | "DstAddr" => Values::Numbers(Numbers::addresses(self.addresses.as_slice())),
            "SrcPort" | "DstPort" => Values::Numbers(Numbers::new(2, self.ports.as_slice())),
            "Proto" => Values::Numbers(Numbers::new(4, self.protocols.as_slice())),
            "Bytes" => Values::Numbers(Numbers::new(8, self.bytes.as_slice())),
            "ExporterName" => {
                Values::Texts(Numbers::new(4, self.names.as_slice()), Box::new(self.texts.clone()))
            }
            _ => return None,
        })
    }
}

/// A filter as rules have them, and fifty that share conditions.
fn filters() -> Vec<String> {
    (0..50)
        .map(|number| {
            let port = [53, 80, 123, 443, 8080][number % 5];
            format!(
                "Proto = \"udp\" AND SrcPort = {port} AND DstAddr << 192.0.{}.0/24 AND ExporterName LIKE \"edge%\"",
                number % 25
            )
        })
        .collect()
}

fn columns(criterion: &mut Criterion) {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let texts = filters();
    let checked: Vec<Option<Filter>> =
        texts.iter().map(|text| compiler.check(text, Options::default()).filter).collect();
    assert!(checked.iter().all(Option::is_some), "every filter is valid");
    let block = Block::new();
    let mut group = criterion.benchmark_group("columns");
    group.throughput(Throughput::Elements(ROWS as u64));
    for count in [1, 50] {
        let set = FilterSet::new(&schema, checked.iter().take(count).map(Option::as_ref)).unwrap();
        group.bench_function(format!("{count} filters"), |bencher| {
            bencher.iter(|| set.select(black_box(&block)));
        });
    }
    let evaluator = Evaluator::new(&schema, checked[0].as_ref().unwrap()).unwrap();
    let values = ColumnReader::new(&schema, evaluator.columns()).read(&block);
    let rows: Vec<Vec<_>> =
        (0..ROWS).map(|row| values.iter().map(|values| values.value(row)).collect()).collect();
    group.bench_function("1 filter, row by row", |bencher| {
        bencher.iter(|| rows.iter().filter(|row| evaluator.matches(black_box(row))).count());
    });
    group.finish();
}

criterion_group!(benches, columns);
criterion_main!(benches);
