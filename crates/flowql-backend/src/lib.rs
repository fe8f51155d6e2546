//! The data side of FlowQL: where the values for completion come from, and where filters run.
//!
//! The rest of the program knows one trait, [`Backend`], and plain data. A backend is chosen by the configuration:
//! a ClickHouse server or cluster, the embedded one, a file of values, or another FlowQL service.

mod answer_table;
mod backend;
pub mod clickhouse;
mod complete;
pub mod embedded;
mod error;
mod options;
mod query;
mod service;
mod source;
mod static_values;
mod stored;
pub mod tables;
#[cfg(feature = "testing")]
pub mod testing;
pub mod values;

pub use answer_table::{AnswerTable, iso_time, scaled};
pub use backend::{Backend, Health};
pub use complete::{ColumnSuggestions, Completed, SuggestedValue, complete, suggest};
pub use error::Error;
pub use flowql_config::BackendKind;
pub use options::{BackendArgs, BackendOptions, PASSWORD_VARIABLE, USER_VARIABLE};
pub use query::{
    Answer, AnswerColumn, Direction, FlowFilter, FlowQuery, Kind, Plan, RowStream, TimeRange, Unit,
};
pub use service::Service;
pub use source::{CacheCounts, SourceOptions, ValueSource};
pub use static_values::StaticValues;
pub use stored::{StoredColumn, StoredSchema, StoredTable};
pub use values::{ValueQuery, Values};
