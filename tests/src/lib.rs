//! The corpus of FlowQL: reading its files, for the tests that run over them.

pub mod cases;
pub mod corpus;
pub mod reference;
