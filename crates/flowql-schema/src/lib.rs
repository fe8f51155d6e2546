//! What storage and collection need of a column, in addition to what a filter needs: its codec, keys and index, how it
//! is computed, its number in Protobuf messages; and what exporters send, with the columns that it fills.
//!
//! The facts come from `grammar/schema.json`, as those of the language do. [`Storage`] gives them for a [`Column`] of a
//! schema; a column that a configuration added has [`ColumnStorage::CONFIGURED`]. [`elements`], [`netflow`] and
//! [`sflow`] are the tables of what exporters send, by other files of that folder.

pub mod elements;
mod expression;
mod generated;
pub mod netflow;
pub mod sflow;
mod storage;

pub use expression::Expression;
pub use flowql::{ClickhouseType, Column, ScalarType};
pub use storage::{ColumnStorage, Index, Storage};
