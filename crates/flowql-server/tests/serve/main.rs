//! The HTTP service as its clients meet it: the built binary on a free port.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod api;
mod faults;
mod flows;
mod forced;
mod graphs;
mod log;
mod operation;
mod page;
mod pairs;
mod saved;
mod service;
mod store;
mod widgets;
