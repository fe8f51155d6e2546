//! What the benchmarks of the core need: [`inputs`] makes the filters that they run, [`alloc`] counts allocations.
//!
//! The yardstick of their speed is the second implementation, `flowql-oracle`.

pub mod alloc;
pub mod inputs;
