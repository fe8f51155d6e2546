//! Compiles one input of the benchmarks a number of times, for a profiler:
//! `valgrind --tool=callgrind target/release/flowql-repeat five 1000`.

use std::hint::black_box;
use std::process::ExitCode;

use flowql::{Compiler, Options, SavedFilters, Schema};
use flowql_bench::inputs;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let input = arguments.next().and_then(|name| inputs::all().into_iter().find(|input| input.name == name));
    let times = arguments.next().and_then(|times| times.parse::<u32>().ok());
    let (Some(input), Some(times)) = (input, times) else {
        eprintln!("usage: flowql-repeat INPUT TIMES");
        return ExitCode::from(2);
    };
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    for _ in 0..times {
        black_box(compiler.compile(black_box(&input.text), Options::default()));
    }
    ExitCode::SUCCESS
}
