//! The yardstick of FlowQL.
//!
//! [`hand`] is a second implementation of the filter language: a byte lexer and a recursive-descent parser written
//! from the specification (`design/language.md`), sharing no lexing or value code with the core. It serves twice:
//! the benches compare the core's speed with it, and the tests and fuzz targets compare its opinion on what is
//! valid, on the syntax tree and on the SQL with the core's.
//!
//! [`inputs`] makes the filters that the benches run, [`alloc`] counts allocations.

#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a bench crate: bounds are kept by the scanners, and a slip shows as a failing differential test"
)]

pub mod alloc;
pub mod hand;
pub mod inputs;

pub use hand::{Error, Options, compile, syntax};
