//! Stage four: the SQL of a filter, a small typed tree that is printed once.

mod expr;
mod literal;
mod lower;
mod outline;
mod print;

pub use expr::{Array, Bool, Expr, Integer, Ip, Large, Stored, Text, Uint};
pub use literal::string as string_literal;
pub use lower::Lowering;
pub use outline::Outline;
pub use print::{Parameter, ParameterValue, Printed};
