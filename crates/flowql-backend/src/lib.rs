//! The data side of FlowQL: where the values for completion come from, and where filters run.
//!
//! The rest of the program knows one trait, [`Backend`], and plain data. Here is the one that asks [`ClickHouse`]; the
//! others, and the choice among them by configuration and flags, are in `flowql-connect`.

mod backend;
mod clickhouse;
mod complete;
mod error;
mod query;
mod source;
pub mod values;

pub use backend::{Backend, Capabilities};
pub use clickhouse::ClickHouse;
pub use complete::{ColumnSuggestions, FilterCompletion, SuggestedValue, begin, complete, suggest};
pub use error::Error;
pub use query::{
    Answer, Cut, Dimension, Direction, Explanation, FlowFilter, FlowQuery, Kind, LAYER_2_BYTES, Plan, Points,
    QueryOptions, RowStream, Statistic, TimeRange, Title, Unit, both, columns_of_flows, columns_to_group_by,
};
pub use source::{CacheCounts, SourceOptions, ValueSource};
pub use values::{ValueQuery, Values};
