//! Making a difference as small as it gets.

use flowql::Schema;
use proptest::strategy::ValueTree;

use super::batch::{Case, Difference, compare};
use super::engine::Engine;
use super::rows::Row;
use crate::generate::Filter;

/// How often a smaller filter is tried.
const TRIES: usize = 400;

/// The smallest filter and row that still differ, as text.
pub(super) fn shrink(
    engine: &Engine,
    schema: &Schema,
    tree: &mut impl ValueTree<Value = Filter>,
    case: &Case,
    found: Difference,
) -> String {
    // The row that differs goes along: a smaller filter may well differ on it.
    let with_row = |text: String, found: &Difference| {
        let mut smaller = Case::new(schema, text, case.reverse, case.rows.len(), 1).ok()?;
        if let Difference::Row { row, .. } = found {
            smaller.rows.push(row.clone());
        }
        let difference = compare(engine, schema, std::slice::from_ref(&smaller)).pop()?.1;
        Some((smaller, difference))
    };
    let mut smallest = (case.clone(), found);
    for _ in 0..TRIES {
        if !tree.simplify() {
            break;
        }
        loop {
            if let Some(smaller) = with_row(tree.current().canonical(), &smallest.1) {
                smallest = smaller;
                break;
            }
            if !tree.complicate() {
                break;
            }
        }
    }
    let (case, found) = smallest;
    let found = match found {
        Difference::Row { row, .. } => shrink_row(engine, schema, &case, row),
        failure => failure,
    };
    show(schema, &case, &found)
}

/// The row with as many columns as possible at their default values.
fn shrink_row(engine: &Engine, schema: &Schema, case: &Case, mut row: Row) -> Difference {
    let differs = |row: &Row| {
        let one = Case { rows: vec![row.clone()], ..case.clone() };
        compare(engine, schema, &[one]).pop().map(|(_, found)| found)
    };
    let read = case.evaluator.columns();
    row.retain(|id, _| read.contains(id));
    for id in read {
        let mut smaller = row.clone();
        if smaller.remove(id).is_some() && differs(&smaller).is_some() {
            row = smaller;
        }
    }
    differs(&row).unwrap_or_else(|| Difference::Failure(format!("differs only among other rows: {row:?}")))
}

fn show(schema: &Schema, case: &Case, found: &Difference) -> String {
    let parameters: Vec<String> =
        case.parameters.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
    let what = match found {
        Difference::Failure(message) => message.clone(),
        Difference::Row { row, evaluator, inline, bound } => {
            let row: Vec<String> =
                row.iter().map(|(&id, value)| format!("{} = {value:?}", schema.column(id).name)).collect();
            format!("evaluator {evaluator}, inline {inline}, bound {bound} on {}", row.join(", "))
        }
    };
    let reverse = if case.reverse { " (reversed)" } else { "" };
    format!(
        "{}{reverse}\n  inline {}\n  bound  {}\n  with   {}\n  {what}",
        case.text,
        case.inline,
        case.bound,
        parameters.join(", ")
    )
}
