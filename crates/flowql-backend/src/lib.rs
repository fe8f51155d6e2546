//! The data side of FlowQL: where the values for completion come from, and where filters run.
//!
//! The rest of the program knows one trait, [`Backend`], and plain data. A backend is chosen by the configuration:
//! a ClickHouse server or cluster, the embedded one, a file of values, or another FlowQL service.

mod answer_table;
mod backend;
mod clickhouse;
mod complete;
mod error;
mod options;
mod query;
mod section;
mod service;
mod source;
mod static_values;
pub mod values;

pub use answer_table::{AnswerTable, scaled};
pub use backend::Backend;
pub use clickhouse::ClickHouse;
pub use complete::{ColumnSuggestions, Completed, SuggestedValue, complete, suggest};
pub use error::Error;

pub use options::{BackendArgs, BackendOptions, PASSWORD_VARIABLE, USER_VARIABLE};
pub use query::{Answer, Direction, FlowFilter, FlowQuery, Kind, Plan, RowStream, TimeRange, Unit};
pub use section::{BackendKind, BackendSection};
pub use service::Service;
pub use source::{CacheCounts, SourceOptions, ValueSource};
pub use static_values::StaticValues;
pub use values::{ValueQuery, Values};
