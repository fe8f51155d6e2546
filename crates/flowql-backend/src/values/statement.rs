//! The text of a statement and its parameters, put together so that nothing of a user gets into the text.

use std::fmt::{Display, Write as _};

use crate::FlowFilter;

/// A statement that asks for values. Its rows are a value, what it means, and its traffic in bytes.
///
/// INVARIANT: the text has only four sources, each a method: text of this program, names of columns and tables in
/// backticks, numbers, and the SQL of a compiled filter. All that was typed is a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueStatement {
    sql: String,
    parameters: Vec<(String, String)>,
    /// How many of the parameters are not those of a filter.
    own: usize,
}

impl ValueStatement {
    /// The SQL, with the parameters as `{name:Type}`.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The parameters, as name and value, not escaped in any way.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds text of the program.
    pub(super) fn text(mut self, text: &'static str) -> Self {
        self.sql.push_str(text);
        self
    }

    /// Adds the name of a column or a table.
    pub(super) fn name(mut self, name: &str) -> Self {
        self.sql.push('`');
        for found in name.chars() {
            if matches!(found, '`' | '\\') {
                self.sql.push('\\');
            }
            self.sql.push(found);
        }
        self.sql.push('`');
        self
    }

    /// Adds a number.
    pub(super) fn number(mut self, number: u64) -> Self {
        // Writing to a string cannot fail.
        let _ = write!(self.sql, "{number}");
        self
    }

    /// Adds a value of a ClickHouse type, as a parameter.
    pub(super) fn value(mut self, kind: &'static str, value: impl Display) -> Self {
        // Those of a filter are named p0, p1, …
        let name = format!("v{}", self.own);
        self.own += 1;
        let _ = write!(self.sql, "{{{name}:{kind}}}");
        self.parameters.push((name, value.to_string()));
        self
    }

    /// Adds values of a ClickHouse type, with commas between them.
    pub(super) fn values<T: Display>(mut self, kind: &'static str, values: impl Iterator<Item = T>) -> Self {
        for (place, value) in values.enumerate() {
            self = if place == 0 { self } else { self.text(", ") }.value(kind, value);
        }
        self
    }

    /// Adds the SQL of a filter, in parentheses.
    pub(super) fn filter(mut self, filter: &FlowFilter) -> Self {
        let sql = filter.compiled.sql.as_deref().filter(|sql| !sql.is_empty());
        let _ = write!(self.sql, "({})", sql.unwrap_or("1"));
        let parameters = filter.compiled.parameters.iter();
        self.parameters
            .extend(parameters.map(|parameter| (parameter.name.clone(), parameter.value.to_string())));
        self
    }

    /// Adds a statement, a subquery, with its parameters.
    pub(super) fn append(mut self, other: Self) -> Self {
        debug_assert!(self.parameters.is_empty(), "the parameters would get the same names");
        self.sql.push_str(&other.sql);
        self.parameters = other.parameters;
        self.own = other.own;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let statement = ValueStatement::default().text("SELECT ").name("a`; DROP\\").text(" AS x");
        assert_eq!(statement.sql(), "SELECT `a\\`; DROP\\\\` AS x");
    }

    #[test]
    fn values_are_parameters() {
        let statement = ValueStatement::default().values("String", ["a'", "b"].iter()).text(" ").number(7);
        assert_eq!(statement.sql(), "{v0:String}, {v1:String} 7");
        assert_eq!(statement.parameters().collect::<Vec<_>>(), [("v0", "a'"), ("v1", "b")]);
    }
}
