//! Both directions in one answer.

use flowql::Schema;
use flowql_client::AnswerColumn;
use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::{Answer, FlowFilter, FlowQuery, Kind};
use crate::{Backend, Error};

impl FlowQuery {
    /// The same of the opposite direction: `filter` is that of it, and the columns to group by are swapped.
    ///
    /// # Errors
    ///
    /// [`Error::BadQuery`] for a column whose counterpart is not there.
    pub fn reversed(&self, schema: &Schema, filter: FlowFilter) -> Result<Self, Error> {
        let swapped = |columns: &[String]| -> Result<Vec<String>, Error> {
            columns.iter().map(|name| counterpart(schema, name)).collect()
        };
        let kind = match &self.kind {
            Kind::Top { columns, unit } => Kind::Top { columns: swapped(columns)?, unit: unit.opposite() },
            Kind::Series { columns, unit, points } => {
                Kind::Series { columns: swapped(columns)?, unit: unit.opposite(), points: *points }
            }
            // The flows are shown as they are.
            Kind::Flows { columns } => Kind::Flows { columns: columns.clone() },
        };
        let id = self.id.as_ref().map(|id| format!("{id}-reverse"));
        Ok(Self { filter, kind, id, ..self.clone() })
    }
}

/// The column of the opposite direction, its cut kept; the column itself where it has no direction.
fn counterpart(schema: &Schema, written: &str) -> Result<String, Error> {
    let (name, cut) = written.find('/').and_then(|at| written.split_at_checked(at)).unwrap_or((written, ""));
    // What is not there is said when the query itself is planned.
    let Some(id) = schema.find(name) else { return Ok(written.to_owned()) };
    match schema.counterpart(id) {
        None => Ok(written.to_owned()),
        Some(Ok(other)) => Ok(format!("{}{cut}", schema.column(other).name)),
        Some(Err(())) => {
            Err(Error::BadQuery(format!("the column `{name}` has none for the opposite direction")))
        }
    }
}

/// The answers to a query and to its reverse as one. The first column, `direction`, is `forward` or `reverse`; the others
/// are those of the query itself, in which the reverse has its counterparts: behind `SrcAS`, the values of `DstAS`.
///
/// # Errors
///
/// Why one of them is not answered.
pub async fn both(backend: &dyn Backend, forward: &FlowQuery, reverse: &FlowQuery) -> Result<Answer, Error> {
    let (mut first, second) = try_join(backend.query(forward), backend.query(reverse)).await?;
    let direction = AnswerColumn { name: "direction".to_owned(), kind: "String".to_owned() };
    first.columns.insert(0, direction);
    first.plan.reverse = Some(Box::new(second.plan));
    let named = |name: &'static str| {
        move |mut row: Vec<Value>| {
            row.insert(0, name.into());
            row
        }
    };
    let rows = first.rows.map_ok(named("forward")).chain(second.rows.map_ok(named("reverse")));
    Ok(Answer { rows: rows.boxed(), ..first })
}
