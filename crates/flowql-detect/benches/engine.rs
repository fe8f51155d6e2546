//! What the engine costs: a flow, a pass over the targets, and memory.

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flowql::Column;
use flowql_config::{Config, KnownSection, Registry};
use flowql_detect::{DetectSection, Engine, Rules};
use flowql_eval::columns::{Flows, Numbers, Values};

const SECTIONS: Registry = &[KnownSection::of::<DetectSection>()];
const START: u32 = 1_780_000_000;
const ROWS: usize = 4096;

/// Flows as an edge sees them: mostly TLS and QUIC, some DNS, SYNs, a little of everything.
#[derive(Debug, Default)]
struct Batch {
    columns: Vec<(&'static str, usize, Vec<u8>)>,
}

impl Batch {
    /// Flows to so many hosts, from a place in a sequence of numbers on.
    fn new(hosts: u64, seed: u64, time: u32) -> Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = |most: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % most
        };
        let names: [(&str, usize); 11] = [
            ("TimeReceived", 4),
            ("SamplingRate", 8),
            ("Bytes", 8),
            ("Packets", 8),
            ("SrcPort", 2),
            ("DstPort", 2),
            ("Proto", 4),
            ("TCPFlags", 2),
            ("IPFragmentOffset", 2),
            ("SrcAddr", 16),
            ("DstAddr", 16),
        ];
        let mut columns: Vec<_> = names.iter().map(|&(name, width)| (name, width, Vec::new())).collect();
        for _ in 0..ROWS {
            let (proto, port, flags, bytes) = match random(100) {
                0..60 => (6, 443, 24, 1400),
                60..80 => (17, 443, 0, 1250),
                80..85 => (17, 53, 0, 150),
                85..88 => (6, 51_000, 2, 60),
                88..98 => (6, random(60_000), 16, 700),
                _ => (17, random(60_000), 0, 400),
            };
            let source = 0xffff_0000_0000_u128 | u128::from(random(1 << 32));
            let destination = 0xffff_0a00_0000_u128 + u128::from(random(hosts));
            let values: [u128; 11] =
                [time.into(), 1, bytes, 1, port.into(), 40_000, proto, flags, 0, source, destination];
            for ((name, width, column), value) in columns.iter_mut().zip(values) {
                match name.ends_with("Addr") {
                    true => column.extend(value.to_be_bytes()),
                    false => column.extend(value.to_le_bytes().iter().take(*width)),
                }
            }
        }
        Self { columns }
    }

    /// The same flows at another time.
    fn at(&mut self, time: u32) -> &Self {
        let (times, _) =
            self.columns.first_mut().map(|(_, _, bytes)| bytes.as_chunks_mut::<4>()).unwrap_or_default();
        times.fill(time.to_le_bytes());
        self
    }
}

impl Flows for Batch {
    fn rows(&self) -> usize {
        ROWS
    }

    fn values(&self, column: &Column) -> Option<Values<'_>> {
        let (name, width, bytes) = self.columns.iter().find(|(name, ..)| *name == column.name)?;
        Some(Values::Numbers(match name.ends_with("Addr") {
            true => Numbers::addresses(bytes.as_slice()),
            false => Numbers::new(*width, bytes.as_slice()),
        }))
    }
}

/// An engine with the rules of the program.
fn engine() -> Engine {
    let text = "[schema]\nenable = [\"TCPFlags\", \"IPFragmentOffset\"]\n";
    let Ok(config) = Config::parse(text, "f", SECTIONS) else { std::process::abort() };
    let Ok(rules) = Rules::new(&config) else { std::process::abort() };
    Engine::new(&config.schema, &config.section::<DetectSection>(), Arc::new(rules))
}

fn flows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flow");
    group.throughput(Throughput::Elements(ROWS as u64));
    for hosts in [10_000_u64, 1_000_000] {
        let mut engine = engine();
        let mut batches: Vec<Batch> = (0..256).map(|seed| Batch::new(hosts, seed + 1, START)).collect();
        batches.iter().for_each(|batch| engine.add(batch));
        let mut number = 0;
        group.bench_function(format!("shipped rules, {hosts} hosts"), |bencher| {
            bencher.iter(|| {
                number += 1;
                // A hundred thousand flows a second.
                let time = START + number / 25;
                if let Some(batch) = batches.get_mut(number as usize % 256) {
                    engine.add(batch.at(time));
                }
                if number.is_multiple_of(25) {
                    engine.pass(time);
                }
            });
        });
    }
    group.finish();
}

fn pass(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pass");
    group.measurement_time(Duration::from_secs(5));
    let mut engine = engine();
    let mut seed = 0;
    while engine.targets() < 990_000 {
        seed += 1;
        engine.add(&Batch::new(1_000_000, seed, START));
    }
    let memory = engine.memory();
    println!(
        "memory: {} targets, {} MB, {} bytes each",
        engine.targets(),
        memory >> 20,
        memory / engine.targets()
    );
    group.bench_function("1 M targets", |bencher| {
        bencher.iter_batched(|| (), |()| engine.pass(START + 1), BatchSize::PerIteration);
    });
    let hot = engine.pass(START + 1).len();
    println!("of these {hot} are above a tenth of a threshold");
    group.finish();
}

criterion_group!(benches, flows, pass);
criterion_main!(benches);
