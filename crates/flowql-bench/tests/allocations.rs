//! How often a compilation asks the allocator, whatever the size of the filter.

use flowql_bench::alloc::{COUNTING, StatsAlloc, System, count};
use flowql_bench::inputs;
use flowql_oracle::{Options, compile};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = COUNTING;

// The only test of this file: the counters are of the whole process.
#[test]
fn compilations_allocate_little() {
    let options = Options::default();
    for inputs::Input { name, text } in inputs::all() {
        let (sql, usage) = count(|| compile(&text, &options));
        println!("{name}: {usage:?}");
        assert!(sql.is_ok());
        // Nodes, values and SQL, each grown at most twice.
        assert!(usage.allocations <= 9, "{name}: {usage:?}");
    }
}
