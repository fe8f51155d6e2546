//! FlowQL: a small, safe language for filtering network flows.
//!
//! A filter such as `InIfBoundary = external AND SrcAS = AS15169` goes in; out come a ClickHouse `WHERE`
//! clause, or everything that is wrong with the filter, with ranges and fixes. The core is pure and total:
//! it does no IO, knows no clock, starts no thread, and answers every text, however hostile, in time and
//! memory linear in its length.
//!
//! ```
//! use flowql::{Compiler, Options, SavedFilters, Schema};
//!
//! let (schema, saved) = (Schema::default(), SavedFilters::default());
//! let compiler = Compiler::new(&schema, &saved);
//! let compilation = compiler.compile("srcas = as15169 and DstPort in (80, 8000-8100)", Options::default());
//! assert_eq!(
//!     compilation.sql.as_deref(),
//!     Some("SrcAS = 15169 AND (DstPort IN (80) OR DstPort BETWEEN 8000 AND 8100)"),
//! );
//! ```

#![cfg_attr(test, allow(clippy::string_slice, reason = "a test may panic"))]

extern crate alloc;

#[doc = include_str!("../../../ARCHITECTURE.md")]
pub mod architecture {}

mod check;
mod codes;
mod compile;
mod diagnostic;
pub mod files;
mod format;
mod gather;
pub mod ide;
mod limits;
mod positions;
mod report;
mod schema;
mod span;
pub mod sql;
pub mod syntax;
pub mod tables;
pub mod typed;
mod values;

pub use check::{SavedFilters, Scope, is_filter_name};
pub use codes::{Code, Fixes, Severity};
pub use compile::{Checked, Compilation, Compiler, Options};
pub use diagnostic::{Diagnostic, Edit, Fix};
pub use limits::Limits;
pub use positions::{Encoding, Position, Positions, Utf16};
pub use report::{FixReport, Report};
pub use schema::{
    ClickhouseType, Column, ColumnId, Computed, ConfigError, CustomColumn, Lookup, Pair, ScalarType, Schema,
    SchemaConfig,
};
pub use span::Span;
pub use values::{Community, CommunityRange};
