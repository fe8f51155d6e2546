//! Prints, for each input, the heap allocations of a compilation: by the core and by the yardstick.

use std::hint::black_box;
use std::io::Write as _;

use flowql::{Compiler, Options, SavedFilters, Schema};
use flowql_bench::alloc::{COUNTING, StatsAlloc, System, count};
use flowql_bench::inputs;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = COUNTING;

fn main() -> std::io::Result<()> {
    let (schema, saved) = (Schema::default(), SavedFilters::default());
    let compiler = Compiler::new(&schema, &saved);
    let hand = flowql_oracle::Options::default();
    let mut out = std::io::stdout().lock();
    for inputs::Input { name, text } in inputs::all() {
        // The first run fills what is made only once.
        black_box(compiler.compile(&text, Options::default()));
        let (_, core) = count(|| compiler.compile(black_box(&text), Options::default()));
        let (_, yardstick) = count(|| flowql_oracle::compile(black_box(&text), &hand));
        writeln!(
            out,
            "{name} {} {} {} {}",
            core.allocations, core.bytes, yardstick.allocations, yardstick.bytes
        )?;
    }
    Ok(())
}
