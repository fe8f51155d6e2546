//! A second implementation of the filter language, written by hand: text to tokens, to a small arena of nodes, to
//! inline SQL.
//!
//! It follows the specification and shares no lexing or value code with the core. Tests and fuzz targets compare its
//! opinion on what is valid, on the syntax tree and on the SQL with the core's; the benchmarks compare their speed.
//!
//! Only the first error is given, and no warning: what counts is whether a filter is valid, and its SQL. The
//! direction is forward, prefix columns are not materialised, and there are no saved filters (`@name` is an error
//! of [`compile()`], not of [`syntax`]).

#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "bounds are kept by the scanners, and a slip shows as a failing differential test"
)]

mod address;
mod columns;
mod compile;
mod either;
mod lexer;
mod lists;
mod names;
mod parser;
mod schema;
mod sexpr;
mod sql;
mod values;

use std::fmt;

/// Longest filter, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;

/// Deepest nesting, parentheses and `NOT` together.
pub const MAX_DEPTH: usize = 150;

/// What a compilation needs to know beside the text.
///
/// The look-ups are plain functions so that the differential tests can plug the core's tables in; the default ones
/// know a handful of names.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Enable every column of the schema, those disabled by default too.
    pub all_columns: bool,
    /// Database that qualifies the dictionary of protocols.
    pub database: Option<&'a str>,
    /// Port number of an IANA service name.
    pub service: fn(&str) -> Option<u16>,
    /// Number of an IANA protocol keyword.
    pub protocol: fn(&str) -> Option<u8>,
    /// The two halves of a well-known community.
    pub community: fn(&str) -> Option<(u16, u16)>,
    /// Whether a regular expression is one that ClickHouse takes.
    pub regexp: fn(&str) -> bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            all_columns: false,
            database: None,
            service: names::service,
            protocol: names::protocol,
            community: names::community,
            regexp: |_| true,
        }
    }
}

/// The first error of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where it is, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong.
    pub reason: &'static str,
}

impl Error {
    /// An error at a token's offset.
    fn at(offset: u32, reason: &'static str) -> Self {
        Self { offset: offset as usize, reason }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason, self.offset)
    }
}

impl std::error::Error for Error {}

/// Compiles a filter to the inline SQL of section 4 of the specification; an empty filter gives an empty string.
///
/// # Errors
///
/// The first thing that makes the filter invalid.
pub fn compile(text: &str, options: &Options<'_>) -> Result<String, Error> {
    let tree = parser::parse(text)?;
    compile::compile(&tree, text.len(), options)
}

/// The type-agnostic syntax tree of a filter as one S-expression line, `()` for an empty filter.
///
/// # Errors
///
/// The first thing that no filter can hold, whatever the schema.
pub fn syntax(text: &str) -> Result<String, Error> {
    Ok(sexpr::print(&parser::parse(text)?))
}
