//! Evaluates FlowQL filters on flows, without a database.
//!
//! An [`Evaluator`] is made of the typed filter and says of each flow whether the filter selects it, exactly as
//! ClickHouse does with the filter's SQL: the differential tests hold the two against each other. [`json`] reads the
//! flows of JSON lines, as `flowql grep` does. [`columns`] evaluates many filters on many flows at once.
//!
//! ```
//! use flowql::{Compiler, Options, SavedFilters, Schema};
//! use flowql_eval::{Evaluator, Value};
//!
//! let (schema, saved) = (Schema::default(), SavedFilters::default());
//! let checked = Compiler::new(&schema, &saved).check("DstPort IN (80, 8000-8100)", Options::default());
//! let evaluator = Evaluator::new(&schema, &checked.filter.unwrap()).unwrap();
//! assert_eq!(schema.column(evaluator.columns()[0]).name, "DstPort");
//! assert!(evaluator.matches(&[Value::Number(8080)]));
//! assert!(!evaluator.matches(&[Value::Number(8101)]));
//! ```

mod address;
pub mod columns;
mod computed;
mod evaluator;
mod intervals;
pub mod json;
mod like;
mod lines;
pub mod regexp;
mod value;

pub use address::address_text;
pub use evaluator::{Error, Evaluator};
pub use lines::{Lines, TooLong};
pub use value::{Kind, Value};
