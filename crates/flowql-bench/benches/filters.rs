//! Speed of the yardstick: syntax tree alone, and whole compilation.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowql_bench::{Options, compile, inputs, syntax};

fn hand(criterion: &mut Criterion) {
    let options = Options::default();
    for inputs::Input { name, text } in inputs::all() {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("hand/compile", |bencher| bencher.iter(|| compile(black_box(&text), &options)));
        group.bench_function("hand/syntax", |bencher| bencher.iter(|| syntax(black_box(&text))));
        group.finish();
    }
}

criterion_group!(filters, hand);
criterion_main!(filters);
