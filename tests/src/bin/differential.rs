//! The differential test as a command, for long runs:
//! `cargo run --release -p flowql-tests --bin differential -- [FILTERS [SEED]]`.

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use flowql_tests::differential::{Amount, Engine, run_in_parallel, schema};

/// So many filters go into one report.
const ROUND: usize = 20_000;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Ok(filters), Ok(seed)) = (
        numbers.next().unwrap_or(Ok(1_000_000)),
        numbers.next().unwrap_or_else(|| {
            Ok(SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_secs()))
        }),
    ) else {
        eprintln!("usage: differential [FILTERS [SEED]]");
        return ExitCode::from(2);
    };
    let schema = schema();
    let engine = Engine::start(&schema);
    let mut left = filters as usize;
    let mut seed = seed;
    while left > 0 {
        let start = Instant::now();
        let amount = Amount { filters: left.min(ROUND), rows: 200, batch: 20, seed };
        let report = run_in_parallel(&engine, &schema, amount);
        println!("seed {seed}, {:.0?}: {report}", start.elapsed());
        if !report.differences.is_empty() {
            return ExitCode::FAILURE;
        }
        left -= amount.filters;
        seed = seed.wrapping_add(1000);
    }
    ExitCode::SUCCESS
}
