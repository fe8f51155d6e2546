//! Names and places of flows: what exporters and interfaces are called, which networks addresses belong to, where they
//! are, and rules that classify them.

pub mod exporters;
mod facts;
pub mod networks;
pub mod rules;
mod text;

pub use facts::{Boundary, ExporterFacts, InterfaceFacts};
