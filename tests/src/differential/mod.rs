//! The evaluator and the engine must agree: random filters on rows near their edges.

mod batch;
pub mod engine;
mod rows;
mod shrink;
mod table;
mod texts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowql::tables::{BITS_RULE, Operator, Type, rules};
use flowql::{CustomColumn, Schema, SchemaConfig};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

pub use batch::{Case, Difference, compare};
pub use engine::Engine;
pub use rows::Row;

use crate::generate::{self, Filter};
use crate::random::Random;

/// How much is compared.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// How many filters.
    pub filters: usize,
    /// How many rows are made for each.
    pub rows: usize,
    /// How many filters go into one query; each is asked of the rows of all.
    pub batch: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// What a run has found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many filters were compared.
    pub filters: usize,
    /// How many verdicts, of each form.
    pub verdicts: usize,
    /// How many filters select some of their own rows and not all.
    pub selective: usize,
    /// How many filters were reversed.
    pub reversed: usize,
    /// How often each operator stood after a column of each type.
    pub counts: BTreeMap<(Type, Operator), usize>,
    /// The differences, shrunk, as text.
    pub differences: Vec<String>,
}

/// After so many differences a run ends.
const ENOUGH: usize = 5;

/// Of so many batches, one is compiled to machine code by the engine.
const COMPILED: usize = 25;

/// The schema of a run: every column, one prefix of the two stored, columns of one's own of every type.
pub fn schema() -> Schema {
    let column = |name: &str, kind: &str, stored: Option<&str>| CustomColumn {
        name: name.to_owned(),
        kind: kind.to_owned(),
        clickhouse_type: stored.map(str::to_owned),
        ..CustomColumn::default()
    };
    let config = SchemaConfig {
        materialize: vec!["DstNetPrefix".to_owned()],
        column: vec![
            column("SrcAddrRole", "string", None),
            column("DstAddrRole", "string", None),
            column("DstAddrNote", "string", Some("String")),
            column("DstAddrCode", "string", Some("FixedString(5)")),
            column("SrcAddrRack", "uint", None),
            column("SrcAddrSerial", "uint", Some("UInt64")),
            column("SrcAddrGateway", "ip", None),
        ],
        ..SchemaConfig::default()
    };
    Schema::configured(&config).expect("a good configuration").with_all_columns()
}

/// So many filters come from one seed.
const SHARE: usize = 1000;

/// Compares so many random filters, in as many threads as there are processors; the filters do not depend on those.
pub fn run_in_parallel(engine: &Engine, schema: &Schema, amount: Amount) -> Report {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut report = Report::default();
        loop {
            let share = next.fetch_add(1, Ordering::Relaxed);
            let left = amount.filters.saturating_sub(share * SHARE);
            if left == 0 || report.differences.len() >= ENOUGH {
                return report;
            }
            let seed = amount.seed.wrapping_add(share as u64);
            report.add(run(engine, schema, Amount { filters: left.min(SHARE), seed, ..amount }));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut report = Report::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for run in runs {
            report.add(run.join().expect("a run that ends"));
        }
    });
    report
}

/// Compares so many random filters.
fn run(engine: &Engine, schema: &Schema, amount: Amount) -> Report {
    let mut report = Report::default();
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&amount.seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut random = Random::new(amount.seed);
    let strategy = generate::filter(schema);
    let compiling = engine.compiling();
    for number in 0.. {
        if report.filters >= amount.filters || report.differences.len() >= ENOUGH {
            break;
        }
        // Compiling takes long: a few batches go that way.
        let engine = if number % COMPILED == 0 { &compiling } else { engine };
        let mut trees = Vec::new();
        let mut cases = Vec::new();
        for _ in 0..amount.batch.min(amount.filters - report.filters) {
            let tree = strategy.new_tree(&mut runner).expect("a filter");
            let filter = tree.current();
            report.count(schema, &filter);
            let (layout, reverse) = (random.below(usize::MAX) as u64, random.one_in(4));
            match Case::new(schema, filter.laid_out(layout), reverse, amount.rows, layout) {
                Ok(case) => {
                    report.reversed += usize::from(reverse);
                    let selected = case.rows.iter().filter(|row| case.selects(row)).count();
                    report.selective += usize::from(selected > 0 && selected < case.rows.len());
                    trees.push(tree);
                    cases.push(case);
                }
                Err(message) => report.differences.push(format!("{}\n  {message}", filter.canonical())),
            }
        }
        report.filters += cases.len();
        report.verdicts += cases.len() * cases.iter().map(|case| case.rows.len()).sum::<usize>();
        for (place, found) in compare(engine, schema, &cases) {
            report.differences.push(shrink::shrink(engine, schema, &mut trees[place], &cases[place], found));
        }
    }
    report
}

impl Report {
    fn count(&mut self, schema: &Schema, filter: &Filter) {
        filter.for_each_condition(&mut |condition| {
            let id = schema.find(&condition.column);
            let id = id.or(schema.pair(&condition.column).map(|pair| pair.columns[0]));
            let column = id.map(|id| schema.column(id));
            if let Some(kind) = column.and_then(|column| column.filter_type) {
                *self.counts.entry((kind, condition.operator)).or_default() += 1;
            }
        });
    }

    /// Adds what another run has found.
    pub fn add(&mut self, other: Self) {
        self.filters += other.filters;
        self.verdicts += other.verdicts;
        self.selective += other.selective;
        self.reversed += other.reversed;
        self.differences.extend(other.differences);
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
    }

    /// The operators that a column of some type takes and that never stood after one.
    pub fn missing(&self) -> Vec<(Type, Operator)> {
        let of_type = |kind| {
            let bits = (kind == Type::Uint).then_some(&BITS_RULE);
            let operators = rules(kind).iter().chain(bits).flat_map(|rule| rule.operators);
            operators.map(move |&operator| (kind, operator))
        };
        Type::ALL.into_iter().flat_map(of_type).filter(|key| !self.counts.contains_key(key)).collect()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = 100.0 * self.selective as f64 / self.filters.max(1) as f64;
        writeln!(
            formatter,
            "{} filters, {} of them reversed; {} verdicts of each form; {share:.1} % select some of their rows and not all",
            self.filters, self.reversed, self.verdicts
        )?;
        for kind in Type::ALL {
            let mut line = format!("  {:11}", kind.name());
            for ((_, operator), count) in
                self.counts.range((kind, Operator::Eq)..).take_while(|((of, _), _)| *of == kind)
            {
                let _ = write!(line, "  {} {count}", operator.symbol());
            }
            writeln!(formatter, "{line}")?;
        }
        for difference in &self.differences {
            writeln!(formatter, "DIFFERENCE {difference}")?;
        }
        Ok(())
    }
}
