//! Values for completion.

use flowql::ide::{Suggestion, ValueRequest};
use flowql::tables::Operator;

use crate::FlowFilter;

/// What a completion asks for.
#[derive(Clone, Debug)]
pub struct ValueQuery {
    /// The column, in the schema's case.
    pub column: String,
    /// The operator between the column and the value; `None` where it is not known yet.
    pub operator: Option<Operator>,
    /// What was typed of the value, without quotes.
    pub prefix: String,
    /// The items that are already in the list, without quotes.
    pub exclude: Vec<String>,
    /// What the flows must match beside the condition being typed.
    pub rest: Option<FlowFilter>,
    /// How many values at most.
    pub limit: usize,
}

impl ValueQuery {
    /// The query of a completion; `rest` is its `rest`, compiled.
    pub fn new(request: &ValueRequest, rest: Option<FlowFilter>, limit: usize) -> Self {
        Self {
            column: request.column.clone(),
            operator: Some(request.operator),
            prefix: request.prefix.clone(),
            exclude: request.exclude.clone(),
            rest,
            limit,
        }
    }
}

/// The answer to a [`ValueQuery`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The values, the best first.
    pub suggestions: Vec<Suggestion>,
    /// Why some are missing or old: a deadline, a dead server; `None` where all is well.
    pub incomplete: Option<String>,
}
