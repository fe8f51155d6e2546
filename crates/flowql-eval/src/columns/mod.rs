//! Many filters evaluated on many flows at once, column by column.
//!
//! A batch of [`Flows`] gives its columns as [`Values`]; a [`FilterSet`] says for each of its filters which rows it
//! selects. What several filters ask is asked once, and a text is tested once however many rows have it.

mod read;
mod selection;
mod set;
mod test;
mod values;

pub use read::ColumnReader;
pub use selection::Selection;
pub use set::FilterSet;
pub use values::{Flows, Numbers, TextTable, Values};
