//! What a client runs.

use std::time::Duration;

use bytes::Bytes;

use crate::Sql;

/// How long a field of a form may be that ClickHouse takes, in bytes. The text of a statement is one where it has
/// parameters, each of them another. No setting of a query raises this.
pub const LONGEST_FIELD: usize = 128 * 1024 - 1;

/// How many fields a form may have.
pub const MOST_FIELDS: usize = 1000;

/// A statement with its values beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub(crate) sql: String,
    /// By name, the values escaped as the interface wants them.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) most_rows: Option<u64>,
    pub(crate) is_read: bool,
    pub(crate) has_database: bool,
    /// What the ids of its attempts begin with.
    pub(crate) id: Option<String>,
}

impl Statement {
    /// A statement that only reads, with the values of its parameters. The server refuses it if it would write. Values of
    /// a text that is too long to go into a form become literals in it.
    pub fn read(sql: impl Into<Sql>) -> Self {
        let mut sql = sql.into();
        let mut text = sql.to_string();
        let mut parameters = sql.parameters();
        if text.len() > LONGEST_FIELD || parameters.len() >= MOST_FIELDS {
            sql = sql.inlined();
            (text, parameters) = (sql.to_string(), sql.parameters());
        }
        let statement = Self {
            sql: text,
            parameters: Vec::new(),
            settings: Vec::new(),
            deadline: None,
            most_rows: None,
            is_read: true,
            has_database: true,
            id: None,
        };
        let add = |statement: Self, parameter: flowql::sql::Parameter| {
            statement.parameter(&parameter.name, &parameter.value.to_string())
        };
        parameters.into_iter().fold(statement, add)
    }

    /// A statement that may write, or change tables.
    pub fn write(sql: impl Into<Sql>) -> Self {
        Self { is_read: false, ..Self::read(sql) }
    }

    /// Gives `{name:Type}` in the text its value: any text, which is escaped here.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((format!("param_{name}"), escape(value)));
        self
    }

    /// Sets a setting of ClickHouse for this statement.
    #[must_use]
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Runs it outside of the client's database, which may not be there yet.
    #[must_use]
    pub fn without_database(mut self) -> Self {
        self.has_database = false;
        self
    }

    /// Names it, so that [`Client::progress`](super::Client::progress) finds it while it runs. No other statement may
    /// have the name.
    #[must_use]
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// How long the call may take, in the place of the client's deadline.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Makes more rows than this an error, at the server.
    #[must_use]
    pub fn most_rows(mut self, rows: u64) -> Self {
        self.most_rows = Some(rows);
        self
    }
}

/// A batch of rows for a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The statement before the data, as `INSERT INTO flows (TimeReceived, …) FORMAT Native`.
    pub sql: Sql,
    /// The rows, in that format.
    pub data: Bytes,
    /// What makes this batch another one than the others: a batch whose token the table has seen is not stored twice.
    /// The table needs a deduplication window.
    pub token: String,
    /// How long one attempt may take.
    pub deadline: Option<Duration>,
}

/// As text that is escaped for tab-separated values, which is what the server reads from a parameter.
pub fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\0' => escaped.push_str("\\0"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_escaped() {
        let statement = Statement::read("SELECT {a:String}").parameter("a", "\\N\t'\n\r\0é");
        assert_eq!(statement.parameters, [("param_a".to_owned(), "\\\\N\\t'\\n\\r\\0é".to_owned())]);
    }
}
