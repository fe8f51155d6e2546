//! Speed of the core on each input, with the hand-written second implementation as the yardstick.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flowql::{Compiler, Limits, Options, SavedFilters, Schema, ide, syntax};
use flowql_bench::inputs;

fn filters(criterion: &mut Criterion) {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let limits = Limits::DEFAULT;
    let (forward, hand) = (Options::default(), flowql_oracle::Options::default());
    for inputs::Input { name, text } in inputs::all() {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("hand-syntax", |bencher| {
            bencher.iter(|| flowql_oracle::syntax(black_box(&text)));
        });
        group.bench_function("hand-compile", |bencher| {
            bencher.iter(|| flowql_oracle::compile(black_box(&text), &hand));
        });
        group.bench_function("tokens", |bencher| bencher.iter(|| syntax::tokenize(black_box(&text))));
        group.bench_function("parse", |bencher| bencher.iter(|| syntax::parse(black_box(&text), &limits)));
        group.bench_function("check", |bencher| bencher.iter(|| compiler.check(black_box(&text), forward)));
        group.bench_function("compile", |bencher| {
            bencher.iter(|| compiler.compile(black_box(&text), forward));
        });
        group.bench_function("complete", |bencher| {
            bencher.iter(|| ide::complete(&compiler, black_box(&text), end));
        });
        group.bench_function("format", |bencher| bencher.iter(|| compiler.format(black_box(&text))));
        // The same text with a broken end: every diagnostic must still be found.
        let broken = format!("{text} AND (SrcASN = 1 AND");
        group.bench_function("diagnostics", |bencher| {
            bencher.iter(|| compiler.diagnostics(black_box(&broken)));
        });
        group.finish();
    }
}

criterion_group!(benches, filters);
criterion_main!(benches);
