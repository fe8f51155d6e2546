//! Values for completion: what is asked, what is answered, and how ClickHouse is asked.
//!
//! [`plan`](plan::plan) makes the statements of a query, [`ask`](ask::ask) runs them.

mod answer;
mod ask;
mod client;
mod form;
mod plan;
mod window;

pub use answer::ValueRow;
pub use ask::{ValueRows, ask};
pub use plan::{ValuePlan, Window, plan};
pub use window::Extent;

use std::time::Duration;

use flowql::ide::{Suggestion, ValueRequest};
use flowql::tables::Operator;
use flowql::typed::Filter;
use flowql::{Compiler, Diagnostic};

use crate::{Direction, FlowFilter};

/// What a completion asks for.
#[derive(Clone, Debug)]
pub struct ValueQuery {
    /// The column, in the schema's case.
    pub column: String,
    /// The column at the other end, whose values are wanted too. Only [`ValueSource`](crate::ValueSource) asks for both.
    pub other: Option<String>,
    /// The operator between the column and the value; `None` where it is not known yet.
    pub operator: Option<Operator>,
    /// What was typed of the value, without quotes.
    pub prefix: String,
    /// Whether the value is to stand in quotes: of a port, then, the service is wanted.
    pub quoted: bool,
    /// The items that are already in the list, without quotes.
    pub exclude: Vec<String>,
    /// What the flows must match in addition to the condition being typed.
    pub rest: Option<FlowFilter>,
    /// What the flows must match whatever is typed: the asker may see no others. It is part of `rest` already. Values are
    /// then those of such flows alone, and no names that are known otherwise.
    pub forced: Option<FlowFilter>,
    /// Whether only the order of the values is wanted, as they are known: it must not be waited for.
    pub ranking: bool,
    /// How many values at most.
    pub limit: usize,
    /// How long the asker waits. What is known by then is the answer.
    pub deadline: Duration,
}

impl ValueQuery {
    /// How long an answer may take when nothing else is said.
    pub const DEADLINE: Duration = Duration::from_secs(2);

    /// A query for the values of a column, whatever else the flows match.
    pub fn of(column: &str, operator: Option<Operator>, prefix: &str, limit: usize) -> Self {
        Self {
            column: column.to_owned(),
            other: None,
            operator,
            prefix: prefix.to_owned(),
            quoted: false,
            exclude: Vec::new(),
            rest: None,
            forced: None,
            ranking: false,
            limit,
            deadline: Self::DEADLINE,
        }
    }

    /// A query for the order of the values of a column. Whatever is typed, the order is the same, and is asked once.
    pub fn ranking(column: &str, operator: Option<Operator>) -> Self {
        /// More than there are words of any type.
        const MOST: usize = 50;
        Self { ranking: true, ..Self::of(column, operator, "", MOST) }
    }

    /// The same query for somebody who may see only the flows that a filter selects.
    ///
    /// # Errors
    ///
    /// The diagnostics, where that filter and the rest together have no SQL: nothing may be asked then.
    pub fn within(self, compiler: &Compiler<'_>, forced: &Filter) -> Result<Self, Vec<Diagnostic>> {
        let all = FlowFilter::compile(compiler, "", Direction::Forward, None)?.within(compiler, forced)?;
        let rest = match &self.rest {
            Some(rest) => rest.within(compiler, forced)?,
            None => all.clone(),
        };
        Ok(Self { rest: Some(rest), forced: Some(all), ..self })
    }

    /// The query of a completion; `rest` is its `rest`, compiled.
    pub fn new(request: &ValueRequest, rest: Option<FlowFilter>, limit: usize) -> Self {
        if request.ranking {
            let other = request.other.clone();
            return Self { other, rest, ..Self::ranking(&request.column, Some(request.operator)) };
        }
        Self {
            other: request.other.clone(),
            quoted: request.quoted,
            exclude: request.exclude.clone(),
            rest,
            ..Self::of(&request.column, Some(request.operator), &request.prefix, limit)
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
