//! Queries over the flows that a filter selects.

mod both;
mod choose;
mod columns;
mod explain;
mod live;
mod plan;
mod points;
mod run;
#[cfg(test)]
mod tests;
mod unit;

use std::fmt;
use std::time::{Duration, SystemTime};

use flowql::sql::Parameter;
use flowql::typed::Filter;
use flowql::{Checked, Compilation, Compiler, Diagnostic, Options};
use flowql_client::{AnswerColumn, AnswerTable, LONGEST_FIELD, MOST_FIELDS, Sql, escape};
use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;

use crate::Error;

pub use both::both;
pub use columns::{Cut, Dimension, Title, columns_of_flows, columns_to_group_by};
pub use explain::Explanation;
pub use points::Points;
pub use unit::{LAYER_2_BYTES, Statistic, Unit};

/// A filter that was compiled.
#[derive(Clone, Debug)]
pub struct FlowFilter {
    /// The text, as it was typed.
    pub text: String,
    /// What it means, for an engine that is not asked in SQL; `None` for one that selects everything.
    pub typed: Option<Filter>,
    /// Its SQL, with the values as parameters where they are not too many.
    pub compiled: Compilation,
}

/// Which flows a bidirectional graph asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Those that the filter selects.
    #[default]
    Forward,
    /// Those of the opposite direction.
    Reverse,
}

impl Direction {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }
}

/// How many values of a filter go beside the text of a query; the rest is for those of the query itself. The values of
/// longer filters are literals in the text.
const MOST_PARAMETERS: usize = MOST_FIELDS - 50;

/// How long the SQL of a filter with parameters may be: a query has it up to three times.
const LONGEST_BOUND: usize = LONGEST_FIELD / 4;

impl FlowFilter {
    /// Compiles a filter.
    ///
    /// # Errors
    ///
    /// The diagnostics of a bad filter.
    pub fn compile(
        compiler: &Compiler<'_>,
        text: &str,
        direction: Direction,
        database: Option<&str>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let reverse = direction == Direction::Reverse;
        let options = Options { reverse, bound: true, database };
        Self::of(compiler, text, compiler.check(text, options), options)
    }

    /// The same filter for somebody who may see only the flows that `forced` selects: both must hold. The text stays what
    /// was typed. A filter of the opposite direction was reversed before; `forced` never is.
    ///
    /// # Errors
    ///
    /// The diagnostics, where the two together have no SQL.
    pub fn within(&self, compiler: &Compiler<'_>, forced: &Filter) -> Result<Self, Vec<Diagnostic>> {
        let group = |filter: &Filter| Filter::Group(Box::new(filter.clone()));
        let both = match &self.typed {
            Some(typed) => Filter::And(vec![group(forced), group(typed)]),
            None => forced.clone(),
        };
        let checked = Checked { filter: Some(both), diagnostics: self.compiled.diagnostics.clone() };
        Self::of(compiler, &self.text, checked, Options { bound: true, ..Options::default() })
    }

    fn of(
        compiler: &Compiler<'_>,
        text: &str,
        checked: Checked,
        options: Options<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut compiled = compiler.compile_checked(checked.clone(), options);
        let is_long = |parameter: &Parameter| escape(&parameter.value.to_string()).len() > LONGEST_FIELD;
        if compiled.parameters.len() > MOST_PARAMETERS
            || compiled.sql.as_ref().is_some_and(|sql| sql.len() > LONGEST_BOUND)
            || compiled.parameters.iter().any(is_long)
        {
            compiled = compiler.compile_checked(checked.clone(), Options { bound: false, ..options });
        }
        if compiled.sql.is_none() {
            return Err(compiled.diagnostics);
        }
        Ok(Self { text: text.to_owned(), typed: checked.filter, compiled })
    }
}

/// A question about flows.
#[derive(Clone, Debug)]
pub struct FlowQuery {
    /// The flows that count.
    pub filter: FlowFilter,
    /// When they were received.
    pub range: TimeRange,
    /// What is asked of them.
    pub kind: Kind,
    /// How many rows at most; of a series, how many top values.
    pub limit: u32,
    /// What more there is to say of it.
    pub options: QueryOptions,
    /// Names it, so that [`Backend::progress`](crate::Backend::progress) finds it while it runs. No other query may have
    /// the name.
    pub id: Option<String>,
}

/// What few queries say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// By what of their points the values with the most traffic are found.
    pub statistic: Statistic,
    /// How far apart the points are, in whole seconds; as many as there may be where it is not given. A table whose
    /// intervals are longer makes it longer.
    pub step: Option<Duration>,
    /// Of a top by a statistic of its points, how many there are at most.
    pub points: Option<u32>,
    /// Whether the points are as far apart as their number makes them, to the second and the interval of the table, and
    /// not at the intervals that people think in.
    pub is_plain: bool,
}

/// From a time, included, to a time, excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// The start.
    pub from: SystemTime,
    /// The end.
    pub to: SystemTime,
}

/// What is asked of the flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The values of the columns with the most traffic: a row for each, with the columns, what numbers in them are
    /// called (`SrcASName`), `bits` and `packets` by second, the unit where it is another one, the statistic that the
    /// ranking goes by (`bits_p95`), and its `share` of the total traffic, from 0 to 1.
    Top {
        /// The columns, in the schema's case; an address may be cut to a prefix, as `SrcAddr/24` or `SrcAddr/24/56`.
        columns: Vec<String>,
        /// By which measure.
        unit: Unit,
    },
    /// The traffic over time: a row for each point, with its `time` in seconds since 1970 and the unit (`bits`). With
    /// columns, a row for each point and each of the top values, and one for all others, whose columns are null.
    /// There is a row for each point, traffic or not.
    Series {
        /// The columns, as of a top; may be empty.
        columns: Vec<String>,
        /// By which measure.
        unit: Unit,
        /// How many points at the most.
        points: u32,
    },
    /// The flows themselves, the newest first: their columns, with what numbers in them are called.
    Flows {
        /// The columns, in the schema's case; empty for a usual choice.
        columns: Vec<String>,
    },
}

/// How a query runs.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Plan {
    /// The table, or the file.
    pub table: String,
    /// Why that one, in a sentence.
    pub reason: String,
    /// The SQL, with its parameters as `{name:Type}`; empty for an engine that is not asked in SQL.
    pub sql: Sql,
    /// The time that is really covered: whole intervals of the table, or of the series.
    #[serde(skip)]
    pub range: TimeRange,
    /// The interval between the points of a series, or of a ranking by points.
    pub interval: Option<Duration>,
    /// How the other half of a query in both directions runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverse: Option<Box<Plan>>,
}

/// The rows of an answer, each a JSON value per column.
pub type RowStream = BoxStream<'static, Result<Vec<serde_json::Value>, Error>>;

/// The answer to a [`FlowQuery`].
pub struct Answer {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows. Dropping it cancels the query.
    pub rows: RowStream,
    /// How the query runs.
    pub plan: Plan,
}

impl Answer {
    /// Reads the rows to their end.
    ///
    /// # Errors
    ///
    /// What ends them early.
    pub async fn collect(self) -> Result<AnswerTable, Error> {
        Ok(AnswerTable { columns: self.columns, rows: self.rows.try_collect().await? })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("columns", &self.columns)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
