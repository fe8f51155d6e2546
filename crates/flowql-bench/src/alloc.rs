//! Allocation counts.
//!
//! The wrapper around the system allocator is the crate `stats_alloc`: small, finished rather than abandoned, and
//! it keeps `unsafe` out of this workspace. Its atomic counters cost a few nanoseconds per allocation, so it is not
//! installed here: the one test that counts installs it, the benches that measure time do not.
//!
//! ```
//! use flowql_bench::alloc::{self, COUNTING, StatsAlloc, System};
//!
//! #[global_allocator]
//! static ALLOCATOR: &StatsAlloc<System> = COUNTING;
//!
//! let (text, usage) = alloc::count(|| String::with_capacity(100));
//! assert_eq!((usage.allocations, usage.bytes), (1, 100));
//! drop(text);
//! ```

pub use std::alloc::System;

pub use stats_alloc::StatsAlloc;

/// The counting allocator, to be installed as the global one of a test or a bench.
pub static COUNTING: &StatsAlloc<System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// What a piece of code asked of the allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// New blocks and grown ones.
    pub allocations: usize,
    /// Bytes of the new blocks, and those that the grown ones gained.
    pub bytes: usize,
}

/// Runs a piece of code and counts its allocations. The counters are of the whole process: run nothing beside it.
pub fn count<T>(run: impl FnOnce() -> T) -> (T, Usage) {
    let before = COUNTING.stats();
    let result = run();
    let used = COUNTING.stats() - before;
    (result, Usage { allocations: used.allocations + used.reallocations, bytes: used.bytes_allocated })
}
