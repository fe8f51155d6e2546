//! What the tests that span the crates share: the corpus and the pages, random filters, trees and SQL as text.

pub mod cases;
pub mod clickhouse_lexer;
pub mod corpus;
#[cfg(feature = "engine")]
pub mod differential;
pub mod fuzz;
mod fuzz_bmp;
pub mod fuzz_decode;
pub mod generate;
pub mod laws;
pub mod mutate;
pub mod random;
pub mod reference;
pub mod respell;
pub mod second_opinion;
pub mod sexpr;
pub mod sql_safety;
