//! Receiving, with real sockets on the loopback.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod configure;
mod counting;
mod forward;
mod stream;
mod support;
mod tls;
mod udp;
