//! What storage and collection need of a column, in addition to what a filter needs: its codec, keys and index, how it
//! is computed, its number in Protobuf messages.
//!
//! The facts come from `grammar/schema.json`, as those of the language do. [`Storage`] gives them for a [`Column`] of a
//! schema; a column that a configuration added has [`ColumnStorage::CONFIGURED`].

mod expression;
mod generated;
mod storage;

pub use expression::Expression;
pub use flowql::{ClickhouseType, Column, ScalarType};
pub use storage::{ColumnStorage, Index, Storage};
