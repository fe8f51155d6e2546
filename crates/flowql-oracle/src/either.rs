//! Conditions on either end of a flow.

use super::Error;
use super::compile::{Compiler, Shape};
use super::parser::Condition;
use super::schema::{self, Column};

impl Compiler<'_> {
    /// `(first … OR second …)`, and its negation whole.
    pub(crate) fn either(
        &mut self,
        (first, second): (&'static Column, &'static Column),
        condition: &Condition<'_>,
    ) -> Result<Shape, Error> {
        for value in self.tree.values(condition) {
            let other = value.word().and_then(schema::find);
            if other.is_some_and(|other| std::ptr::eq(other, first) || std::ptr::eq(other, second)) {
                return Err(value.error("a column compared with a pair that it belongs to"));
            }
        }
        self.sql.raw(if condition.negated { "NOT (" } else { "(" });
        self.on(first, condition, false)?;
        self.sql.raw(" OR ");
        self.on(second, condition, false)?;
        self.sql.raw(")");
        Ok(if condition.negated { Shape::Open } else { Shape::Closed })
    }
}
