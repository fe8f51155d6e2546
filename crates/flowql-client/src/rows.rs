//! The rows of an answer, as they come.

use std::fmt;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use clickhouse::error::Error as ClientError;
use clickhouse::query::BytesCursor;
use futures_util::{StreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::errors::{Failure, FailureKind};
use super::json_numbers::Cells;
use super::kill_query::Ending;
use crate::Error;
use futures_util::stream::BoxStream;

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// Its ClickHouse type.
    pub kind: String,
}

/// The rows of an answer, each a JSON value per column.
pub type RowStream = BoxStream<'static, Result<Vec<serde_json::Value>, Error>>;

/// The answer to a statement that reads. Dropping it cancels the query.
pub struct Rows {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// The rows, each a value per column. Numbers of more than 64 bits are texts.
    pub rows: RowStream,
    /// The id of the query at the server.
    pub query_id: String,
}

impl Rows {
    /// Waits for all rows.
    ///
    /// # Errors
    ///
    /// The first one among the rows.
    pub async fn collect(mut self) -> Result<Vec<Vec<Value>>, Error> {
        let mut rows = Vec::new();
        while let Some(row) = self.rows.next().await {
            rows.push(row?);
        }
        Ok(rows)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rows")
            .field("columns", &self.columns)
            .field("query_id", &self.query_id)
            .finish_non_exhaustive()
    }
}

/// The lines of an answer.
pub(crate) struct Lines {
    cursor: BytesCursor,
    buffer: BytesMut,
    has_ended: bool,
    server: String,
    due: Instant,
    deadline: Duration,
    has_answered: bool,
    /// Held for as long as the query may run.
    turn: OwnedSemaphorePermit,
    /// What ends the query if it is given up, where the server would not do so by itself.
    ending: Option<Ending>,
}

impl Lines {
    pub(crate) fn new(
        cursor: BytesCursor,
        server: &str,
        due: Instant,
        deadline: Duration,
        turn: OwnedSemaphorePermit,
        ending: Option<Ending>,
    ) -> Self {
        Self {
            cursor,
            buffer: BytesMut::new(),
            has_ended: false,
            server: server.to_owned(),
            due,
            deadline,
            has_answered: false,
            turn,
            ending,
        }
    }

    /// The next line, without its end; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(length) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line = self.buffer.split_to(length).freeze();
                self.buffer.advance(1);
                return Ok(Some(line));
            }
            if self.has_ended {
                let rest = std::mem::take(&mut self.buffer).freeze();
                return Ok(Some(rest).filter(|rest| !rest.is_empty()));
            }
            let early = self.ending.as_ref().map(|ending| ending.early(self.deadline)).unwrap_or_default();
            match timeout_at(self.due - early, self.cursor.next()).await {
                Err(_) => {
                    if let Some(ending) = &mut self.ending {
                        ending.end().await;
                    }
                    return Err(Failure::deadline(self.deadline));
                }
                Ok(Ok(Some(chunk))) => {
                    self.has_answered = true;
                    self.buffer.extend_from_slice(&chunk);
                }
                Ok(Ok(None)) => {
                    self.has_ended = true;
                    self.is_over();
                }
                Ok(Err(error)) => {
                    if matches!(error, ClientError::BadResponse(_)) {
                        self.is_over();
                    }
                    return Err(Failure::new(error, &self.server, self.deadline, self.has_answered));
                }
            }
        }
    }

    /// The server is done.
    fn is_over(&mut self) {
        if let Some(ending) = &mut self.ending {
            ending.is_over();
        }
    }

    /// The columns, which come first; none for a statement without an answer, such as one that creates a table.
    pub(crate) async fn columns(&mut self) -> Result<Vec<AnswerColumn>, Failure> {
        let mut head = Vec::<Vec<String>>::new();
        while head.len() < 2 {
            let Some(line) = self.next().await? else { break };
            head.push(self.parse(&line)?);
        }
        let kinds = head.pop().unwrap_or_default();
        let names = head.pop().unwrap_or_default();
        Ok(names.into_iter().zip(kinds).map(|(name, kind)| AnswerColumn { name, kind }).collect())
    }

    /// A line as JSON. What is none is an exception in the middle of the answer, or the answer is cut.
    pub(crate) fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, Failure> {
        // ClickHouse does not care whether a String is UTF-8.
        let text = String::from_utf8_lossy(line);
        serde_json::from_str(&text).map_err(|error| {
            let failure = Failure::of_answer(&text, &self.server, self.deadline);
            match failure.error {
                Error::Unreachable { .. } => self.strange(&error),
                _ => failure,
            }
        })
    }

    /// A line as a structure.
    pub(crate) fn structure<T: DeserializeOwned>(
        &self,
        line: &[u8],
        columns: &[AnswerColumn],
        cells: &Cells,
    ) -> Result<T, Failure> {
        let raw: Vec<Box<RawValue>> = self.parse(line)?;
        serde_json::from_str(&cells.object(columns, &raw)).map_err(|error| self.strange(&error))
    }

    /// A line as the values of a row.
    pub(crate) fn row(&self, line: &[u8], cells: &Cells) -> Result<Vec<Value>, Failure> {
        if !cells.has_wide() {
            let mut row: Vec<Value> = self.parse(line)?;
            cells.unquote(&mut row);
            return Ok(row);
        }
        // As numbers of JSON they would lose digits.
        let raw: Vec<Box<RawValue>> = self.parse(line)?;
        let values = cells.texts(&raw).map(|text| serde_json::from_str(&text));
        let mut row = values.collect::<Result<Vec<Value>, _>>().map_err(|error| self.strange(&error))?;
        cells.unquote(&mut row);
        Ok(row)
    }

    fn strange(&self, error: &serde_json::Error) -> Failure {
        let reason = format!("a row is not as it should be: {error}");
        let error = Error::Interrupted { server: self.server.clone(), reason };
        Failure { error, kind: FailureKind::Server }
    }

    /// Gives up the answer, and the turn back.
    pub(crate) fn into_turn(self) -> OwnedSemaphorePermit {
        self.turn
    }

    /// The rest of the lines, as rows.
    pub(crate) fn into_rows(self, columns: &[AnswerColumn]) -> RowStream {
        let cells = Cells::of(columns);
        let rows = stream::try_unfold((self, cells), |(mut lines, cells)| async move {
            let Some(line) = lines.next().await.map_err(|failure| failure.error)? else { return Ok(None) };
            let row = lines.row(&line, &cells).map_err(|failure| failure.error)?;
            Ok(Some((row, (lines, cells))))
        });
        rows.boxed()
    }
}
